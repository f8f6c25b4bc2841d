"""New entries and new wrong forms, found in texts.

Two ways to dig:

- `mine_pair`: one story with its names right, and relayed versions of it. A name of the relayed
  story that is near to one of the right story, and spelled otherwise, is its damaged form.
- `mine_texts`: any texts. Names that recur and that no entry knows are proposed; spellings near to
  each other make one proposal; a spelling near to an entry, which the service would not put right
  by itself, is proposed as a wrong form of it.

Everything is a proposal with the sentences it rests on, for an editor to accept or drop.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.names.glossary import Glossary
from service.names.normalise import normalise
from service.names.workshop.forms import has_arabic, same, unique
from service.names.workshop.near import Neighbours, likeness, name_spans, name_words, no_name
from service.names.workshop.propose import propose

#: Likeness from which two spellings in a right and a relayed story are taken for one name. Such
#: stories hold few names, so a loose bound does little harm.
PAIR_ALIKE = 0.6
#: The same among unrelated texts, where many names meet.
TEXTS_ALIKE = 0.9
#: Sentences kept as evidence for one proposal.
MOST_SENTENCES = 3
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’»]*\s+(?=[\"'“‘«]?\w)|\n+")


@dataclass(frozen=True, slots=True)
class Story:
    """A text and what to call it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Find:
    """One proposal.

    Args:
        name: the right spelling, as far as is known.
        entry: the entry that it belongs to, or None for a new one.
        variants: the spellings found for it that are not right, commonest first.
        count: how often any of its spellings stands in the texts.
        texts: in how many texts.
        score: for ranking, 0 to 1: how sure it is that this is one name worth an entry.
        sentences: (text's name, sentence) pairs it rests on.
    """

    name: str
    entry: str | None
    variants: tuple[str, ...]
    count: int
    texts: int
    score: float
    sentences: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Seen:
    count: int = 0
    texts: set[str] = field(default_factory=set)
    sentences: list[tuple[str, str]] = field(default_factory=list)


def mine_pair(right: Story, relayed: Sequence[Story], glossary: Glossary) -> list[Find]:
    """Damaged forms, from a story with right names and its relayed versions; surest first."""
    good, bad = _collect([right]), _collect(relayed)
    full = {name: seen for name, seen in good.items() if len(name_words(name)) > 1}
    pairs: dict[str, dict[str, float]] = {}
    for name, _seen in bad.items():
        if name in good or len(name_words(name)) < 2:
            continue
        best = max(full, key=lambda other: (likeness(name, other), other), default=None)
        if best is not None and same(best) != same(name):
            alike = likeness(name, best)
            if alike >= PAIR_ALIKE:
                pairs.setdefault(best, {})[name] = alike
    entries = _names(glossary)
    finds = []
    for name, forms in pairs.items():
        wrong = [
            form
            for form in sorted(forms, key=lambda form: (-bad[form].count, form))
            if entries.get(same(name)) is None
            or normalise(form, glossary).text != _printed(name, glossary)
        ]
        if not wrong and entries.get(same(name)) is not None:
            continue
        finds.append(
            _find(
                name,
                entries.get(same(name)),
                wrong,
                [full[name], *(bad[form] for form in forms)],
                max(forms.values()),
            )
        )
    return _ranked(finds)


def mine_texts(stories: Iterable[Story], glossary: Glossary, *, least: int = 2) -> list[Find]:
    """Names that recur in texts and that the glossary lacks; the worthiest first.

    Args:
        stories: the texts.
        glossary: what is there already.
        least: how often the spellings of a name must stand in the texts together.
    """
    found = _collect(stories)
    entries = _names(glossary)
    neighbours = Neighbours(glossary)
    unknown: dict[str, _Seen] = {}
    variants: dict[str, dict[str, float]] = {}
    for name, seen in found.items():
        if len(name_words(name)) < 2 or entries.get(same(name)) is not None:
            continue
        result = normalise(name, glossary)
        if any(report.applied for report in result.names):
            continue
        near = neighbours.near(name, limit=1, least=TEXTS_ALIKE)
        if near and len(name_words(near[0].entry.name)) == len(name_words(name)):
            variants.setdefault(near[0].entry.id, {})[name] = near[0].likeness
        else:
            unknown[name] = seen
    finds = []
    for entry_id, forms in variants.items():
        entry = glossary.by_id(entry_id)
        if entry is not None:
            seen_forms = [found[form] for form in forms]
            finds.append(
                _find(entry.name, entry_id, sorted(forms), seen_forms, max(forms.values()) * 0.9)
            )
    for cluster in _clusters(unknown):
        seen_all = [unknown[name] for name in cluster]
        count = sum(seen.count for seen in seen_all)
        if count < least:
            continue
        texts = len(set().union(*(seen.texts for seen in seen_all)))
        name = _best_spelling(cluster, unknown)
        wrong = [other for other in cluster if other != name]
        score = 1 - 1 / (1 + 0.3 * count + 0.5 * (texts - 1) + 0.5 * len(wrong))
        finds.append(_find(name, None, wrong, seen_all, score))
    return _ranked(finds)


def entry_fields(find: Find, glossary: Glossary) -> dict[str, Any]:
    """The proposed entry of a find that has none yet, as it would be written."""
    first = find.sentences[0][0] if find.sentences else "texts"
    proposal = propose(
        find.name,
        glossary,
        status="proposed",
        notes=f"Mined: {find.count} times in {find.texts} texts, {first} first.",
    )
    fields = dict(proposal.fields)
    fields["variants"] = list(find.variants)
    return fields


def sentences_of(text: str) -> list[str]:
    """A text cut at the ends of its sentences and lines."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def _collect(stories: Iterable[Story]) -> dict[str, _Seen]:
    """Every name-like run of words with its sentences."""
    found: dict[str, _Seen] = {}
    for story in stories:
        for sentence in sentences_of(story.text):
            for span in name_spans(sentence):
                name = re.sub(r"['’]s?$", "", " ".join(span.text.split()))
                if has_arabic(name) or all(no_name(word) for word in name_words(name)):
                    continue
                seen = found.setdefault(name, _Seen())
                seen.count += 1
                seen.texts.add(story.name)
                if len(seen.sentences) < MOST_SENTENCES:
                    seen.sentences.append((story.name, sentence))
    return found


def _names(glossary: Glossary) -> dict[str, str]:
    """Every Latin form that the glossary knows, with the id of its entry."""
    known: dict[str, str] = {}
    for entry in glossary.entries:
        for form in (*entry.fr, *entry.keep, *entry.variants, entry.name):
            known[same(form)] = entry.id
    return known


def _printed(name: str, glossary: Glossary) -> str:
    return normalise(name, glossary).text


def _clusters(names: dict[str, _Seen]) -> list[list[str]]:
    """Names grouped by likeness: each joins the first group whose head it is near to."""
    groups: list[list[str]] = []
    for name in sorted(names, key=lambda name: (-names[name].count, name)):
        for group in groups:
            if len(name_words(group[0])) == len(name_words(name)) and (
                likeness(name, group[0]) >= TEXTS_ALIKE
            ):
                group.append(name)
                break
        else:
            groups.append([name])
    return groups


def _best_spelling(cluster: Sequence[str], names: dict[str, _Seen]) -> str:
    """The likeliest right one: accents are never added by mistake; then the commonest."""

    def merit(name: str) -> tuple[int, int, str]:
        accents = sum(ord(letter) > 127 for letter in name)
        return (min(accents, 1), names[name].count, name)

    return max(cluster, key=merit)


def _find(
    name: str, entry: str | None, variants: Sequence[str], seen: Sequence[_Seen], score: float
) -> Find:
    sentences = [pair for one in seen for pair in one.sentences[:1]]
    sentences += [pair for one in seen for pair in one.sentences[1:]]
    return Find(
        name,
        entry,
        tuple(unique(variants)),
        sum(one.count for one in seen),
        len(set().union(*(one.texts for one in seen))),
        round(score, 3),
        tuple(dict.fromkeys(sentences))[:MOST_SENTENCES],
    )


def _ranked(finds: Iterable[Find]) -> list[Find]:
    return sorted(finds, key=lambda find: (-find.score, -find.count, find.name))
