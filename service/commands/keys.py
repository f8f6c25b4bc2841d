"""`python -m service keys`: API keys made, listed and revoked."""

from __future__ import annotations

import sys

import click

from service.config import Settings
from service.jobs.database import Database
from service.keys import ROLES, Key, KeyFile, Role
from service.usage_db import UsageBook


@click.group()
def keys() -> None:
    """Make, list and revoke API keys, in force within a second in every running server.

    They are kept as digests in RELAIS_KEYS_FILE (keys.json in RELAIS_DATA_DIR). As soon as that
    file is there, every request needs a key; remove it to open the service again.

    \b
    Examples:
      python -m service keys make newsroom
      python -m service keys make partner --rate 60/minute --characters-per-month 500000
      python -m service keys make desk --role edit
      python -m service keys list
      python -m service keys revoke partner
    """


@keys.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="translate",
    show_default=True,
    help="'edit' may also write term files from the page.",
)
@click.option("--rate", help="How often it may ask, e.g. '600/minute'; default: RELAIS_RATE_LIMIT.")
@click.option(
    "--characters-per-month",
    type=click.IntRange(1),
    help="Most characters translated in a calendar month (UTC).",
)
def make(name: str, role: Role, rate: str | None, characters_per_month: int | None) -> None:
    """Make a key called NAME and print it, this once."""
    if rate is not None:
        _check_rate(rate)
    secret, key = _file().make(
        name, role=role, rate=rate, characters_per_month=characters_per_month
    )
    click.echo(f"Key {key.id} for {name}; it is not shown again:", err=True)
    click.echo(secret)


@keys.command("list")
def list_keys() -> None:
    """One line a key: id, role, day made, characters this month, limits, name."""
    database = Database(Settings.load().job_database_url)
    try:
        book = UsageBook(database)
        for key in _file().read():
            click.echo(_line(key, book.of(key.sha256)))
    finally:
        database.close()


@keys.command()
@click.argument("key")
def revoke(key: str) -> None:
    """Take KEY (its id or name) out of force."""
    file = _file()
    gone = file.revoke(key)
    click.echo(f"Key {gone.id} ({gone.name}) is revoked.")
    if not file.read():
        click.echo("No key is left: nobody is let in.", err=True)


def _file() -> KeyFile:
    return KeyFile(Settings.load().keys_path)


def _line(key: Key, used: int) -> str:
    quota = f" of {key.characters_per_month:,}" if key.characters_per_month else ""
    rate = f"  {key.rate}" if key.rate else ""
    return f"{key.id}  {key.role:<9}  {key.created}  {used:,}{quota} characters{rate}  {key.name}"


def _check_rate(rate: str) -> None:
    from limits import parse_many

    try:
        parse_many(rate)
    except ValueError:
        click.echo("Write a number, '/' and a time, e.g. 600/minute.", err=True)
        sys.exit(2)
