"""Why the names of a text were, or were not, changed: in words an editor can act on."""

from __future__ import annotations

from dataclasses import dataclass

from service.names.glossary import Glossary
from service.names.normalise import normalise
from service.names.report import NameReport
from service.names.workshop.near import Near, Neighbours, Span, name_spans

#: The least likeness at which an entry is shown as one that nearly matched.
SHOWN_FROM = 0.3


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
        names: the report of the normalisation.
        misses: name-like words without a report, each with its nearest entries.
    """

    text: str
    names: tuple[NameReport, ...]
    misses: tuple[NearMiss, ...]


def explain(text: str, glossary: Glossary, *, language: str = "en") -> Explanation:
    """Normalise a text, and look at what was left alone too."""
    result = normalise(text, glossary, language=language)
    neighbours = Neighbours(glossary)
    misses = []
    for span in name_spans(text):
        if any(report.start < span.end and span.start < report.end for report in result.names):
            continue
        near = neighbours.near(span.text, limit=3, least=SHOWN_FROM)
        if near:
            misses.append(NearMiss(span, tuple(near)))
    return Explanation(result.text, result.names, tuple(misses))


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
