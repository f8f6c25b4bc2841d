"""The command line: one click group whose commands are imported only when they are called.

Exit status: 0 all went well; 1 some items could not be worked on (each is named on standard error
or in its result line); 2 wrong usage; 3 the work could not be done at all.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import NoReturn

import click

from service.errors import ServiceError

COMMANDS = {
    "batch": "service.commands.batch:batch",
    "demo": "service.commands.demo:demo",
    "detect": "service.commands.detect:detect",
    "files": "service.commands.files:files",
    "glossary": "service.commands.glossary:glossary",
    "health": "service.commands.health:health",
    "jobs": "service.commands.jobs:jobs",
    "keys": "service.commands.keys:keys",
    "models": "service.commands.models:models",
    "normalise": "service.commands.normalise:normalise",
    "serve": "service.commands.serve:serve",
    "translate": "service.commands.translate:translate",
    "worker": "service.commands.worker:worker",
}


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name, in order of the alphabet."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=None, version=import_module("service").__version__)
def cli() -> None:
    """Translate French and Arabic news to English and put every name back to its right spelling.

    \b
    Begin with:
      python -m service translate story.txt
      python -m service normalise --report relayed.txt
      python -m service serve
    """


def main() -> NoReturn:
    """Run the command line; a `ServiceError` becomes one line on standard error and status 3."""
    try:
        cli(prog_name="python -m service")
    except ServiceError as error:
        place = f" ({error.field})" if error.field else ""
        click.echo(f"error: {error.detail}{place}", err=True)
        sys.exit(3)
    sys.exit(0)
