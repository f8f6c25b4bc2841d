"""What the page says in words: languages, flags, and why a name was changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from service.names import reasons as words
from service.names.report import NameReport

LANGUAGES: Final = {
    "ar": "Arabic",
    "ca": "Catalan",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
    "ru": "Russian",
    "tr": "Turkish",
    "und": "no language",
    "ur": "Urdu",
}

#: Languages that are written from right to left.
RIGHT_TO_LEFT: Final = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})

FLAG_LABELS: Final = {
    "repetition": "repeats itself",
    "echo": "untranslated",
    "empty": "untranslated",
    "number_mismatch": "numbers differ",
    "length_ratio": "length differs",
    "split": "long sentence",
    "low_confidence_language": "language uncertain",
    "name_lost": "name missing",
}

FLAG_WORDS: Final = {
    "repetition": "The model repeats words here, also after another try.",
    "echo": "The model gave the source back instead of a translation.",
    "empty": "The model gave nothing; the source stands here.",
    "number_mismatch": "The digits of the source and of the translation are not the same.",
    "length_ratio": "The translation is much shorter or longer than such sentences are.",
    "split": "The sentence was too long for the model and was translated in parts.",
    "low_confidence_language": "It is not sure which language this is.",
    "name_lost": "A name of the source is missing here, or is damaged.",
}


def reasons(name: NameReport) -> list[str]:
    """Why a name was changed or suggested, one phrase for each piece of evidence."""
    return words.reasons((evidence.code, evidence.value) for evidence in name.evidence)


def direction(language: str) -> str:
    """The `dir` of a text: its language's; the text's first letter decides where that is unknown.

    A text in Arabic that begins with a Latin name still runs from right to left.
    """
    if language in ("", "und"):
        return "auto"
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def duration(seconds: float) -> str:
    """A time span as a person says it: ``40 s``, ``12 min``, ``3 h 5 min``."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{round(seconds)} s"
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def moment(seconds: float) -> str:
    """Seconds since 1970 as date and time, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
