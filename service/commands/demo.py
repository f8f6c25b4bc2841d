"""`python -m service demo`: the whole way of some stories, through a real server."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from service.commands._server import Server, ServerFailed
from service.config import PROJECT_DIR
from service.names.reasons import reasons

LANGUAGES = {"ar": "Arabic", "en": "English", "fr": "French"}
#: The least share of the expected names with which the demo counts as having worked.
LEAST_RIGHT = 0.8
#: Beyond this a line is hard to read.
MAX_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Story:
    """One story of the examples.

    Args:
        name: its file's name.
        text: what stands in the file.
        title: what it is about.
        language: its ISO 639-1 code, where the folder's `stories.json` tells it.
        expected: the names that its English text must print, as far as that is told.
    """

    name: str
    text: str
    title: str = ""
    language: str | None = None
    expected: tuple[str, ...] = ()


@click.command()
@click.argument(
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=PROJECT_DIR / "examples",
)
def demo(folder: Path) -> None:
    """Translate the stories of FOLDER (examples/) through a real server, and show the names.

    Starts the service on a free port, sends all stories in one request, shows for each the
    English text and every name put right, and stops the service.

    \b
    Example:
      python -m service demo
    """
    show = Page(sys.stdout.isatty())
    stories = read_stories(folder)
    if not stories:
        raise click.ClickException(f"There is no story (*.txt) in {folder}.")
    try:
        faults = run(stories, show)
    except ServerFailed as error:
        raise click.ClickException(str(error)) from error
    if faults:
        raise click.ClickException("The demo failed:\n" + "\n".join(f"- {f}" for f in faults))


def read_stories(folder: Path) -> list[Story]:
    """The stories of a folder in the order of their names, with what its `stories.json` tells."""
    listed = folder / "stories.json"
    told = json.loads(listed.read_text("utf-8")) if listed.is_file() else []
    about = {story["file"]: story for story in told}
    stories = []
    for path in sorted(folder.glob("*.txt")):
        more = about.get(path.name, {})
        names = dict.fromkeys(more.get("names", {}).values())
        stories.append(
            Story(
                path.name,
                path.read_text("utf-8").strip() + "\n",
                more.get("title", ""),
                more.get("language"),
                tuple(names),
            )
        )
    return stories


def run(stories: list[Story], show: Page) -> list[str]:
    """Translate the stories on a server of our own and show them.

    Returns:
        what went wrong, one line each.
    """
    show.say("Starting the service (gunicorn, one process, models loaded after the fork) ...")
    began = time.monotonic()
    with Server({"RELAIS_LOG_LEVEL": "warning"}) as server:
        started = time.monotonic()
        _, state = server.get("/v1/health/ready")
        show.say(
            f"Ready in {started - began:.1f} s at {server.url}: {', '.join(state['models'])};"
            f" glossary of {state['glossary']['entries']:,} entries."
        )
        items = [{"id": story.name, "text": story.text} for story in stories]
        show.say(f"Sending {len(items)} stories in one request: POST /v1/translate ...")
        sent = time.monotonic()
        status, answer = server.post("/v1/translate", {"items": items, "explain": True})
        seconds = time.monotonic() - sent
        if status != 200:
            return [f"the request was answered with {status}: {answer.get('detail', answer)}"]
        results = answer["items"]
        faults = [f"readiness: {problem}" for problem in state["problems"]]
        for number, (story, result) in enumerate(zip(stories, results, strict=True), start=1):
            faults += faults_of(story, result)
            if "error" not in result:
                show.story(number, len(stories), story, result)
        show.summary(stories, results, seconds)
        stopping = time.monotonic()
    show.say(f"Service stopped in {time.monotonic() - stopping:.1f} s.")
    right, expected = names_right(stories, results)
    if right < LEAST_RIGHT * expected:
        faults.append(f"only {right} of {expected} names are right in the English texts")
    return faults


def names_right(stories: list[Story], results: list[dict[str, Any]]) -> tuple[int, int]:
    """How many of the expected names stand in the English texts, and how many should."""
    missing = sum(len(missing_names(*pair)) for pair in zip(stories, results, strict=True))
    expected = sum(len(story.expected) for story in stories)
    return expected - missing, expected


def missing_names(story: Story, result: dict[str, Any]) -> list[str]:
    """The expected names that the English text does not print."""
    text = result.get("text", "")
    return [name for name in story.expected if name not in text]


def faults_of(story: Story, result: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the result of one story."""
    if "error" in result:
        yield f"{story.name}: {result['error']['detail']}"
        return
    if story.language and result["source"] != story.language:
        yield f"{story.name}: taken for {result['source']!r}, and it is {story.language!r}"
    if not result["text"].strip():
        yield f"{story.name}: the translation is empty"
    elif result["source"] != "en" and result["raw_text"].strip() == story.text.strip():
        yield f"{story.name}: the translation is the text itself"


def changed(name: dict[str, Any]) -> bool:
    """Whether a name of the report was put right (and was not right before)."""
    return bool(name["applied"]) and name["surface"] != name["replacement"]


def suggested(name: dict[str, Any]) -> bool:
    """Whether a name of the report was left as it stood, with a suggestion."""
    return not name["applied"] and name["surface"] != name["replacement"]


class Page:
    """The demo's printed page; in colour where a person watches."""

    def __init__(self, colour: bool) -> None:
        self._colour = colour
        self._width = min(shutil.get_terminal_size((MAX_WIDTH, 24)).columns, MAX_WIDTH)

    def say(self, line: str) -> None:
        """One line, at once."""
        click.echo(line)
        sys.stdout.flush()

    def styled(self, text: str, **style: Any) -> str:
        """`text` in a style, or plain."""
        return click.style(text, **style) if self._colour else text

    def story(self, number: int, count: int, story: Story, result: dict[str, Any]) -> None:
        """One story: its language, the English text, and its names."""
        title = f" {number} of {count} · {story.title or story.name} "
        self.say("")
        self.say(self.styled(f"──{title}".ljust(self._width, "─"), fg="cyan", bold=True))
        self.say("")
        for fact in self._facts(story, result):
            for line in wrap(fact, self._width - 2):
                self.say("  " + self.styled(line, dim=True))
        self.say("")
        for line in wrap(marked(result), self._width - 4):
            self.say(("    " + self._with_marks(line)).rstrip())
        self._names(
            "Names put right", [name for name in result["names"] if changed(name)], fg="green"
        )
        self._names(
            "Suggested, and left alone",
            [name for name in result["names"] if suggested(name)],
            fg="yellow",
        )

    def _facts(self, story: Story, result: dict[str, Any]) -> Iterator[str]:
        source = LANGUAGES.get(result["source"], result["source"])
        confidence = result["detected"]["confidence"]
        if result["source"] == result["target"]:
            way = f"{source} already: only its names are looked at"
        else:
            way = f"{source} to {LANGUAGES.get(result['target'], result['target'])}"
        yield f"{story.name}. Detected: {source}, confidence {confidence:.2f}. {way}."
        sentences = result["sentences"]
        flagged = [flag for sentence in sentences for flag in sentence["flags"] if flag != "split"]
        if flagged:
            counts = ", ".join(f"{flag} {flagged.count(flag)}" for flag in sorted(set(flagged)))
            yield f"{len(sentences)} sentences; worth a look: {counts}."
        if story.expected:
            missing = missing_names(story, result)
            right = len(story.expected) - len(missing)
            lost = f"; not found: {', '.join(missing)}" if missing else ""
            yield f"Names that the English must print: {right} of {len(story.expected)}{lost}."

    def _with_marks(self, line: str) -> str:
        """The marks around names as colour, or as nothing."""
        if not self._colour:
            return line.replace(OPEN, "").replace(CLOSE, "")
        return line.replace(OPEN, "\033[1;32m").replace(CLOSE, "\033[0m")

    def _names(self, heading: str, names: list[dict[str, Any]], fg: str) -> None:
        if not names:
            return
        self.say("")
        self.say("  " + self.styled(heading, bold=True))
        groups = list(grouped(names))
        room = max(len(f"{first['surface']} → {first['replacement']}") for first, _ in groups)
        for first, times in groups:
            change = f"{first['surface']} → {first['replacement']}".ljust(room)
            often = f"  {times} times" if times > 1 else ""
            score = f"{first['score']:.2f}"
            self.say(f"    {self.styled(change, fg=fg)}  {score}{often}")
            for line in wrap(why(first), self._width - 10):
                self.say("        " + self.styled(line, dim=True))

    def summary(self, stories: list[Story], results: list[dict[str, Any]], seconds: float) -> None:
        """What it came to, and what it cost."""
        good = [result for result in results if "error" not in result]
        names = [name for result in good for name in result["names"]]
        words = sum(len(result["text"].split()) for result in good)
        sentences = sum(len(result["sentences"]) for result in good)
        right, expected = names_right(stories, results)
        lines = (
            f"{len(good)} of {len(results)} stories, {words:,} English words, {sentences:,}"
            f" sentences translated in {seconds:.1f} s"
            f" ({sentences / seconds:.0f} sentences a second, one request).",
            f"{sum(map(changed, names))} times a name was put right, and"
            f" {sum(map(suggested, names))} times it was only suggested.",
            f"{right} of the {expected} names that the stories must print stand right in them.",
        )
        self.say("")
        self.say(self.styled("── Summary ".ljust(self._width, "─"), fg="cyan", bold=True))
        self.say("")
        for paragraph in lines:
            for line in wrap(paragraph, self._width - 2):
                self.say("  " + line)


#: Marks around a name put right, while the text is wrapped; never in a text (private use).
OPEN, CLOSE = "\ue0f0", "\ue0f1"


def marked(result: dict[str, Any]) -> str:
    """The English text with marks around the names that were put right."""
    pieces: list[str] = []
    at = 0
    for name in sorted(filter(changed, result["names"]), key=lambda name: int(name["start"])):
        pieces += [result["raw_text"][at : name["start"]], OPEN, name["replacement"], CLOSE]
        at = name["end"]
    pieces.append(result["raw_text"][at:])
    text = "".join(pieces)
    plain = text.replace(OPEN, "").replace(CLOSE, "")
    return text if plain == result["text"] else str(result["text"])


def wrap(text: str, width: int) -> Iterator[str]:
    """The lines of `text` at `width` columns, paragraphs apart as they are; marks take no room."""
    for paragraph in text.strip().split("\n"):
        line = ""
        taken = 0
        for word in paragraph.split():
            length = len(word) - word.count(OPEN) - word.count(CLOSE)
            if line and taken + 1 + length > width:
                yield line
                line, taken = "", 0
            line += f" {word}" if line else word
            taken += length + (1 if taken else 0)
        yield line


def grouped(names: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], int]]:
    """Each change once, with how often it was made, in the order of the text."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for name in names:
        groups.setdefault((name["surface"], name["replacement"]), []).append(name)
    for same in groups.values():
        yield max(same, key=lambda name: float(name["score"])), len(same)


def why(name: dict[str, Any]) -> str:
    """The reasons for a decision in plain words."""
    return "; ".join(reasons((part["code"], part["value"]) for part in name["evidence"]))
