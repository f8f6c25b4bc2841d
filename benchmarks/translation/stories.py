"""Source texts whose names are marked: what stands there, and what the English must print.

A story is written as

    ### ville-transports
    Le maire de {=Grenoble} a vu {Doucet|Doucet}, et M. {Marchenoir|?Marchenoir} a souri.

where ``{source|English}`` marks a name of the glossary, ``{=name}`` one that is spelled alike in
both, and ``{source|?romanised}`` a surname that no entry knows: its spelling is free, but all its
mentions in one story must be spelled alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.names.glossary import Entry, Glossary

_MARK = re.compile(r"\{(=?)([^{}|]+)(?:\|([^{}|]+))?\}")
_WORD = r"[^\W\d_]"


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a source text.

    Args:
        start, end: half-open character offsets into the source text.
        surface: what stands there.
        printed: what the English must print; for an unknown name, about how it sounds.
        kind: "full", "surname", "place", "organisation", "work", "term" or "unknown".
    """

    start: int
    end: int
    surface: str
    printed: str
    kind: str


@dataclass(frozen=True, slots=True)
class Story:
    """A source text with its marked names, in order."""

    id: str
    language: str
    text: str
    mentions: tuple[Mention, ...]


def read_marked(text: str, language: str, glossary: Glossary) -> Iterator[Story]:
    """The stories of a marked file.

    Raises:
        ValueError: a story without a heading.
    """
    types = {entry.name: entry.type for entry in glossary.entries}
    for part in re.split(r"^### ", text, flags=re.MULTILINE):
        if not part.strip():
            continue
        name, newline, body = part.partition("\n")
        if not newline:
            raise ValueError(f"a heading without a story: {name!r}")
        plain = ""
        at = 0
        mentions: list[Mention] = []
        for mark in _MARK.finditer(body):
            plain += body[at : mark.start()]
            surface = mark[2]
            printed = surface if mark[1] else mark[3]
            kind = "unknown"
            if printed.startswith("?"):
                printed = printed[1:]
            else:
                kind = _kind(types.get(printed))
            mentions.append(Mention(len(plain), len(plain) + len(surface), surface, printed, kind))
            plain += surface
            at = mark.end()
        plain = (plain + body[at:]).rstrip() + "\n"
        yield Story(name.strip(), language, plain, tuple(mentions))


def _kind(entry_type: str | None) -> str:
    if entry_type is None:
        return "surname"
    return "full" if entry_type == "person" else entry_type


def read_examples(folder: Path, glossary: Glossary) -> Iterator[Story]:
    """The French and Arabic stories of `examples/`, with every place where a listed name stands.

    A surname of one word that a story prints alone is looked for as well.
    """
    types = {entry.name: entry.type for entry in glossary.entries}
    for told in json.loads((folder / "stories.json").read_text("utf-8")):
        if told["language"] == "en":
            continue
        text = (folder / told["file"]).read_text("utf-8")
        wanted = dict(told["names"])
        for source, printed in told["names"].items():
            if len(source.split()) == 2 and len(printed.split()) == 2:
                wanted.setdefault(source.split()[1], printed.split()[1])
        taken: list[tuple[int, int]] = []
        mentions: list[Mention] = []
        for source in sorted(wanted, key=len, reverse=True):
            before = "[وفبكل]?" if told["language"] == "ar" else ""
            pattern = rf"(?<!{_WORD}){before}({re.escape(source)})(?!{_WORD})"
            for match in re.finditer(pattern, text):
                start, end = match.span(1)
                if any(start < last and first < end for first, last in taken):
                    continue
                taken.append((start, end))
                kind = _kind(types.get(wanted[source]))
                mentions.append(Mention(start, end, source, wanted[source], kind))
        mentions.sort(key=lambda mention: mention.start)
        yield Story(told["file"].removesuffix(".txt"), told["language"], text, tuple(mentions))


# One sentence for each sort of entry, in turn; {} is the name.
FRAMES: dict[tuple[str, str], tuple[str, ...]] = {
    ("ar", "person"): (
        "وقال {} إن الاجتماع سيعقد يوم الخميس.",
        "والتقى الوزير أمس {} في العاصمة.",
        "ورحب {} بالقرار الجديد، ودعا إلى احترام القانون.",
        "وأعلن مكتب {} أن الزيارة تأجلت إلى الأسبوع المقبل.",
    ),
    ("ar", "place"): (
        "ووصلت القافلة إلى {} صباح الأحد.",
        "ويعيش آلاف السكان في {} دون ماء.",
    ),
    ("ar", "organisation"): (
        "وأعلنت إدارة {} نتائج العام الماضي.",
        "وانتقد {} مشروع القانون.",
    ),
    ("fr", "person"): (
        "Selon {}, la réunion aura lieu jeudi.",
        "Le ministre a rencontré hier {} dans la capitale.",
        "{} a salué la décision et demandé le respect de la loi.",
        "L'entourage de {} a annoncé que la visite était reportée.",
    ),
    ("fr", "place"): (
        "Le convoi est arrivé à {} dimanche matin.",
        "Des milliers d'habitants vivent sans eau à {}.",
    ),
    ("fr", "organisation"): ("{} : les résultats seront publiés jeudi.",),
}  # fmt: skip


def framed(entries: list[Entry], language: str) -> Iterator[Story]:
    """Each entry in one sentence: in its first Arabic form, or in its French one."""
    for number, entry in enumerate(entries):
        forms = entry.ar if language == "ar" else (*entry.fr, entry.name)
        frames = FRAMES.get((language, entry.type))
        if not forms or frames is None:
            continue
        before, after = frames[number % len(frames)].split("{}")
        start = len(before)
        mention = Mention(start, start + len(forms[0]), forms[0], entry.name, _kind(entry.type))
        yield Story(entry.id, language, f"{before}{forms[0]}{after}\n", (mention,))
