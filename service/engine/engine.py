"""The translation engine of one process."""

from __future__ import annotations

from collections.abc import Sequence

from service.config import Settings
from service.engine.packages import Package
from service.engine.translator import Hypothesis


class Engine:
    """Every translation package of one process, shared by all of its threads.

    Building one costs nothing. `load` must be called after the process has forked: CTranslate2's
    threads do not survive a fork.

    Attributes:
        ready: True once every usable package has answered a sentence.
        problems: one line for each package that cannot be used, and for a memory that is off.
    """

    ready: bool
    problems: tuple[str, ...]

    def __init__(self, settings: Settings) -> None:
        raise NotImplementedError

    def load(self) -> None:
        """Load and warm every package; safe to call from several threads, loads once.

        Never raises for a broken package: that is a line in `problems`.
        """
        raise NotImplementedError

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(source, target) pairs that can be served, those that pivot through English included."""
        raise NotImplementedError

    def packages(self) -> tuple[Package, ...]:
        """The packages in use."""
        raise NotImplementedError

    def model(self, source: str, target: str) -> str:
        """What translates this pair, e.g. ``translate-fr_en-1.0``; two joined by ``+`` for a pivot.

        Raises:
            UnsupportedLanguage: no package serves the pair.
        """
        raise NotImplementedError

    def waiting(self) -> int:
        """Sentences accepted and not yet answered: the load gauge behind 429."""
        raise NotImplementedError

    def translate(
        self,
        sentences: Sequence[str],
        source: str,
        target: str,
        *,
        beam_size: int | None = None,
        alternatives: int = 1,
        links: bool = False,
    ) -> list[Hypothesis]:
        """Translate sentences; same order and length as the input.

        The sentences share model batches with those of other callers.

        Args:
            sentences: any strings; one that is empty or blank comes back as it is.
            source, target: language codes of a pair in `pairs()`.
            beam_size: 1 to 16; by default the setting.
            alternatives: must be 1 here; see `alternatives`.
            links: fill `Hypothesis.attention`.

        Raises:
            NotReady: `load` has not finished.
            UnsupportedLanguage: no package serves the pair.
            Overloaded: too many sentences are waiting.
        """
        raise NotImplementedError

    def alternatives(
        self,
        sentences: Sequence[str],
        source: str,
        target: str,
        *,
        count: int,
        beam_size: int | None = None,
    ) -> list[list[Hypothesis]]:
        """Up to `count` different translations of each sentence, best first (at least one).

        Raises: as `translate`.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Answer what was accepted, stop the threads, free the models. Safe to call twice."""
        raise NotImplementedError
