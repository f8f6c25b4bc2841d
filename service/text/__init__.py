"""What is done to a text before it is translated: language detection, segmentation, markup."""
