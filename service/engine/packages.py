"""Argos translation packages on disk: found, unpacked, verified, installed, removed.

An `.argosmodel` is a zip of one folder: metadata.json, a CTranslate2 model and a SentencePiece (or
BPE) model. Those in the models folder are the built-in ones; each is unpacked once into the
packages folder, under a name that holds the hash of the file, so that a changed file is unpacked
anew and two processes never see half a package. Installed ones lie beside them. For a language
pair the highest version wins; of equal versions, the installed one.

Packages are read through `argostranslate.package`, whose own installer is not used: it unpacks
without looking at the paths, and imports far more than is needed here.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib
import json
import os
import re
import shutil
import stat
import sys
import tempfile
import threading
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal, TypeAlias

from service.config import Settings
from service.errors import InvalidRequest, NotFound, PackageError

Origin: TypeAlias = Literal["built-in", "installed"]
Progress: TypeAlias = Callable[[int, int | None], None]

# A package may not unpack to more than this many bytes, nor to more than so many times its file,
# nor hold more files: the largest public ones have 300 MB and some 30 files.
MAX_UNPACKED_BYTES: Final = 2 * 1024**3
MAX_EXPANSION: Final = 50
MAX_FILES: Final = 2_000
MAX_METADATA_BYTES: Final = 1024**2

_MANIFEST: Final = ".relais.json"
_CHECKSUMS: Final = "SHA256SUMS"
# The name of a package's file or folder says what it translates, even where it cannot be read.
_NAMED: Final = re.compile(r"translate-([a-z]{2,3})_([a-z]{2,3})(?![a-z])")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z]{2,8})?")
_BLOCK: Final = 1024 * 1024
_DOWNLOAD_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Package:
    """One usable package.

    Args:
        source, target: language codes.
        version: the package's own version, e.g. ``1.0``.
        path: its unpacked folder, holding metadata.json, model/ and a SentencePiece model.
        sha256: of the .argosmodel file it came from, or of the folder where there was no file.
        name: e.g. ``translate-fr_en-1.0``.
        origin: ``built-in`` (shipped in the models folder) or ``installed``.
    """

    source: str
    target: str
    version: str
    path: Path
    sha256: str
    name: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Check:
    """What `PackageStore.verify` found about one package or one file; no problem means good."""

    name: str
    path: Path
    problem: str | None


class PackageStore:
    """The packages of one deployment.

    Every method may be called from several threads and processes at once.

    Attributes:
        problems: one line for each file or folder that `list` could not use.
        damaged: the pairs (source, target) that these translate, as their names say.
    """

    def __init__(self, settings: Settings) -> None:
        self._models = settings.models_dir
        self._root = settings.packages_dir
        self._mutex = threading.Lock()
        self.problems: tuple[str, ...] = ()
        self.damaged: frozenset[tuple[str, str]] = frozenset()

    def list(self) -> tuple[Package, ...]:
        """Every usable package, by pair; of each pair the one in use comes first.

        Unpacks built-in packages that are not unpacked yet. A damaged one is left out and named
        in `problems`.
        """
        problems: dict[str, str] = {}
        found: list[Package] = []
        for archive in self._built_in_archives():
            try:
                found.append(self._built_in(archive))
            except PackageError as error:
                problems[archive.name] = error.detail
        for folder in self._folders("installed"):
            try:
                found.append(self._installed(folder, deep=False))
            except PackageError as error:
                problems[folder.name] = error.detail
        self.problems = tuple(problems.values())
        self.damaged = frozenset(
            (named[1], named[2]) for name in problems if (named := _NAMED.match(name))
        )
        found.sort(key=_precedence, reverse=True)
        found.sort(key=lambda package: (package.source, package.target))
        return tuple(found)

    def in_use(self) -> tuple[Package, ...]:
        """The package that serves each pair."""
        first: dict[tuple[str, str], Package] = {}
        for package in self.list():
            first.setdefault((package.source, package.target), package)
        return tuple(first.values())

    def get(self, source: str, target: str) -> Package | None:
        """The package that serves this pair, if there is one."""
        for package in self.in_use():
            if (package.source, package.target) == (source, target):
                return package
        return None

    def install_file(self, path: Path) -> Package:
        """Install an `.argosmodel` file, or the folder of an unpacked package.

        Raises:
            NotFound: there is nothing at `path`.
            PackageError: it is no package, is damaged, or is unsafe to unpack.
        """
        if path.is_dir():
            return self._place(
                "installed", path.name, _folder_sha256(path), lambda to: _copy_folder(path, to)
            )
        if not path.is_file():
            raise NotFound(f"There is no package at {path}.", field="path")
        return self._place("installed", path.stem, _file_sha256(path), lambda to: _unpack(path, to))

    def install_pair(self, source: str, target: str, progress: Progress | None = None) -> Package:
        """Download and install the newest public Argos package of a pair.

        Args:
            progress: called with the bytes read so far and the size, if that is known.

        Raises:
            NotFound: the index has no package for this pair.
            PackageError: the index or the package cannot be reached, or is damaged.
        """
        with self._downloads() as folder:
            links = self._links(source, target)
            for number, link in enumerate(links):
                to = folder / f"translate-{source}_{target}.argosmodel"
                try:
                    _download(link, to, progress)
                except (OSError, ValueError) as error:
                    if number + 1 < len(links):
                        continue
                    raise PackageError(
                        f"The package for {source} → {target} could not be downloaded from "
                        f"{link}: {_reason(error)}. Install it from a file instead: "
                        "`models install FILE`."
                    ) from error
                return self.install_file(to)
        raise NotFound(f"The package index names no download for {source} → {target}.")

    def verify(self) -> tuple[Check, ...]:
        """Read every file of every package again and compare it with what was unpacked."""
        checks: list[Check] = []
        for archive in self._built_in_archives():
            try:
                package = self._built_in(archive)
            except PackageError as error:
                checks.append(Check(archive.name, archive, error.detail))
            else:
                checks.append(Check(package.name, package.path, _damage(package.path, deep=True)))
        for folder in self._folders("installed"):
            try:
                package = self._installed(folder, deep=True)
            except PackageError as error:
                checks.append(Check(folder.name, folder, error.detail))
            else:
                checks.append(Check(package.name, folder, None))
        return tuple(checks)

    def remove(self, source: str, target: str) -> tuple[Package, ...]:
        """Delete the installed packages of a pair; returns them.

        Raises:
            InvalidRequest: only a built-in package serves the pair.
            NotFound: none does.
        """
        of_pair = [p for p in self.list() if (p.source, p.target) == (source, target)]
        installed = tuple(package for package in of_pair if package.origin == "installed")
        if not installed and of_pair:
            raise InvalidRequest(
                f"{of_pair[0].name} is built in; delete its file from {self._models} to be rid "
                "of it."
            )
        if not installed:
            raise NotFound(f"No package for {source} → {target} is installed.")
        with self._lock():
            for package in installed:
                shutil.rmtree(package.path)
        return installed

    def _built_in_archives(self) -> tuple[Path, ...]:
        if not self._models.is_dir():
            return ()
        return tuple(sorted(self._models.glob("*.argosmodel")))

    def _folders(self, origin: Origin) -> tuple[Path, ...]:
        parent = self._root / origin
        if not parent.is_dir():
            return ()
        folders = (path for path in parent.iterdir() if path.is_dir() and path.name[0] != ".")
        return tuple(sorted(folders))

    def _built_in(self, archive: Path) -> Package:
        """The package of a file in the models folder, unpacked if need be."""
        try:
            sha256 = _file_sha256(archive)
        except OSError as error:
            raise PackageError(f"{archive.name} cannot be read: {_reason(error)}.") from error
        expected = self._checksums().get(archive.name)
        if expected is not None and expected != sha256:
            raise PackageError(
                f"{archive.name} is damaged: its SHA-256 is {sha256[:12]}…, {_CHECKSUMS} says "
                f"{expected[:12]}…."
            )
        return self._place("built-in", archive.stem, sha256, lambda to: _unpack(archive, to))

    def _installed(self, folder: Path, *, deep: bool) -> Package:
        """The package of an installed folder; those that others put there have no list of files."""
        if (folder / _MANIFEST).is_file() and (damage := _damage(folder, deep=deep)):
            raise PackageError(damage)
        return self._read(folder, "installed")

    def _checksums(self) -> dict[str, str]:
        try:
            text = (self._models / _CHECKSUMS).read_text(encoding="utf-8")
        except OSError:
            return {}
        lines = (line.split(maxsplit=1) for line in text.splitlines())
        return {parts[1].lstrip("*"): parts[0].lower() for parts in lines if len(parts) == 2}

    def _place(
        self, origin: Origin, stem: str, sha256: str, fill: Callable[[Path], None]
    ) -> Package:
        """The package folder for this content, filled if it is not there whole already."""
        safe = re.sub(r"[^A-Za-z0-9._-]", "_", stem)[:80].lstrip(".") or "package"
        folder = self._root / origin / f"{safe}-{sha256[:12]}"
        if folder.is_dir() and _damage(folder, deep=False) is None:
            return self._read(folder, origin)
        try:
            with self._lock():
                if folder.is_dir() and _damage(folder, deep=False) is None:
                    return self._read(folder, origin)
                folder.parent.mkdir(parents=True, exist_ok=True)
                with _temporary_folder(self._root) as temporary:
                    whole = temporary / "package"
                    whole.mkdir()
                    fill(whole)
                    _write_manifest(whole, sha256)
                    self._read(whole, origin)
                    if folder.exists():
                        shutil.rmtree(folder)
                    whole.rename(folder)
        except OSError as error:
            raise PackageError(
                f"{stem} cannot be unpacked into {self._root}: {_reason(error)}. Make the folder "
                "writable or set RELAIS_PACKAGES_DIR."
            ) from error
        return self._read(folder, origin)

    def _read(self, folder: Path, origin: Origin) -> Package:
        """The package in an unpacked folder.

        Raises:
            PackageError: it is not one, or lacks a part.
        """
        try:
            metadata_file = folder / "metadata.json"
            if metadata_file.stat().st_size > MAX_METADATA_BYTES:
                raise PackageError(f"{folder.name}: its metadata.json is too large.")
            if not isinstance(json.loads(metadata_file.read_text(encoding="utf-8")), dict):
                raise PackageError(f"{folder.name}: its metadata.json holds no object.")
            argos = _argos_package(self._root).Package(folder)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise PackageError(
                f"{folder.name} is no package: its metadata.json cannot be read: {_reason(error)}."
            ) from error
        source, target, version = argos.from_code, argos.to_code, str(argos.package_version)
        if argos.type != "translate" or not all(
            isinstance(code, str) and _LANGUAGE.fullmatch(code) for code in (source, target)
        ):
            raise PackageError(
                f"{folder.name}: its metadata.json does not name a pair of languages."
            )
        if not (folder / "model" / "model.bin").is_file():
            raise PackageError(f"{folder.name} lacks model/model.bin.")
        if not any((folder / name).is_file() for name in ("sentencepiece.model", "bpe.model")):
            raise PackageError(f"{folder.name} lacks its sentencepiece.model.")
        return Package(
            source=source,
            target=target,
            version=version,
            path=folder,
            sha256=_manifest_sha256(folder) or _folder_sha256(folder),
            name=f"translate-{source}_{target}-{version}",
            origin=origin,
        )

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """One writer at a time, among threads and among processes."""
        with self._mutex:
            self._root.mkdir(parents=True, exist_ok=True)
            with (self._root / ".lock").open("w") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield

    @contextlib.contextmanager
    def _downloads(self) -> Iterator[Path]:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            with _temporary_folder(self._root) as folder:
                yield folder
        except OSError as error:
            raise PackageError(
                f"{self._root} cannot be written to: {_reason(error)}. Make it writable or set "
                "RELAIS_PACKAGES_DIR."
            ) from error

    def _links(self, source: str, target: str) -> tuple[str, ...]:
        """Where the public index has the newest package of this pair."""
        package = _argos_package(self._root)
        settings = package.settings
        index = Path(settings.local_package_index)
        try:
            index.parent.mkdir(parents=True, exist_ok=True)
            _download(settings.remote_package_index, index, None)
            available = package.get_available_packages()
        except (OSError, ValueError) as error:
            raise PackageError(
                f"The package index at {settings.remote_package_index} cannot be reached: "
                f"{_reason(error)}. Install from a file instead: `models install FILE`."
            ) from error
        of_pair = [
            entry for entry in available if (entry.from_code, entry.to_code) == (source, target)
        ]
        if not of_pair:
            sources = sorted({entry.from_code for entry in available if entry.to_code == target})
            raise NotFound(
                f"The package index has nothing for {source} → {target}; to {target} it has "
                f"{', '.join(sources) or 'nothing'}."
            )
        newest = max(of_pair, key=lambda entry: _version(entry.package_version))
        return tuple(link for link in newest.links if link.startswith(("https://", "http://")))


def _precedence(package: Package) -> tuple[tuple[int, ...], bool]:
    return _version(package.version), package.origin == "installed"


def _version(version: str) -> tuple[int, ...]:
    """The numbers of a version, for comparing."""
    return tuple(int(number) for number in re.findall(r"[0-9]{1,9}", version))


def _reason(error: BaseException) -> str:
    """What went wrong, in the error's own words, without a full stop."""
    if isinstance(error, urllib.error.URLError) and error.reason:
        error = error.reason if isinstance(error.reason, BaseException) else error
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).rstrip(".")


def _argos_package(root: Path) -> Any:
    """The module `argostranslate.package`, kept from making folders in the home directory.

    Imported only when needed: it takes 0.1 s. It reads its settings from the environment once, at
    import, and makes the folders that it finds there.
    """
    if "argostranslate.package" not in sys.modules:
        root.mkdir(parents=True, exist_ok=True)
        base = root if os.access(root, os.W_OK) else Path(tempfile.mkdtemp(prefix="relais-"))
        own = {
            "ARGOS_PACKAGES_DIR": base / "installed",
            "XDG_DATA_HOME": base / ".argos" / "data",
            "XDG_CACHE_HOME": base / ".argos" / "cache",
            "XDG_CONFIG_HOME": base / ".argos" / "config",
        }
        before = {name: os.environ.get(name) for name in own}
        os.environ.update({name: str(path) for name, path in own.items()})
        try:
            importlib.import_module("argostranslate.package")
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
    return sys.modules["argostranslate.package"]


@contextlib.contextmanager
def _temporary_folder(root: Path) -> Iterator[Path]:
    """A folder on the packages' own file system, so that what is made in it can be renamed."""
    folder = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> dict[str, Path]:
    """The regular files below a folder, by their path in it."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink() and path.name != _MANIFEST
    }


def _folder_sha256(folder: Path) -> str:
    """One hash for the names and contents of a folder's files."""
    digest = hashlib.sha256()
    for name, path in _files(folder).items():
        digest.update(f"{name}\0{_file_sha256(path)}\n".encode())
    return digest.hexdigest()


def _manifest_sha256(folder: Path) -> str | None:
    try:
        return str(json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write_manifest(folder: Path, sha256: str) -> None:
    files = {
        name: {"bytes": path.stat().st_size, "sha256": _file_sha256(path)}
        for name, path in _files(folder).items()
    }
    manifest = json.dumps({"sha256": sha256, "files": files}, indent=1)
    (folder / _MANIFEST).write_text(manifest, encoding="utf-8")


def _damage(folder: Path, *, deep: bool) -> str | None:
    """What is wrong with an unpacked folder: sizes only, or contents too if `deep`."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        expected = manifest["files"].items()
        for name, facts in expected:
            path = folder / name
            if path.stat().st_size != facts["bytes"]:
                return f"{folder.name}: {name} has changed in size."
            if deep and _file_sha256(path) != facts["sha256"]:
                return f"{folder.name}: the content of {name} has changed."
    except OSError as error:
        return f"{folder.name}: {_reason(error)}: {error.filename}."
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{folder.name}: its list of files cannot be read."
    return None


def _unpack(archive: Path, to: Path) -> None:
    """Unpack an `.argosmodel` into the empty folder `to`, without its one top folder.

    Nothing in the archive is believed: not its paths, its links, nor the sizes it states.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _checked_entries(archive, opened.infolist())
            left = min(MAX_UNPACKED_BYTES, MAX_EXPANSION * max(archive.stat().st_size, _BLOCK))
            for inside, entry in entries:
                path = to / inside
                path.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(entry) as source, path.open("xb") as target:
                    while block := source.read(_BLOCK):
                        left -= len(block)
                        if left < 0:
                            raise PackageError(
                                f"{archive.name} unpacks to more than is allowed; it was not used."
                            )
                        target.write(block)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        raise PackageError(f"{archive.name} is damaged or no package: {_reason(error)}.") from error


def _checked_entries(
    archive: Path, infos: Sequence[zipfile.ZipInfo]
) -> list[tuple[PurePosixPath, zipfile.ZipInfo]]:
    """The files of an archive with their path below its one top folder."""

    def unsafe(why: str) -> PackageError:
        return PackageError(f"{archive.name} is unsafe to unpack: {why}.")

    if len(infos) > MAX_FILES:
        raise unsafe(f"it holds {len(infos):,} files")
    tops: set[str] = set()
    seen: set[str] = set()
    entries: list[tuple[PurePosixPath, zipfile.ZipInfo]] = []
    for info in infos:
        name = info.filename
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
            raise unsafe(f"a path leads out of its folder ({name!r})")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise unsafe(f"it holds a link ({name!r})")
        if info.flag_bits & 0x1:
            raise unsafe("it is encrypted")
        tops.add(path.parts[0] if path.parts else "")
        if info.is_dir():
            continue
        inside = PurePosixPath(*path.parts[1:])
        if str(inside).casefold() in seen or not inside.parts or inside.name == _MANIFEST:
            raise unsafe(f"a name cannot be used ({name!r})")
        seen.add(str(inside).casefold())
        entries.append((inside, info))
    if len(tops) != 1:
        raise PackageError(f"{archive.name} is no package: it does not hold one single folder.")
    return entries


def _copy_folder(source: Path, to: Path) -> None:
    for name, path in _files(source).items():
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _download(url: str, to: Path, progress: Progress | None) -> None:
    """Fetch `url` into a file, whole or not at all."""
    request = urllib.request.Request(url, headers={"User-Agent": "relais"})
    partial = to.with_name(to.name + ".part")
    with urllib.request.urlopen(request, timeout=_DOWNLOAD_TIMEOUT_S) as answer:
        length = answer.headers.get("Content-Length")
        size = int(length) if length and length.isdigit() else None
        done = 0
        with partial.open("wb") as file:
            while block := answer.read(_BLOCK):
                done += len(block)
                if done > MAX_UNPACKED_BYTES:
                    raise ValueError("it is larger than a package may be")
                file.write(block)
                if progress is not None:
                    progress(done, size)
    if size is not None and done != size:
        raise ValueError(f"the connection broke off after {done:,} of {size:,} bytes")
    partial.replace(to)
