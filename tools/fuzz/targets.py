"""What is fuzzed, and the laws that must hold for any text.

A target takes a text and raises AssertionError where a law is broken; any other exception is a
crash. The tests run the same targets with hypothesis and with the texts that once failed
(tests/fuzz/), so that a found case stays found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from service.errors import GlossaryError, InvalidRequest
from service.names.anchors import find_anchors
from service.names.glossary import Glossary, load_glossary
from service.names.normalise import normalise
from service.text.files import markdown as markdown_files
from service.text.inline import Segment, Translated
from service.text.markup import extract, render
from service.text.segment import reassemble, segment

LANGUAGES: Final = ("fr", "ar", "en", "und")
GLOSSARY: Final = """
- {id: franck-allisio, name: Franck Allisio, variants: [Franck Alessio], ar: [فرانك أليسيو],
   context: [National Rally]}
- {id: laurent-nunez, name: Laurent Nuñez, variants: [Laurent Nonier], ar: [لوران نونيز]}
- {id: amine-kessaci, name: Amine Kessaci, context: [activist]}
- {id: benoit-payan, name: Benoît Payan, context: [mayor of Marseille]}
- {id: kaouther-ben-mohamed, name: Kaouther Ben Mohamed}
- {id: abdel-aziz, name: Abdelaziz Bouteflika, ar: [عبد العزيز بوتفليقة]}
- {id: rn, name: National Rally, type: organisation, fr: [Rassemblement national]}
- {id: marseille, name: Marseille, type: place, ar: [مرسيليا]}
"""


@lru_cache(maxsize=1)
def glossary() -> Glossary:
    """A few names of every sort that the matcher tells apart."""
    return loaded("fuzz.yaml", GLOSSARY.encode())


def loaded(name: str, content: bytes) -> Glossary:
    """The glossary of one term file."""
    with TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        return load_glossary(Path(folder))


def sentences(text: str) -> None:
    """Sentences lie in order, are slices of the text, and with what is between them are all of
    it."""
    for language in LANGUAGES:
        found = segment(text, language)
        at = 0
        for sentence in found:
            assert at <= sentence.start < sentence.end <= len(text)
            assert sentence.text == text[sentence.start : sentence.end] == sentence.text.strip()
            at = sentence.end
        assert reassemble(text, found, [sentence.text for sentence in found]) == text


def html(text: str) -> None:
    """What is not translated stays; a translation adds no markup and loses none."""
    markup = extract(text)
    assert render(markup, [segment.text for segment in markup.segments]) == text
    changed = render(markup, [f"x {segment.text}" for segment in markup.segments])
    assert len(extract(changed).segments) == len(markup.segments)
    hostile = render(markup, ["<script>&" for _ in markup.segments])
    assert hostile.lower().count("<script>") <= text.lower().count("<script>")


def markdown(text: str) -> None:
    """Markdown that is not changed stays as it is, but for line ends of several kinds."""

    def same(segments: Sequence[Segment]) -> list[Translated]:
        return [Translated(segment.text) for segment in segments]

    content = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    try:
        assert markdown_files.translate(content, same, "en") == content
    except InvalidRequest:
        return  # bytes that are no text, e.g. with NUL


def term_file(text: str) -> None:
    """A term file is read or refused with its place; what is read has an id and a name."""
    data = text.encode("utf-8", "surrogatepass")
    for name in ("a.yaml", "a.json"):
        found, refusal = Glossary(), None
        try:
            found = loaded(name, data)
        except GlossaryError as error:
            refusal = error
        assert refusal is None or str(refusal.field).startswith(name)
        for entry in found.entries:
            assert entry.id
            assert entry.name.strip()
            assert entry.line >= 1


def names(text: str) -> None:
    """A report's offsets fit the text, what lies between is kept, and twice is as once."""
    first = normalise(text, glossary())
    at, pieces = 0, []
    for name in first.names:
        assert at <= name.start < name.end <= len(text)
        assert name.surface == text[name.start : name.end]
        assert 0 <= name.score <= 1
        pieces += [text[at : name.start], name.replacement if name.applied else name.surface]
        at = name.end
    assert "".join([*pieces, text[at:]]) == first.text
    assert normalise(first.text, glossary()).text == first.text


def source_names(text: str) -> None:
    """Anchors of a source text lie in order and are its slices."""
    for language in ("fr", "ar"):
        at = 0
        for anchor in find_anchors(text, language, glossary()):
            assert at <= anchor.start < anchor.end <= len(text)
            at = anchor.end


TARGETS: Final[dict[str, Callable[[str], None]]] = {
    "sentences": sentences,
    "html": html,
    "markdown": markdown,
    "term_file": term_file,
    "names": names,
    "source_names": source_names,
}
#: Words that random bytes would be long in finding.
DICTIONARY: Final[dict[str, tuple[str, ...]]] = {
    "sentences": ("M. ", "« ", " »", "...", "\n\n", "- ", "http://a.fr ", "؟", "د. ", "U.S. "),
    "html": ("<p>", "</p>", "<b>", "<script>", "<!--", "-->", "&amp;", " alt='", "<![CDATA["),
    "markdown": ("**", "[a](b)", "```\n", "> ", "# ", "| a |\n|---|\n", "[^1]", "<b>"),
    "term_file": ("- id: a\n  name: A\n", "*a", "&a ", "!!python", "{", "ar: [", "style:", "<<: "),
    "names": ("Franck Alessio", "Amin Kisasi", "Benoit Payen", "Bin Mohammed", "LAURENT ", "’s "),
    "source_names": ("فرانك أليسيو", "وعبد العزيز بوتفليقة", "d’Amine Kessaci", "ولوران نونيز"),
}
