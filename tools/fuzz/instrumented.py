"""One target under atheris: `python -m tools.fuzz.instrumented TARGET CORPUS [libFuzzer options]`.

Reads bytes as UTF-8; those that are none become lone surrogates, which callers can send as well.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["service"]):
    from tools.fuzz.targets import DICTIONARY, TARGETS


def main() -> None:
    name = sys.argv.pop(1)
    target, words = TARGETS[name], DICTIONARY[name]

    def one(data: bytes) -> None:
        target(data.decode("utf-8", "surrogateescape"))

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        """Half of the time a word of the target's dictionary is put somewhere."""
        if seed % 2:
            word = words[seed // 2 % len(words)].encode()
            at = seed // 97 % (len(data) + 1)
            return (data[:at] + word + data[at:])[:max_size]
        return bytes(atheris.Mutate(data, max_size))

    for word in words:
        target(word)  # tables are read now, not within the time of the first input
    atheris.Setup(sys.argv, one, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
