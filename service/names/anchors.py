"""Names found in the source text, carried through the translation and checked after it.

What the source shows is the strongest evidence there is: `find_anchors` finds the entries' names in
Arabic (listed forms, forms derived from the name, and forms that sound like them) and in French;
`carry` writes them into an Arabic source in Latin letters, which the model copies; and `normalise`
looks for each of them in the translation and repairs what did not arrive (`SourceNames`).

A surname alone is an anchor only where the document names its bearer in full: pass the people of
the whole document (`people_in`) when sentences are looked at one by one.

Costs: about 1 ms for 100 words of Arabic; the index of a glossary is built at the first call.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product

from wordfreq import zipf_frequency

from service.names import skeleton
from service.names.glossary import Entry, Glossary
from service.names.matcher import (
    Memo,
    Name,
    NameIndex,
    arabic_halves,
    exact_key,
    index_of,
)
from service.names.mentions import Document, Token, tokens_of

_LOCK = threading.Lock()

# An Arabic full name that is no listed form is believed from here on; both parts must be sure.
SOUND_TOTAL, SOUND_PART, SOUND_MARGIN = 6.5, 2.3, 1.2
# Arabic words more common than this (Zipf frequency) are not taken for unlisted names, and a form
# of one word that is more common is not looked for: سعيد is also "happy", نور is also "light".
COMMON_ARABIC = 4.2
COMMON_ARABIC_FORM = 4.5
MOST_WORDS = 5
_SHORTEST_SURNAME = 3

_ARABIC_WORD = re.compile(r"[\u0621-\u065f\u0670-\u06d3\u06fa-\u06ff\u0750-\u077f]+")
_MARKS = re.compile(r"[\u064b-\u065f\u0670\u0640]")
_FOLD = str.maketrans("أإآٱىةؤئکی", "ااااي" + "هويكي")
# Proclitics that may stand before a name, longest first: and, so, with, as, for, the.
_CLITICS = ("وبال", "ولل", "وال", "بال", "فال", "كال", "لل", "ال", "ول", "وب", "وك", "فل", "فب",
            "و", "ف", "ب", "ك", "ل")  # fmt: skip
_IN = "في"
# Folded: after these even a common word is the surname of somebody whom the document names in full.
_SAYING = re.compile(
    "[وف]?(?:قال|اكد|اوضح|اضاف|اعلن|ذكر|صرح|كشف|اشار|شدد|لفت|افاد|اعتبر|حذر|راي|التقي|استقبل)ت?"
)
_TO_LETTERS = str.maketrans(
    {
        "b": "ب", "p": "ب", "t": "ت", "T": "ث", "j": "ج", "h": "ه", "x": "خ", "d": "د", "D": "ذ",
        "r": "ر", "z": "ز", "s": "س", "S": "ش", "G": "غ", "g": "غ", "f": "ف", "v": "ف", "q": "ق",
        "k": "ك", "l": "ل", "m": "م", "n": "ن", "w": "و", "W": "و", "y": "ي", "Y": "ي", "A": "ا",
        "i": "ي", "a": "ا", "o": "و", "u": "و", "e": "",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Anchor:
    """A glossary name in a source text; `start` and `end` are offsets into that text.

    `text` is how it is printed: the whole name, or the surname where that stands alone. An
    attached conjunction, preposition or article is not part of the span.
    """

    start: int
    end: int
    surface: str
    entry: Entry
    text: str = ""
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Carried:
    """A source text made ready for the model.

    Args:
        text: the source text, with the names that the model would lose written in Latin letters.
        anchors: the names found in the *original* source text, in order.
        language: ISO 639-1 code of the source text.
        spans: where each anchor stands in `text`, half-open.
        copied: where other names stand in it that English writes alike (`with_copied`).
    """

    text: str
    anchors: tuple[Anchor, ...]
    language: str = "ar"
    spans: tuple[tuple[int, int], ...] = ()
    copied: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class SourceSentence:
    """One sentence's names and where its translation stands.

    Args:
        start, end: half-open offsets of the translation of this sentence in the translated text.
        carried: what was given to the model, with its anchors.
        links: (source start, source end, output start, output end) character links, where the
            model tells them; source offsets are into `carried.text`, output offsets into the
            translation of this sentence.
    """

    start: int
    end: int
    carried: Carried
    links: tuple[tuple[int, int, int, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class SourceNames:
    """Everything that the source shows of the names, handed to `normalise` as evidence."""

    language: str
    sentences: tuple[SourceSentence, ...]


def _written_as(span: Sequence[Token], entry: Entry) -> bool:
    """Whether Latin words have the capitals that one of the entry's forms has.

    "Le monde" is the world, "Le Monde" a newspaper. A form with digits is none: tokens have
    letters alone, so that "France 24" would be seen in every "France".
    """
    return any(
        len(capitals) == len(span)
        and key == exact_key(span)
        and all(token.capital or not capital for token, capital in zip(span, capitals, strict=True))
        for form in (entry.name, *entry.fr, *entry.variants)
        for key, capitals in (_capitals(form),)
    )


@lru_cache(maxsize=65536)
def _capitals(form: str) -> tuple[str, tuple[bool, ...]]:
    """A form's exact key, and which of its words are capitalised; nothing if it has digits."""
    if any(letter.isdigit() for letter in form):
        return "", ()
    tokens = tokens_of(form)
    return exact_key(tokens), tuple(token.capital for token in tokens)


def find_anchors(text: str, language: str, glossary: Glossary) -> tuple[Anchor, ...]:
    """The glossary names that stand in a source text, in order and not overlapping.

    Args:
        text: a source text in Arabic or French.
        language: ISO 639-1 code of the text.
        glossary: the entries in force.
    """
    [found] = document_anchors([(text, language)], language, glossary)
    return found


def document_anchors(
    sentences: Sequence[tuple[str, str]], language: str, glossary: Glossary
) -> list[tuple[Anchor, ...]]:
    """The glossary names in each sentence of a document, each sentence read once.

    A surname alone is an anchor where its own sentence names the person in full, or any sentence
    in the document's language does.

    Args:
        sentences: each with the ISO 639-1 code of its language.
        language: that of the document.
        glossary: the entries in force.
    """
    if not glossary.entries:
        return [()] * len(sentences)
    memo = index_of(glossary).memo
    finders = [
        _Arabic(text, glossary, memo) if own == "ar" else _Latin(text, glossary)
        for text, own in sentences
    ]
    full = [list(finder.full()) for finder in finders]
    people = {
        anchor.entry.id
        for found, (_, own) in zip(full, sentences, strict=True)
        if own == language
        for anchor in found
    }
    return [
        tuple(
            sorted(
                [*found, *finder.alone({anchor.entry.id for anchor in found} | people, found)],
                key=lambda anchor: anchor.start,
            )
        )
        for finder, found in zip(finders, full, strict=True)
    ]


def carry(text: str, anchors: Sequence[Anchor], *, language: str = "ar") -> Carried:
    """Write the anchored names into the source in the spelling that is to be printed.

    Only Arabic is rewritten; a French text shows its names in Latin letters already. Attached
    clitics stay where they are: وماكرون becomes وMacron.
    """
    if language != "ar":
        return Carried(
            text, tuple(anchors), language, tuple((anchor.start, anchor.end) for anchor in anchors)
        )
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    at = length = 0
    for anchor in anchors:
        printed = anchor.text or anchor.entry.name
        before = text[at : anchor.start]
        pieces += [before, printed]
        length += len(before)
        spans.append((length, length + len(printed)))
        length += len(printed)
        at = anchor.end
    pieces.append(text[at:])
    return Carried("".join(pieces), tuple(anchors), language, tuple(spans))


def arabic_forms(name: str) -> tuple[str, ...]:
    """Arabic forms that a name of which none is known likely has, the likeliest first."""
    words = [word for word in Document(name).tokens if word.folded not in ("al", "el")]
    if not words or len(words) > MOST_WORDS:
        return ()
    options = [skeleton.derived_units(word.folded) for word in words]
    forms = (
        " ".join(units.translate(_TO_LETTERS) for units in choice) for choice in product(*options)
    )
    return tuple(dict.fromkeys(form for form in forms if form.strip()))[:8]


@lru_cache(maxsize=65536)
def fold_arabic(word: str) -> str:
    """An Arabic word without vowel signs, with one alif, ya and ha."""
    return _MARKS.sub("", word).translate(_FOLD)


def arabic_stems(text: str) -> list[tuple[int, int, tuple[str, ...]]]:
    """Each Arabic word of a text, folded: as it stands, and without the clitics it may carry.

    Returns:
        (start, end, stems) with half-open character offsets.
    """
    return [
        (match.start(), match.end(), tuple(stem for _, stem in _heads(fold_arabic(match.group()))))
        for match in _ARABIC_WORD.finditer(text)
    ]


@lru_cache(maxsize=65536)
def _heads(word: str) -> tuple[tuple[int, str], ...]:
    """A folded word as it stands, then without the clitics it may carry, and their lengths."""
    carried = (
        (len(clitic), word[len(clitic) :])
        for clitic in _CLITICS
        if word.startswith(clitic) and len(word) - len(clitic) >= 2
    )
    return ((0, word), *carried)


@dataclass(frozen=True, slots=True)
class _Form:
    """An Arabic form of an entry: how it is printed, and whether it was only derived."""

    entry: Entry
    text: str
    derived: bool


class _ArabicIndex:
    """Arabic forms by their words, folded and joined by spaces."""

    def __init__(self, index: NameIndex) -> None:
        self.full: dict[str, list[_Form]] = defaultdict(list)
        self.surnames: dict[str, dict[str, list[_Form]]] = defaultdict(lambda: defaultdict(list))
        self.longest: dict[str, int] = {}
        self.after_in: dict[str, _Form] = {}  # words that are a place only after "in"
        # Places that are common words, and those that every model knows: both are left to it.
        self.common_places = {"باريس"}
        for entry in index.glossary.entries:
            if entry.status == "reviewed":
                self._add(entry, index.by_entry.get(entry.id))
        self.full = dict(self.full)

    def _add(self, entry: Entry, name: Name | None) -> None:
        forms = entry.ar or arabic_forms(entry.name)
        for form in forms:
            words = [fold_arabic(word) for word in _ARABIC_WORD.findall(form.replace("-", " "))]
            words = [word for word in words if word]
            if not words:
                continue
            if entry.type == "place" and len(words) == 2 and words[0] == _IN:
                self.after_in.setdefault(words[1], _Form(entry, entry.name, False))
                continue
            if len(words) == 1 and (
                len(words[0]) < _SHORTEST_SURNAME
                or not entry.ar
                or zipf_frequency(words[0], "ar") >= COMMON_ARABIC_FORM
            ):
                if entry.type == "place":
                    self.common_places.add(words[0])
                continue
            key = " ".join(words)
            if not any(other.entry.id == entry.id for other in self.full[key]):
                self.full[key].append(_Form(entry, entry.name, not entry.ar))
            self.longest[words[0]] = max(self.longest.get(words[0], 0), len(words))
            if name is None or entry.type != "person" or not name.cuts or len(words) < 2:
                continue
            surname = arabic_halves(entry.name, form)[1]
            printed = name.cuts[0].surname.text
            folded = " ".join(fold_arabic(word) for word in surname)
            for variant in {folded, folded.removeprefix("ال")}:
                if len(variant) >= _SHORTEST_SURNAME:
                    self.surnames[entry.id][variant].append(_Form(entry, printed, not entry.ar))


def _arabic_index(glossary: Glossary) -> _ArabicIndex:
    cache = glossary._cache
    index = cache.get("arabic")
    if index is None:
        names = index_of(glossary)
        with _LOCK:
            index = cache.get("arabic")
            if index is None:
                index = cache["arabic"] = _ArabicIndex(names)
    assert isinstance(index, _ArabicIndex)
    return index


class _Arabic:
    """The names in one Arabic text."""

    def __init__(self, text: str, glossary: Glossary, memo: Memo) -> None:
        self.text = text
        self.glossary = glossary
        self.memo = memo
        self.index = _arabic_index(glossary)
        self.words = [
            (match.start(), match.end(), fold_arabic(match.group()))
            for match in _ARABIC_WORD.finditer(text)
        ]
        self.taken = [False] * len(self.words)
        self.places: set[int] = set()  # the last word of each place
        # Whether only a space or a hyphen stands between each word and the next.
        self._next_to = [
            text[before[1] : after[0]].strip(" \u00a0-") == ""
            for before, after in pairwise(self.words)
        ]

    def full(self) -> Iterator[Anchor]:
        position = 0
        while position < len(self.words):
            found = self._exact(position)
            if found is None:
                position += 1
                continue
            anchor, last = found
            self._take(position, last)
            if anchor.entry.type == "place":
                self.places.add(last - 1)
            yield anchor
            position = last
        yield from self._by_sound()

    def _take(self, first: int, last: int) -> None:
        for position in range(first, last):
            self.taken[position] = True

    def _joined(self, first: int, last: int) -> bool:
        """Whether only a space or a hyphen stands between each two of the words."""
        return all(self._next_to[first : last - 1])

    def _exact(self, position: int) -> tuple[Anchor, int] | None:
        for cut, head in _heads(self.words[position][2]):
            longest = self.index.longest.get(head, 0)
            for last in range(min(position + longest, len(self.words)), position, -1):
                key = " ".join((head, *(word for _, _, word in self.words[position + 1 : last])))
                forms = self.index.full.get(key)
                if not forms or not self._joined(position, last):
                    continue
                if last - position == 1 and cut and len(head) < 4:
                    continue
                texts = {form.text for form in forms}
                if len(texts) > 1:
                    listed = [form for form in forms if not form.derived]
                    if len({form.text for form in listed}) != 1:
                        continue
                    forms = listed
                return self._anchor(position, last, cut, forms[0].entry, forms[0].text), last
        return self._after_in(position)

    def _after_in(self, position: int) -> tuple[Anchor, int] | None:
        """A word that is a place after "in", and after "and" where a place stands before that."""
        if not position or not self._next_to[position - 1] or not self.index.after_in:
            return None
        word = self.words[position][2]
        if self.words[position - 1][2] in (_IN, f"و{_IN}"):
            form, cut = self.index.after_in.get(word), 0
        elif word.startswith("و") and (
            position - 1 in self.places or self.words[position - 1][2] in self.index.common_places
        ):
            form, cut = self.index.after_in.get(word[1:]), 1
        else:
            return None
        if form is None:
            return None
        return self._anchor(position, position + 1, cut, form.entry, form.text), position + 1

    def _anchor(
        self, first: int, last: int, cut: int, entry: Entry, text: str, *, alone: bool = False
    ) -> Anchor:
        start = self._after(first, cut)
        end = self.words[last - 1][1]
        return Anchor(start, end, self.text[start:end], entry, text, alone)

    def _after(self, position: int, cut: int) -> int:
        """The offset of a word without its first `cut` letters, vowel signs not counted."""
        start, end, _ = self.words[position]
        letters = 0
        for offset in range(start, end):
            if _MARKS.match(self.text[offset]):
                continue
            if letters == cut:
                return offset
            letters += 1
        return start

    def _by_sound(self) -> Iterator[Anchor]:
        """Full names in an Arabic form that no entry lists."""
        index = index_of(self.glossary)
        position = 0
        while position < len(self.words):
            found = None if self.taken[position] else self._sounds(position, index)
            if found is None:
                position += 1
                continue
            anchor, last = found
            self._take(position, last)
            yield anchor
            position = last

    def _sounds(self, position: int, index: NameIndex) -> tuple[Anchor, int] | None:
        best: tuple[float, Name, int, int] | None = None
        second = float("-inf")
        for last in range(position + 2, min(position + 4, len(self.words)) + 1):
            if any(self.taken[position:last]) or not self._joined(position, last):
                break
            if _common(self.words[last - 1][2]):
                continue
            for clitic, head in _heads(self.words[position][2]):
                if clitic and clitic > 1:
                    continue
                for cut in range(position + 1, last):
                    given = "".join(
                        (head, *(word for _, _, word in self.words[position + 1 : cut]))
                    )
                    surname = "".join(
                        word.removeprefix("ال") for _, _, word in self.words[cut:last]
                    )
                    for total, name in self._compare(given, surname, index):
                        if best is None or total > best[0]:
                            if best is not None and best[1].entry.name != name.entry.name:
                                second = max(second, best[0])
                            best = (total, name, clitic, last)
                        elif name.entry.name != best[1].entry.name:
                            second = max(second, total)
        if best is None or best[0] < SOUND_TOTAL or second > best[0] - SOUND_MARGIN:
            return None
        _, name, clitic, last = best
        return self._anchor(position, last, clitic, name.entry, name.entry.name), last

    def _compare(self, given: str, surname: str, index: NameIndex) -> Iterator[tuple[float, Name]]:
        given_units, surname_units = skeleton.arabic_units(given), skeleton.arabic_units(surname)
        if len(skeleton.coarse(surname_units)) < 2 or len(given_units) < 2:
            return
        for number, which in index.candidates(given_units, surname_units, self.memo):
            name = index.names[number]
            form = name.cuts[which]
            if name.entry.type != "person" or not form.whole:
                continue
            surname_sound = self.memo.sound(surname_units, form.surname)
            if surname_sound < SOUND_PART:
                continue
            given_sound = self.memo.sound(given_units, form.given)
            if given_sound >= SOUND_PART:
                yield given_sound + surname_sound, name

    def alone(self, known: Collection[str], found: Sequence[Anchor]) -> Iterator[Anchor]:
        """Surnames of people whom the document names in full."""
        surnames: dict[str, set[tuple[str, str]]] = defaultdict(set)
        entries: dict[str, Entry] = {}
        for entry_id in known:
            for key, forms in self.index.surnames.get(entry_id, {}).items():
                surnames[key].add((forms[0].text, entry_id))
                entries[entry_id] = forms[0].entry
        for anchor in found:
            words = anchor.surface.split()
            if len(words) == 2 and len(fold_arabic(words[1])) >= _SHORTEST_SURNAME:
                name = index_of(self.glossary).by_entry.get(anchor.entry.id)
                if name is not None and name.cuts and anchor.entry.type == "person":
                    entries[anchor.entry.id] = anchor.entry
                    surnames[fold_arabic(words[1])].add(
                        (name.cuts[0].surname.text, anchor.entry.id)
                    )
        position = 0
        while position < len(self.words):
            step = 1
            for last in range(min(position + 3, len(self.words)), position, -1):
                if any(self.taken[position:last]) or not self._joined(position, last):
                    continue
                anchor_found = self._surname(position, last, surnames, entries)
                if anchor_found is not None:
                    self._take(position, last)
                    yield anchor_found
                    step = last - position
                    break
            position += step

    def _surname(
        self,
        first: int,
        last: int,
        surnames: dict[str, set[tuple[str, str]]],
        entries: dict[str, Entry],
    ) -> Anchor | None:
        for cut, head in _heads(self.words[first][2]):
            key = " ".join((head, *(word for _, _, word in self.words[first + 1 : last])))
            owners = surnames.get(key)
            if not owners or len({text for text, _ in owners}) > 1:
                continue
            common = zipf_frequency(head, "ar") >= COMMON_ARABIC_FORM and not (
                first and not cut and _SAYING.fullmatch(self.words[first - 1][2])
            )
            if last - first == 1 and (common or (cut and len(head) < 4)):
                continue
            text, entry_id = min(owners)
            return self._anchor(first, last, cut, entries[entry_id], text, alone=True)
        return None


def _common(word: str) -> bool:
    return float(zipf_frequency(word, "ar")) >= COMMON_ARABIC


class _Latin:
    """The names in one French text (or another in Latin script)."""

    def __init__(self, text: str, glossary: Glossary) -> None:
        self.text = text
        self.index = index_of(glossary)
        self.tokens = Document(text).tokens
        self.taken = [False] * len(self.tokens)

    def full(self) -> Iterator[Anchor]:
        position = 0
        while position < len(self.tokens):
            last = self._exact(position)
            if last is None:
                position += 1
                continue
            key = exact_key(self.tokens[position:last])
            entry = self.index.exact[key][0].entry
            for taken in range(position, last):
                self.taken[taken] = True
            yield self._anchor(position, last, entry, entry.name)
            position = last

    def _anchor(
        self, first: int, last: int, entry: Entry, text: str, *, alone: bool = False
    ) -> Anchor:
        start, end = self.tokens[first].start, self.tokens[last - 1].end
        return Anchor(start, end, self.text[start:end], entry, text, alone)

    def _exact(self, position: int) -> int | None:
        tokens = self.tokens
        longest = self.index.longest.get(tokens[position].folded, 0)
        if not tokens[position].capital or tokens[position].protected:
            return None
        last = position + 1
        while last < len(tokens) and last - position < longest and tokens[last].gap:
            last += 1
        for end in range(last, position, -1) if longest else ():
            found = self.index.exact.get(exact_key(tokens[position:end]))
            if not found or len({exact.text for exact in found}) > 1:
                continue
            if _written_as(tokens[position:end], found[0].entry):
                return end
        return None

    def alone(self, known: Collection[str], found: Sequence[Anchor]) -> Iterator[Anchor]:
        """Surnames of people whom the document names in full."""
        surnames: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for entry_id in known:
            name = self.index.by_entry.get(entry_id)
            if name is None or name.entry.type != "person" or not name.cuts:
                continue
            for part in name.alone:
                surnames[exact_key(tokens_of(part.text))].add((part.text, entry_id))
        longest = max((part.count(" ") + 1 for part in surnames), default=0)
        position = 0
        while position < len(self.tokens):
            last = min(position + longest, len(self.tokens))
            while last > position and not self._owners(position, last, surnames):
                last -= 1
            if last > position:
                text, entry_id = min(self._owners(position, last, surnames))
                entry = self.index.by_entry[entry_id].entry
                yield self._anchor(position, last, entry, text, alone=True)
            position = max(last, position + 1)

    def _owners(
        self, first: int, last: int, surnames: dict[str, set[tuple[str, str]]]
    ) -> Collection[tuple[str, str]]:
        """Whose surname stands at these tokens, if one printed form is all it can be."""
        span = self.tokens[first:last]
        if any(self.taken[first:last]) or any(token.protected for token in span):
            return ()
        if not span[-1].capital or not all(token.capital or token.particle for token in span):
            return ()
        if any(token.gap not in ("space", "hyphen") for token in span[1:]):
            return ()
        owners = surnames.get(exact_key(span), set())
        return owners if len({text for text, _ in owners}) == 1 else ()
