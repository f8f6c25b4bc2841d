"""gunicorn's threaded worker, made impatient with callers who hold a thread and send nothing.

gunicorn waits without end for the head of a request, and for a reader to take its answer; a few
callers who send a byte now and then would hold every thread (the attack known as slowloris).
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker

from service.config import Settings

#: Seconds that a head may take while more than half of the threads wait for one.
CROWDED_SECONDS: Final = 1.0


def wait_for_reader(connection: socket.socket, seconds: float) -> None:
    """Give a connection up whose other end takes no byte of an answer for so long."""
    with contextlib.suppress(OSError):  # it is closed already, or none of TCP
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


class Worker(ThreadWorker):  # type: ignore[misc]
    """Gives a caller RELAIS_BODY_WAIT_SECONDS for the head of his request, and as long to take the
    next bytes of an answer; then the connection is closed.
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
        return super().handle_request(req, conn)

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
