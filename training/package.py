"""The ``.argosmodel`` file: a zip with one top folder."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

#: Fixed time in the zip, so that the same model gives the same file.
_ZIP_TIME = (2020, 1, 1, 0, 0, 0)
#: Largest package that may be shipped, in bytes.
MAX_BYTES = 60_000_000
NEEDED = ("metadata.json", "sentencepiece.model", "README.md", "model/model.bin")


def pack(folder: Path, package: Path) -> None:
    """Zip ``folder`` into ``package``, the folder as its one top directory."""
    package.parent.mkdir(parents=True, exist_ok=True)
    temporary = package.with_suffix(".tmp")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder)}", _ZIP_TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())
    temporary.replace(package)


def write_sums(folder: Path) -> None:
    """Write ``SHA256SUMS`` of the packages in ``folder``."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.glob("*.argosmodel"))
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="ascii")


def unpack(package: Path, folder: Path) -> Path:
    """Unzip ``package`` into ``folder``; return its top directory."""
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
        top = archive.namelist()[0].split("/")[0]
    return folder / top


def check_package(package: Path) -> None:
    """Raise ``ValueError`` unless ``package`` has the shape and size that Argos and we expect."""
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
        tops = {name.split("/")[0] for name in names}
        if len(tops) != 1:
            raise ValueError(f"{package.name}: {len(tops)} top folders instead of one")
        top = tops.pop()
        missing = [name for name in NEEDED if f"{top}/{name}" not in names]
        if missing:
            raise ValueError(f"{package.name}: lacks {', '.join(missing)}")
        metadata = json.loads(archive.read(f"{top}/metadata.json"))
    if metadata.get("type") != "translate":
        raise ValueError(f"{package.name}: is not a translation package")
    if package.stat().st_size > MAX_BYTES:
        raise ValueError(f"{package.name}: larger than {MAX_BYTES} bytes")
