"""Forms of a name compared and cleaned, without regard to what differs by habit alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from service.names.skeleton import fold

#: Direction marks, zero-width characters, soft hyphens, the byte-order mark.
INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
TATWEEL = "\u0640"
#: Vowel signs, tanween, shadda, sukun, superscript alef.
VOWEL_SIGNS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]")
PRESENTATION = re.compile("[\ufb50-\ufdff\ufe70-\ufefc]")
_ARABIC_LETTER = re.compile("[\u0620-\u064a\u066e-\u06d3\u06d5]")
_LATIN_LETTER = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
# Letters of Persian and Urdu keyboards that Arabic writes otherwise.
FOREIGN_LETTERS = str.maketrans({"ک": "ك", "ی": "ي", "ے": "ي", "ہ": "ه", "ھ": "ه"})
# What Arabic outlets do write beyond the 28 letters: p, v, g, tch in foreign names.
_ARABIC_FORM = re.compile("[\u0621-\u063a\u0641-\u064aپڤڥگڨڭچژ0-9\u0660-\u0669\\s.\\-–()«»\"'،]+")
_SAME_ARABIC = str.maketrans({**dict.fromkeys("أإآٱ", "ا"), "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي"})


def has_arabic(text: str) -> bool:
    """Whether any letter is Arabic."""
    return bool(_ARABIC_LETTER.search(text) or PRESENTATION.search(text))


def has_latin(text: str) -> bool:
    """Whether any letter is Latin."""
    return bool(_LATIN_LETTER.search(text))


def is_arabic_form(text: str) -> bool:
    """Whether a form consists of what Arabic outlets write, and of one Arabic letter at least."""
    return bool(_ARABIC_FORM.fullmatch(text)) and bool(_ARABIC_LETTER.search(text))


def foreign_scripts(text: str) -> set[str]:
    """The scripts, other than Latin and Arabic, of a text's letters: often look-alikes."""
    scripts = set()
    for letter in text:
        if letter.isalpha() and not has_latin(letter) and not has_arabic(letter):
            name = unicodedata.name(letter, "UNKNOWN").split()[0]
            if name not in ("MODIFIER", "LATIN", "FEMININE", "MASCULINE"):
                scripts.add(name.capitalize())
    return scripts


def cleaned(form: str, *, arabic: bool) -> str:
    """A form without what is never meant: what `lint --fix` writes in its place."""
    form = INVISIBLE.sub("", form)
    if arabic:
        form = PRESENTATION.sub(lambda match: unicodedata.normalize("NFKC", match.group()), form)
        form = VOWEL_SIGNS.sub("", form.replace(TATWEEL, "")).translate(FOREIGN_LETTERS)
    return " ".join(unicodedata.normalize("NFC", form).split())


def same(form: str) -> str:
    """What two forms share if they differ by accents, case, hyphens, hamza and the like alone."""
    form = cleaned(form, arabic=True) if has_arabic(form) else form
    words = re.split(r"[\s\-–_.]+", form.translate(_SAME_ARABIC))
    return " ".join(word for word in (fold(word) or word for word in words) if word)


def words_of(form: str) -> list[str]:
    """The words of a form, without marks between them."""
    return [word for word in re.split(r"[^\w'’]+", form) if word]


def unique(forms: Iterable[str]) -> list[str]:
    """The forms in their order, each once."""
    return list(dict.fromkeys(forms))
