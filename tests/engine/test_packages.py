"""Packages on disk: unpacked once, whole or not at all, never outside their folder."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import os
import shutil
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.config import Settings
from service.engine import packages as module
from service.engine.packages import PackageStore
from service.errors import InvalidRequest, NotFound, PackageError
from tests.engine import tiny


def test_a_built_in_package_is_unpacked_and_listed(settings: Settings) -> None:
    archive = tiny.package(settings.models_dir, "fr", "en", "1.2")
    [package] = PackageStore(settings).list()
    assert (package.source, package.target, package.version) == ("fr", "en", "1.2")
    assert package.name == "translate-fr_en-1.2"
    assert package.origin == "built-in"
    assert package.sha256 == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert package.path.is_relative_to(settings.packages_dir)
    assert (package.path / "model" / "model.bin").is_file()


def test_it_is_unpacked_once(settings: Settings) -> None:
    tiny.package(settings.models_dir)
    [first] = PackageStore(settings).list()
    before = (first.path / "model" / "model.bin").stat().st_ino
    [second] = PackageStore(settings).list()
    assert second == first
    assert (second.path / "model" / "model.bin").stat().st_ino == before


def test_a_changed_file_is_unpacked_anew(settings: Settings) -> None:
    tiny.package(settings.models_dir, seed=1)
    [first] = PackageStore(settings).list()
    tiny.package(settings.models_dir, seed=2)
    [second] = PackageStore(settings).list()
    assert second.path != first.path
    assert second.sha256 != first.sha256


def test_a_half_unpacked_package_is_unpacked_again(settings: Settings) -> None:
    tiny.package(settings.models_dir)
    [package] = PackageStore(settings).list()
    (package.path / "model" / "model.bin").write_bytes(b"half")
    [again] = PackageStore(settings).list()
    assert (again.path / "model" / "model.bin").stat().st_size > 1000


def test_processes_and_threads_that_unpack_at_once_get_one_whole_package(
    settings: Settings,
) -> None:
    tiny.package(settings.models_dir)
    program = (
        "from service.config import Settings;"
        "from service.engine.packages import PackageStore;"
        "print(len(PackageStore(Settings.load()).list()))"
    )
    environment = {
        **os.environ,
        "RELAIS_MODELS_DIR": str(settings.models_dir),
        "RELAIS_PACKAGES_DIR": str(settings.packages_dir),
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: PackageStore(settings).list(), range(4)))
    assert [process.communicate()[0].strip() for process in processes] == ["1"] * 3
    assert all(len(each) == 1 for each in found)
    assert len(list((settings.packages_dir / "built-in").iterdir())) == 1
    assert not list(settings.packages_dir.glob(".new-*"))


def test_the_checksum_file_is_believed(settings: Settings) -> None:
    archive = tiny.package(settings.models_dir)
    good = hashlib.sha256(archive.read_bytes()).hexdigest()
    sums = settings.models_dir / "SHA256SUMS"
    sums.write_text(f"{good}  {archive.name}\n")
    assert len(PackageStore(settings).list()) == 1
    sums.write_text(f"{'0' * 64}  {archive.name}\n")
    store = PackageStore(settings)
    assert store.list() == ()
    [problem] = store.problems
    assert archive.name in problem
    assert "damaged" in problem


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 cut off", b"not a zip at all" * 100],
    ids=["empty", "cut off", "no zip"],
)
def test_a_damaged_package_is_reported_and_the_others_serve(
    settings: Settings, content: bytes
) -> None:
    tiny.package(settings.models_dir, "ar", "en")
    (settings.models_dir / "translate-fr_en.argosmodel").write_bytes(content)
    store = PackageStore(settings)
    assert [package.source for package in store.list()] == ["ar"]
    [problem] = store.problems
    assert "translate-fr_en" in problem


def test_an_archive_cut_in_the_middle_is_damaged(settings: Settings) -> None:
    archive = tiny.package(settings.models_dir)
    data = bytearray(archive.read_bytes())
    data[2000:2100] = b"\0" * 100
    archive.write_bytes(data)
    store = PackageStore(settings)
    assert store.list() == ()
    assert len(store.problems) == 1


@pytest.mark.parametrize("missing", ["metadata.json", "model/model.bin", "sentencepiece.model"])
def test_a_package_without_one_of_its_parts_is_none(settings: Settings, missing: str) -> None:
    content = tiny.files()
    del content[missing]
    tiny.archive(settings.models_dir / "a.argosmodel", content)
    store = PackageStore(settings)
    assert store.list() == ()
    assert missing.split("/")[-1] in store.problems[0]


@pytest.mark.parametrize(
    "metadata",
    [
        b"[]",
        b"{",
        b"\xff\xfe",
        b"{}",
        b'{"from_code": "../x", "to_code": "en"}',
        b'{"from_code": 3, "to_code": "en"}',
        b'{"from_code": "fr", "to_code": "en", "type": "sbd"}',
        b"{" + b" " * (module.MAX_METADATA_BYTES + 1) + b"}",
    ],
)
def test_metadata_that_names_no_pair_is_refused(settings: Settings, metadata: bytes) -> None:
    tiny.archive(settings.models_dir / "a.argosmodel", {**tiny.files(), "metadata.json": metadata})
    store = PackageStore(settings)
    assert store.list() == ()
    assert "metadata.json" in store.problems[0]


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/evil", "package/../../evil", "package/a\\..\\evil", "package/c:evil"],
)
def test_a_path_that_leads_out_is_refused(settings: Settings, tmp_path: Path, name: str) -> None:
    path = tiny.archive(tmp_path / "evil.argosmodel", tiny.files())
    with zipfile.ZipFile(path, "a") as zipped:
        zipped.writestr(name, b"evil")
    with pytest.raises(PackageError, match="unsafe"):
        PackageStore(settings).install_file(path)
    assert not list(tmp_path.rglob("evil"))
    assert PackageStore(settings).list() == ()


def test_a_link_is_refused(settings: Settings, tmp_path: Path) -> None:
    path = tiny.archive(tmp_path / "link.argosmodel", tiny.files())
    link = zipfile.ZipInfo("package/model/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as zipped:
        zipped.writestr(link, "/etc/passwd")
    with pytest.raises(PackageError, match="link"):
        PackageStore(settings).install_file(path)


def test_a_zip_bomb_is_stopped(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_UNPACKED_BYTES", 3_000_000)
    path = tiny.archive(tmp_path / "bomb.argosmodel", {**tiny.files(), "bomb": b"\0" * 10_000_000})
    assert path.stat().st_size < 300_000
    with pytest.raises(PackageError, match="more than is allowed"):
        PackageStore(settings).install_file(path)
    assert not list(settings.packages_dir.glob(".new-*"))


def test_an_archive_of_very_many_files_is_refused(settings: Settings, tmp_path: Path) -> None:
    many = {f"f{number}": b"" for number in range(module.MAX_FILES + 1)}
    path = tiny.archive(tmp_path / "many.argosmodel", {**tiny.files(), **many})
    with pytest.raises(PackageError, match="files"):
        PackageStore(settings).install_file(path)


def test_names_that_differ_in_case_only_are_refused(settings: Settings, tmp_path: Path) -> None:
    path = tiny.archive(tmp_path / "a.argosmodel", {**tiny.files(), "Metadata.JSON": b"{}"})
    with pytest.raises(PackageError, match="name"):
        PackageStore(settings).install_file(path)


def test_an_archive_of_two_folders_is_no_package(settings: Settings, tmp_path: Path) -> None:
    path = tiny.archive(tmp_path / "a.argosmodel", tiny.files())
    with zipfile.ZipFile(path, "a") as zipped:
        zipped.writestr("other/file", b"")
    with pytest.raises(PackageError, match="one single folder"):
        PackageStore(settings).install_file(path)


def test_of_two_packages_for_a_pair_the_higher_version_is_used(
    settings: Settings, tmp_path: Path
) -> None:
    tiny.package(settings.models_dir, version="1.9")
    store = PackageStore(settings)
    store.install_file(tiny.package(tmp_path / "new", version="1.10"))
    used = store.get("fr", "en")
    assert used is not None
    assert (used.version, used.origin) == ("1.10", "installed")
    store.remove("fr", "en")
    store.install_file(tiny.package(tmp_path / "old", version="1.2"))
    used = store.get("fr", "en")
    assert used is not None
    assert (used.version, used.origin) == ("1.9", "built-in")
    assert [package.version for package in store.list()] == ["1.9", "1.2"]


def test_a_folder_is_installed_like_a_file(settings: Settings, tmp_path: Path) -> None:
    for name, data in tiny.files("ar", "en").items():
        path = tmp_path / "unpacked" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    package = PackageStore(settings).install_file(tmp_path / "unpacked")
    assert (package.source, package.origin) == ("ar", "installed")
    shutil.rmtree(tmp_path / "unpacked")
    assert PackageStore(settings).get("ar", "en") == package


def test_installing_what_is_not_there_says_so(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nothing"):
        PackageStore(settings).install_file(tmp_path / "nothing.argosmodel")


def test_a_built_in_package_cannot_be_removed(settings: Settings) -> None:
    tiny.package(settings.models_dir)
    with pytest.raises(InvalidRequest, match="built in"):
        PackageStore(settings).remove("fr", "en")
    with pytest.raises(NotFound):
        PackageStore(settings).remove("ar", "en")


def test_verify_finds_a_changed_byte(settings: Settings, tmp_path: Path) -> None:
    store = PackageStore(settings)
    package = store.install_file(tiny.package(tmp_path))
    assert [check.problem for check in store.verify()] == [None]
    model = package.path / "model" / "model.bin"
    data = bytearray(model.read_bytes())
    data[-1] ^= 1
    model.write_bytes(data)
    [check] = store.verify()
    assert check.problem is not None
    assert "model.bin" in check.problem


def test_a_removed_file_of_an_installed_package_is_a_problem(
    settings: Settings, tmp_path: Path
) -> None:
    store = PackageStore(settings)
    package = store.install_file(tiny.package(tmp_path))
    (package.path / "sentencepiece.model").unlink()
    assert store.list() == ()
    assert "sentencepiece.model" in store.problems[0]


def test_a_packages_folder_that_cannot_be_made_is_a_problem_not_a_crash(
    settings: Settings, tmp_path: Path
) -> None:
    tiny.package(settings.models_dir)
    (tmp_path / "file").write_text("in the way")
    store = PackageStore(settings.model_copy(update={"packages_dir": tmp_path / "file" / "x"}))
    assert store.list() == ()
    assert "RELAIS_PACKAGES_DIR" in store.problems[0]


def test_no_models_folder_is_no_package(settings: Settings) -> None:
    settings.models_dir.rmdir()
    assert PackageStore(settings).list() == ()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package index on the loopback interface; its folder."""
    argos = module._argos_package(tmp_path / "argos").settings
    folder = tmp_path / "index"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setattr(argos, "remote_package_index", url + "index.json")
    monkeypatch.setattr(argos, "local_package_index", tmp_path / "argos" / "index.json")
    tiny.package(folder, "fr", "en", "1.9")
    shutil.copy(folder / "translate-fr_en.argosmodel", folder / "old.argosmodel")
    (folder / "index.json").write_text(
        json.dumps(
            [
                {"from_code": "fr", "to_code": "en", "package_version": version, "links": [link]}
                for version, link in (
                    ("1.0", url + "old.argosmodel"),
                    ("1.9", url + "translate-fr_en.argosmodel"),
                )
            ]
            + [{"from_code": "de", "to_code": "en", "package_version": "1", "links": [url + "x"]}]
        )
    )
    yield folder
    server.shutdown()
    server.server_close()


def test_a_pair_is_installed_from_the_index_with_progress(settings: Settings, index: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    package = PackageStore(settings).install_pair(
        "fr", "en", lambda done, size: seen.append((done, size))
    )
    size = (index / "translate-fr_en.argosmodel").stat().st_size
    assert seen[-1] == (size, size)
    assert package.version == "1.9"
    assert PackageStore(settings).get("fr", "en") == package


def test_a_pair_that_the_index_lacks_is_named(settings: Settings, index: Path) -> None:
    with pytest.raises(NotFound, match="de, fr"):
        PackageStore(settings).install_pair("ar", "en")


def test_a_download_that_fails_says_what_to_do(settings: Settings, index: Path) -> None:
    with pytest.raises(PackageError, match="from a file"):
        PackageStore(settings).install_pair("de", "en")


def test_an_index_that_cannot_be_reached_says_what_to_do(settings: Settings, index: Path) -> None:
    (index / "index.json").unlink()
    with pytest.raises(PackageError, match=r"cannot be reached.*from a file"):
        PackageStore(settings).install_pair("fr", "en")


def test_packages_leave_the_home_folder_and_heavy_modules_alone(
    settings: Settings, tmp_path: Path
) -> None:
    """One translation in a fresh process: what it imported, and what it wrote."""
    tiny.package(settings.models_dir)
    home = tmp_path / "home"
    home.mkdir()
    program = (
        "import sys\n"
        "from service.config import Settings\n"
        "from service.engine import Engine\n"
        "engine = Engine(Settings.load())\n"
        "engine.load()\n"
        "assert engine.ready, engine.problems\n"
        "engine.translate(['Oui.'], 'fr', 'en')\n"
        "engine.close()\n"
        "heavy = {'argostranslate.translate', 'minisbd', 'onnxruntime', 'stanza', 'torch'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("XDG_")},
        "HOME": str(home),
        "RELAIS_MODELS_DIR": str(settings.models_dir),
        "RELAIS_PACKAGES_DIR": str(settings.packages_dir),
        "RELAIS_DATA_DIR": str(settings.data_dir),
    }
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() == "[]"
    assert list(home.iterdir()) == []
