"""The translation memory: a convenience that never gets in the way."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from service.engine.memory import Memory, key
from service.engine.translator import Hypothesis

KEPT = Hypothesis("He left.", -0.25, ("split", "echo"), ((0, 2, 0, 2), (3, 8, 3, 7)))


def keys(count: int) -> list[bytes]:
    return [key("model", "2 1", f"sentence {number}") for number in range(count)]


def test_what_is_put_is_got_back_whole(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "m.sqlite3", 100)
    one, two = keys(2)
    memory.put({one: KEPT})
    assert memory.get([one, two]) == {one: KEPT}
    memory.close()
    again = Memory(tmp_path / "m.sqlite3", 100)
    assert again.get([one]) == {one: KEPT}


def test_model_settings_and_sentence_are_all_in_the_key() -> None:
    assert (
        len({key("a", "b", "c"), key("ab", "", "c"), key("a", "b", "d"), key("a", "bc", "")}) == 4
    )
    assert key("a", "b", "\ud800") != key("a", "b", "?")


def test_it_is_bounded_and_drops_the_longest_unused(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "m.sqlite3", 50)
    many = keys(200)
    for one in many:
        memory.put({one: KEPT})
    assert 0 < len(memory.get(many)) <= 50


def test_very_many_keys_are_looked_up_at_once(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "m.sqlite3", 5000)
    many = keys(3000)
    memory.put(dict.fromkeys(many, KEPT))
    assert len(memory.get(many)) == 3000


def test_no_entries_is_off(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "m.sqlite3", 0)
    memory.put({keys(1)[0]: KEPT})
    assert memory.get(keys(1)) == {}
    assert not memory.on
    assert memory.problem is None
    assert not (tmp_path / "m.sqlite3").exists()


def test_a_file_that_is_no_database_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite3"
    path.write_bytes(b"this is no database, and it is longer than a header" * 100)
    memory = Memory(path, 100)
    memory.put({keys(1)[0]: KEPT})
    assert memory.get(keys(1)) == {keys(1)[0]: KEPT}
    assert (tmp_path / "m.damaged").exists()
    assert memory.problem is None


def test_damage_while_running_turns_it_off_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite3"
    memory = Memory(path, 10_000)
    many = keys(2000)
    memory.put(dict.fromkeys(many, KEPT))
    memory.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    memory = Memory(path, 10_000)
    assert memory.get(many) == {}
    memory.put({many[0]: KEPT})
    assert memory.problem is None or "translation goes on" in memory.problem


def test_a_locked_file_is_done_without(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite3"
    memory = Memory(path, 100)
    other = sqlite3.connect(path)
    other.execute("BEGIN EXCLUSIVE")
    for one in keys(8):
        memory.put({one: KEPT})
    assert memory.get(keys(8)) == {}
    assert memory.problem is not None
    assert "RELAIS_MEMORY_ENTRIES" in memory.problem
    other.rollback()
    other.close()


@pytest.mark.parametrize("obstacle", ["file in place of the folder", "folder in place of the file"])
def test_a_place_that_cannot_be_written_is_done_without(tmp_path: Path, obstacle: str) -> None:
    path = tmp_path / "data" / "m.sqlite3"
    if obstacle.startswith("file"):
        (tmp_path / "data").write_text("in the way")
    else:
        path.mkdir(parents=True)
    memory = Memory(path, 100)
    memory.put({keys(1)[0]: KEPT})
    assert memory.get(keys(1)) == {}
    assert memory.problem is not None


def test_a_full_disk_is_done_without(tmp_path: Path) -> None:
    """A database that may not grow answers as a full disk does."""
    memory = Memory(tmp_path / "m.sqlite3", 100_000)
    assert memory._connection is not None
    memory._connection.execute("PRAGMA max_page_count = 20")
    large = Hypothesis("x" * 5000, 0.0)
    for one in keys(200):
        memory.put({one: large})
    assert memory.get([keys(1)[0]]) in ({}, {keys(1)[0]: large})
    assert memory.problem is not None
    assert "full" in memory.problem


def test_threads_may_share_it(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "m.sqlite3", 10_000)
    many = keys(400)

    def work(part: int) -> None:
        for one in many[part::4]:
            memory.put({one: KEPT})
            memory.get(many[:50])

    threads = [threading.Thread(target=work, args=(part,)) for part in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(memory.get(many)) == 400
    assert memory.problem is None
