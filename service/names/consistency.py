"""Names that no entry knows: one spelling for one name through a document.

Three things are looked at, from the surest to the weakest; what a rule is not sure of is left to
the next, and the last of them only reports:

* `_like_the_source`: a French source prints the name in Latin letters. Where its translation has a
  damaged form in the same place, the source's spelling is put there.
* `_like_each_other`: one Arabic word that came out in several spellings in several sentences gets
  the commonest of them, or the one nearest to what its letters say.
* `_clusters`: spellings of an English text that are near to each other, one of them after a given
  name and the other alone or after the same given name, are reported with the commonest of them.

Words that are met in print, places, roles and whatever an entry has are never touched. Measured on
the passages of benchmarks/names without any entry: all 3 surnames that have two spellings are
reported, and 1 right one in 14,453 clean words. Costs: a look at every capitalised word; only words
of the same coarse sound are compared.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from rapidfuzz.distance import Levenshtein

from service.names import words
from service.names.anchors import SourceNames, SourceSentence, arabic_stems
from service.names.copied import better_met
from service.names.matcher import surname_start, words_of
from service.names.mentions import Document, Token, group_words
from service.names.report import Evidence, Kind
from service.names.skeleton import align, arabic_units, coarse_readings, light, plain_units

# An English word met more often than this (Zipf frequency) is no damaged name.
RARE = 2.6
# A French word more common than this is no name to be kept.
COMMON_SOURCE = 3.5
# A source's name and its damaged form share this part of their letters; without the model's links
# they share this.
LINKED_ALIKE, ALIKE = 0.5, 0.7
# An Arabic word and an English one are the same name from this log-odds on, and two English
# spellings of it from this.
ARABIC_NEAR, SPELLINGS_NEAR = 0.0, 0.5
# Two spellings of a surname are taken for one name where the alignment of the one loses at most
# this against the other: after the same given name, and where one stands alone.
LOSS_FULL, LOSS_ALONE, LOSS_LEAST = 2.8, 2.2, 1.9
# Surnames that are both met in print this often are two names unless they sound alike.
ATTESTED = 2.3
SHORTEST = 4
# Beyond this many surnames of one coarse sound a text is a list of names.
MOST_ALIKE = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """One token whose name the document spells otherwise elsewhere, or its source does.

    Args:
        first, last: half-open token positions.
        replacement: the spelling to take.
        applied: False where it is only reported.
    """

    first: int
    last: int
    replacement: str
    kind: Kind
    score: float
    evidence: tuple[Evidence, ...]
    applied: bool


def findings(
    document: Document, taken: Sequence[bool], source: SourceNames | None
) -> list[Finding]:
    """What is inconsistent in a text, in no order and without overlaps.

    Args:
        document: the text in its final language.
        taken: for each token, whether an entry or a report has it.
        source: what the source shows, where the text is a translation.
    """
    closed = list(taken)
    found: list[Finding] = []
    if source is not None:
        for rule in (_like_the_source, _like_each_other):
            for finding in rule(document, closed, source):
                closed[finding.first] = True
                found.append(finding)
    found += _clusters(document, closed)
    return found


def _may_be_damaged(token: Token) -> bool:
    """Whether a word of the text may be a damaged name: a capital, and hardly ever met."""
    return (
        token.capital
        and not token.protected
        and token.gap not in ("glue", "apostrophe")
        and len(token.folded) >= SHORTEST - 1
        and words.english_frequency(token.folded) < RARE
        and not words.is_place(token.folded)
        and not words.is_role(token.folded)
    )


# --- names of a French source -------------------------------------------------------------------


def _like_the_source(
    document: Document, closed: Sequence[bool], source: SourceNames
) -> Iterator[Finding]:
    for sentence in source.sentences:
        if sentence.carried.language != "ar":
            yield from _sentence_like_its_source(document, closed, sentence)


def _sentence_like_its_source(
    document: Document, closed: Sequence[bool], sentence: SourceSentence
) -> Iterator[Finding]:
    first, last = _tokens_of(document, sentence)
    options = [
        position
        for position in range(first, last)
        if not closed[position] and _may_be_damaged(document.tokens[position])
    ]
    if not options:
        return
    there = {token.folded for token in document.tokens[first:last]}
    source = Document(sentence.carried.text)
    source_words = {token.folded for token in source.tokens}
    options = [
        position for position in options if document.tokens[position].folded not in source_words
    ]
    anchored = [(anchor.start, anchor.end) for anchor in sentence.carried.anchors]
    for name in source.tokens:
        if (
            name.folded in there
            or not _is_unknown_name(name)
            or any(start < name.end and name.start < end for start, end in anchored)
        ):
            continue
        fits = []
        for position in options:
            token = document.tokens[position]
            if _is_english_form(token.folded, name.folded):
                continue
            alike = Levenshtein.normalized_similarity(token.folded, name.folded)
            linked = _linked(sentence, token, name.start, name.end)
            if alike >= (LINKED_ALIKE if linked else ALIKE):
                fits.append((alike, linked, position))
        if len(fits) != 1:
            continue
        [(alike, linked, position)] = fits
        options.remove(position)
        token = document.tokens[position]
        if name.upper and not token.upper:
            continue
        evidence = [Evidence("source", name.text)]
        if linked:
            evidence.append(Evidence("links", True))
        yield Finding(
            position, position + 1, name.text.upper() if token.upper else name.text,
            _place_in_name(document, position), round(0.5 + alike / 2, 3), tuple(evidence), True,
        )  # fmt: skip


def _is_unknown_name(token: Token) -> bool:
    """Whether a word of a French sentence is a name that a translation should keep."""
    return (
        token.capital
        and not token.opens
        and not token.protected
        and not (token.upper and len(token.folded) <= 5)
        and len(token.folded) >= SHORTEST
        and words.frequency(token.folded) < COMMON_SOURCE
        and not words.is_place(token.folded)
    )


def _is_english_form(english: str, french: str) -> bool:
    """Whether an English word is a name or a people that French writes in another way."""
    return (
        better_met(english, french)
        or _sounds(english, _ENGLISH_SOUNDS) == _sounds(french, _FRENCH_SOUNDS)
        or bool(_FRENCH_PEOPLE.search(french) and _ENGLISH_PEOPLE.search(english))
    )


def _sounds(word: str, table: Sequence[tuple[str, str]]) -> str:
    for letters, sound in table:
        word = word.replace(letters, sound)
    return word


# How the two languages write the sounds of names from other alphabets.
_FRENCH_SOUNDS = (("tch", "1"), ("ch", "2"), ("dj", "j"), ("ou", "u"), ("gu", "g"))
_ENGLISH_SOUNDS = (("ch", "1"), ("sh", "2"), ("dj", "j"), ("oo", "u"), ("ou", "u"), ("w", "u"))
_FRENCH_PEOPLE = re.compile(r"(?:ien|een|ain|an|ais|ois|enne|aine|aise|oise)s?$")
_ENGLISH_PEOPLE = re.compile(r"(?:ian|ean|an|ese|ish|er)s?$")


def _linked(sentence: SourceSentence, token: Token, start: int, end: int) -> bool:
    """Whether the model's links lead from a stretch of the carried source to a token."""
    return any(
        source_start < end
        and start < source_end
        and sentence.start + out_start < token.end
        and token.start < sentence.start + out_end
        for source_start, source_end, out_start, out_end in sentence.links or ()
    )


def _tokens_of(document: Document, sentence: SourceSentence) -> tuple[int, int]:
    starts = document.starts
    return bisect_left(starts, sentence.start), bisect_left(starts, sentence.end)


def _place_in_name(document: Document, position: int) -> Kind:
    """Whether a token begins a longer name, or is its last word."""
    tokens = document.tokens
    longer = tokens[position + 1 : position + 2]
    begins = position == 0 or tokens[position].gap == "" or not tokens[position - 1].capital
    if begins and longer and longer[0].capital and longer[0].gap in ("space", "hyphen"):
        return "given"
    return "surname"


# --- names of an Arabic source ------------------------------------------------------------------


def _like_each_other(
    document: Document, closed: Sequence[bool], source: SourceNames
) -> Iterator[Finding]:
    found: dict[str, list[int]] = defaultdict(list)
    for sentence in source.sentences:
        if sentence.carried.language == "ar" and sentence.links:
            for position, stem in _came_out(document, closed, sentence):
                found[stem].append(position)
    for stem, positions in found.items():
        if len({document.tokens[position].folded for position in positions}) > 1:
            yield from _one_spelling(document, stem, positions)


def _came_out(
    document: Document, closed: Sequence[bool], sentence: SourceSentence
) -> Iterator[tuple[int, str]]:
    """The English words that are surely one Arabic word, by the model's links and by sound."""
    first, last = _tokens_of(document, sentence)
    stems = arabic_stems(sentence.carried.text)
    often = Counter(stem for _, _, own in stems for stem in own)
    fits: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for position in range(first, last):
        token = document.tokens[position]
        if closed[position] or not _may_be_damaged(token):
            continue
        units = plain_units(token.folded)
        near = {
            stem: align(units, arabic_units(stem), arabic=True)
            for start, end, own in stems
            if _linked(sentence, token, start, end)
            for stem in own
            if len(stem) > 2
        }
        stem = max(near, key=lambda stem: (near[stem], stem), default="")
        if near and near[stem] >= ARABIC_NEAR:
            fits[stem].append((near[stem], position))
    for stem, places in fits.items():
        # A model may stammer: one word of the source answers for one of the translation.
        for _, position in sorted(places, reverse=True)[: often[stem]]:
            yield position, stem


def _one_spelling(document: Document, stem: str, positions: list[int]) -> Iterator[Finding]:
    """Put the best spelling in the place of the others that are near to it."""
    tokens = document.tokens
    units = arabic_units(stem)
    spellings = Counter(tokens[position].folded for position in positions)

    def merit(position: int) -> tuple[int, float, bool, int]:
        token = tokens[position]
        near = align(plain_units(token.folded), units, arabic=True)
        return spellings[token.folded], near, not token.upper, -position

    best = tokens[max(positions, key=merit)]
    evidence = (Evidence("source", stem), Evidence("spellings", _counted(spellings)))
    for position in positions:
        token = tokens[position]
        near = align(plain_units(token.folded), plain_units(best.folded))
        if (
            token.folded == best.folded
            or near < SPELLINGS_NEAR
            or better_met(token.folded, best.folded)
        ):
            continue
        yield Finding(
            position, position + 1, best.text.upper() if token.upper else best.text,
            _place_in_name(document, position), 0.85, evidence, True,
        )  # fmt: skip


def _counted(spellings: Counter[str]) -> str:
    return ", ".join(f"{spelling} {count}" for spelling, count in spellings.most_common())


# --- spellings of one text ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mention:
    """A surname at tokens `first` to `last`, after a folded given name or none."""

    first: int
    last: int
    given: str


def _clusters(document: Document, closed: Sequence[bool]) -> Iterator[Finding]:
    mentions: dict[str, list[_Mention]] = defaultdict(list)
    for mention in _mentions(document, closed):
        span = document.tokens[mention.first : mention.last]
        folded = group_words(span)[0]
        if len(folded) >= SHORTEST and not document.about_spelling(span[0].start, span[-1].end):
            mentions[folded].append(mention)
    buckets: dict[str, set[str]] = defaultdict(set)
    for folded in mentions:
        for reading in coarse_readings(plain_units(folded)):
            buckets[reading].add(folded)
            if len(reading) > 2:
                buckets[reading[:-1]].add(folded)
    group = {folded: folded for folded in mentions}

    def head(folded: str) -> str:
        while group[folded] != folded:
            folded = group[folded]
        return folded

    pairs = {
        pair
        for reading, bucket in buckets.items()
        if len(reading) > 1 and len(bucket) <= MOST_ALIKE
        for pair in combinations(sorted(bucket), 2)
    }
    for one, other in sorted(pairs):
        if _same_name(document, (one, mentions[one]), (other, mentions[other])):
            group[head(other)] = head(one)
    together: dict[str, list[str]] = defaultdict(list)
    for folded in mentions:
        together[head(folded)].append(folded)
    for spellings in together.values():
        if len(spellings) > 1:
            yield from _reported(document, {each: mentions[each] for each in spellings})


def _mentions(document: Document, closed: Sequence[bool]) -> Iterator[_Mention]:
    """Surnames of people that no entry has, with the given name before them."""
    for first, last in document.runs:
        start = first
        while start < last:
            if closed[start]:
                start += 1
                continue
            end = start
            while end < last and not closed[end] and (end == start or document.tokens[end].gap):
                end += 1
            yield from _mention(document, start, end, after=start > first, before=end < last)
            start = end


def _mention(
    document: Document, first: int, last: int, *, after: bool, before: bool
) -> Iterator[_Mention]:
    """The surname of one stretch of capitals; nothing where it may be no person's.

    Args:
        after, before: a name that an entry has stands right before or after the stretch.
    """
    tokens = document.tokens
    roles = [at for at in range(first, last) if words.is_role(tokens[at].folded)]
    first = roles[-1] + 1 if roles else first
    while first < last and not _may_be_given(tokens[first]):
        first += 1
    groups = words_of(tokens[first:last])
    if not 1 <= len(groups) <= 4 or after or before:
        return
    if len(groups) == 1:
        [group] = groups
        if _is_surname(group) and not words.is_given_name(group[0].folded):
            yield _Mention(first, last, "")
        return
    start = surname_start(groups)
    given = [token for group in groups[:start] for token in group]
    surname = [token for group in groups[start:] for token in group]
    if _is_surname(surname) and start <= 2 and all(map(_may_be_given, given)):
        yield _Mention(first + len(given), last, group_words(given)[0])


def _may_be_given(token: Token) -> bool:
    """Whether a word may begin a person's name; French and Jordan are rather places."""
    if token.particle:
        return True
    if words.english_frequency(token.folded) >= COMMON_SOURCE:
        return words.is_given_name(token.folded) and not words.is_place(token.folded)
    return words.is_given_name(token.folded) or not words.is_place(token.folded)


def _is_surname(tokens: Sequence[Token]) -> bool:
    """Whether words may be a surname that is no common word, place or acronym."""
    if tokens[-1].particle or not tokens[-1].capital:
        return False
    for token in tokens:
        if token.particle:
            continue
        if token.protected or token.gap in ("glue", "apostrophe"):
            return False
        if token.upper and len(token.folded) <= 5:
            return False
        limit = RARE if token.opens else COMMON_SOURCE
        if words.english_frequency(token.folded) >= limit:
            return False
        if words.is_place(token.folded) or words.is_role(token.folded):
            return False
    return True


def _same_name(
    document: Document, one: tuple[str, list[_Mention]], other: tuple[str, list[_Mention]]
) -> bool:
    """Whether two surnames of a text are two spellings of one person's."""
    (name, mentions), (other_name, others) = one, other
    units, other_units = plain_units(name), plain_units(other_name)
    losses = (
        align(other_units, other_units) - align(units, other_units),
        align(units, units) - align(other_units, units),
    )
    if min(losses) > LOSS_LEAST or max(losses) > LOSS_FULL:
        return False
    alike = light(name) == light(other_name)
    if min(words.frequency(name), words.frequency(other_name)) >= ATTESTED and not alike:
        return False
    if _side_by_side(document, mentions, others):
        return False
    givens = {mention.given for mention in mentions} - {""}
    other_givens = {mention.given for mention in others} - {""}
    if any(_same_given(given, wanted) for given in givens for wanted in other_givens):
        return True
    if (givens and other_givens) or len(givens | other_givens) != 1 or max(losses) > LOSS_ALONE:
        return False
    # Whoever is met by the surname alone has been named in full before.
    first_in_full, first_alone = (
        min(mention.first for mention in own)
        for own in ((mentions, others) if givens else (others, mentions))
    )
    return first_in_full < first_alone


def _same_given(one: str, other: str) -> bool:
    return one == other or light(one) == light(other)


def _side_by_side(
    document: Document, mentions: Sequence[_Mention], others: Sequence[_Mention]
) -> bool:
    """Whether one sentence has both: then they are rather two people."""
    tokens = document.tokens
    spans = {document.sentence(tokens[mention.first].start) for mention in mentions}
    return any(document.sentence(tokens[mention.first].start) in spans for mention in others)


def _reported(document: Document, spellings: dict[str, list[_Mention]]) -> Iterator[Finding]:
    """Every mention whose spelling is not the cluster's commonest, with that one."""
    tokens = document.tokens

    def surface(mention: _Mention) -> str:
        return document.text[tokens[mention.first].start : tokens[mention.last - 1].end]

    def merit(folded: str) -> tuple[int, int, int]:
        own = spellings[folded]
        return len(own), sum(bool(mention.given) for mention in own), -own[0].first

    best = max(spellings, key=merit)
    printed = surface(spellings[best][0])
    counted = Counter({surface(own[0]): len(own) for own in spellings.values()})
    for folded, own in spellings.items():
        for mention in own if folded != best else ():
            near = align(plain_units(folded), plain_units(best))
            score = round(min(0.95, 0.5 + near / 20), 3)
            yield Finding(
                mention.first, mention.last, printed, "cluster", score,
                (Evidence("spellings", _counted(counted)),), False,
            )  # fmt: skip
