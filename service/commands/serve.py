"""`python -m service serve`: the service under gunicorn, as a deployment runs it."""

from __future__ import annotations

import os
import sys

import click

from service.config import PROJECT_DIR, Settings


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
