"""`python -m service health`: asks a running server whether it is ready; for container checks."""

from __future__ import annotations

import http.client
import json

import click

from service.config import Settings

#: Addresses that a server listens on but that cannot be asked.
EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "[::]": "::1", "": "127.0.0.1"}


@click.command()
@click.option("--host", help="Where the server listens; default: RELAIS_HOST or 127.0.0.1.")
@click.option("--port", type=click.IntRange(1, 65535), help="Default: RELAIS_PORT or 8000.")
@click.option("--timeout", default=4.0, show_default=True, help="Seconds to wait for the answer.")
def health(host: str | None, port: int | None, timeout: float) -> None:
    """Ask a running server whether it is ready to translate.

    Exit status: 0 it is ready; 1 it is not, or does not answer.

    \b
    Example:
      python -m service health && echo ready
    """
    settings = Settings.load()
    address = host or settings.host
    connection = http.client.HTTPConnection(
        EVERY_ADDRESS.get(address, address), port or settings.port, timeout=timeout
    )
    try:
        connection.request("GET", settings.url_prefix + "/v1/health/ready")
        state = json.loads(connection.getresponse().read())
        status = str(state["status"])
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
        click.echo(f"no answer: {type(error).__name__}", err=True)
        raise SystemExit(1) from None
    click.echo(status)
    for problem in state.get("problems", []):
        click.echo(f"problem: {problem}", err=True)
    if state.get("ready") is not True:
        raise SystemExit(1)
