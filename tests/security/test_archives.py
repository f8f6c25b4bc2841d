"""Bombs and traps in zip files, XML and YAML: refused, and nothing written or read outside."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from service.engine import packages
from service.engine.packages import PackageStore
from service.errors import GlossaryError, InvalidRequest, PackageError, RequestTooLarge
from service.names.glossary import load_glossary
from service.names.workshop.exchange import FORMATS
from service.names.workshop.exchange.common import Options
from service.names.workshop.termfiles import TermFile
from service.text.files import translate_file
from service.text.inline import Segment, Translated
from tests.engine import tiny
from tests.engine.conftest import make_settings

TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PARTS = {
    "a.docx": (
        "word/document.xml",
        f'<w:document xmlns:w="{WORD}"><w:p><w:r><w:t>%s</w:t></w:r></w:p></w:document>',
    ),
    "a.odt": (
        "content.xml",
        f'<office:document-content xmlns:office="{OFFICE}" xmlns:text="{TEXT}">'
        "<office:body><office:text><text:p>%s</text:p></office:text></office:body>"
        "</office:document-content>",
    ),
}
every_document = pytest.mark.parametrize("name", PARTS)


def same(segments: list[Segment]) -> list[Translated]:
    return [Translated(segment.text) for segment in segments]


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def document(name: str, *, before: str = "", text: str = "mot", **more: bytes) -> bytes:
    part, template = PARTS[name]
    return zipped({part: (before + template % text).encode(), **more})


def understated(content: bytes) -> bytes:
    """The same zip, whose directory says that every member unpacks to one byte."""
    changed = bytearray(content)
    at = changed.find(b"PK\x01\x02")
    while at >= 0:
        changed[at + 24 : at + 28] = struct.pack("<I", 1)
        at = changed.find(b"PK\x01\x02", at + 4)
    return bytes(changed)


# Documents


@every_document
@pytest.mark.parametrize("member", ["../../etc/cron.d/x", "/etc/x", "..\\x", "C:\\x"])
def test_a_member_that_leads_out_of_a_document_is_refused(name: str, member: str) -> None:
    with pytest.raises(InvalidRequest):
        translate_file(document(name, **{member: b"x"}), name, same)


@every_document
def test_a_document_that_unpacks_to_too_much_is_refused(name: str) -> None:
    bomb = document(name, bomb=bytes(210 * 1024 * 1024))

    assert len(bomb) < 1024 * 1024
    with pytest.raises(RequestTooLarge):
        translate_file(bomb, name, same)


@every_document
def test_a_document_that_lies_about_its_size_is_refused_or_cut(name: str) -> None:
    with pytest.raises((InvalidRequest, RequestTooLarge)):
        translate_file(understated(document(name, bomb=bytes(1024 * 1024))), name, same)


@every_document
@pytest.mark.parametrize(
    ("declared", "text"),
    [
        ('<!ENTITY s SYSTEM "file:///etc/passwd">', "&s;"),
        ('<!ENTITY s SYSTEM "http://127.0.0.1:9/x">', "&s;"),
        ('<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;', "mot"),
        ('<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">', "&b;" * 1000),
    ],
    ids=["file", "network", "parameter", "explosion"],
)
def test_a_document_with_entities_is_refused(name: str, declared: str, text: str) -> None:
    trap = document(name, before=f"<!DOCTYPE x [{declared}]>", text=text)

    with pytest.raises(InvalidRequest):
        translate_file(trap, name, same)


# Packages


@pytest.mark.parametrize("member", ["../../escaped", "/tmp/escaped", "..\\escaped", "C:/escaped"])
def test_a_package_that_leads_out_is_refused_and_writes_nothing(
    tmp_path: Path, member: str
) -> None:
    content = {**tiny.files(), member: b"x"}
    path = tiny.archive(tmp_path / "in" / "p.argosmodel", content, top="")

    with pytest.raises(PackageError):
        PackageStore(make_settings(tmp_path)).install_file(path)

    assert not list(tmp_path.rglob("*escaped*"))
    assert not Path("/tmp/escaped").exists()


def test_a_package_that_unpacks_to_too_much_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "MAX_UNPACKED_BYTES", 4 * 1024 * 1024)
    path = tiny.archive(
        tmp_path / "p.argosmodel", {**tiny.files(), "bomb": bytes(16 * 1024 * 1024)}
    )
    path.write_bytes(understated(path.read_bytes()))
    settings = make_settings(tmp_path)

    with pytest.raises(PackageError):
        PackageStore(settings).install_file(path)

    assert not [found for found in settings.packages_dir.rglob("*") if found.stat().st_size > 4096]


# Term files


EXPLOSION = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, one in zip("abcdefgh", "bcdefghi", strict=True)
)
YAML_TRAPS = {
    "explosion": EXPLOSION,
    "endless": "&a [*a]\n",
    "merge": "- &e {id: a, name: A}\n- {<<: *e, id: b}\n",
    "python": "- !!python/object/apply:os.system ['touch escaped']\n",
    "depth": "[" * 10_000,
    "block-depth": "".join(" " * n + "a:\n" for n in range(2_000)),
    "keys": "- id: a\n  name: A\n  ? [x]\n  : y\n",
}


@pytest.mark.parametrize("text", YAML_TRAPS.values(), ids=list(YAML_TRAPS))
def test_a_term_file_that_is_a_trap_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)

    with pytest.raises(GlossaryError) as caught:
        load_glossary(tmp_path)

    assert str(caught.value.field).startswith("a.yaml:")
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


@pytest.mark.parametrize("trap", ["explosion", "endless", "python", "depth", "block-depth"])
def test_the_editors_commands_survive_it_too(tmp_path: Path, trap: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(YAML_TRAPS[trap])

    with pytest.raises(GlossaryError):
        TermFile.read(file, tmp_path)


# Glossaries of other tools


LAUGHS = '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY a{n} "{("&a%s;" % (n - 1 or "")) * 10}">' for n in range(1, 10)
)
WRAPPED: dict[str, Callable[[str], str]] = {
    "tbx": lambda text: (
        '<martif type="TBX"><text><body><termEntry><langSet xml:lang="en"><tig>'
        f"<term>{text}</term></tig></langSet></termEntry></body></text></martif>"
    ),
    "tmx": lambda text: (
        f'<tmx version="1.4"><body><tu><tuv xml:lang="en"><seg>{text}</seg></tuv></tu></body></tmx>'
    ),
}


@pytest.mark.parametrize("form", WRAPPED)
@pytest.mark.parametrize("external", ["SYSTEM 'FILE'", "PUBLIC 'x' 'FILE'"])
def test_an_imported_glossary_reads_no_file(tmp_path: Path, form: str, external: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("SECRET")
    entity = external.replace("FILE", secret.as_uri())
    text = f"<!DOCTYPE x [<!ENTITY s {entity}>]>" + WRAPPED[form]("a&s;b")

    assert "SECRET" not in str(FORMATS[form].read(text, Options()))


@pytest.mark.parametrize("form", WRAPPED)
def test_an_imported_glossary_cannot_explode(form: str) -> None:
    text = f"<!DOCTYPE x [{LAUGHS}]>" + WRAPPED[form]("a&a9;")
    try:
        read = FORMATS[form].read(text, Options())
    except GlossaryError:
        return

    assert len(str(read)) < 10_000


@pytest.mark.parametrize("form", WRAPPED)
def test_an_imported_glossary_nested_without_end_is_refused(form: str) -> None:
    with pytest.raises(GlossaryError):
        FORMATS[form].read("<a>" * 10_000, Options())
