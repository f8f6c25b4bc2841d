"""Why the names of a text were, or were not, changed: in words an editor can act on."""

from __future__ import annotations

from dataclasses import dataclass

from service.names.anchors import Anchor, find_anchors
from service.names.glossary import Glossary
from service.names.normalise import Normalised, normalise
from service.names.report import NameReport
from service.names.workshop.forms import has_arabic, has_latin
from service.names.workshop.near import Near, Neighbours, Span, name_spans

#: The least likeness at which an entry is shown as one that nearly matched.
SHOWN_FROM = 0.3
#: Languages of source texts, in which names are found and carried, and nothing is rewritten.
SOURCES = ("ar", "fr")


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Words of the text that may be a name, left alone, with the entries they are near to."""

    span: Span
    near: tuple[Near, ...]

    @property
    def right(self) -> bool:
        """Whether the words are the nearest entry's name as it is."""
        return self.near[0].entry.name == self.span.text


@dataclass(frozen=True, slots=True)
class Explanation:
    """A text's names: those found, and those that were nearly found.

    Args:
        text: the text as it comes out.
        names: the report of the normalisation; empty for a source text.
        misses: name-like words without a report, each with its nearest entries.
        found: the names found in a source text, as the translation would carry them.
    """

    text: str
    names: tuple[NameReport, ...]
    misses: tuple[NearMiss, ...]
    found: tuple[Anchor, ...] = ()


def script_language(text: str) -> str:
    """The language to read a text in where none is given: Arabic by its script, else English."""
    arabic = sum(map(has_arabic, text))
    return "ar" if arabic > sum(map(has_latin, text)) else "en"


def explain(text: str, glossary: Glossary, *, language: str = "en") -> Explanation:
    """Normalise a text, and look at what was left alone too.

    Args:
        text: an English text, or one in a language of `SOURCES`, whose names are only found.
        glossary: the entries in force.
        language: ISO 639-1 code of the text.
    """
    if language in SOURCES:
        result = Normalised(text, ())
        found = find_anchors(text, language, glossary)
    else:
        result = normalise(text, glossary, language=language)
        found = ()
    neighbours = Neighbours(glossary)
    taken = [(report.start, report.end) for report in result.names]
    taken += [(anchor.start, anchor.end) for anchor in found]
    misses = []
    for span in name_spans(text):
        if any(start < span.end and span.start < end for start, end in taken):
            continue
        near = neighbours.near(span.text, limit=3, least=SHOWN_FROM)
        if near:
            misses.append(NearMiss(span, tuple(near)))
    return Explanation(result.text, result.names, tuple(misses), found)


def describe(report: NameReport) -> str:
    """One line on one name: what stood there, what stands there now, and how sure."""
    if report.applied and report.surface == report.replacement:
        what = f"{report.surface}  is right as it is"
    elif report.applied:
        what = f"{report.surface}  ->  {report.replacement}"
    else:
        what = f"{report.surface}  left alone; suggested: {report.replacement}"
    who = report.entry or "no entry"
    return f"{what}   [{who}, {report.kind}, {report.score:.2f}]"
