"""Translations kept: the same sentence, by the same model with the same settings, is done once.

A SQLite file in the data folder, shared by the processes of a machine. It is a convenience: when it
is locked, damaged, or the disk is full, sentences are translated as if it were not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from service.engine.translator import Hypothesis

# Changes whenever a sentence may be translated otherwise with the same model and settings.
_FORMAT: Final = "1"
_BUSY_MS: Final = 200
_MOST_KEYS: Final = 500
# The share of entries that goes, the longest unused first, when there are too many.
_PRUNED: Final = 0.1
# Failures in a row after which no more is tried.
_PATIENCE: Final = 5


def key(model: str, settings: str, sentence: str) -> bytes:
    """What a translation is kept under."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (_FORMAT, model, settings, sentence):
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(4, "big"))
        digest.update(data)
    return digest.digest()


class Memory:
    """The kept translations. Thread-safe; no method raises.

    Args:
        path: of the SQLite file; its folder is made if need be.
        entries: most sentences kept; 0 turns the memory off.

    Attributes:
        problem: why the memory is off though it was asked for, if it is.
    """

    def __init__(self, path: Path, entries: int) -> None:
        self._path = path
        self._most = entries
        self._lock = threading.Lock()
        self._failures = 0
        self._kept = 0
        self._connection: sqlite3.Connection | None = None
        self.problem: str | None = None
        if entries:
            self._open()

    @property
    def on(self) -> bool:
        """Whether anything is kept at present."""
        return self._connection is not None

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Hypothesis]:
        """The kept translations among `keys`."""
        found: dict[bytes, Hypothesis] = {}
        with self._guarded() as connection:
            if connection is None:
                return {}
            now = int(time.time())
            for some in _chunks(keys):
                marks = ",".join("?" * len(some))
                rows = connection.execute(
                    f"SELECT key, text, score, flags, links FROM sentence WHERE key IN ({marks})",
                    some,
                ).fetchall()
                for row in rows:
                    with contextlib.suppress(ValueError, TypeError):
                        found[row[0]] = _hypothesis(*row[1:])
                if rows:
                    connection.execute(
                        f"UPDATE sentence SET used = ? WHERE used < ? AND key IN ({marks})",
                        (now, now - 3600, *some),
                    )
        return found

    def put(self, translations: Mapping[bytes, Hypothesis]) -> None:
        """Keep translations, and drop the longest unused if there are too many."""
        if not translations:
            return
        now = int(time.time())
        with self._guarded() as connection:
            if connection is None:
                return
            connection.executemany(
                "INSERT OR REPLACE INTO sentence VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (
                        its_key,
                        kept.text,
                        kept.score,
                        ",".join(kept.flags),
                        json.dumps(kept.attention),
                        now,
                    )
                    for its_key, kept in translations.items()
                ],
            )
            self._kept += len(translations)
            if self._kept > self._most:
                self._prune(connection)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.close()
            self._connection = None

    def _prune(self, connection: sqlite3.Connection) -> None:
        [self._kept] = connection.execute("SELECT count(*) FROM sentence").fetchone()
        surplus = self._kept - self._most
        if surplus <= 0:
            return
        drop = surplus + int(self._most * _PRUNED)
        connection.execute(
            "DELETE FROM sentence WHERE key IN (SELECT key FROM sentence ORDER BY used LIMIT ?)",
            (drop,),
        )
        self._kept -= drop

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[sqlite3.Connection | None]:
        """The connection in a transaction; a failure in the block is counted, not raised."""
        with self._lock:
            connection = self._connection
            if connection is None:
                yield None
                return
            try:
                with connection:
                    yield connection
                self._failures = 0
            except (sqlite3.Error, UnicodeError) as error:
                self._failures += 1
                damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(
                    error, sqlite3.OperationalError
                )
                if damaged or self._failures >= _PATIENCE:
                    self._turn_off(error)

    def _turn_off(self, error: Exception) -> None:
        self.problem = (
            f"The translation memory {self._path} is off: {error}. Delete the file or set "
            "RELAIS_MEMORY_ENTRIES=0; translation goes on without it."
        )
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None

    def _open(self) -> None:
        """Open the file; one that is no database is put aside and a new one begun."""
        for attempt in (1, 2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._connection = self._connect()
                return
            except sqlite3.DatabaseError as error:
                self._turn_off(error)
                if attempt == 1 and not isinstance(error, sqlite3.OperationalError):
                    with contextlib.suppress(OSError):
                        self._path.replace(self._path.with_suffix(".damaged"))
            except OSError as error:
                self._turn_off(error)
                return

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_MS / 1000, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS sentence (key BLOB PRIMARY KEY, text TEXT NOT NULL, "
                "score REAL NOT NULL, flags TEXT NOT NULL, links TEXT NOT NULL, "
                "used INTEGER NOT NULL) WITHOUT ROWID"
            )
            connection.execute("CREATE INDEX IF NOT EXISTS by_use ON sentence (used)")
            connection.commit()
            [self._kept] = connection.execute("SELECT count(*) FROM sentence").fetchone()
        except BaseException:
            connection.close()
            raise
        self.problem = None
        return connection


def _hypothesis(text: str, score: float, flags: str, links: str) -> Hypothesis:
    attention = json.loads(links)
    return Hypothesis(
        text=str(text),
        score=float(score),
        flags=tuple(flags.split(",")) if flags else (),
        attention=None
        if attention is None
        else tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in attention),
    )


def _chunks(keys: Sequence[bytes]) -> Iterable[Sequence[bytes]]:
    return (keys[at : at + _MOST_KEYS] for at in range(0, len(keys), _MOST_KEYS))
