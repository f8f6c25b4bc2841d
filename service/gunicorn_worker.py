"""gunicorn's threaded worker, made impatient with callers who hold a thread and send nothing.

gunicorn waits without end for the head of a request, for a body that comes byte by byte, and for a
reader to take its answer; a few callers who send a byte now and then would hold every thread (the
attacks known as slowloris and R-U-Dead-Yet).
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker

from service.config import Settings

#: Seconds that a head may take while more than half of the threads wait for one.
CROWDED_SECONDS: Final = 1.0

#: Bytes of a body for which a second more is waited, as in Apache's RequestReadTimeout.
LEAST_BYTES_PER_SECOND: Final = 500


def wait_for_reader(connection: socket.socket, seconds: float) -> None:
    """Give a connection up whose other end takes no byte of an answer for so long."""
    with contextlib.suppress(OSError):  # it is closed already, or none of TCP
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


class _Patient:
    """Reads pieces of a body until its sender has been waited for too long.

    What counts is the time spent waiting, so that a large body may take as long to read as the
    work on it takes.

    Args:
        read: waits for the next piece.
        seconds: how long is waited for a body of no bytes.
    """

    def __init__(self, read: Callable[..., bytes], seconds: float) -> None:
        self._read = read
        self._left = seconds

    def __call__(self, *args: Any, **kwargs: Any) -> bytes:
        begun = time.monotonic()
        piece = self._read(*args, **kwargs)
        self._left += len(piece) / LEAST_BYTES_PER_SECOND - (time.monotonic() - begun)
        if self._left < 0:
            raise TimeoutError("the body comes too slowly")
        return piece


class Worker(ThreadWorker):  # type: ignore[misc]
    """Gives a caller RELAIS_BODY_WAIT_SECONDS for the head of his request, as long for the body and
    a second more for each 500 bytes of it, and as long to take the next bytes of an answer; then
    the connection is closed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._patience = Settings.load().body_wait_seconds
        self._heads: dict[Any, float] = {}  # connections that a thread reads a head from, since

    def handle(self, conn: Any) -> Any:
        """Serve one request of a connection, in a thread."""
        wait_for_reader(conn.sock, self._patience)
        self._heads[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            self._heads.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request whose head has been read."""
        self._heads.pop(conn, None)
        unreader = req.unreader
        unreader.chunk = _Patient(unreader.chunk, self._patience)
        try:
            return super().handle_request(req, conn)
        finally:
            del unreader.chunk

    def murder_pending(self) -> None:
        """Close connections that wait too long; called by gunicorn at least once a second."""
        super().murder_pending()
        heads = list(self._heads.items())
        crowded = len(heads) > self.cfg.threads / 2
        since = time.monotonic() - (CROWDED_SECONDS if crowded else self._patience)
        for conn, begun in heads:
            if begun < since and self._heads.pop(conn, None) is not None:
                with contextlib.suppress(OSError):
                    conn.sock.shutdown(socket.SHUT_RD)  # the thread reads the end, and closes it
