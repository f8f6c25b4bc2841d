"""A new entry for a name: its likely Arabic forms, what relays will make of it, what is near.

Everything here is a guess for an editor to look over. Arabic words are taken from the glossary
itself where it knows the word from another name ("Mohamed" is محمد in a hundred entries), and
spelled by rule elsewhere. The predicted wrong forms read the Arabic back as an English desk would,
with the vowels guessed.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from service.errors import Conflict, InvalidRequest
from service.names.glossary import TYPES, Entry, Glossary
from service.names.skeleton import fold, french_units, plain_units
from service.names.workshop.forms import has_arabic, same, unique
from service.names.workshop.near import Near, Neighbours, name_words
from service.names.workshop.termfiles import FOLDERS, append_entries, render_entry

#: How many Arabic forms and how many wrong forms a proposal shows.
MOST_ARABIC = 4
MOST_DAMAGED = 6


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed for a name.

    Args:
        fields: the entry as it would be written.
        damaged: wrong English forms that relays are likely to make.
        near: entries of the glossary that the name, or a damaged form of it, is near to.
        namesake: the entry that has this very name already, or None.
    """

    fields: dict[str, Any]
    damaged: tuple[str, ...]
    near: tuple[Near, ...]
    namesake: Entry | None


def propose(
    name: str,
    glossary: Glossary,
    *,
    type: str = "person",
    ar: Collection[str] = (),
    fr: Collection[str] = (),
    context: Collection[str] = (),
    gender: str | None = None,
    source: str | None = None,
    status: str = "reviewed",
    notes: str | None = None,
    today: date | None = None,
) -> Proposal:
    """The proposed entry for a name.

    Args:
        name: the right spelling.
        glossary: what is there already.
        type: person, organisation, place, work or term.
        ar: Arabic forms that are known; without any, likely ones are derived.
        fr, context, gender, source, status, notes: as in an entry.
        today: the date to write; today by default.

    Raises:
        InvalidRequest: the name is empty, Arabic, or the type unknown.
    """
    name = " ".join(name.split())
    if not name or has_arabic(name):
        raise InvalidRequest("Give the name in the Latin letters that are to be printed.")
    if type not in TYPES:
        raise InvalidRequest(f"The type is one of {', '.join(TYPES)}, not {type!r}.")
    lexicon = Lexicon(glossary)
    arabic = list(ar) or lexicon.arabic_forms(name)[:MOST_ARABIC]
    taken = {entry.id for entry in glossary.entries}
    namesake = next((e for e in glossary.entries if same(e.name) == same(name)), None)
    fields: dict[str, Any] = {
        "id": free_id(name, taken),
        "name": name,
        "type": type,
        "status": status if status != "reviewed" else None,
        "ar": unique(arabic),
        "fr": unique(fr),
        "context": unique(context),
        "gender": gender,
        "since": (today or date.today()).isoformat(),
        "source": source,
        "notes": notes,
    }
    damaged = damaged_forms(name, arabic)
    neighbours = Neighbours(glossary)
    near: dict[str, Near] = {}
    words = len(name_words(name))
    for form in (name, *damaged):
        for found in neighbours.near(form, limit=3, least=0.6):
            known = near.get(found.entry.id)
            if found.entry.type != type and len(name_words(found.entry.name)) != words:
                continue
            if found.entry is not namesake and (known is None or known.likeness < found.likeness):
                near[found.entry.id] = found
    return Proposal(
        {key: value for key, value in fields.items() if value not in (None, [], "")},
        tuple(damaged),
        tuple(sorted(near.values(), key=lambda item: -item.likeness)[:5]),
        namesake,
    )


def write(proposal: Proposal, directory: Path, file: str | None, glossary: Glossary) -> Path:
    """Write a proposal at the end of a term file.

    Args:
        proposal: what to write.
        directory: the glossary's folder.
        file: the term file, relative to it; by default the one whose entries share most context.
        glossary: what is there already.

    Returns:
        the file written to.

    Raises:
        Conflict: the name has an entry already.
        InvalidRequest: the file lies outside the folder or is no term file.
    """
    refuse_namesake(proposal)
    name = file or best_file(proposal.fields, glossary)
    path = (directory / name).resolve()
    if directory.resolve() not in path.parents or path.suffix not in (".yaml", ".yml", ".json"):
        raise InvalidRequest(
            f"{name!r} is no term file of this glossary; give one like people/marseille.yaml.",
            field="file",
        )
    append_entries(path, directory.resolve(), [proposal.fields])
    return path


def refuse_namesake(proposal: Proposal) -> None:
    """Raise `Conflict` if the name has an entry already."""
    other = proposal.namesake
    if other is not None:
        raise Conflict(
            f"{other.name!r} has an entry already: {other.id}.", field=f"{other.file}:{other.line}"
        )


def rendered(proposal: Proposal) -> str:
    """The proposed entry as its file will hold it."""
    return render_entry(proposal.fields)


def best_file(fields: dict[str, Any], glossary: Glossary) -> str:
    """The term file whose entries of this type share most context with a new one."""
    wanted = {same(text) for text in fields.get("context", ())}
    scores: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for entry in glossary.entries:
        if entry.type == fields["type"]:
            sizes[entry.file] += 1
            scores[entry.file] += len(wanted & {same(text) for text in entry.context})
    best = max(scores, key=lambda file: (scores[file] / sizes[file], file), default=None)
    if best is not None and scores[best]:
        return best
    return f"{FOLDERS[fields['type']]}/new.yaml"


def free_id(name: str, taken: Collection[str]) -> str:
    """The kebab-case id of a name, numbered if another entry has it."""
    base = "-".join(re.findall(r"[a-z0-9]+", " ".join(fold(w) or "" for w in _split(name))))
    base = base or "entry"
    return next(
        candidate
        for number in itertools.count(1)
        if (candidate := base if number == 1 else f"{base}-{number}") not in taken
    )


# --- Latin to Arabic --------------------------------------------------------------------------


class Lexicon:
    """How the words of names are written in Arabic, learned from a glossary's own entries."""

    def __init__(self, glossary: Glossary) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for entry in glossary.entries:
            latin = _split(entry.name)
            for form in entry.ar:
                arabic = re.split(r"[\s\-]+", form)
                if entry.type == "person" and len(arabic) == len(latin):
                    for word, letters in zip(latin, arabic, strict=True):
                        if same(word) not in _FIXED:
                            counts[same(word)][letters] += 1
        self._words = {
            word: [letters for letters, _ in forms.most_common(2)] for word, forms in counts.items()
        }

    def arabic_forms(self, name: str) -> list[str]:
        """Likely Arabic forms of a name, the likeliest first."""
        options = []
        for word in _split(name):
            options.append((self._words.get(same(word)) or spelled(word))[:3])
        ranked = sorted(
            itertools.product(*(enumerate(choices) for choices in options)),
            key=lambda combination: sum(rank for rank, _ in combination),
        )
        forms = (" ".join(letters for _, letters in combination) for combination in ranked)
        return unique(re.sub(r"(?<!\S)ال (?=\S)(?:ال)?", "ال", form) for form in forms)


_ARTICLES = {"al", "el", "ash", "an", "as", "ad", "at", "ar", "az"}
_FIXED = {
    **{article: ["ال"] for article in _ARTICLES},
    "ben": ["بن"], "bin": ["بن"], "ibn": ["بن"],
    "de": ["دو", "دي"], "du": ["دو"], "des": ["دي"], "la": ["لا"], "le": ["لو"], "les": ["لي"],
    "d": ["د"], "l": ["ل"], "abou": ["أبو"], "abu": ["أبو"], "ould": ["ولد"], "abd": ["عبد"],
    "von": ["فون"], "van": ["فان"], "der": ["دير"],
}  # fmt: skip
_CONSONANTS = {
    "b": "ب", "p": "ب", "f": "ف", "v": "ف", "t": "ت", "d": "د", "s": "س", "z": "ز", "j": "ج",
    "S": "ش", "C": "تش", "k": "ك", "q": "ق", "g": "غ", "G": "غ", "x": "خ", "l": "ل", "m": "م",
    "n": "ن", "N": "ني", "r": "ر", "h": "ه", "T": "ث", "D": "ذ", "w": "و", "y": "ي", "c": "س",
}  # fmt: skip
_LONG = {"a": "ا", "e": "ي", "i": "ي", "o": "و", "u": "و"}
_FIRST = {"a": "أ", "e": "إ", "i": "إي", "o": "أو", "u": "أو"}


def spelled(word: str) -> list[str]:
    """A word in Arabic by rule: as French is read, vowels long; then with e dropped, and as read
    in English."""
    fixed = _FIXED.get(same(word))
    if fixed:
        return fixed
    folded = fold(word)
    french = french_units(re.sub(r"c(?=[eiy])", "ss", folded))
    plain = plain_units(re.sub(r"e$", "", folded))
    first = _letters(french)
    spoken_e = re.search(r"(?:é|ée|è)$", unicodedata.normalize("NFC", word.casefold()))
    if spoken_e or (re.search(r"(?:er|et|ez)$", folded) and french.endswith("e")):
        first = _letters(french.removesuffix("e")) + "يه"
    forms = [first, _letters(plain)]
    if re.search(r"[ae]?in$", folded):
        forms.insert(0, _letters(re.sub(r"[aei]+n$", "an", french)))
    forms.append(_letters(re.sub(r"(?<=[^aeiou])e(?=[^aeiou])", "", french)))
    if folded[:1] in "kq":
        forms.insert(1, "ق" + _letters(re.sub(r"(?<=^k)e", "", french))[1:])
    return [form for form in unique(forms) if form]


def _letters(units: str) -> str:
    letters = ""
    for index, unit in enumerate(units):
        if unit in _LONG:
            following = units[index + 1 : index + 2]
            if index == 0:
                letters += _FIRST[unit]
            elif unit in "iueo" and following in ("y", "w") and following:
                continue
            elif unit == "e" and following in ("l", "r", "n") and index + 2 == len(units):
                letters += "ي"
            else:
                letters += _LONG[unit]
        else:
            letters += _CONSONANTS.get(unit, "")
    return letters


# --- Arabic back to Latin ---------------------------------------------------------------------

_READ = {
    "ا": "a", "أ": "a", "إ": "i", "آ": "a", "ى": "a", "ء": "", "ئ": "e", "ؤ": "o", "ب": "b",
    "ت": "t", "ث": "th", "ج": "j", "ح": "h", "خ": "kh", "د": "d", "ذ": "dh", "ر": "r", "ز": "z",
    "س": "s", "ش": "sh", "ص": "s", "ض": "d", "ط": "t", "ظ": "z", "ع": "a", "غ": "gh", "ف": "f",
    "ق": "q", "ك": "k", "ل": "l", "م": "m", "ن": "n", "ه": "h", "ة": "a", "پ": "p", "ڤ": "v",
    "گ": "g", "ڨ": "g", "چ": "ch", "ڭ": "g", "ژ": "j",
}  # fmt: skip
# Words that desks do not spell out but know, rightly or wrongly.
_KNOWN = {
    "محمد": "Mohammed", "أحمد": "Ahmed", "أمين": "Amin", "مهدي": "Mahdi", "كوثر": "Kawthar",
    "خالد": "Khaled", "كمال": "Kamal", "جمال": "Jamal", "عبد": "Abdul", "بن": "bin", "أبو": "Abu",
    "سعيد": "Saeed", "قيس": "Qais", "يوسف": "Youssef", "إبراهيم": "Ibrahim", "علي": "Ali",
    "حسن": "Hassan", "حسين": "Hussein", "مصطفى": "Mustafa", "محمود": "Mahmoud", "رشيد": "Rashid",
    "نجاة": "Najat", "ليلى": "Laila", "كريم": "Karim", "حكيم": "Hakim", "أشرف": "Ashraf",
    "ياسين": "Yassin", "إسماعيل": "Ismail", "سليمان": "Suleiman", "توفيق": "Tawfiq",
    "بنوا": "Benoit", "مارتين": "Martin", "جان": "Jean", "بيير": "Pierre", "ميشال": "Michel",
    "ميشيل": "Michel", "لوران": "Laurent", "فرانسوا": "Francois", "نيكولا": "Nicola",
    "جيرار": "Gerard", "جيرالد": "Gerald", "إريك": "Eric", "إيريك": "Eric", "برونو": "Bruno",
    "دافيد": "David", "ديفيد": "David", "كريستيان": "Christian", "مارين": "Marine",
    "أنطوان": "Antoine", "كزافييه": "Xavier", "لوي": "Louis", "لويس": "Louis",
    "سيباستيان": "Sebastian", "إيمانويل": "Emanuel", "أوليفييه": "Olivier", "سارة": "Sara",
    "سارا": "Sara",
}  # fmt: skip
# (what ي is read as, what و is read as, the short vowel put between consonants)
_VOWELS_READ = (("i", "o", "a"), ("e", "ou", "e"), ("ee", "u", "i"))


def damaged_forms(name: str, arabic: Iterable[str]) -> list[str]:
    """Wrong English forms that a relay through Arabic is likely to make of a name."""
    readings: list[str] = []
    for vowels in _VOWELS_READ:
        for form in arabic:
            words = [_KNOWN.get(word) or _read_word(word, *vowels) for word in form.split()]
            reading = " ".join(word for word in words if word)
            readings.append(reading[:1].upper() + reading[1:])
    return [form for form in unique(readings) if same(form) != same(name)][:MOST_DAMAGED]


def _read_word(word: str, front: str, back: str, short: str) -> str:
    """One Arabic word as an English desk reads it; short vowels between consonants are guessed."""
    article = ""
    if word.startswith("ال") and len(word) > 4:
        article, word = "al-", word[2:]
    pieces: list[str] = []
    for index, letter in enumerate(word):
        after_vowel = index > 0 and word[index - 1] in "اأإآيو"
        if letter == "و":
            last = index == len(word) - 1
            pieces.append("w" if index == 0 or (after_vowel and not last) else back)
        elif letter == "ي":
            pieces.append("y" if index == 0 or after_vowel else front)
        else:
            pieces.append(_READ.get(letter, ""))
    pieces = [piece for piece in pieces if piece]
    latin = ""
    for index, piece in enumerate(pieces):
        if index and not _is_vowel(pieces[index - 1]) and not _is_vowel(piece):
            before, last = pieces[index - 1], index == len(pieces) - 1
            start = index == 1
            third = index >= 2 and not _is_vowel(pieces[index - 2])
            easy = (start and piece in "rl") or (last and before in "nrls" and piece in "dtksgz")
            inside = not start and not last and not third
            if not easy and not inside:
                latin += short
        latin += piece
    if latin.startswith(("ai", "ao", "ae", "au")) and word[:1] in "أإ":
        latin = latin[1:]
    return article + latin[:1].upper() + latin[1:]


def _is_vowel(piece: str) -> bool:
    return piece[0] in "aeiou"


def _split(name: str) -> list[str]:
    return [word for word in re.split(r"[\s\-–’']+", name) if word]
