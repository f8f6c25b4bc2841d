"""API keys: who may ask, and how much. Kept as digests only, in the environment or in a file.

Keys of the file are made and revoked with `python -m service keys`; a running service notices
within a second. A key is 32 random bytes, so its plain SHA-256 cannot be turned back: slow
password hashes are for secrets that people choose.

Whether a key is asked for at all: as soon as the environment names one or the file is there. A file
whose last key was revoked lets nobody in; remove it to open the service again.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import ipaddress
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, get_args

from service.errors import Conflict, InvalidRequest, NotFound, SettingsError

Role = Literal["translate", "edit"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
#: A key in the environment may be given as ``sha256:HEX``, so that it holds no secret.
HASHED: Final = "sha256:"
#: Begins every key that is made here, so that secret scanners can know one.
PREFIX: Final = "relais_"
_KEY_BYTES: Final = 32
#: Seconds between two looks at the file.
_LOOK_EVERY: Final = 0.5


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is kept.

    Args:
        id: first eight hex digits of the digest; what `keys revoke` takes.
        name: whose it is, for people.
        sha256: hex digest of the key.
        role: "edit" may also write term files.
        created: day on which it was made (ISO 8601), or empty.
        rate: how often it may ask, e.g. "600/minute"; None: as `Settings.rate_limit` says.
        characters_per_month: most characters translated in a calendar month (UTC); None: any.
    """

    id: str
    name: str
    sha256: str
    role: Role = "translate"
    created: str = ""
    rate: str | None = None
    characters_per_month: int | None = None


def digest_of(key: str) -> str:
    """The hex digest under which a key is kept and compared."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def listed(keys: str, role: Role = "translate") -> tuple[Key, ...]:
    """The keys of a comma-separated list: each plain, or ``sha256:`` and its hex digest."""
    given = [key.strip() for key in keys.split(",") if key.strip()]
    digests = [
        key.removeprefix(HASHED).lower() if key.startswith(HASHED) else digest_of(key)
        for key in given
    ]
    return tuple(Key(digest[:8], "environment", digest, role) for digest in digests)


class KeyFile:
    """The keys of one JSON file, read again when it changes.

    Args:
        path: the file; it need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: tuple[Key, ...] | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._looked = float("-inf")
        self._lock = threading.Lock()

    def current(self) -> tuple[Key, ...] | None:
        """The keys in force; None where there is no file.

        A file that cannot be read leaves the keys that were in force before it broke; without
        any, nobody is let in.
        """
        with self._lock:
            now = time.monotonic()
            if now - self._looked >= _LOOK_EVERY:
                self._looked = now
                self._look()
            return self._keys

    def _look(self) -> None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._keys, self._stamp = None, None
            return
        except OSError:
            self._keys = self._keys or ()
            return
        stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._keys = self.read()
            except SettingsError:
                self._keys = self._keys or ()

    def read(self) -> tuple[Key, ...]:
        """The keys that the file holds now; none where it is not there.

        Raises:
            SettingsError: it is not a file of keys.
        """
        try:
            text = self._path.read_text("utf-8")
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{self._path} cannot be read: {error}.") from error
        try:
            keys = tuple(Key(**value) for value in json.loads(text)["keys"])
            if not all(len(key.sha256) == 64 and key.role in ROLES for key in keys):
                raise ValueError("a key without digest or role")
        except (ValueError, TypeError, KeyError) as error:
            raise SettingsError(f"{self._path} is not a file of keys.") from error
        return keys

    def make(
        self,
        name: str,
        *,
        role: Role = "translate",
        rate: str | None = None,
        characters_per_month: int | None = None,
    ) -> tuple[str, Key]:
        """Make a key; returns it, this once, with what is kept of it.

        Raises:
            InvalidRequest: the name is empty or not printable.
            Conflict: another key has the name.
        """
        if not name.strip() or not name.isprintable():
            raise InvalidRequest("A key needs a name of printable characters.", field="name")
        secret = PREFIX + secrets.token_urlsafe(_KEY_BYTES)
        digest = digest_of(secret)
        today = datetime.now(UTC).date().isoformat()
        key = Key(digest[:8], name, digest, role, today, rate, characters_per_month)
        with self._changing() as keys:
            if any(other.name == name for other in keys):
                raise Conflict(f"There is a key named {name!r} already.")
            keys.append(key)
        return secret, key

    def revoke(self, id_or_name: str) -> Key:
        """Take a key out of force.

        Raises:
            NotFound: there is no such key.
        """
        with self._changing() as keys:
            for key in keys:
                if id_or_name in (key.id, key.name):
                    keys.remove(key)
                    return key
            raise NotFound(f"There is no key {id_or_name!r}.")

    @contextmanager
    def _changing(self) -> Iterator[list[Key]]:
        """The keys, to be changed; written at the end of the block, by one process at a time."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_name(self._path.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            keys = list(self.read())
            yield keys
            content = json.dumps({"keys": [asdict(key) for key in keys]}, indent=1)
            temporary = self._path.with_name(self._path.name + ".new")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content + "\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self._path)


class KeyRing:
    """All keys in force: those of the environment and those of the file.

    Args:
        api_keys: comma-separated, as in `Settings.api_keys`.
        editor_keys: the same for keys that may write term files.
        file: made with `python -m service keys`.
    """

    def __init__(self, api_keys: str, editor_keys: str, file: KeyFile) -> None:
        self._fixed = listed(api_keys)
        self._editors = tuple(replace(key, role="edit") for key in listed(editor_keys))
        self._file = file

    def asked_for(self) -> bool:
        """Whether a request needs a key."""
        return bool(self._fixed) or self._file.current() is not None

    def find(self, secret: str) -> Key | None:
        """The key that `secret` is, in time that does not depend on which."""
        return _find(secret, self._fixed + (self._file.current() or ()))

    def may_edit(self, secret: str) -> bool:
        """Whether `secret` is a key that may write term files."""
        editors = [key for key in self._file.current() or () if key.role == "edit"]
        return _find(secret, (*self._editors, *editors)) is not None

    def has_editors(self) -> bool:
        """Whether any key may write term files."""
        return bool(self._editors) or any(key.role == "edit" for key in self._file.current() or ())


def reachable_from_elsewhere(address: object) -> bool:
    """Whether other machines may reach a socket.

    Args:
        address: as `socket.getsockname` has it: (host, port, …), or the path of a Unix socket.
    """
    if not isinstance(address, tuple):
        return False
    try:
        return not ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        return bool(address[0] != "localhost")


def _find(secret: str, keys: tuple[Key, ...]) -> Key | None:
    digest = digest_of(secret)
    matching = [key for key in keys if hmac.compare_digest(digest, key.sha256)]
    return matching[0] if matching else None
