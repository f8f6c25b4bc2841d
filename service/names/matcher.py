"""Which entries a span of text may mean, and how sure each of them is.

`NameIndex` is built once per glossary (about 60 µs an entry) and then only read, by any number of
threads. A full name is looked up by its two parts: the coarse strings of given name and surname
make candidates, so the cost of a look-up grows with the names that sound alike, not with the
glossary. `skeleton.align` then decides between the few that are left.
"""

from __future__ import annotations

import threading
import weakref
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from service.names import skeleton
from service.names.glossary import Entry, Glossary
from service.names.mentions import PARTICLES, Document, Token, group_words

_LOCK = threading.Lock()
# By the coarse string of the other part, the names that have it, and which of their cuts.
_Bucket = dict[str, list[tuple[int, int]]]
# Coarse given name and surname shorter than this together may be one class apart, not two.
SHORT_KEYS = 6
# An Arabic form is the sound of a name if their coarse strings differ by this share at most.
HEARD = 0.5
# Up to so many keys it is quicker to compare them one by one.
FEW_KEYS = 8
# From so many parts on it is quicker to compare them all at once.
FEW_PARTS = 3
# Results over one index that are remembered from text to text: some 25 MB.
MOST_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class Part:
    """A given name, a surname, or another piece of a name that can stand alone.

    Args:
        text: as it is printed.
        folded: letters without accents, spaces and articles.
        article: begins with al-, el- and the like.
        forms: unit strings to compare with, and whether each was read from an Arabic form.
    """

    text: str
    folded: str
    article: bool
    forms: tuple[tuple[str, bool], ...]

    def coarse(self) -> set[str]:
        """The coarse strings under which this part is looked up."""
        return {
            key
            for units, _ in self.forms
            for key in (skeleton.coarse_readings(units) if len(units) < 24 else ())
        }


@dataclass(frozen=True, slots=True)
class Cut:
    """One way to print a name of two parts: `given` and `surname` give `text`.

    Args:
        whole: it is the entry's name as it stands.
        shortened: one of the parts has lost a half of its compound, which is put back.
    """

    given: Part
    surname: Part
    text: str
    whole: bool
    shortened: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Name:
    """An entry as the matcher knows it.

    Args:
        entry: the entry.
        cuts: the full forms, the whole name first.
        alone: what can stand alone for it once it is resolved: surnames, longest first.
        given: the given name that can stand alone, or None.
    """

    entry: Entry
    cuts: tuple[Cut, ...]
    alone: tuple[Part, ...]
    given: Part | None


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """An entry of a place, its whole name as one part."""

    entry: Entry
    part: Part


@dataclass(frozen=True, slots=True)
class Exact:
    """A form that is found letter by letter, accents and case aside."""

    entry: Entry
    text: str  # what is printed for it
    listed: bool  # True: a wrong form that the entry lists; False: the name itself


def words_of(tokens: Sequence[Token]) -> list[list[Token]]:
    """Tokens grouped by what hyphens, apostrophes and initials' points hold together."""
    words: list[list[Token]] = []
    for token in tokens:
        if words and token.gap in ("hyphen", "apostrophe", "elision", "possessive", "glue"):
            words[-1].append(token)
        else:
            words.append([token])
    return words


def surname_start(words: Sequence[Sequence[Token]]) -> int:
    """The word at which the surname begins: the last one and the particles before it."""
    start = len(words) - 1
    while start > 1 and len(words[start - 1]) == 1 and words[start - 1][0].folded in PARTICLES:
        start -= 1
    return max(start, 1)


def _part(tokens: Sequence[Token], text: str, arabic: Iterable[str] = ()) -> Part:
    return _interned(_new_part(tokens, text, arabic))


@lru_cache(maxsize=300_000)
def _interned(part: Part) -> Part:
    """One object for equal parts, so that a given name shared by many is compared once."""
    return part


def _new_part(tokens: Sequence[Token], text: str, arabic: Iterable[str]) -> Part:
    folded, article = group_words(list(tokens))
    if folded.startswith("al") and tokens[0].folded in ("al", "el") and len(tokens) == 1:
        article = False
    forms: dict[tuple[str, bool], None] = {}
    marked = folded.replace("n", "N") if "ñ" in text.lower() else folded
    forms[skeleton.plain_units(marked), False] = None
    forms[skeleton.french_units(folded), False] = None
    for form in arabic:
        units = skeleton.arabic_units(form)
        if units:
            forms[units, True] = None
    for units in skeleton.derived_units(folded):
        forms[units, True] = None
    return Part(text, folded, article, tuple(forms))


def arabic_words(form: str) -> list[str]:
    """The words of an Arabic form without the article ال."""
    words = form.replace("-", " ").replace("ـ", "").split()
    return [word[2:] if word.startswith("ال") and len(word) > 4 else word for word in words]


def _cut_arabic(form: str, given: int, total: int, share: float) -> tuple[str, str]:
    """An Arabic form cut where the Latin name is cut; see `_cut_at`."""
    words = arabic_words(form)
    if len(words) < 2:
        return "", ""
    cut = _cut_at([len(word) for word in words], given, total, share)
    return "".join(words[:cut]), "".join(words[cut:])


def arabic_halves(name: str, form: str) -> tuple[list[str], list[str]]:
    """The words of an Arabic form that are the given name, and those that are the surname."""
    words = words_of(Document(name).tokens)
    kept = form.replace("-", " ").replace("ـ", "").split()
    if len(words) < 2 or len(kept) < 2:
        return kept, kept
    start = surname_start(words)
    tokens = [token for word in words for token in word]
    given = [token for word in words[:start] for token in word]
    cut = _cut_at(
        [len(word) for word in arabic_words(form)],
        _plain_count(given),
        _plain_count(tokens),
        sum(len(token.folded) for token in given)
        / max(1, sum(len(token.folded) for token in tokens)),
    )
    return kept[:cut], kept[cut:]


def _cut_at(letters: Sequence[int], given: int, total: int, share: float) -> int:
    """How many of the Arabic words, of so many letters each, are the given name.

    Args:
        given: number of Latin words in the given name.
        total: number of Latin words in all.
        share: the part of the Latin letters that the given name has.
    """
    if len(letters) == total:
        cut = given
    elif len(letters) == 2:
        cut = 1
    else:
        goal = share * sum(letters)
        cut = min(range(1, len(letters)), key=lambda k: abs(sum(letters[:k]) - goal))
    return min(max(cut, 1), len(letters) - 1)


def _plain_count(tokens: Iterable[Token]) -> int:
    return sum(1 for token in tokens if token.folded not in ("al", "el"))


def _heard(entry: Entry, tokens: Sequence[Token]) -> tuple[str, ...]:
    """The entry's Arabic forms that write down the sound of its name.

    Those of people and places do, or are the name itself. A work or an organisation may be called
    by a translation (بنات ألفة for Four Daughters): a relay of that is another right name.
    """
    if entry.type in ("person", "place"):
        return entry.ar
    own = skeleton.coarse(skeleton.french_units(group_words(list(tokens))[0]))

    def near(form: str) -> bool:
        other = skeleton.coarse(skeleton.arabic_units("".join(arabic_words(form))))
        return Levenshtein.normalized_distance(own, other) <= HEARD

    return tuple(form for form in entry.ar if near(form))


def _halves(tokens: Sequence[Token]) -> list[list[Token]]:
    """Each of two words that a hyphen joins; nothing for other names."""
    if len(tokens) != 2 or tokens[1].gap != "hyphen" or any(token.particle for token in tokens):
        return []
    return [[token] for token in tokens]


def name_of(entry: Entry) -> Name | None:
    """An entry cut into the parts that the matcher compares, or None where it has no letters."""
    document = Document(entry.name)
    tokens = document.tokens
    if not tokens:
        return None
    words = words_of(tokens)

    def text(first: int, last: int) -> str:
        return entry.name[words[first][0].start : words[last - 1][-1].end]

    def flat(first: int, last: int) -> list[Token]:
        return [token for word in words[first:last] for token in word]

    if len(words) == 1:
        arabic = ["".join(arabic_words(form)) for form in _heard(entry, tokens)]
        return Name(entry, (), (_part(tokens, text(0, 1), arabic),), None)
    start = surname_start(words)
    given_tokens, surname_tokens = flat(0, start), flat(start, len(words))
    letters = sum(len(token.folded) for token in tokens)
    halves = [
        _cut_arabic(
            form,
            _plain_count(given_tokens),
            _plain_count(tokens),
            sum(len(token.folded) for token in given_tokens) / max(letters, 1),
        )
        for form in _heard(entry, tokens)
    ]
    given = _part(given_tokens, text(0, start), [half[0] for half in halves])
    surname = _part(surname_tokens, text(start, len(words)), [half[1] for half in halves])
    cuts = [Cut(given, surname, text(0, len(words)), True)]
    if entry.type == "person":
        full = text(0, len(words))
        for half in _halves(given_tokens):
            cuts.append(Cut(_part(half, half[0].text), surname, full, False, True))
        for half in _halves(surname_tokens):
            cuts.append(Cut(given, _part(half, half[0].text), full, False, True))
    alone = [surname]
    first_word = given
    if start > 1:
        first_word = _part(words[0], text(0, 1))
        if entry.type == "person":
            cuts.append(Cut(first_word, surname, f"{text(0, 1)} {text(start, len(words))}", False))
        for index in range(1, start):
            middle = flat(index, len(words))
            if words[index][0].folded not in PARTICLES:
                alone.insert(index - 1, _part(middle, text(index, len(words))))
    else:
        # A surname with particles is also called without them: Villepin, Pen is too short.
        bare = [word for word in words[start:] if word[0].folded not in PARTICLES]
        particles = {word[0].folded for word in words[start:]} & {"de", "du", "d", "von", "van"}
        if particles and bare and len(words) - start > 1:
            alone.append(_part(words[-1], text(len(words) - 1, len(words))))
    return Name(entry, tuple(cuts), tuple(alone), first_word if start >= 1 else None)


class NameIndex:
    """All look-ups over one glossary."""

    def __init__(self, glossary: Glossary) -> None:
        # The glossary keeps its index; were it kept in turn, each edit of the term files would
        # leave both behind until the garbage collector looks at its oldest generation.
        self._glossary = weakref.ref(glossary)
        self.names: list[Name] = []
        self.by_entry: dict[str, Name] = {}
        self.exact: dict[str, list[Exact]] = defaultdict(list)
        self.longest: dict[str, int] = {}
        self.keep: dict[str, set[str]] = defaultdict(set)
        self.surnames: dict[str, list[int]] = defaultdict(list)
        self.given_names: set[str] = set()
        self.bearers: Counter[str] = Counter()  # how many entries have a given name
        self._by_given: dict[str, _Bucket] = {}
        self._by_surname: dict[str, _Bucket] = {}
        self._places: dict[str, list[Place]] = defaultdict(list)
        for entry in glossary.entries:
            if entry.status != "deprecated":
                self._add(entry)
        self._givens = list(self._by_given)
        self._place_keys = list(self._places)
        self._memo = Memo()

    @property
    def glossary(self) -> Glossary:
        """The glossary, which must still be there."""
        found = self._glossary()
        assert found is not None, "an index does not outlive its glossary"
        return found

    @property
    def memo(self) -> Memo:
        """What earlier texts had computed; a new one when that has become too much."""
        if self._memo.size > MOST_REMEMBERED:
            self.forget()
        return self._memo

    def forget(self) -> None:
        """Begin anew with what is remembered from text to text."""
        self._memo = Memo()

    def _add(self, entry: Entry) -> None:
        self._add_exact(entry, entry.name, listed=False)
        for form in entry.variants:
            self._add_exact(entry, form, listed=True)
        if self.glossary.style.exonyms:
            for form in entry.fr:
                self._add_exact(entry, form, listed=True)
        for form in entry.keep:
            key = exact_key(Document(form).tokens)
            self.keep[key].add(entry.id)
        name = name_of(entry)
        if name is None:
            return
        number = len(self.names)
        self.names.append(name)
        self.by_entry[entry.id] = name
        for part in name.alone:
            self.surnames[part.folded].append(number)
        if entry.type == "place":
            self._add_place(entry)
        if entry.type == "person" and name.given is not None:
            self.given_names.add(name.given.folded)
        if name.cuts:
            self.bearers[name.cuts[0].given.folded] += 1
        for which, cut in enumerate(name.cuts):
            surname_keys = cut.surname.coarse()
            given_keys = cut.given.coarse()
            for table, keys, others in (
                (self._by_given, given_keys, surname_keys),
                (self._by_surname, surname_keys, given_keys),
            ):
                for key in keys:
                    bucket = table.setdefault(key, {})
                    for other in others:
                        bucket.setdefault(other, []).append((number, which))

    def _add_place(self, entry: Entry) -> None:
        # A place that is a word as well is listed after another: مدينة ليون (the city of), في ليون.
        arabic = [
            "".join(words[1:] if len(words) > 1 and words[0] in ("مدينة", "في") else words)
            for words in map(arabic_words, entry.ar)
        ]
        place = Place(entry, _part(Document(entry.name).tokens, entry.name, arabic))
        for key in place.part.coarse():
            self._places[key].append(place)

    def near_places(self, units: str) -> list[Place]:
        """The places whose coarse strings are at most one class from that of `units`, two where
        it is long."""
        found: dict[str, Place] = {}
        for key in skeleton.coarse_readings(units):
            most = 0 if len(key) < 3 else 1 if len(key) < 6 else 2
            for near, _, _ in process.extract(
                key, self._place_keys, scorer=Levenshtein.distance, score_cutoff=most, limit=None
            ):
                found.update((place.entry.id, place) for place in self._places[near])
        return list(found.values())

    def _add_exact(self, entry: Entry, form: str, *, listed: bool) -> None:
        tokens = Document(form).tokens
        if not tokens:
            return
        key = exact_key(tokens)
        found = self.exact[key]
        if not found or found[-1].entry.id != entry.id:  # an entry's forms come one after another
            found.append(Exact(entry, entry.name, listed))
        first = tokens[0].folded
        self.longest[first] = max(self.longest.get(first, 0), len(tokens))

    def near_givens(self, key: str) -> list[tuple[str, int]]:
        """The coarse given names of the glossary that are near, and how many classes apart."""
        if len(key) < 2:
            return [(key, 0)] if key in self._by_given else []
        most = 1 if len(key) < 5 else 2
        found = process.extract(
            key, self._givens, scorer=Levenshtein.distance, score_cutoff=most, limit=None
        )
        return [(given, int(distance)) for given, distance, _ in found if given]

    def candidates(self, given: str, surname: str, memo: Memo) -> set[tuple[int, int]]:
        """Names (and which of their cuts) that two unit strings may stand for.

        Both parts together may be one class apart, two where they are long.
        """
        found: set[tuple[int, int]] = set()
        surname_keys = skeleton.coarse_readings(surname)
        given_keys = skeleton.coarse_readings(given)
        for reading in given_keys:
            near = memo.givens.get(reading)
            if near is None:
                near = memo.givens[reading] = self.near_givens(reading)
            for given_key, distance in near:
                bucket = self._by_given[given_key]
                for key in surname_keys:
                    together = 1 if len(key) + len(reading) < SHORT_KEYS else 2
                    most = 0 if len(key) < 2 else 1 if len(key) < 5 else 2
                    if together >= distance:
                        _collect(found, key, bucket, min(most, together - distance))
        for key in surname_keys:
            if key in self._by_surname and len(key) > 1:
                for given_key in given_keys:
                    together = 1 if len(key) + len(given_key) < SHORT_KEYS else 2
                    _collect(found, given_key, self._by_surname[key], together)
        return found


def _collect(found: set[tuple[int, int]], key: str, bucket: _Bucket, most: int) -> None:
    """Add what is at most `most` classes from `key`."""
    if most == 0:
        found.update(bucket.get(key, ()))
        return
    if len(bucket) < FEW_KEYS:
        for other, names in bucket.items():
            if abs(len(key) - len(other)) > most:
                continue
            if Levenshtein.distance(key, other, score_cutoff=most) <= most:
                found.update(names)
        return
    for other, _, _ in process.extract(
        key, list(bucket), scorer=Levenshtein.distance, score_cutoff=most, limit=None
    ):
        found.update(bucket[other])


class Memo:
    """What was computed over one index, so that a word that comes again costs nothing.

    Threads share it: what two of them compute at once is the same, and either may be kept.
    """

    def __init__(self) -> None:
        self.givens: dict[str, list[tuple[str, int]]] = {}
        self.scores: dict[tuple[str, int], float] = {}
        self.candidates: dict[tuple[str, str], set[tuple[int, int]]] = {}
        self._sounds: dict[tuple[str, int], float] = {}
        self._places: dict[str, list[tuple[float, Place]]] = {}
        self._parts: dict[int, Part] = {}  # kept alive, so that no other part gets its number

    @property
    def size(self) -> int:
        """How many results are remembered."""
        return len(self.scores) + len(self.candidates) + len(self._sounds) + len(self._places)

    def places(self, folded: str, index: NameIndex) -> list[tuple[float, Place]]:
        """The places that a folded form may be, with their scores, the likeliest first."""
        known = self._places.get(folded)
        if known is None:
            near = index.near_places(skeleton.plain_units(folded))
            known = sorted(
                ((self.score(folded, place.part), place) for place in near),
                key=lambda option: -option[0],
            )
            self._places[folded] = known
        return known

    def score(self, folded: str, part: Part) -> float:
        """The log-odds that a folded form is a damaged form of a part."""
        key = (folded, id(part))
        known = self.scores.get(key)
        if known is None:
            self._parts[id(part)] = part
            units = skeleton.plain_units(folded)
            known = max(skeleton.align(units, form, arabic=arabic) for form, arabic in part.forms)
            self.scores[key] = known
        return known

    def score_all(self, folded: str, parts: Iterable[Part]) -> None:
        """Reckon the scores of many parts at once, so that `score` knows them."""
        new = {(folded, id(part)): part for part in parts if (folded, id(part)) not in self.scores}
        if len(new) < FEW_PARTS:
            return
        forms = [form for part in new.values() for form in part.forms]
        found = iter(skeleton.align_many(skeleton.plain_units(folded), forms))
        for key, part in new.items():
            self._parts[id(part)] = part
            self.scores[key] = max(islice(found, len(part.forms)))

    def sound(self, units: str, part: Part) -> float:
        """The log-odds that Arabic units are another Arabic form of a part."""
        key = (units, id(part))
        known = self._sounds.get(key)
        if known is None:
            self._parts[id(part)] = part
            known = self._sounds[key] = max(
                (skeleton.align(units, form, arabic=True) for form, arabic in part.forms if arabic),
                default=float("-inf"),
            )
        return known

    def own(self, part: Part) -> float:
        """The log-odds of a part against itself: what an undamaged form would reach."""
        return self.score(part.folded, part)

    def loss(self, folded: str, part: Part) -> float:
        """How far a form falls short of the undamaged one."""
        return max(0.0, self.own(part) - self.score(folded, part))


def exact_key(tokens: Sequence[Token]) -> str:
    """Under this key a form is found letter by letter."""
    return " ".join(token.folded for token in tokens)


def index_of(glossary: Glossary) -> NameIndex:
    """The index of a glossary, built at the first call and kept with it."""
    cache = glossary._cache
    index = cache.get("index")
    if index is None:
        with _LOCK:
            index = cache.get("index")
            if index is None:
                index = cache["index"] = NameIndex(glossary)
    assert isinstance(index, NameIndex)
    return index
