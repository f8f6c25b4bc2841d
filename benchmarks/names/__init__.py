"""How well names are put right: labelled passages, a glossary, and a report that anyone can make."""
