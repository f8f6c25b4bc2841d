"""How well names are put right: labelled passages, a glossary, a report that anyone can make."""
