"""The last part of ``align``: every example the training will see, with its links.

A pair of weight *w* becomes *w* examples. The first is as it was; the others may get another name
in both sides, a Latin name in an Arabic source, noise, or a neighbour sentence joined on. All work
on piece ids, so that the links stay right.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from training import noise
from training.alignment import Links
from training.data import LAST, Pair, weight_of
from training.vocabulary import DOUBLED, UNK, Vocabulary

#: Share of the repeated examples with at least one name in which names are touched.
NAME_SHARE = 0.9
#: Share of the names in such an example that stay as they are.
NAME_KEPT = 0.15
#: Share of the name pairs that become a Latin name on both sides, to be copied.
COPIED_NAMES = 0.5
#: Of these, the share that gets a name from the pool on both sides; the rest keeps its own name.
POOL_SHARE = 0.6
NOISE_SHARE = 0.2
JOIN_SHARE = 0.06
#: Share of the names in the pool in which a letter is doubled.
DOUBLED_SHARE = 0.2
#: Particles of names.
PARTICLES = (
    "Ben", "al-", "de", "El", "Abu", "Le", "van", "d'", "von", "von der", "van der", "van den",
    "de la", "del", "da", "dos", "di", "bin", "ibn", "bint", "du", "des", "la", "el-", "Ould", "Al",
)  # fmt: skip
#: First halves of double given names, which a small model completes as the commonest one.
FIRST_HALVES = ("Jean", "Marie", "Anne", "Pierre", "Abdel", "Paul", "Louis", "Al", "Ould")
#: Two joined sentences may have so many target pieces.
JOIN_LIMIT = 40


@dataclass(frozen=True)
class Example:
    """Ids of both sides and the links between them (none: not guided)."""

    source: list[int]
    target: list[int]
    links: Links
    authored: bool


@dataclass(frozen=True)
class NameSpan:
    """A name: half-open piece ranges in source and target."""

    source: tuple[int, int]
    target: tuple[int, int]


def _is_name_word(text: str) -> bool:
    return len(text) > 1 and text[0].isupper() and not text.isupper() and text.isalpha()


def name_spans(
    source: Sequence[str], target: Sequence[str], links: Links, cut: frozenset[str]
) -> list[NameSpan]:
    """Find the capitalised English words that one run of source pieces translates.

    Args:
        source: source pieces.
        target: target pieces.
        links: (source, target) positions.
        cut: source pieces after which a name may begin inside a word (Arabic clitics).

    The first word of the sentence is left out: its capital says nothing.
    """
    spans: list[NameSpan] = []
    position = 1
    while position < len(target):
        if not target[position].startswith("▁"):
            position += 1
            continue
        end = _name_end(target, position)
        if end is None:
            position += 1
            continue
        span = _source_span(source, links, (position, end), cut)
        if span is not None:
            spans.append(NameSpan(span, (position, end)))
        position = end
    return spans


def _name_end(target: Sequence[str], start: int) -> int | None:
    """Return where the run of name words that begins at ``start`` ends, punctuation left out."""
    end = None
    position = start
    while position < len(target) and target[position].startswith("▁"):
        stop = position + 1
        text = target[position][1:]
        while stop < len(target) and target[stop].isalpha():
            text += target[stop]
            stop += 1
        if not _is_name_word(text):
            break
        end = position = stop
    return end


def _source_span(
    source: Sequence[str], links: Links, target: tuple[int, int], cut: frozenset[str]
) -> tuple[int, int] | None:
    inside = [s for s, t in links if target[0] <= t < target[1]]
    if not inside:
        return None
    start, end = min(inside), max(inside) + 1
    elsewhere = {s for s, t in links if not target[0] <= t < target[1]}
    while not source[start].startswith("▁") and start > 0:
        if source[start - 1] in cut and (start - 1 in elsewhere or start - 1 not in inside):
            break
        start -= 1
    while end < len(source) and source[end].isalpha():
        end += 1
    if elsewhere & set(range(start, end)) or end - start > 3 * (target[1] - target[0]) + 2:
        return None
    if not all(piece.replace("▁", "").isalpha() for piece in source[start:end] if piece != "▁"):
        return None
    return start, end


@dataclass
class NamePool:
    """Names to put in: real ones, and ones spliced from halves, which no model can know by heart.

    Args:
        names: single words and full names in Latin script.
        rng: the generator that draws.
    """

    names: list[str]
    rng: random.Random
    accents: dict[str, str] = field(
        default_factory=lambda: {
            "e": "éèêëęė",
            "a": "áâãäåą",
            "i": "ïîíı",
            "o": "öôóøō",
            "u": "üûúū",
            "n": "ñń",
            "c": "çčć",
            "s": "šşśß",
            "g": "ğ",
            "z": "žźż",
            "l": "ł",
            "y": "ýÿ",
        }
    )

    def word(self) -> str:
        """Draw one name word."""
        name = self.rng.choice(self.names)
        if self.rng.random() < 0.35 and name.isalpha():
            other = self.rng.choice(self.names)
            name = name[: max(2, len(name) // 2)] + other[len(other) // 2 :].lower()
        if self.rng.random() < 0.15:
            places = [i for i, c in enumerate(name) if c in self.accents and i > 0]
            if places:
                i = self.rng.choice(places)
                name = name[:i] + self.rng.choice(self.accents[name[i]]) + name[i + 1 :]
        if self.rng.random() < DOUBLED_SHARE and len(name) > 2:
            i = self.rng.randrange(1, len(name))
            if 2 * name[i] in DOUBLED:
                name = name[:i] + name[i] + name[i:]
        if self.rng.random() < 0.07:
            first = self.rng.choice(FIRST_HALVES) if self.rng.random() < 0.5 else name
            name = f"{first}-{self.rng.choice(self.names)}"
        return name

    def draw(self, words: int) -> str:
        """Draw a name of about ``words`` words, sometimes with a particle."""
        parts = [self.word() for _ in range(min(3, max(1, words)))]
        if len(parts) > 1 and self.rng.random() < 0.12:
            parts.insert(1, self.rng.choice(PARTICLES))
        return " ".join(parts).replace("- ", "-").replace("' ", "'")


def replace_spans(
    example: Example, changes: Sequence[tuple[NameSpan, list[int], list[int]]]
) -> Example:
    """Put other pieces in place of name spans on both sides; keep all other links.

    Args:
        changes: span, new source ids, new target ids; a new name is linked piece by piece.
    """
    source, target, links = list(example.source), list(example.target), list(example.links)
    for span, new_source, new_target in sorted(changes, key=lambda c: c[0].target, reverse=True):
        (s0, s1), (t0, t1) = span.source, span.target
        kept = [(s, t) for s, t in links if not (s0 <= s < s1 or t0 <= t < t1)]
        grow_s, grow_t = len(new_source) - (s1 - s0), len(new_target) - (t1 - t0)
        links = [(s + grow_s * (s >= s1), t + grow_t * (t >= t1)) for s, t in kept]
        links += [
            (s0 + min(len(new_source) - 1, i * len(new_source) // len(new_target)), t0 + i)
            for i in range(len(new_target))
        ]
        source[s0:s1] = new_source
        target[t0:t1] = new_target
    return Example(source, target, sorted(links), example.authored)


def join(first: Example, second: Example) -> Example:
    """Put two sentences on one line."""
    shift_s, shift_t = len(first.source), len(first.target)
    return Example(
        first.source + second.source,
        first.target + second.target,
        first.links + [(s + shift_s, t + shift_t) for s, t in second.links],
        first.authored and second.authored,
    )


class Augmenter:
    """Makes the examples of one language.

    Args:
        words: the vocabulary of the run.
        language: "fr" or "ar".
        pool: names to put in.
        seed: of every random choice.
    """

    def __init__(self, words: Vocabulary, language: str, pool: list[str], seed: int = 1) -> None:
        self.words = words
        self.language = language
        self.rng = random.Random(seed)
        self.pool = NamePool(pool, self.rng)
        self.pieces = words.source_pieces
        clitics = "و ل ب ف ك ال وال بال لل فال كال ول وب" if language == "ar" else "l' d' L' D' '"
        self.cut = frozenset("▁" + clitic for clitic in clitics.split()) | {"'"}

    def examples(
        self,
        pairs: Sequence[Pair],
        sources: Sequence[list[int]],
        targets: Sequence[list[int]],
        links: Sequence[Links],
    ) -> list[Example]:
        """Return all examples, each pair as often as its weight says, in random order."""
        result: list[Example] = []
        for i, pair in enumerate(pairs):
            plain = Example(sources[i], targets[i], links[i], pair.origin in LAST)
            weight = weight_of(pair.origin, self.language)
            copies = int(weight) + (self.rng.random() < weight - int(weight))
            for copy in range(copies):
                if copy == 0 and copies > 1:
                    result.append(plain)
                else:
                    result.append(self.vary(pair, plain))
        self.rng.shuffle(result)
        for i in range(0, len(result) - 1, 2):
            first, second = result[i], result[i + 1]
            short = len(first.target) + len(second.target) <= JOIN_LIMIT
            if short and first.links and second.links and self.rng.random() < 2 * JOIN_SHARE:
                result[i] = join(first, second)
        return result

    def vary(self, pair: Pair, plain: Example) -> Example:
        """Return ``plain`` with other names, with noise, or as it is."""
        if self.rng.random() < NOISE_SHARE and pair.origin not in ("names", "freedict"):
            text = noise.make_noisy(pair.source, self.language, self.rng)
            noisy = self.words.encode_source([text])[0]
            if UNK not in noisy and 0 < len(noisy) < 2 * len(plain.source) + 20:
                return Example(noisy, plain.target, [], plain.authored)
        if pair.origin == "names" and self.rng.random() < COPIED_NAMES:
            return self.copied_name()
        if self.rng.random() < NAME_SHARE:
            return self.with_names(plain)
        return plain

    def copied_name(self) -> Example:
        """Return a name from the pool, to be copied as it is."""
        name = unicodedata.normalize("NFC", self.pool.draw(self.rng.randint(1, 3)))
        source = self.words.encode_source([name])[0]
        target = self.words.encode_target([name])[0]
        links = [(i, i) for i in range(len(target))] if len(source) == len(target) else []
        return Example(source, target, links, False)

    def with_names(self, plain: Example) -> Example:
        """Put other names, or the English form of its own, into the example."""
        if len(plain.target) < 4:
            return plain
        source = [self.pieces[i] for i in plain.source]
        target = [self.words.target[i] for i in plain.target]
        changes = []
        for span in name_spans(source, target, plain.links, self.cut):
            if self.rng.random() < NAME_KEPT:
                continue
            own = "".join(target[slice(*span.target)]).replace("▁", " ").strip()
            name = own
            if self.language != "ar" or self.rng.random() < POOL_SHARE:
                name = unicodedata.normalize("NFC", self.pool.draw(own.count(" ") + 1))
            new_source = self._encode_after(source, span, name)
            new_target = self.words.encode_target([name])[0]
            if UNK in new_source or UNK in new_target:
                continue
            changes.append((span, new_source, new_target))
        return replace_spans(plain, changes) if changes else plain

    def _encode_after(self, source: Sequence[str], span: NameSpan, name: str) -> list[int]:
        """Encode ``name`` for the source; after an elision (d'Allisio) there is no space."""
        if source[span.source[0] - 1] == "'" and span.source[0] > 0:
            elided = self.words.encode_source(["'" + name])[0]
            if self.pieces[elided[0]] == "▁'":
                return elided[1:]
        return self.words.encode_source([name])[0]
