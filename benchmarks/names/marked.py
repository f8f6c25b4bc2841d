"""Turn passages with the labels written into them into labelled JSON lines.

Offsets are not counted by hand. A passage is written as

    ### maghreb-algeria-sport | surname alone, article added
    The coach praised {Mahraz|Mahrez|vowel}, who played in {Wahran|Oran|vowel|place}, and
    {=Aïssa Mandi}.

where ``{wrong|right|kind+kind}`` is a gold, a fourth part gives its type (``place``, ``org``,
``given``, ``surname``, ``person``; otherwise a right form of one word, particles apart, is a
surname), and ``{=name}`` must not change.

    python -m benchmarks.names.marked relayed FILE... > relayed.jsonl
    python -m benchmarks.names.marked clean FILE... > clean.jsonl
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.names.passages import KINDS
from benchmarks.names.score import folded

_MARK = re.compile(r"\{(=?)([^{}|]+)((?:\|[^{}|]*)*)\}")
_TYPES = {
    "place": "place",
    "org": "organisation",
    "given": "person-given",
    "surname": "person-surname",
    "person": "person",
}
_PARTICLES = re.compile(r"(?:de|ben|el|aït|abi|le|van) ", re.IGNORECASE)


def _type(right: str, given: str | None) -> str:
    if given is not None:
        return _TYPES[given]
    return "person" if re.search(r"\s", _PARTICLES.sub("", right)) else "person-surname"


def read_marked(head: str, body: str, identity: str) -> dict[str, Any]:
    """One marked passage as the object of its JSON line.

    Raises:
        ValueError: an unknown kind, a right form that equals the wrong one, or a wrong form that
            stands elsewhere in the text without a mark.
    """
    topic, _, note = head.partition("|")
    text = ""
    position = 0
    golds: dict[tuple[str, str], dict[str, Any]] = {}
    keep: dict[str, list[list[int]]] = {}
    for mark in _MARK.finditer(body):
        text += body[position : mark.start()]
        position = mark.end()
        surface, parts = mark[2], mark[3].split("|")[1:]
        span = [len(text), len(text) + len(surface)]
        text += surface
        if mark[1]:
            keep.setdefault(surface, []).append(span)
            continue
        right, kinds = parts[0], parts[1].split("+")
        if unknown := set(kinds) - set(KINDS):
            raise ValueError(f"{identity}: unknown kind {sorted(unknown)} for {surface!r}")
        if folded(surface) == folded(right):
            continue  # an accent alone is house style, not damage
        gold = golds.setdefault(
            (surface, right),
            {
                "wrong": surface,
                "right": right,
                "type": _type(right, parts[2] if len(parts) > 2 else None),
                "kind": kinds,
                "spans": [],
            },
        )
        gold["spans"].append(span)
    text += body[position:]
    marked = [span for gold in golds.values() for span in gold["spans"]]
    marked += [span for spans in keep.values() for span in spans]
    for gold in golds.values():
        for found in re.finditer(rf"(?<!\w){re.escape(gold['wrong'])}(?!\w)", text):
            if not any(start <= found.start() and found.end() <= end for start, end in marked):
                raise ValueError(f"{identity}: {gold['wrong']!r} at {found.start()} has no mark")
    return {
        "id": identity,
        "topic": topic.strip(),
        "note": note.strip(),
        "text": text,
        "gold": list(golds.values()),
        "must_not_change": list(keep),
        "keep_spans": [{"name": name, "spans": spans} for name, spans in keep.items()],
    }


def _blocks(paths: list[Path]) -> Iterator[tuple[str, str]]:
    for path in paths:
        for block in path.read_text(encoding="utf-8").split("### ")[1:]:
            head, _, body = block.partition("\n")
            yield head.strip(), body.strip()


def main(arguments: list[str]) -> None:
    """Write the labelled lines of marked files to standard output."""
    mode, *names = arguments
    for number, (head, body) in enumerate(_blocks([Path(name) for name in names]), start=1):
        if mode == "clean":
            ordinary = head.startswith("ordinary: ")
            raw: dict[str, Any] = {
                "id": f"c{number:03}",
                "sort": "ordinary" if ordinary else "trap",
                "trap": head.removeprefix("ordinary: "),
                "text": body,
            }
        else:
            raw = read_marked(head, body, f"r{number:03}")
        sys.stdout.write(json.dumps(raw, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
