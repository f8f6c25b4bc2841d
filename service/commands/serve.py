"""`python -m service serve`: the service under gunicorn, as a deployment runs it."""

from __future__ import annotations

import os
import sys

import click

from service.config import PROJECT_DIR, Settings
from service.keys import KeyFile, KeyRing

LOOPBACK = frozenset({"127.0.0.1", "::1", "[::1]", "localhost"})


@click.command()
@click.option("--host", help="Address to listen on; default: RELAIS_HOST or 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65535), help="Default: RELAIS_PORT or 8000.")
def serve(host: str | None, port: int | None) -> None:
    """Serve the HTTP interfaces and the page until interrupted.

    \b
    Example:
      python -m service serve --port 8000
      curl -s localhost:8000/v1/translate -H 'Content-Type: application/json' \\
        -d '{"text": "Le maire a salué la foule."}'
    """
    settings = Settings.load()
    _warn_if_open(settings, host or settings.host)
    bind = f"{host or settings.host}:{settings.port if port is None else port}"
    os.chdir(PROJECT_DIR)
    os.execv(
        sys.executable,
        [
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            "gunicorn.conf.py",
            "--bind",
            bind,
            "wsgi:application",
        ],
    )


def _warn_if_open(settings: Settings, host: str) -> None:
    """Say so when anybody who reaches the port may ask: no keys, and not only this machine."""
    keys = KeyRing(settings.api_keys, settings.editor_keys, KeyFile(settings.keys_path))
    if host not in LOOPBACK and not keys.asked_for():
        click.echo(
            f"warning: {host} can be reached from other machines, and no API key is asked for. "
            "Make one with 'python -m service keys make NAME'.",
            err=True,
        )
