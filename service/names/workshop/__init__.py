"""The glossary maintainers' workshop: what the commands under `python -m service glossary` do.

The service never imports this package to translate or normalise. Each module is one bench:

- `termfiles`: term files as text, read with their lines and changed without touching the rest;
- `lint`, `check`: is a glossary in order, and does it do what its examples say;
- `explain`: why a name was or was not changed;
- `propose`, `mine`: new entries, for one name or from texts;
- `diff`: what a change of the glossary does to texts;
- `exchange`: other tools' formats in and out.
"""
