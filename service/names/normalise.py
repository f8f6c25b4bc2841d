"""Put the names of a text right: the stages in order, from the surest to the weakest.

1. *exact*: the entries' own spellings (which settle who the text speaks of) and listed wrong forms;
2. *full*: full names found by sound and skeleton (`matcher`), decided with the document's evidence;
3. *alone*: surnames, given names and possessives of the people so found, in this document only;
4. *clusters*: unknown names that the document spells in several ways, reported and left alone.

What is nearly sure becomes a suggestion. A second run changes nothing: the stages are repeated on
their own result until it stands. Cost: about 10 ms for 1,000 words of news; linear in the text.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import dropwhile

from rapidfuzz.distance import Levenshtein

from service.names import consistency, words
from service.names.anchors import Anchor, SourceNames, SourceSentence
from service.names.glossary import Entry, Glossary
from service.names.matcher import (
    Cut,
    Exact,
    Memo,
    Name,
    NameIndex,
    Part,
    Place,
    exact_key,
    index_of,
    surname_start,
    words_of,
)
from service.names.mentions import ARTICLES, Document, Token, group_words, tokens_of
from service.names.report import Evidence, Kind, NameReport
from service.names.rewrite import Edit, apply, cased, with_accents
from service.names.skeleton import (
    VOWELS,
    coarse_readings,
    fold,
    french_units,
    light,
    lightest,
    plain_units,
)

# A full name is changed where the log-odds of its parts reach these, and suggested where they
# reach the lower ones. Set on benchmarks/names and on 300,000 words of news with right names
# (docs/how-names-break.md has the table): one false change there.
FULL_TOTAL = 6.0
FULL_TOTAL_RELAYED = 4.6
FULL_SURNAME = 1.4
FULL_GIVEN = 0.0
# Every other damaged name of the text lowers the threshold by a step: where several are likely,
# each bears out the others. A name counts from `SUPPORT` on; nothing goes below `FULL_LEAST`.
SUPPORT, SUPPORT_STEP, FULL_LEAST = 4.5, 0.6, 4.0
# The more entries share a given name, the likelier one of their surnames is near by chance: so
# much times the logarithm of half their number, unless the entry's context is near.
CROWDED_GIVEN, CROWDED_SURNAME = 0.8, 0.4
# A part that loses no more than this is written as the entry has it.
NEARLY_RIGHT = 0.3
# A known given name that is not the entry's speaks against it, by this much for what it loses
# beyond the least.
KNOWN_GIVEN, KNOWN_GIVEN_FROM = 0.6, 0.6
SUGGEST_TOTAL = 3.5
SUGGEST_SURNAME = -0.6
SUGGEST_GIVEN = -1.5
# What words and context may add to the sounds of somebody whom the text does not name otherwise.
MOST_BORNE_OUT = 2.5
# The best entry must be better than the next by this much, or nothing is changed.
MARGIN = 1.2
# A surname alone, once its full name is resolved in the document: the least score and the most
# that may be lost, where the document damages that name, and where it only writes it right.
ALONE, ALONE_LOSS = 1.6, 3.0
ALONE_EXACT, ALONE_EXACT_LOSS = 2.6, 1.9
ALONE_SUGGEST = 0.4
# A surname of several words that loses no more may have common words in it.
WHOLE_LOSS = 1.0
# A surname that is met in print (Zipf frequency above this) is rather somebody's right name, the
# more so the more it differs from the entry's: (loss + 0.65) times this times the excess.
ATTESTED_FROM = 1.0
ATTESTED = 1.15
COMMON_GIVEN_FROM = 3.5
# A word met in print this often is not explained by the entry's name elsewhere in the document.
OTHERS_NAME = 2.9
# In a document that shows no damage a surname alone is damaged only if it sounds as near as this,
# and is never met.
ALONE_UNTOUCHED = 4.0
# A word of the span that is a place, and a capital that makes the name longer, speak against it.
PLACE, LONGER = 2.5, 1.5
# What is left of a compound name (Valérie Mason for Masson-Delmotte) must be surer by this much.
SHORTENED = 1.0
# Two spellings in one text that lose no more than this are of one surname.
SAME_SURNAME_LOSS = 1.0
# What is no person, has words that are met in print and has lost more than this in a part is put
# right in relayed texts alone.
THING_LOSS = 1.0
# So does a common word in a name of three words or more; one of two words it forbids.
WORD = 4.0
# A long given name does not make up for a doubtful surname beyond this.
MOST_GIVEN = 5.4
# A surname of one consonant (Sy, Veaux) may lose no more than this, unless its context is near.
SHORT_SURNAME_LOSS = 0.5
# A known given name that loses more than this, beside the right surname, is a relative's.
OTHER_GIVEN = 1.6
# From this Zipf frequency on a form that differs lightly is taken for a house's right spelling.
HOUSE_SPELLING = 1.1
# Words more common than this in English are not taken for names.
COMMON_WORD = 4.0
COMMON_ALONE, COMMON_ALONE_OPENING = 3.5, 3.0
VERY_COMMON_WORD = 5.0
# Evidence near the name that the entry knows: words of its context, in the document or close by.
CONTEXT_NEAR = 1.5
CONTEXT_DOCUMENT = 0.7
NEAR_CHARS = 160
# A name that the source sentence shows need only be this near in its translation.
SOURCE_TOTAL, SOURCE_PART, SOURCE_ALONE = 1.0, -2.5, 1.0
# A word before its surname that has this share of the given name's letters is what is left of it.
HALF = 0.5
# A place that is nothing but a place (Bobini) has its sound alone: the least score, and the most
# that may be lost. On the passages of benchmarks/names the wrong forms of places score from 3.4.
PLACE_ALONE, PLACE_LOSS = 3.3, 3.1
PLACE_SUGGEST = 2.0
# A place of so many letters may be one letter away from a name's word that became it.
SHORTEST_NEAR_PLACE = 5
# A relative's surname is put right where a word of kinship stands at most so many words after it.
KIN_TOKENS = 24
# What these speak against is not even suggested.
NEVER_SUGGESTED = frozenset(
    {"keep", "same_spelling", "word", "swapped", "other_order", "longer", "glued"}
)
# A surname of fewer letters is not sought in words that it may have been run into.
SHORTEST_GLUED = 4
MOST_TOKENS = 6
MOST_PASSES = 3


@dataclass(frozen=True, slots=True)
class Normalised:
    """A text with its names put right, and the report in the order of the text."""

    text: str
    names: tuple[NameReport, ...]


def normalise(
    text: str, glossary: Glossary, *, language: str = "en", source: SourceNames | None = None
) -> Normalised:
    """Rewrite every name that is surely a damaged form of a glossary entry.

    Args:
        text: a text in its final language.
        glossary: the entries in force.
        language: ISO 639-1 code of the text; only Latin-script text is changed.
        source: the names that the source text shows, where the text is a translation.

    Returns:
        the text and one report per name that was changed, or that might have to be; offsets are
        into `text` as it was given.
    """
    index = index_of(glossary)
    memo = index.memo
    current, names = text, tuple[NameReport, ...]()
    for _ in range(MOST_PASSES):
        found = _Pass(current, index, memo, language, source).run()
        names = _together(text, current, names, found)
        edits = [Edit(name.start, name.end, name.replacement) for name in found if name.applied]
        source = None
        if not edits:
            break
        current = apply(current, edits)
    return Normalised(current, names)


def _side_by_side(reports: Sequence[NameReport]) -> list[NameReport]:
    """The reports in the order of the text; of those that overlap, the surest."""
    kept: list[NameReport] = []
    for report in sorted(reports, key=lambda report: (not report.applied, -report.score)):
        place = bisect_left(kept, report.start, key=lambda other: other.start)
        before = place and kept[place - 1].end > report.start
        after = place < len(kept) and kept[place].start < report.end
        if not before and not after:
            kept.insert(place, report)
    return kept


def _together(
    text: str, current: str, before: tuple[NameReport, ...], found: list[NameReport]
) -> tuple[NameReport, ...]:
    """The reports of the passes so far as one, with offsets into the original text.

    Args:
        current: the text that `found` speaks of: `text` with the applied ones of `before` made.

    A name that was replaced in an earlier pass and again in this one, alone or with words beside
    it, has one report, of all that was replaced by what stands there now.
    """
    if not before:
        return tuple(found)
    applied = [name for name in before if name.applied]
    starts, ends, shifts = list[int](), list[int](), [0]  # of `applied`, in `current`
    for name in applied:
        starts.append(name.start + shifts[-1])
        ends.append(starts[-1] + len(name.replacement))
        shifts.append(ends[-1] - name.end)

    def original(at: int) -> int:
        """A place of `current` that lies in no replacement, in `text`."""
        return at - shifts[bisect_right(ends, at)]

    kept = list[NameReport]()
    again = list[tuple[int, int, list[NameReport]]]()  # which replacements were replaced, by what
    for name in found:
        first, last = bisect_right(ends, name.start), bisect_left(starts, name.end)
        if first == last:
            start, end = original(name.start), original(name.end)
            kept.append(replace(name, start=start, end=end, surface=text[start:end]))
        elif name.applied and again and again[-1][1] > first:
            again[-1] = again[-1][0], last, [*again[-1][2], name]
        elif name.applied:
            again.append((first, last, [name]))
    untouched = set(range(len(applied)))
    for first, last, names in again:
        untouched.difference_update(range(first, last))
        here, there = min(names[0].start, starts[first]), max(names[-1].end, ends[last - 1])
        start = applied[first].start if here == starts[first] else original(here)
        end = applied[last - 1].end if there == ends[last - 1] else original(there)
        edits = [Edit(name.start - here, name.end - here, name.replacement) for name in names]
        new = apply(current[here:there], edits)
        if new != text[start:end]:
            surest = max(names, key=lambda name: name.score)
            kept.append(
                replace(surest, start=start, end=end, surface=text[start:end], replacement=new)
            )
    kept += [applied[number] for number in untouched]
    # What was doubtful before the others were put right may no longer be seen.
    kept += [
        name
        for name in before
        if not name.applied
        and not any(other.start < name.end and name.start < other.end for other in kept)
    ]
    return tuple(sorted(kept, key=lambda name: name.start))


@dataclass(slots=True)
class _Proposal:
    """A span of tokens that may be a damaged full name."""

    first: int
    last: int
    cut: int
    name: Name
    form: Cut
    given: float
    surname: float
    total: float
    evidence: list[Evidence]
    swapped: bool = False
    light: bool = False
    vetoed: str = ""
    crowd: float = 0.0

    def sure(self, threshold: float) -> bool:
        return (
            not self.vetoed
            and self.total >= threshold
            and self.surname >= FULL_SURNAME
            and self.given >= FULL_GIVEN
        )


@dataclass(slots=True)
class _Person:
    """Somebody whom the document names in full."""

    name: Name
    exact: bool = False
    sourced: bool = False  # the source text shows the name
    surnames: set[str] = field(default_factory=set)  # folded, as the document writes them
    givens: set[str] = field(default_factory=set)
    places: list[tuple[int, int]] = field(default_factory=list)  # token spans


# Second halves of Arabic surnames that relays write apart: Sharaf al-Din, Nasr Allah.
_SECOND_HALVES = frozenset({"din", "dine", "eddine", "eddin", "uddin", "allah", "llah"})
_NOBILIARY = frozenset({"d", "de", "du", "des"})
# Words that relayed texts run into a name that was a link.
_RUN_INTO = frozenset(
    {"added", "after", "also", "and", "but", "for", "from", "had", "has", "he", "her", "his", "in",
     "is", "on", "one", "said", "says", "she", "that", "the", "told", "was", "were", "when",
     "where", "which", "who", "with"}
)  # fmt: skip
# After these a capital is rather a place.
_BEFORE_PLACES = frozenset({"in", "at", "near", "around", "outside", "towards", "into"})
# After these it may be one.
_MAYBE_BEFORE_PLACES = _BEFORE_PLACES | {"of", "from", "to", "behind", "through", "between"}


class _Pass:
    """One run of the stages over one text."""

    def __init__(
        self,
        text: str,
        index: NameIndex,
        memo: Memo,
        language: str,
        source: SourceNames | None,
    ) -> None:
        self.text = text
        self.index = index
        self.memo = memo
        self.language = language
        self.source = source
        self.style = index.glossary.style
        self.document = Document(text)
        self.tokens = self.document.tokens
        self.taken: list[str] = [""] * len(self.tokens)  # the id of the entry that has the token
        self.people: dict[str, _Person] = {}
        self.reports: list[NameReport] = []
        self.relayed = False
        # Names of people as the source has them in Latin letters, where that is not Arabic.
        self.in_source = {
            exact_key(tokens_of(sentence.carried.text[start:end]))
            for sentence in (source.sentences if source is not None else ())
            if sentence.carried.language != "ar"
            for start, end in sentence.carried.copied
        }
        self.folded_text = " " + " ".join(token.folded for token in self.tokens) + " "

    def run(self) -> list[NameReport]:
        self._exact()
        if self.source is not None:
            for sentence in self.source.sentences:
                self._from_source(sentence)
        self._full()
        self._alone()
        self._places()
        self._consistent()
        return _side_by_side(self.reports)

    def _consistent(self) -> None:
        """One spelling for each name that no entry knows: put right or reported."""
        closed = [bool(owner) for owner in self.taken]
        for report in self.reports:
            first = bisect_left(self.document.starts, report.start)
            last = bisect_left(self.document.starts, report.end)
            closed[first:last] = [True] * (last - first)
        for found in consistency.findings(self.document, closed, self.source):
            self._report(
                found.first, found.last, found.replacement, None, found.kind, found.score,
                found.evidence, found.applied,
            )  # fmt: skip

    # --- reports --------------------------------------------------------------------------

    def _report(
        self,
        first: int,
        last: int,
        replacement: str,
        entry: Entry | None,
        kind: Kind,
        score: float,
        evidence: Sequence[Evidence],
        applied: bool,
        end: int | None = None,
    ) -> None:
        """Report tokens; up to the offset `end` where the last of them holds more than the name."""
        start = self.tokens[first].start
        end = self.tokens[last - 1].end if end is None else end
        surface = self.text[start:end]
        if surface == replacement:
            return
        if entry is not None and entry.status == "proposed":
            applied = False
            evidence = [*evidence, Evidence("proposed_entry", True)]
        self.reports.append(
            NameReport(
                start,
                end,
                surface,
                replacement,
                entry.id if entry else None,
                kind,
                score,
                tuple(evidence),
                applied,
            )
        )

    def _take(self, first: int, last: int, owner: str) -> None:
        for position in range(first, last):
            self.taken[position] = owner

    def _free(self, first: int, last: int) -> bool:
        return not any(self.taken[first:last])

    # --- exact forms ----------------------------------------------------------------------

    def _exact(self) -> None:
        tokens, index = self.tokens, self.index
        position = 0
        while position < len(tokens):
            longest = index.longest.get(tokens[position].folded, 0)
            span = 0
            if longest and not tokens[position].protected:
                span = self._exact_at(position, longest)
            position += span or 1

    def _exact_at(self, first: int, longest: int) -> int:
        """Settle the longest exact form that begins here; how many tokens it has."""
        tokens = self.tokens
        last = first + 1
        while (
            last < len(tokens)
            and last - first < longest
            and tokens[last].gap
            not in (
                "",
                "possessive",
            )
        ):
            last += 1
        for end in range(last, first, -1):
            key = exact_key(tokens[first:end])
            found = self.index.exact.get(key)
            if found and self._settle_exact(first, end, key, found):
                return end - first
            if key in self.index.keep and not found:
                self._take(first, end, "keep")
                return end - first
        return 0

    def _settle_exact(self, first: int, last: int, key: str, found: list[Exact]) -> bool:
        span = self.tokens[first:last]
        if any(token.protected for token in span):
            return False
        right = [exact for exact in found if not exact.listed]
        if right:
            exact = right[0]
            if not self._has_its_capitals(span, exact.text):
                return False
            self._take(first, last, exact.entry.id)
            for other in right:
                self._resolve(other.entry, first, last, exact=True)
            self._restore(first, last, [other.entry for other in right])
            return True
        wrong = [exact for exact in found if exact.entry.id not in self.index.keep.get(key, ())]
        if not wrong:
            self._take(first, last, "keep")
            return True
        if not self._has_its_capitals(span, wrong[0].text):
            return False
        texts = {exact.text for exact in wrong}
        entry = wrong[0].entry
        quoted = self.document.about_spelling(span[0].start, span[-1].end)
        evidence = [Evidence("listed_variant", True)]
        if quoted:
            evidence.append(Evidence("about_spelling", True))
        if len(texts) > 1:
            evidence.append(Evidence("ambiguous", len(texts)))
        applied = not quoted and len(texts) == 1
        self._take(first, last, entry.id)
        self._report(
            first, last, cased(entry.name, span), entry, _kind(entry), 1.0, evidence, applied
        )
        if applied:
            for exact in wrong:
                self._resolve(exact.entry, first, last, exact=False)
                self._note_alias(exact.entry, span)
        return True

    def _note_alias(self, entry: Entry, span: Sequence[Token]) -> None:
        """Remember how the document writes this person's given name and surname."""
        person = self.people.get(entry.id)
        groups = words_of(span)
        if person is None or len(groups) < 2:
            return
        start = surname_start(groups)
        given, surname = (
            [token for group in half for token in group]
            for half in (groups[:start], groups[start:])
        )
        person.givens.add(group_words(given)[0])
        person.surnames.add(group_words(surname)[0])

    def _has_its_capitals(self, span: Sequence[Token], name: str) -> bool:
        """A name counts only where it is written as one: with the capitals it has."""
        wanted = tokens_of(name)
        if len(wanted) == len(span):
            return all(
                token.capital or not want.capital or want.particle
                for token, want in zip(span, wanted, strict=True)
            )
        return any(token.capital for token in span) or not any(token.capital for token in wanted)

    def _restore(self, first: int, last: int, entries: list[Entry]) -> None:
        """Give an exact name the accents that its entry has."""
        entry = entries[0]
        wanted = self.style.restore_accents
        if entry.style in ("accents", "no-accents"):
            wanted = entry.style == "accents"
        names = {entry.name for entry in entries}
        if not wanted or len(names) > 1:
            return
        span = self.tokens[first:last]
        if len(span) == 1 and words.english_frequency(span[0].folded) >= COMMON_WORD:
            return
        restored = with_accents(self.text, span, entry.name)
        if restored and not self.document.about_spelling(span[0].start, span[-1].end):
            self._report(
                first, last, restored, entry, _kind(entry), 1.0, [Evidence("accents", True)], True
            )

    def _resolve(self, entry: Entry, first: int, last: int, *, exact: bool) -> None:
        """Note that the document names this person in full."""
        if entry.type != "person":
            return
        person = self._person(entry)
        if person is None:
            return
        person.exact = person.exact or exact
        person.places.append((first, last))

    def _person(self, entry: Entry) -> _Person | None:
        person = self.people.get(entry.id)
        if person is None:
            name = self.index.by_entry.get(entry.id)
            if name is None:
                return None
            person = self.people[entry.id] = _Person(name)
        return person

    # --- names that the source shows ----------------------------------------------------------

    def _from_source(self, sentence: SourceSentence) -> None:
        """Look for each name of a source sentence in its translation; repair what is not there."""
        if not sentence.carried.anchors:
            return
        first = bisect_left(self.document.starts, sentence.start)
        last = bisect_left(self.document.starts, sentence.end)
        inside = " " + " ".join(token.folded for token in self.tokens[first:last]) + " "
        for number, anchor in enumerate(sentence.carried.anchors):
            person = self._person(anchor.entry) if anchor.entry.type == "person" else None
            printed = anchor.text or anchor.entry.name
            key = exact_key(tokens_of(printed))
            arrived = inside.find(f" {key} ")
            if arrived >= 0:
                at, length = first + inside[:arrived].count(" "), key.count(" ") + 1
                self._as_printed(anchor, printed, at, at + length)
                # One mention is used up, so that the next anchor needs another.
                inside = inside[:arrived] + " -" * length + inside[arrived + len(key) + 1 :]
                if person is not None:
                    person.sourced = True
                continue
            if person is not None:
                person.sourced = True
            if not self._copied(anchor, printed, inside, first):
                self._repair(anchor, number, sentence, first, last)

    def _as_printed(self, anchor: Anchor, printed: str, first: int, last: int) -> None:
        """Give a name that arrived letter by letter the capitals and accents that it has."""
        span = self.tokens[first:last]
        wanted = tokens_of(printed)
        if self._told(first, last) or not all(
            owner in ("", anchor.entry.id) for owner in self.taken[first:last]
        ):
            return
        small = any(
            want.capital and not token.capital for token, want in zip(span, wanted, strict=True)
        )
        common = all(words.english_frequency(token.folded) >= COMMON_WORD for token in span)
        if small and common and not any(token.capital for token in span):
            return
        # French print accents what the entry does not: Zinédine Zidane, Meknès.
        accents = self.style.restore_accents and not all(token.text.isascii() for token in span)
        if small or (accents and cased(printed, span).isascii()):
            evidence = [Evidence("source", anchor.surface)]
            kind = "surname" if anchor.alone else "full"
            self._write_source(anchor, first, last, printed, kind, 0.95, evidence)

    def _told(self, first: int, last: int) -> bool:
        """Whether tokens `first` to `last`, or some of them, are in the report already."""
        start, end = self.tokens[first].start, self.tokens[last - 1].end
        return any(report.start < end and start < report.end for report in self.reports)

    def _copied(self, anchor: Anchor, printed: str, inside: str, first: int) -> bool:
        """Put the English name where the model copied the source's: Oum Kalthoum."""
        key = exact_key(tokens_of(anchor.surface))
        at = inside.find(f" {key} ") if key else -1
        if at < 0:
            return False
        start = first + inside[:at].count(" ")
        end = start + key.count(" ") + 1
        if not all(owner in ("", anchor.entry.id) for owner in self.taken[start:end]):
            return False
        if self._told(start, end):
            return True
        evidence = [Evidence("source", anchor.surface)]
        kind = "surname" if anchor.alone else "full"
        self._write_source(anchor, start, end, printed, kind, 0.95, evidence)
        return True

    def _repair(
        self, anchor: Anchor, number: int, sentence: SourceSentence, first: int, last: int
    ) -> None:
        """Find what became of an anchored name in tokens `first` to `last`, and put it right."""
        name = self.index.by_entry.get(anchor.entry.id)
        if name is None:
            return
        best: tuple[float, int, int, str, str] | None = None
        printed = anchor.text or anchor.entry.name
        linked = self._linked(number, sentence, first, last)
        for start in range(first, last):
            token = self.tokens[start]
            if not (token.capital or token.particle) or not self._open_to(start, sentence, printed):
                continue
            for end in range(start + 1, min(start + MOST_TOKENS, last) + 1):
                token = self.tokens[end - 1]
                if not self._open_to(end - 1, sentence, printed) or (
                    end - 1 > start and not token.gap
                ):
                    break
                if not token.capital:
                    continue
                for score, text, kind in self._source_scores(name, anchor, start, end):
                    if kind == "part" and not (linked and linked[0] <= start and end <= linked[1]):
                        continue
                    if best is None or score > best[0]:
                        best = (score, start, end, text, kind)
        evidence = [Evidence("source", anchor.surface)]
        if best is not None and best[0] >= SOURCE_TOTAL:
            score, start, end, text, kind = best
            if kind == "part":
                start, end = linked or (start, end)
                text = printed
            elif kind == "surname" and not anchor.alone:
                start, end, text = self._in_full(name, anchor, (start, end, text), linked)
                kind = "full" if text == printed else kind
            evidence.append(Evidence("sound", round(score, 2)))
            self._write_source(anchor, start, end, text, kind, _probability(score, 0.0), evidence)
            return
        if linked is not None and (span := self._by_links_alone(linked, printed)):
            start, end = span
            evidence.append(Evidence("links", True))
            kind = "surname" if anchor.alone else "full"
            self._write_source(anchor, start, end, printed, kind, 0.8, evidence)

    def _by_links_alone(self, linked: tuple[int, int], printed: str) -> tuple[int, int] | None:
        """The span to write a name into that no sound vouches for, or None where it may be wrong.

        The model's links go astray at the first word of a sentence and at common words; words of
        the name that stand right before or after belong to it.
        """
        start, end = linked
        own = {token.folded for token in tokens_of(printed) if token.capital}
        while start and self.tokens[start].gap in ("space", "hyphen"):
            if self.taken[start - 1] or self.tokens[start - 1].folded not in own:
                break
            start -= 1
        following = self.tokens[end : end + 1]
        if following and following[0].capital and following[0].gap in ("space", "hyphen"):
            return None
        telling = any(
            token.folded in own or words.english_frequency(token.folded) < COMMON_ALONE
            for token in self.tokens[start:end]
        )
        return (start, end) if telling else None

    def _open_to(self, position: int, sentence: SourceSentence, printed: str) -> bool:
        """Whether a token is free, or a word of the name that was taken for a place.

        The place may be called so, or nearly (Riyadh Mahrez for Riyad). It is not where the source
        sentence speaks of the place too.
        """
        owner = self.taken[position]
        if not owner:
            return True
        if any(anchor.entry.id == owner for anchor in sentence.carried.anchors):
            return False
        entry = self.index.glossary.by_id(owner)
        if entry is None or entry.type != "place":
            return False
        words_there = printed.replace("-", " ").split()
        if f" {entry.name} " in f" {' '.join(words_there)} ":
            return True
        place = fold(entry.name)
        return len(place) >= SHORTEST_NEAR_PLACE and any(
            Levenshtein.distance(place, fold(word), score_cutoff=1) <= 1 for word in words_there
        )

    def _in_full(
        self,
        name: Name,
        anchor: Anchor,
        found: tuple[int, int, str],
        linked: tuple[int, int] | None,
    ) -> tuple[int, int, str]:
        """The span and text for a full name of which only the surname was found.

        What the source names in full is printed in full, unless a word that may be somebody's
        given name stands before the surname and is not this one's.

        Args:
            found: the surname's tokens and how it is printed.
            linked: the tokens that the model made of the name.
        """
        start, end, _ = found
        printed = anchor.text or anchor.entry.name
        if linked is not None and linked[0] <= start and end <= linked[1]:
            return *linked, printed
        head = self.tokens[start]
        before = self.tokens[start - 1] if start else None
        if head.gap in ("hyphen", "glue", "apostrophe", "initial"):
            return found
        if before is None or head.gap != "space" or not before.capital:
            return start, end, printed
        if name.given is not None and _alike(before.folded, name.given.folded):
            return (start - 1, end, printed) if self._free(start - 1, start) else found
        ordinary = words.is_role(before.folded) or (
            words.english_frequency(before.folded) >= COMMON_WORD
            and not words.is_given_name(before.folded)
        )
        return (start, end, printed) if ordinary else found

    def _source_scores(
        self, name: Name, anchor: Anchor, start: int, end: int
    ) -> Iterator[tuple[float, str, str]]:
        """How well tokens fit a name that must be near: in full, or as its surname."""
        span = self.tokens[start:end]
        folded, _ = group_words(span)
        for cut in range(1, len(span)) if not anchor.alone else ():
            given, surname = group_words(span[:cut])[0], group_words(span[cut:])[0]
            for form in name.cuts:
                given_score = self.memo.score(given, form.given)
                surname_score = self.memo.score(surname, form.surname)
                if min(given_score, surname_score) > SOURCE_PART:
                    yield given_score + surname_score, form.text, "full"
        for part in name.alone:
            score = self.memo.score(folded, part)
            if folded == group_words(_without_particles(part))[0]:
                score = max(score, self.memo.own(part) - ALONE_LOSS)
            if score >= SOURCE_ALONE:
                kind = "surname" if name.entry.type == "person" else "part"
                yield score, part.text, kind if name.cuts else "full"

    def _linked(
        self, number: int, sentence: SourceSentence, first: int, last: int
    ) -> tuple[int, int] | None:
        """The tokens that the model made of an anchor, by its own links, if they may be a name."""
        if not sentence.links or number >= len(sentence.carried.spans):
            return None
        source_start, source_end = sentence.carried.spans[number]
        places = [
            (sentence.start + out_start, sentence.start + out_end)
            for start, end, out_start, out_end in sentence.links
            if start < source_end and end > source_start
        ]
        hit = [
            position
            for position in range(first, last)
            if any(
                self.tokens[position].start < end and self.tokens[position].end > start
                for start, end in places
            )
        ]
        while hit and not self.tokens[hit[0]].capital and not self.tokens[hit[0]].particle:
            del hit[0]
        while hit and not self.tokens[hit[-1]].capital:
            del hit[-1]
        if not hit or hit[-1] - hit[0] >= MOST_TOKENS or hit[-1] - hit[0] + 1 > len(hit) + 1:
            return None
        start, end = hit[0], hit[-1] + 1
        anchor = sentence.carried.anchors[number]
        printed = anchor.text or anchor.entry.name
        own = {token.folded for token in tokens_of(printed)}
        for position in range(start, end):
            token = self.tokens[position]
            if not self._open_to(position, sentence, printed):
                return None
            if not (token.capital or token.particle):
                return None
            if token.folded in own:
                continue
            if words.is_role(token.folded) or words.is_place(token.folded):
                return None
        return start, end

    def _write_source(
        self,
        anchor: Anchor,
        first: int,
        last: int,
        text: str,
        kind: str,
        score: float,
        evidence: list[Evidence],
    ) -> None:
        entry = anchor.entry
        self._take(first, last, entry.id)
        self._report(
            first,
            last,
            cased(text, self.tokens[first:last]),
            entry,
            "surname" if kind == "surname" else _kind(entry),
            score,
            evidence,
            True,
        )
        if entry.type == "person":
            person = self._person(entry)
            if person is not None:
                person.places.append((first, last))
                if kind == "surname":
                    person.surnames.add(group_words(self.tokens[first:last])[0])

    # --- full names -----------------------------------------------------------------------

    def _full(self) -> None:
        proposals: list[_Proposal] = []
        for first, last in self.document.runs:
            for start in range(first, last - 1):
                if self.taken[start]:
                    continue
                for end in range(start + 2, min(start + MOST_TOKENS, last) + 1):
                    if self.taken[end - 1]:
                        break
                    proposals += self._propose(start, end)
        best: dict[tuple[int, int], list[_Proposal]] = defaultdict(list)
        for proposal in proposals:
            best[proposal.first, proposal.last].append(proposal)
        chosen = [choice for choice in map(self._choose, best.values()) if choice]
        chosen.sort(key=lambda proposal: -proposal.total)
        # Names that no house would spell so show that the text was relayed; only then are
        # lighter differences damage too, and weaker matches believed.
        same = [choice for choice in chosen if choice.vetoed == "same_spelling"]
        same = [proposal for proposal in same if self._same_spelling(proposal)]
        likely = [
            choice
            for choice in chosen
            if not (choice.light or choice.swapped) and choice.sure(SUPPORT)
        ]
        accepted = self._accept_sure(likely, FULL_TOTAL, likely)
        self.relayed = bool(accepted) or self._two_minded(chosen)
        if self.relayed:
            self._accept_sure(chosen, FULL_TOTAL_RELAYED + SUPPORT_STEP, accepted)
            self._turned_round(chosen)
        for proposal in same:
            self._as_the_house_writes(proposal)
        for proposal in chosen:
            if self._free(proposal.first, proposal.last):
                self._second_look(proposal)
        self._by_damaged_given()

    def _two_minded(self, chosen: Sequence[_Proposal]) -> bool:
        """Whether the text spells somebody's surname in two ways, and neither is the entry's.

        No house does: what might be its own spelling of a name (Raisouni for Raissouni) is damage.
        """
        return any(
            choice.light and choice.sure(FULL_TOTAL) and self._another_spelling(choice)
            for choice in chosen
        )

    def _another_spelling(self, proposal: _Proposal) -> bool:
        tail, part = self.tokens[proposal.last - 1], proposal.form.surname
        return any(
            token.capital
            and token.folded not in (tail.folded, part.folded)
            and not (proposal.first <= position < proposal.last)
            and self._free(position, position + 1)
            and self._unknown(position, position + 1, token.folded)
            and self.memo.loss(token.folded, part) <= SAME_SURNAME_LOSS
            for position, token in enumerate(self.tokens)
        )

    def _accept_sure(
        self, chosen: Sequence[_Proposal], threshold: float, likely: Sequence[_Proposal]
    ) -> list[_Proposal]:
        """Accept what reaches the threshold, which the likely names of others lower."""
        accepted: list[_Proposal] = []
        for proposal in chosen:
            if not self._free(proposal.first, proposal.last):
                continue
            others = {
                other.name.entry.id
                for other in likely
                if other.last <= proposal.first or proposal.last <= other.first
            } - {proposal.name.entry.id}
            if proposal.sure(max(FULL_LEAST, threshold - SUPPORT_STEP * len(others))):
                self._accept(proposal)
                accepted.append(proposal)
        return accepted

    def _by_damaged_given(self) -> None:
        """A second spelling of a surname after the same damaged given name.

        Where the document has written Ons Jabeur as Anas Jaber, its Anas Zafar is she as well:
        the coarse surname is the same, and the given name is wrong in the same way.
        """
        givens = {
            given: person
            for person in self.people.values()
            for given in person.givens
            if person.name.given is not None and given != person.name.given.folded
        }
        for first, last in self.document.runs if givens else ():
            for position in range(first, last - 1):
                person = givens.get(self.tokens[position].folded)
                if person is None or not self._free(position, position + 2):
                    continue
                surname = self.tokens[position + 1]
                keys = set(coarse_readings(plain_units(surname.folded)))
                form = person.name.cuts[0]
                if len(min(keys, key=len)) < 3 or not keys & form.surname.coarse():
                    continue
                if not surname.capital or surname.gap not in ("space", "hyphen"):
                    continue
                evidence = [Evidence("document_given", self.tokens[position].folded)]
                proposal = _Proposal(
                    position, position + 2, position + 1, person.name, form, FULL_GIVEN,
                    FULL_SURNAME, FULL_TOTAL, evidence,
                )  # fmt: skip
                self._accept(proposal)

    def _turned_round(self, chosen: Sequence[_Proposal]) -> None:
        """In a relayed text a surname that stands before its given name goes behind it."""
        for proposal in chosen:
            if proposal.vetoed == "swapped" and self._free(proposal.first, proposal.last):
                self._accept(proposal)

    def _same_spelling(self, proposal: _Proposal) -> bool:
        """Settle a name that is right but for hyphens, spaces or its article."""
        if not self._free(proposal.first, proposal.last):
            return False
        entry = proposal.name.entry
        self._take(proposal.first, proposal.last, entry.id)
        self._resolve(entry, proposal.first, proposal.last, exact=True)
        return True

    def _as_the_house_writes(self, proposal: _Proposal) -> None:
        """Hyphens and spaces are house style, but a relay parts and joins words: Ben Nasser."""
        first, last, entry = proposal.first, proposal.last, proposal.name.entry
        span = self.tokens[first:last]
        shortened = proposal.form.shortened
        if shortened or not (self.relayed and _divided(span, proposal.form.text)):
            self._restore(first, last, [entry])
        elif not self.document.about_spelling(span[0].start, span[-1].end):
            self._report(
                first, last, cased(proposal.form.text, span), entry, _kind(entry), 0.9,
                [Evidence("division", True)], True,
            )  # fmt: skip

    def _propose(self, first: int, last: int) -> Iterator[_Proposal]:
        """Every entry that the tokens may stand for, over every cut into two parts."""
        tokens = self.tokens
        head, tail = tokens[first], tokens[last - 1]
        if not tail.capital or not (head.capital or head.particle):
            return
        if head.gap == "glue" or (last < len(tokens) and not self._clean_edge(last)):
            return
        # Parts of a longer compound: Jean-Christophe, Barré-Sinoussi.
        if first and head.gap == "hyphen" and tokens[first - 1].capital:
            return
        if last < len(tokens) and tokens[last].gap == "hyphen" and tokens[last].capital:
            return
        for cut in range(first + 1, last):
            before, after = tokens[cut - 1], tokens[cut]
            if after.gap in ("apostrophe", "initial") or (before.particle and cut - first > 1):
                continue
            if before.particle and before.folded in ("al", "el"):
                continue
            given, _ = group_words(tokens[first:cut])
            surname, article = group_words(tokens[cut:last])
            if len(given) < 2 or len(surname) < 2:
                continue
            yield from self._compare(first, cut, last, given, surname, article)
            if len(words_of(tokens[cut:last])) == 1 and (cut - first == 1 or head.particle):
                yield from self._compare(first, cut, last, surname, given, False, swapped=True)

    def _clean_edge(self, position: int) -> bool:
        """Whether the token after a span is not glued to it, or is a common word glued on."""
        token = self.tokens[position]
        return token.gap != "glue" or words.english_frequency(token.folded) >= VERY_COMMON_WORD

    def _compare(
        self,
        first: int,
        cut: int,
        last: int,
        given: str,
        surname: str,
        article: bool,
        *,
        swapped: bool = False,
    ) -> Iterator[_Proposal]:
        key = (given, surname)
        found = self.memo.candidates.get(key)
        if found is None:
            found = self.index.candidates(plain_units(given), plain_units(surname), self.memo)
            self.memo.candidates[key] = found
        names = self.index.names
        self.memo.score_all(given, (names[number].cuts[which].given for number, which in found))
        near = [
            (names[number], form, given_score)
            for number, which in found
            for form in (names[number].cuts[which],)
            if (given_score := self.memo.score(given, form.given)) >= SUGGEST_GIVEN
        ]
        self.memo.score_all(surname, (form.surname for _, form, _ in near))
        for name, form, given_score in near:
            surname_score = self.memo.score(surname, form.surname)
            if surname_score < SUGGEST_SURNAME or (
                min(given_score, MOST_GIVEN) + surname_score < SUGGEST_TOTAL - MOST_BORNE_OUT
                and name.entry.id not in self.people
            ):
                continue
            proposal = _Proposal(
                first, last, cut, name, form, given_score, surname_score,
                min(given_score, MOST_GIVEN) + surname_score, [], swapped,
            )  # fmt: skip
            self._weigh(proposal, given, surname, article)
            yield proposal

    def _weigh(self, proposal: _Proposal, given: str, surname: str, article: bool) -> None:
        """Add to the sounds what the words and the document say for and against."""
        form, entry = proposal.form, proposal.name.entry
        tokens = self.tokens[proposal.first : proposal.last]
        evidence = proposal.evidence
        evidence.append(Evidence("given", round(proposal.given, 2)))
        evidence.append(Evidence("surname", round(proposal.surname, 2)))
        key = exact_key(tokens)
        if entry.id in self.index.keep.get(key, ()):
            proposal.vetoed = "keep"
        elif (
            key in self.in_source
            and words.is_given_name(given)
            and words.frequency(surname) >= HOUSE_SPELLING
        ):
            # Hind Al-Sabri is named so in the source, and need not be Hend Sabry.
            proposal.vetoed = "in_source"
        penalty = self._longer(proposal.first, proposal.last)
        if penalty and form.shortened:
            proposal.vetoed = proposal.vetoed or "longer"
        same_surname = surname == form.surname.folded
        same_given = given == form.given.folded
        if proposal.swapped:
            if words.is_given_name(surname) or any(words.is_role(token.folded) for token in tokens):
                proposal.vetoed = "other_order"
            evidence.append(Evidence("swapped", True))
            penalty += 1.5
            if not (same_surname or same_given):
                penalty += 1.5
        if same_surname and same_given:
            if proposal.swapped:
                proposal.vetoed = proposal.vetoed or "swapped"
            elif article and not form.surname.article and len(tokens) > 2:
                proposal.light = True
                evidence.append(Evidence("article", True))
            else:
                proposal.vetoed = proposal.vetoed or "same_spelling"
        else:
            proposal.light = form.shortened or (
                _is_light(given, form.given.folded) and _is_light(surname, form.surname.folded)
            )
            penalty += SHORTENED * form.shortened
        if not same_surname:
            penalty += self._attested(surname, form.surname)
            lost = self.memo.loss(surname, form.surname)
            if not same_given:
                penalty += 0.35 * max(0.0, lost - 1.5)
            if _gained_an_i(surname, form.surname):
                proposal.vetoed = proposal.vetoed or "gained_i"
            if not same_given and words.is_given_name(given):
                lost = self.memo.loss(given, form.given)
                penalty += KNOWN_GIVEN * min(max(0.0, lost - KNOWN_GIVEN_FROM), 2.0)
            common = words.frequency(given) - COMMON_GIVEN_FROM
            penalty += 0.5 * max(0.0, common)
            if _gender_pair(given, form.given.folded):
                penalty += 0.7
            seen = words.frequency(surname)
            if f" {form.surname.folded} " in self.folded_text and seen < OTHERS_NAME:
                evidence.append(Evidence("surname_in_document", True))
                penalty -= 1.0
        for token in tokens:
            if token.folded in (form.surname.folded, form.given.folded) or token.particle:
                continue
            if token.folded in fold(form.text):
                continue
            if words.is_given_name(token.folded):
                continue
            if words.english_frequency(token.folded) >= COMMON_WORD:
                if len(tokens) > 2:
                    penalty += WORD
                else:
                    proposal.vetoed = proposal.vetoed or "word"
            elif words.is_place(token.folded):
                penalty += PLACE
        if same_surname and not same_given:
            lost = self.memo.loss(given, form.given)
            if lost > OTHER_GIVEN and words.is_given_name(given):
                proposal.vetoed = proposal.vetoed or "other_given"
            penalty += self._other_given(given, form, swapped=proposal.swapped)
            penalty += 1.5 * max(0.0, lost - OTHER_GIVEN)
        if entry.type != "person":
            # Sidi Bou Said is no Sidi Bouzid, nor the Europa League the Arab one.
            lost = max(self.memo.loss(given, form.given), self.memo.loss(surname, form.surname))
            known = all(words.frequency(token.folded) >= OTHERS_NAME for token in tokens)
            proposal.light = proposal.light or (known and lost > THING_LOSS)
        if self._glued_word(tokens[-1].folded, form.surname.folded):
            proposal.vetoed = proposal.vetoed or "glued"
        if not all(token.text.isascii() for token in tokens) and not same_surname:
            wanted = set(fold(form.text))
            foreign = [t for t in tokens if not t.text.isascii() and t.folded not in wanted]
            if foreign and any(
                token.folded not in (form.surname.folded, form.given.folded) for token in foreign
            ):
                penalty += 1.0
        bonus = self._context(entry, proposal.first, proposal.last, evidence)
        if bonus < CONTEXT_NEAR:
            proposal.crowd = self._crowd(form, given, surname)
            penalty += proposal.crowd
        if (
            not same_surname
            and bonus < CONTEXT_NEAR
            and _consonants(form.surname.folded) < 2
            and self.memo.loss(surname, form.surname) > SHORT_SURNAME_LOSS
        ):
            proposal.vetoed = proposal.vetoed or "short_surname"
        proposal.total += bonus - penalty
        proposal.surname += 0.5 * bonus

    def _crowd(self, form: Cut, given: str, surname: str) -> float:
        """How likely an entry is near by chance, by how many share its given name or surname."""
        crowd = 0.0
        if self.memo.loss(surname, form.surname) > NEARLY_RIGHT:
            bearers = self.index.bearers[form.given.folded]
            crowd += CROWDED_GIVEN * math.log(max(2, bearers) / 2)
        if self.memo.loss(given, form.given) > NEARLY_RIGHT:
            bearers = len(self.index.surnames[form.surname.folded])
            crowd += CROWDED_SURNAME * math.log(max(2, bearers) / 2)
        return crowd

    def _longer(self, first: int, last: int) -> float:
        """How much the capitals beside a span say that it is part of a longer name."""
        tokens = self.tokens
        penalty = 0.0
        if last < len(tokens) and tokens[last].gap == "space" and tokens[last].capital:
            after = tokens[last].folded
            if not self.taken[last] and words.english_frequency(after) < COMMON_WORD:
                penalty += LONGER
        if first and tokens[first].gap == "space" and tokens[first - 1].capital:
            before = tokens[first - 1].folded
            if (
                words.is_given_name(before)
                and not words.is_role(before)
                and words.english_frequency(before) < COMMON_WORD
            ):
                penalty += LONGER
        return penalty

    @staticmethod
    def _glued_word(word: str, surname: str) -> bool:
        """Whether a right surname has only been run together with the next word."""
        rest = word.removeprefix(surname)
        return rest != word and len(rest) > 1 and words.english_frequency(rest) >= VERY_COMMON_WORD

    def _attested(self, surface: str, part: Part) -> float:
        """How much a form speaks for being somebody's right name: it is met in print."""
        seen = words.frequency(surface) - ATTESTED_FROM
        return ATTESTED * (self.memo.loss(surface, part) + 0.65) * max(0.0, seen)

    def _other_given(self, given: str, form: Cut, *, swapped: bool) -> float:
        """How much a known other given name with the right surname speaks for a relative."""
        if not words.is_given_name(given):
            return 0.0
        if _gender_pair(given, form.given.folded) and not form.given.text.endswith("é"):
            return 4.0
        if swapped:
            return 1.0
        lost = self.memo.loss(given, form.given)
        known = 1.0 if words.frequency(form.surname.folded) < 3.0 else 3.0
        return known + 2.0 * max(0.0, lost - 0.9)

    def _context(self, entry: Entry, first: int, last: int, evidence: list[Evidence]) -> float:
        """What the entry knows of its surroundings and the document shows."""
        if not entry.context:
            return 0.0
        start, end = self.tokens[first].start, self.tokens[last - 1].end
        near = self.text[max(0, start - NEAR_CHARS) : end + NEAR_CHARS]
        near = " " + " ".join(fold(word) for word in near.replace("-", " ").split()) + " "
        best, word = 0.0, ""
        for context in entry.context:
            wanted = " ".join(fold(part) for part in context.replace("-", " ").split())
            if not wanted:
                continue
            if f" {wanted}" in near:
                return self._found_context(evidence, "context_near", context, CONTEXT_NEAR)
            if f" {wanted} " in self.folded_text and not best:
                best, word = CONTEXT_DOCUMENT, context
        if best:
            return self._found_context(evidence, "context_document", word, best)
        return 0.0

    @staticmethod
    def _found_context(evidence: list[Evidence], code: str, word: str, bonus: float) -> float:
        evidence.append(Evidence(code, word))
        return bonus

    def _choose(self, proposals: list[_Proposal]) -> _Proposal | None:
        """The best of what one span may mean, marked as doubtful where another is as good."""
        ranked = sorted(proposals, key=lambda proposal: -proposal.total)
        best = ranked[0]
        for other in ranked[1:]:
            if other.form.text == best.form.text:
                continue
            if other.total > best.total - MARGIN and not other.vetoed:
                best.vetoed = best.vetoed or "ambiguous"
                best.evidence.append(Evidence("ambiguous", other.name.entry.id))
            break
        return best

    def _accept(self, proposal: _Proposal) -> None:
        entry = proposal.name.entry
        first, last = proposal.first, proposal.last
        span = self.tokens[first:last]
        quoted = self.document.about_spelling(span[0].start, span[-1].end)
        evidence = list(proposal.evidence)
        if quoted:
            evidence.append(Evidence("about_spelling", True))
        self._take(first, last, entry.id)
        self._report(
            first,
            last,
            cased(proposal.form.text, span, None if proposal.swapped else proposal.cut - first),
            entry,
            _kind(entry),
            _probability(proposal.total, FULL_TOTAL),
            evidence,
            not quoted,
        )
        if quoted or entry.type != "person":
            return
        person = self._person(entry)
        if person is None:
            return
        person.places.append((first, last))
        parts = (self.tokens[first : proposal.cut], self.tokens[proposal.cut : last])
        given, surname = parts if not proposal.swapped else parts[::-1]
        person.givens.add(group_words(given)[0])
        person.surnames.add(group_words(surname)[0])

    def _second_look(self, proposal: _Proposal) -> None:
        """A doubtful full name, with the people whom the document has named by now."""
        entry = proposal.name.entry
        person = self.people.get(entry.id)
        first, last = proposal.first, proposal.last
        span = self.tokens[first:last]
        house = proposal.light and not self.relayed
        if person is not None and proposal.vetoed in ("", "ambiguous") and not house:
            given = group_words(span[: proposal.cut - first])[0]
            bonus = proposal.crowd
            surname = group_words(span[proposal.cut - first :])[0]
            others = surname != proposal.form.surname.folded and (
                words.frequency(surname) >= OTHERS_NAME
            )
            if (
                person.exact
                and not others
                and proposal.given >= FULL_GIVEN
                and proposal.surname > 0
            ):
                bonus += 1.5
                proposal.evidence.append(Evidence("document_exact", True))
            if person.sourced:
                bonus += 2.5
                proposal.evidence.append(Evidence("source", True))
            if given in person.givens:
                bonus += 4.0
                proposal.evidence.append(Evidence("document_given", given))
            proposal.total += bonus
            proposal.surname += bonus
            proposal.vetoed = ""
            if proposal.sure(FULL_TOTAL_RELAYED):
                self._accept(proposal)
                return
        if proposal.vetoed in NEVER_SUGGESTED:
            return
        if proposal.total < SUGGEST_TOTAL:
            return
        self._report(
            first,
            last,
            cased(proposal.form.text, span),
            entry,
            _kind(entry),
            _probability(proposal.total, FULL_TOTAL),
            proposal.evidence,
            False,
        )

    # --- surnames and given names alone -----------------------------------------------------

    def _alone(self) -> None:
        if not self.people:
            return
        self._run_together()
        for first, last in self.document.runs:
            position = first
            while position < last:
                if self.taken[position]:
                    position += 1
                    continue
                end = position
                while end < last and not self.taken[end]:
                    end += 1
                self._alone_in(position, end, first, last)
                position = end

    def _run_together(self) -> None:
        """Surnames that the next word was run into: Awarwhich, Mahrezone.

        Where they end is a guess, so they are only suggested.
        """
        forms = {
            form: (person, part)
            for person in self.people.values()
            for part in person.name.alone[:1]
            for form in (*person.surnames, part.folded)
            if len(form) >= SHORTEST_GLUED
        }
        for position, token in enumerate(self.tokens):
            if not token.capital or token.protected or not self._free(position, position + 1):
                continue
            for length in range(SHORTEST_GLUED, len(token.text) - 1):
                found = forms.get(token.folded[:length])
                if found is None or token.folded[length:] not in _RUN_INTO:
                    continue
                person, part = found
                if words.frequency(token.folded) >= ATTESTED_FROM:
                    continue
                self._take(position, position + 1, person.name.entry.id)
                if token.folded[:length] != part.folded and token.text.isascii():
                    self._report(
                        position, position + 1, part.text, person.name.entry, "surname", 0.6,
                        [Evidence("document_alias", token.folded[:length])], False,
                        end=token.start + length,
                    )  # fmt: skip

    def _alone_in(self, first: int, last: int, run_first: int, run_last: int) -> None:
        """Look for surnames in a stretch of tokens that no full name has."""
        position = first
        while position < last:
            step = 1
            for end in range(min(position + 4, last), position, -1):
                if self._try_alone(position, end, run_first, run_last):
                    step = end - position
                    break
            position += step

    def _try_alone(self, first: int, last: int, run_first: int, run_last: int) -> bool:
        tokens = self.tokens
        head, tail = tokens[first], tokens[last - 1]
        if not tail.capital or head.gap == "glue" or head.gap == "apostrophe":
            return False
        if tail.particle or (not head.capital and not head.particle):
            return False
        if last < len(tokens) and tokens[last].gap in ("glue", "apostrophe"):
            return False
        folded, article = group_words(tokens[first:last])
        if len(folded) < 2:
            return False
        surname = self._surname_alone(first, last, folded, article, run_first, run_last)
        if surname is not None:
            return surname
        return self._given_alone(first, last, folded, run_first, run_last)

    def _surname_alone(
        self, first: int, last: int, folded: str, article: bool, run_first: int, run_last: int
    ) -> bool | None:
        """Settle a surname alone; None where it is none, True where it is settled."""
        if not self.style.surname_only:
            return None
        options: list[tuple[float, _Person, Part, bool]] = []
        lighter = light(folded)
        parts = [part for person in self.people.values() for part in person.name.alone]
        self.memo.score_all(folded, parts)
        for person in self.people.values():
            alias = folded in person.surnames or (
                any(lighter == light(form) for form in person.surnames)
                and words.english_frequency(folded) < COMMON_WORD
                and not words.is_place(folded)
            )
            for part in person.name.alone:
                if folded == part.folded:
                    options.append((99.0, person, part, False))
                    continue
                score = self.memo.score(folded, part)
                if alias:
                    score += 6.0
                if score >= ALONE_SUGGEST:
                    options.append((score, person, part, alias))
        if not options:
            return None
        options.sort(key=lambda option: -option[0])
        score, person, part, alias = options[0]
        entry = person.name.entry
        span = self.tokens[first:last]
        if folded == part.folded:
            if self._neighbours(first, last, run_first, run_last, person, False):
                return None
            return self._right_surname(first, last, entry, part, article)
        texts = {option[2].text for option in options if option[0] > score - MARGIN}
        evidence = [
            Evidence("follows", entry.id),
            Evidence("document_alias" if alias else "surname", round(score, 2)),
        ]
        least, most_lost = (
            (ALONE, ALONE_LOSS)
            if person.surnames
            else (
                ALONE_EXACT,
                ALONE_EXACT_LOSS,
            )
        )
        if alias and span[0].opens and words.english_frequency(folded) >= VERY_COMMON_WORD:
            return None
        if not alias and folded == part.folded + "s":
            self._take(first, last, entry.id)
            return True
        if not alias:
            untouched = not (self.relayed or person.surnames or person.sourced)
            if untouched and (
                score < ALONE_UNTOUCHED
                or _is_light(folded, part.folded)
                or words.frequency(folded) >= ATTESTED_FROM
            ):
                return None
            if self._blocked(first, last, folded, part):
                return None
            if self.memo.loss(folded, part) > most_lost:
                return None
            score -= self._attested(folded, part)
        neighbours = self._neighbours(first, last, run_first, run_last, person, alias)
        if neighbours == "kin":
            evidence.append(Evidence("kinship", True))
        elif neighbours:
            return None
        quoted = self.document.about_spelling(span[0].start, span[-1].end)
        if quoted:
            evidence.append(Evidence("about_spelling", True))
        if len(texts) > 1:
            evidence.append(Evidence("ambiguous", len(texts)))
        sure = score >= least and len(texts) == 1 and not quoted
        if not sure and score < ALONE_SUGGEST:
            return None
        self._take(first, last, entry.id)
        self._report(
            first, last, cased(part.text, span), entry, "surname",
            _probability(score, ALONE), evidence, sure,
        )  # fmt: skip
        return True

    def _right_surname(
        self, first: int, last: int, entry: Entry, part: Part, article: bool
    ) -> bool | None:
        """A surname as it should be; an article too many falls, accents come back."""
        span = self.tokens[first:last]
        if article and not part.article and len(span) > 1:
            self._take(first, last, entry.id)
            self._report(
                first, last, cased(part.text, span), entry, "surname", 0.9,
                [Evidence("follows", entry.id), Evidence("article", True)], True,
            )  # fmt: skip
            return True
        self._take(first, last, entry.id)
        if self.relayed and _divided(span, part.text):
            self._report(
                first, last, cased(part.text, span), entry, "surname", 0.9,
                [Evidence("follows", entry.id), Evidence("division", True)], True,
            )  # fmt: skip
        elif self.style.restore_accents and entry.style != "no-accents":
            restored = with_accents(self.text, span, part.text)
            if restored:
                self._report(
                    first, last, restored, entry, "surname", 1.0,
                    [Evidence("follows", entry.id), Evidence("accents", True)], True,
                )  # fmt: skip
        return True

    def _blocked(self, first: int, last: int, folded: str, part: Part) -> bool:
        """Whether a form that the document has not shown as an alias may not be a surname."""
        span = self.tokens[first:last]
        if folded in self.index.surnames:
            return True
        before = self.tokens[first - 1] if first else None
        if before is not None and before.folded in _BEFORE_PLACES and span[0].gap == "space":
            return True
        if len(span) > 1 and not (
            any(token.particle for token in span)
            or span[-1].folded in _SECOND_HALVES
            or len(part.text.replace("-", " ").split()) > 1
        ):
            return True
        # Mason Delmot for Masson-Delmotte: two words in their order are no chance.
        whole = len(span) > 1 and self.memo.loss(folded, part) <= WHOLE_LOSS
        for token in span:
            if token.particle or (len(span) > 1 and token.folded in _SECOND_HALVES):
                continue
            limit = COMMON_ALONE_OPENING if token.opens else COMMON_ALONE
            if not whole and (
                words.english_frequency(token.folded) >= limit
                or words.is_place(token.folded)
                or words.is_role(token.folded)
            ):
                return True
            if not token.text.isascii() and token.folded not in fold(part.text):
                return True
        if words.is_place(exact_key(span)):
            return True
        if len(span) == 1 and span[0].upper and len(folded) <= 5 and not self._shouting(first):
            return True
        return len(span) == 1 and words.is_given_name(folded)

    def _shouting(self, position: int) -> bool:
        """Whether the words around are in capitals too."""
        around = self.tokens[max(0, position - 3) : position + 4]
        return sum(token.upper for token in around) > len(around) // 2

    def _neighbours(
        self, first: int, last: int, run_first: int, run_last: int, person: _Person, alias: bool
    ) -> str:
        """What the capitals beside a surname say: "" nothing, "kin" a relative, else no."""
        tokens = self.tokens
        if last < run_last and not self.taken[last]:
            after = tokens[last]
            if after.gap in ("space", "hyphen", "glue") and after.capital:
                common = words.english_frequency(after.folded) >= COMMON_WORD
                if after.gap != "space" or not common or words.is_given_name(after.folded):
                    return "after"
        elif last + 1 < len(tokens) and not self.taken[last]:
            after = tokens[last]
            if after.gap == "space" and after.folded in _NOBILIARY and tokens[last + 1].capital:
                return "after"
        if first > run_first and not self.taken[first - 1]:
            before = tokens[first - 1]
            if before.particle or (tokens[first].gap == "hyphen" and before.capital):
                return "before"
            if tokens[first].gap == "initial":
                given = person.name.given
                if given is None or not given.folded.startswith(before.folded):
                    return "initial"
            elif before.capital and tokens[first].gap == "space":
                if words.is_role(before.folded) or (
                    words.is_place(before.folded) and not words.is_given_name(before.folded)
                ):
                    return ""
                if words.is_given_name(before.folded) or (
                    words.english_frequency(before.folded) < COMMON_WORD
                ):
                    if alias and not words.is_given_name(before.folded):
                        return ""
                    kin = person.surnames and self._kin_near(first - 1, last)
                    return "kin" if kin else "given"
        return ""

    def _kin_near(self, first: int, last: int) -> bool:
        """Whether the words around speak of a family."""
        around = self.tokens[max(0, first - 20) : last + KIN_TOKENS]
        return any(words.is_kin(token.folded) for token in around)

    # --- places ---------------------------------------------------------------------------

    def _places(self) -> None:
        """Places of one word, or of words that hyphens join, which no full name is part of.

        They have no second part to bear them out. So they are put right only in a text that has
        shown damage, after a word that comes before places, and where the form is no known word;
        elsewhere they are suggested. What was settled once holds for the whole text.
        """
        settled: dict[str, Place] = {}
        left: list[tuple[int, int, str]] = []
        for first, last, folded in self._place_spans():
            if not self._free(first, last):
                continue
            if self._before_a_place(first) and not self._settle_place(first, last, folded, settled):
                continue
            left.append((first, last, folded))
        for first, last, folded in left:
            if folded in settled and self._free(first, last):
                self._write_place(first, last, settled[folded])

    def _place_spans(self) -> Iterator[tuple[int, int, str]]:
        """Free words that may be a place's damaged name, with their letters, the longer first."""
        tokens = self.tokens
        for run_first, run_last in self.document.runs:
            first = run_first
            while first < run_last:
                last = self._word_end(first, run_last)
                if tokens[first].gap not in ("glue", "apostrophe", "initial"):
                    if last < run_last and tokens[last].gap == "space":
                        yield from self._place_span(first, self._word_end(last, run_last))
                    yield from self._place_span(first, last)
                first = last

    def _word_end(self, first: int, run_last: int) -> int:
        """Where the word that begins at a token ends: hyphens hold it together."""
        last = first + 1
        while last < run_last and self.tokens[last].gap == "hyphen":
            last += 1
        return last

    def _place_span(self, first: int, last: int) -> Iterator[tuple[int, int, str]]:
        if self.tokens[first].capital and self._free(first, last) and self._ends_there(last):
            folded = group_words(self.tokens[first:last])[0]
            if len(folded) > 3 and self._unknown(first, last, folded):
                yield first, last, folded

    def _ends_there(self, last: int) -> bool:
        """Whether no capital and no half of a word follows."""
        if last == len(self.tokens):
            return True
        after = self.tokens[last]
        return after.gap not in ("glue", "apostrophe") and not (
            after.gap == "space" and after.capital
        )

    def _unknown(self, first: int, last: int, folded: str) -> bool:
        """Whether a form is neither a word nor a name that anybody may bear."""
        return (
            folded not in self.index.surnames
            and folded not in self.index.given_names
            and words.frequency(folded) < ATTESTED_FROM
            and not words.is_place(folded)
            and not words.is_place(exact_key(self.tokens[first:last]))
            and not words.is_given_name(folded)
            and not words.is_role(folded)
            and not all(token.upper for token in self.tokens[first:last])
        )

    def _before_a_place(self, first: int) -> bool:
        before = self.tokens[first - 1] if first else None
        return (
            before is not None
            and before.folded in _MAYBE_BEFORE_PLACES
            and self.tokens[first].gap == "space"
        )

    def _settle_place(self, first: int, last: int, folded: str, settled: dict[str, Place]) -> bool:
        """Decide on a form after a word that comes before places; True to look at it again."""
        if folded in settled:
            return True
        scored = self.memo.places(folded, self.index)
        if not scored or scored[0][0] < PLACE_SUGGEST:
            return False
        score, place = scored[0]
        if len(words_of(self.tokens[first:last])) > 1 and (
            not self.relayed or len(tokens_of(place.entry.name)) < 2
        ):
            return False
        close = [other for other, _ in scored if other > score - MARGIN]
        sure = (
            score >= PLACE_ALONE
            and self.memo.loss(folded, place.part) <= PLACE_LOSS
            and len(close) == 1
            and self.relayed
            and not self.document.about_spelling(
                self.tokens[first].start, self.tokens[last - 1].end
            )
        )
        if sure:
            settled[folded] = place
            return True
        evidence = [Evidence("sound", round(score, 2))]
        if len(close) > 1:
            evidence.append(Evidence("ambiguous", len(close)))
        self._take(first, last, place.entry.id)
        self._report(
            first, last, cased(place.entry.name, self.tokens[first:last]), place.entry, "place",
            _probability(score, PLACE_ALONE + 1.0), evidence, False,
        )  # fmt: skip
        return False

    def _write_place(self, first: int, last: int, place: Place) -> None:
        score = self.memo.score(group_words(self.tokens[first:last])[0], place.part)
        self._take(first, last, place.entry.id)
        self._report(
            first, last, cased(place.entry.name, self.tokens[first:last]), place.entry, "place",
            _probability(score, PLACE_ALONE), [Evidence("sound", round(score, 2))], True,
        )  # fmt: skip

    def _given_alone(
        self, first: int, last: int, folded: str, run_first: int, run_last: int
    ) -> bool:
        """A given name alone, spelled as in the full name that was put right."""
        if not self.style.given_only or last - first > 2:
            return False
        owners = [
            person
            for person in self.people.values()
            if folded in person.givens
            and person.name.given is not None
            and person.name.given.folded != folded
        ]
        if len(owners) != 1:
            return False
        person = owners[0]
        given = person.name.given
        if given is None or len(folded) < 3:
            return False
        if words.english_frequency(folded) >= COMMON_WORD + 0.5:
            return False
        if first > run_first or (last < run_last and self.tokens[last].gap != "possessive"):
            return False
        if self._other_bearer(first, folded, person):
            return False
        self._take(first, last, person.name.entry.id)
        self._report(
            first, last, cased(given.text, self.tokens[first:last]), person.name.entry, "given",
            0.85, [Evidence("document_alias", folded)], True,
        )  # fmt: skip
        return True

    def _other_bearer(self, position: int, folded: str, person: _Person) -> bool:
        """Whether the document gives this given name to somebody else too."""
        for other, token in enumerate(self.tokens[:-1]):
            if token.folded != folded or other == position:
                continue
            if any(first <= other < last for first, last in person.places):
                continue
            after = self.tokens[other + 1]
            if after.capital and after.gap == "space":
                return True
        return False


def _alike(word: str, given: str) -> bool:
    """Whether a word may be what is left of a given name: half of its letters are there."""
    return Levenshtein.normalized_similarity(word, given) >= HALF


def _divided(span: Sequence[Token], right: str) -> bool:
    """Whether words are joined or parted otherwise than in the right form, articles aside."""

    def parts(tokens: Sequence[Token]) -> list[str]:
        return [token.folded for token in tokens if token.folded not in ARTICLES]

    return parts(span) != parts(tokens_of(right))


def _without_particles(part: Part) -> list[Token]:
    """The words of a part after its leading particles: Drian for Le Drian."""
    return list(dropwhile(lambda token: token.particle, tokens_of(part.text)))


def _kind(entry: Entry) -> Kind:
    kinds: dict[str, Kind] = {
        "person": "full",
        "organisation": "organisation",
        "place": "place",
        "work": "work",
        "term": "term",
    }
    return kinds[entry.type]


def _probability(total: float, threshold: float) -> float:
    """A score between 0 and 1 that is 0.8 at the threshold."""
    return 1.0 / (1.0 + math.exp(-(total - threshold) - 1.386))


def _consonants(folded: str) -> int:
    """How many consonants of a surname can be heard, in the reading that has the fewest."""
    return min(
        sum(unit not in VOWELS for unit in plain_units(folded)),
        sum(unit not in VOWELS for unit in french_units(folded)) + folded.count("h"),
    )


def _is_light(surface: str, right: str) -> bool:
    """Whether a form may be another house's right spelling rather than damage.

    It is where no reader notices the difference, and where only the usual letters differ and the
    form is met in print.
    """
    if lightest(surface) == lightest(right):
        return True
    return light(surface) == light(right) and words.frequency(surface) >= HOUSE_SPELLING


def _gained_an_i(surface: str, part: Part) -> bool:
    """Whether a form ends in an i of which the end of the name, however it is read, has nothing.

    Arabic writes a final i, so no relay makes Guendouzi of Guendouz: he is somebody else.
    """
    return surface[-1:] in ("i", "y") and not (
        set(part.folded[-3:]) & {"e", "i", "y"}
        or any(units[-1:] in ("Y", "y", "e", "i") for units, _ in part.forms)
    )


def _gender_pair(one: str, other: str) -> bool:
    """Martin and Martine, Michel and Michelle, Karim and Karima."""
    short, long = sorted((one, other), key=len)
    if short == long:
        return False
    ending = long.removeprefix(short)
    return ending != long and ending in ("e", "a", "ne", "le", "lle", "te", "tte", "ette", "ine")
