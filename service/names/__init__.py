"""Names put right: glossary, matching, rewriting and the report of what was done.

This package knows nothing of engines or HTTP; it can be lifted out as a library. Its two doors are
`normalise.normalise` (a text in its final language) and `anchors.find_anchors`/`anchors.carry`
(a text before translation).
"""
