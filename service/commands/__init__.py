"""Subcommands of ``python -m service``: each module exports one click command or group."""
