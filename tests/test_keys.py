"""API keys: kept as digests, in force as soon as their file changes, never by accident."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from service.errors import Conflict, InvalidRequest, NotFound, SettingsError
from service.keys import KeyFile, KeyRing, digest_of, listed, reachable_from_elsewhere


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture(autouse=True)
def _look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.keys._LOOK_EVERY", 0)


def test_the_file_holds_digests_and_only_its_owner_may_read_it(path: Path) -> None:
    secret, key = KeyFile(path).make("newsroom")
    assert secret.startswith("relais_")
    assert len(secret) > 40
    assert secret not in path.read_text()
    assert key.sha256 == digest_of(secret)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_file_asks_for_no_key_and_the_first_key_closes_the_door(path: Path) -> None:
    ring = KeyRing("", "", KeyFile(path))
    assert not ring.asked_for()
    secret, key = KeyFile(path).make("newsroom")
    assert ring.asked_for()
    assert ring.find(secret) == key
    assert ring.find("relais_other") is None


def test_a_revoked_key_is_out_and_the_door_stays_closed(path: Path) -> None:
    ring = KeyRing("", "", KeyFile(path))
    first, _ = KeyFile(path).make("one")
    second, key = KeyFile(path).make("two")
    assert ring.find(first)
    KeyFile(path).revoke("one")
    assert ring.find(first) is None
    assert ring.find(second) == key
    KeyFile(path).revoke(key.id)
    assert ring.find(second) is None
    assert ring.asked_for()


def test_a_broken_file_keeps_the_keys_that_were_in_force(path: Path) -> None:
    file = KeyFile(path)
    secret, key = file.make("newsroom")
    ring = KeyRing("", "", file)
    assert ring.find(secret)
    path.write_text("{broken")
    assert ring.find(secret) == key
    with pytest.raises(SettingsError, match="not a file of keys"):
        file.read()
    fresh = KeyRing("", "", KeyFile(path))
    assert fresh.asked_for()
    assert fresh.find(secret) is None


def test_only_a_key_of_that_role_may_write_term_files(path: Path) -> None:
    reader, _ = KeyFile(path).make("reader")
    editor, _ = KeyFile(path).make("editor", role="edit")
    ring = KeyRing("", "pencil", KeyFile(path))
    assert ring.may_edit(editor)
    assert ring.may_edit("pencil")
    assert not ring.may_edit(reader)
    assert ring.find("pencil") is None, "an editor's key of the environment is no API key"
    assert not KeyRing("anna", "", KeyFile(path.with_name("none.json"))).has_editors()


def test_keys_of_the_environment_are_plain_or_digests() -> None:
    plain, hashed = listed(f" anna, sha256:{digest_of('bert').upper()},")
    assert (plain.sha256, hashed.sha256) == (digest_of("anna"), digest_of("bert"))
    assert "anna" not in repr(plain)


def test_names_are_distinct_and_printable(path: Path) -> None:
    file = KeyFile(path)
    file.make("newsroom")
    with pytest.raises(Conflict):
        file.make("newsroom")
    with pytest.raises(InvalidRequest):
        file.make(" ")
    with pytest.raises(InvalidRequest):
        file.make("two\nlines")
    with pytest.raises(NotFound):
        file.revoke("nobody")


@pytest.mark.parametrize(
    ("address", "reachable"),
    [
        (("127.0.0.1", 8000), False),
        (("127.0.0.2", 8000), False),
        (("::1", 8000), False),
        (("localhost", 8000), False),
        ("/run/relais.sock", False),
        (("0.0.0.0", 8000), True),
        (("::", 8000), True),
        (("relais.example", 8000), True),
    ],
)
def test_only_loopback_and_unix_sockets_are_out_of_others_reach(
    address: object, reachable: bool
) -> None:
    assert reachable_from_elsewhere(address) is reachable
