"""Why a name was changed, or only suggested, in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: A sentence part for each code of evidence; `{value}` is the evidence's value.
WORDS: Final[dict[str, str]] = {
    "about_spelling": "but the text speaks of the spelling itself",
    "accents": "only its accents were missing",
    "ambiguous": "but it could be another name as well",
    "article": "an Arabic article too many",
    "context_document": "the text also speaks of {value}",
    "context_near": "“{value}” stands beside it",
    "division": "its words are joined or parted otherwise",
    "document_alias": "the text uses this form for the same person",
    "document_exact": "the right form stands elsewhere in the text",
    "document_given": "the text gives this person the given name {value} elsewhere",
    "follows": "the text names this person in full",
    "keep": "but the glossary keeps this form as it is",
    "kinship": "but it may be a relative",
    "links": "the model's links lead from there to here",
    "listed_variant": "the glossary lists this wrong form",
    "proposed_entry": "but the entry has not been reviewed yet",
    "source": "the source has {value} there",
    "spellings": "the text spells this name in several ways: {value}",
    "surname_in_document": "the surname stands elsewhere in the text",
    "swapped": "given name and surname stand the other way round",
}
#: Nearness of a part's sound, as log-odds: from each bound on, it is put so.
NEARNESS: Final = ((4.0, "very near"), (1.4, "near"), (0.0, "fairly near"), (-99.0, "doubtful"))
#: Parts of a name whose evidence is their nearness.
PARTS: Final = {"given": "given name ", "sound": "", "surname": "surname "}


def reason(code: str, value: float | str | bool) -> str:
    """One piece of evidence in plain words."""
    if code in PARTS and isinstance(value, float | int):
        how = next(words for bound, words in NEARNESS if value >= bound)
        return f"{PARTS[code]}{how} in sound"
    if code == "source" and value is True:
        return "the source names this person"
    words = WORDS.get(code)
    if words is not None:
        return words.format(value=value)
    plain = code.replace("_", " ")
    return f"{plain}: {value}" if isinstance(value, str) else plain


def reasons(evidence: Iterable[tuple[str, float | str | bool]]) -> list[str]:
    """All evidence for one name in plain words; what is false is no evidence."""
    return [reason(code, value) for code, value in evidence if value is not False]
