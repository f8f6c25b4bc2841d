"""Real servers that tests start: PostgreSQL and brokers, on loopback, in their own folders."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psycopg
import pytest
import redis
from kombu import Connection

from service.jobs.celery_app import QUEUE

DEADLINE = 120.0


def free_port() -> int:
    """A port of the loopback address on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program(name: str, *folders: str, optional: bool = False) -> str:
    """Where a program lies; without it the test is skipped, and in CI it fails unless optional."""
    for folder in folders:
        for candidate in sorted(Path("/").glob(f"{folder.lstrip('/')}/{name}"), reverse=True):
            return str(candidate)
    found = shutil.which(name)
    if found is None:
        if optional:
            pytest.skip(f"{name} is not installed")
        missing = f"{name} is not installed; `make system` installs it"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


class Server:
    """A process that can be killed and started again on the same port and folder."""

    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {}

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                env={**os.environ, **self.environment()},
                stdout=log,
                stderr=log,
                user=self.user(),
            )
        deadline = time.monotonic() + DEADLINE
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def user(self) -> str | None:
        return None

    def kill(self) -> None:
        """As `kill -9` does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


class Broker(Server):
    """A server that Celery takes its tasks from."""

    @property
    def url(self) -> str:
        raise NotImplementedError

    def flush(self) -> None:
        """Forget every task that no worker has taken."""
        raise NotImplementedError


class Redis(Broker):
    """A redis-server that keeps nothing on disk."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        arguments = f"--bind 127.0.0.1 --port {self.port} --save  --appendonly no"
        return [program("redis-server"), *arguments.replace("--save ", "--save '' ").split()]

    def answers(self) -> bool:
        try:
            return bool(redis.Redis(port=self.port, socket_timeout=2).ping())
        except redis.RedisError:
            return False

    def flush(self) -> None:
        redis.Redis(port=self.port).flushall()


class RabbitMQ(Broker):
    """A RabbitMQ node, with a port mapper (epmd) of its own that ends with it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._program = program("rabbitmq-server", "usr/lib/rabbitmq/bin", optional=True)
        self._mapper_port = free_port()
        self._mapper = subprocess.Popen(
            [program("epmd"), "-address", "127.0.0.1", "-port", str(self._mapper_port)]
        )

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def command(self) -> list[str]:
        return [self._program]

    def environment(self) -> dict[str, str]:
        folder = str(self.folder)
        return {
            "HOME": folder,  # where the cookie is put
            "ERL_EPMD_PORT": str(self._mapper_port),
            "RABBITMQ_NODENAME": f"relais-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
            "RABBITMQ_LOG_BASE": f"{folder}/log-files",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/none",
            "RABBITMQ_CONFIG_FILE": f"{folder}/none",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-start_epmd false +S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}"
            ),
            "RUNNING_UNDER_SYSTEMD": "true",  # no shell stays between this process and the node
        }

    def answers(self) -> bool:
        try:
            with self._connection() as connection:
                connection.connect()
        except OSError:
            return False
        return True

    def flush(self) -> None:
        with self._connection() as connection:
            connection.default_channel.queue_purge(QUEUE)

    def stop(self) -> None:
        super().stop()
        self._mapper.kill()
        self._mapper.wait()

    def _connection(self) -> Connection:
        return Connection(self.url, connect_timeout=2)


class Postgres(Server):
    """A PostgreSQL cluster; it refuses to run as root, so root runs it as another user."""

    stop_signal = signal.SIGQUIT  # at once, since nothing of it is needed any more

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._bin = Path(program("initdb", "usr/lib/postgresql/*/bin")).parent
        user = self.user()
        if user is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        subprocess.run(
            [
                str(self._bin / "initdb"),
                *("-D", str(folder / "data"), "-U", "relais", "-A", "trust"),
                *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            cwd=folder,
            user=user,
        )

    def user(self) -> str | None:
        if os.geteuid() != 0:
            return None
        names = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in names else "nobody"

    def command(self) -> list[str]:
        return [
            str(self._bin / "postgres"),
            *("-D", str(self.folder / "data"), "-p", str(self.port)),
            *("-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="),
            *("-c", "fsync=off", "-c", "shared_buffers=32MB", "-c", "max_connections=100"),
        ]

    def dsn(self) -> str:
        return f"postgresql://relais@127.0.0.1:{self.port}/postgres"

    def answers(self) -> bool:
        try:
            psycopg.connect(self.dsn(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def empty_database(self) -> str:
        """The URL of a database in which nothing is left of an earlier test."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return self.dsn()
