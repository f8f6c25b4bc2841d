"""Is each marked name of a source text right in its translation?"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.translation.stories import Mention, Story
from service.names.mentions import Document
from service.names.rewrite import Edit, apply
from service.names.skeleton import align, plain_units
from service.pipeline import Translation

# From this log-odds on a word of the translation is taken for an unknown name's romanisation.
NEAR = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one mention.

    Args:
        outcome: "right"; "surname" where a full name lost its given name and kept its surname as
            it should be; else "wrong".
        source, english: the sentence and its translation.
    """

    story: str
    language: str
    mention: Mention
    outcome: str
    source: str
    english: str


@dataclass(slots=True)
class Tally:
    """Verdicts, how each unknown name was spelled, and the packages that translated."""

    verdicts: list[Verdict] = field(default_factory=list)
    unknown: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    unknown_mentions: Counter[str] = field(default_factory=Counter)
    models: set[str] = field(default_factory=set)

    def counts(self) -> dict[tuple[str, str], Counter[str]]:
        """Outcomes by language and kind."""
        table: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for verdict in self.verdicts:
            table[verdict.language, verdict.mention.kind][verdict.outcome] += 1
        return table


def sentences(story: Story, translation: Translation) -> Iterator[tuple[str, str, list[Mention]]]:
    """Each source sentence, its final English, and the mentions in it."""
    for pair in translation.sentences:
        edits = [
            Edit(name.start, name.end, name.replacement)
            for name in translation.names
            if name.applied and name.start < pair.target_end and name.end > pair.target_start
        ]
        start = min([pair.target_start, *(edit.start for edit in edits)])
        end = max([pair.target_end, *(edit.end for edit in edits)])
        english = apply(
            translation.raw_text[start:end],
            [Edit(edit.start - start, edit.end - start, edit.replacement) for edit in edits],
        )
        inside = [mention for mention in story.mentions if pair.start <= mention.start < pair.end]
        yield pair.source, english, inside


def judge(story: Story, translation: Translation, tally: Tally) -> None:
    """Add one story's verdicts to a tally."""
    unknown: dict[str, list[str]] = defaultdict(list)
    for source, english, mentions in sentences(story, translation):
        left = english
        for mention in sorted(mentions, key=lambda mention: -len(mention.printed)):
            if mention.kind == "unknown":
                tally.unknown_mentions[story.language] += 1
                spelling = spelled(english, mention.printed)
                if spelling:
                    unknown[mention.printed].append(spelling)
                continue
            outcome = "wrong"
            for wanted, name in (("right", mention.printed), ("surname", _surname(mention))):
                found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", left) if name else None
                if found:
                    left = left[: found.start()] + " " + left[found.end() :]
                    outcome = wanted
                    break
            tally.verdicts.append(
                Verdict(story.id, story.language, mention, outcome, source, english)
            )
    for name, spellings in unknown.items():
        tally.unknown[story.language, story.id, name] = spellings


def _surname(mention: Mention) -> str:
    return mention.printed.split(maxsplit=1)[-1] if mention.kind == "full" else ""


def spelled(english: str, name: str) -> str | None:
    """The word of a translation that is nearest to an unknown name, if one is near."""
    units = plain_units(name.casefold())
    words = [token for token in Document(english).tokens if token.capital and not token.protected]
    best = max(words, key=lambda token: align(plain_units(token.folded), units), default=None)
    if best is None or align(plain_units(best.folded), units) < NEAR:
        return None
    return best.text
