"""The translation engine of one process: packages, batches, memory, pivots."""

from __future__ import annotations

import operator
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import astuple, dataclass, field, replace
from typing import Final

from service.config import Settings
from service.engine import memory
from service.engine.batcher import Batcher
from service.engine.memory import Memory
from service.engine.model import Decoded, Decoding, Model, Unit
from service.engine.packages import Package, PackageStore
from service.engine.translator import Hypothesis, PairTranslator, Steps
from service.errors import (
    InvalidRequest,
    NotReady,
    Overloaded,
    PackageError,
    UnsupportedLanguage,
)

PIVOT: Final = "en"

# What a package is asked before it counts as ready.
_WARM_UP: Final = {
    "ar": "وصل الوزير إلى المدينة صباح اليوم.",
    "fr": "Le ministre est arrivé en ville ce matin.",
}
_WARM_UP_ELSE: Final = "Paris, 2024."


@dataclass(frozen=True, slots=True)
class Stats:
    """What an engine, or one package in it, has done since it was loaded.

    Args:
        batches, units, pieces, padded: as `Counts`.
        remembered: sentences found in the translation memory.
        joined: sentences that another request was translating already.
        waiting: sentences accepted and not yet answered.
    """

    batches: int = 0
    units: int = 0
    pieces: int = 0
    padded: int = 0
    remembered: int = 0
    joined: int = 0
    waiting: int = 0

    def __add__(self, other: Stats) -> Stats:
        """Both together."""
        return Stats(*map(operator.add, astuple(self), astuple(other)))


@dataclass(slots=True)
class _Tally:
    """What `Stats` tells of one package beside its batches; changed under the engine's lock."""

    remembered: int = 0
    joined: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class _Loaded:
    translator: PairTranslator
    batcher: Batcher
    tally: _Tally = field(default_factory=_Tally)


class Engine:
    """Every translation package of one process, shared by all of its threads.

    Building one costs nothing. `load` must be called after the process has forked: the threads of
    a loaded model do not survive a fork.

    Attributes:
        ready: True once every usable package has answered a sentence.
        problems: one line for each package that cannot be used, and for a memory that is off.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._load_lock = threading.Lock()
        self._lock = threading.Lock()
        self._loaded: dict[tuple[str, str], _Loaded] = {}
        self._memory: Memory | None = None
        self._package_problems: tuple[str, ...] = ()
        self._damaged: frozenset[tuple[str, str]] = frozenset()
        self._in_flight: dict[bytes, Future[tuple[Hypothesis, ...]]] = {}
        self._waiting = 0
        self._process = 0
        self.ready = False

    @property
    def problems(self) -> tuple[str, ...]:
        """What does not work, one line each; empty when all is well."""
        memory_problem = self._memory.problem if self._memory else None
        return (*self._package_problems, *([memory_problem] if memory_problem else []))

    def load(self) -> None:
        """Load and warm every package; safe to call from several threads, loads once.

        Never raises for a broken package: that is a line in `problems`.
        """
        with self._load_lock:
            if self.ready:
                return
            settings = self._settings
            problems: list[str] = []
            damaged: set[tuple[str, str]] = set()
            store = PackageStore(settings)
            try:
                packages = store.in_use()
                problems.extend(store.problems)
                damaged.update(store.damaged)
            except (OSError, PackageError) as error:
                packages = ()
                problems.append(f"The translation packages cannot be read: {error}.")
            loaded: dict[tuple[str, str], _Loaded] = {}
            for package in packages:
                try:
                    loaded[package.source, package.target] = self._load_package(package)
                except PackageError as error:
                    problems.append(error.detail)
                    damaged.add((package.source, package.target))
            self._memory = Memory(settings.data_dir / "memory.sqlite3", settings.memory_entries)
            self._loaded = loaded
            self._package_problems = tuple(problems)
            self._damaged = frozenset(damaged - set(loaded))
            self._process = os.getpid()
            self.ready = bool(loaded)

    def _load_package(self, package: Package) -> _Loaded:
        model = Model(package, threads=self._settings.threads)
        translator = PairTranslator(package, model)
        sentence = _WARM_UP.get(package.source, _WARM_UP_ELSE)
        try:
            translator.translate([sentence], self._decoding(None))
        except Exception as error:
            raise PackageError(f"{package.name} answers no sentence: {error}.") from error
        batcher = Batcher(
            model.translate,
            threads=self._settings.threads,
            batch_pieces=self._settings.batch_tokens,
            wait_s=self._settings.batch_wait_ms / 1000,
        )
        return _Loaded(translator, batcher)

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(source, target) pairs that can be served, those that pivot through English included."""
        direct = set(self._loaded)
        pivoted = {
            (source, target)
            for source, middle in direct
            for other, target in direct
            if middle == other == PIVOT and source != target
        }
        return tuple(sorted(direct | pivoted))

    def check_sound(self, source: str, target: str) -> None:
        """Tell a pair that cannot be served at present from one that nothing serves.

        Raises:
            NotReady: its only package is damaged.
        """
        if (source, target) in self._damaged:
            raise NotReady(
                f"The package that translates from {source!r} to {target!r} is damaged; "
                "GET /v1/health/ready names it."
            )

    def packages(self) -> tuple[Package, ...]:
        """The packages in use."""
        return tuple(self._loaded[pair].translator.package for pair in sorted(self._loaded))

    def model(self, source: str, target: str) -> str:
        """What translates this pair, e.g. ``translate-fr_en-1.0``; two joined by ``+`` for a pivot.

        Raises:
            UnsupportedLanguage: no package serves the pair.
        """
        legs = self._legs(source, target)
        return "+".join(leg.translator.package.name for leg in legs)

    def waiting(self) -> int:
        """Sentences accepted and not yet answered: the load gauge behind 429."""
        return self._waiting

    def stats(self) -> Stats:
        """What was done since `load`, by all packages together."""
        return sum(self.stats_by_model().values(), Stats())

    def stats_by_model(self) -> dict[str, Stats]:
        """What each package did since `load`, by its name, e.g. ``translate-fr_en-1.0``."""
        return {
            loaded.translator.package.name: Stats(
                *astuple(loaded.batcher.counts), *astuple(loaded.tally)
            )
            for loaded in self._loaded.values()
        }

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
        if alternatives != 1:
            raise InvalidRequest("Ask for alternatives through Engine.alternatives.")
        found = self._through(sentences, source, target, self._decoding(beam_size))
        if links:
            return [each[0] for each in found]
        return [replace(each[0], attention=None) for each in found]

    def alternatives(
        self,
        sentences: Sequence[str],
        source: str,
        target: str,
        *,
        count: int,
        beam_size: int | None = None,
        links: bool = False,
    ) -> list[list[Hypothesis]]:
        """Up to `count` different translations of each sentence, best first (at least one).

        Args: as `translate`. Raises: as `translate`.
        """
        decoding = replace(self._decoding(beam_size), alternatives=count)
        found = self._through(sentences, source, target, decoding)
        if links:
            return [list(each) for each in found]
        return [[replace(one, attention=None) for one in each] for each in found]

    def close(self) -> None:
        """Answer what was accepted, stop the threads, free the models. Safe to call twice."""
        with self._load_lock:
            loaded, self._loaded = self._loaded, {}
            self.ready = False
        for each in loaded.values():
            each.batcher.close()
            each.translator.close()
        if self._memory is not None:
            self._memory.close()

    def _decoding(self, beam_size: int | None) -> Decoding:
        return Decoding(self._settings.beam_size if beam_size is None else beam_size)

    def _legs(self, source: str, target: str) -> tuple[_Loaded, ...]:
        """The packages that a pair goes through: one, or two with English between."""
        direct = self._loaded.get((source, target))
        if direct is not None:
            return (direct,)
        first = self._loaded.get((source, PIVOT))
        second = self._loaded.get((PIVOT, target))
        if first is None or second is None or source == target:
            self.check_sound(source, target)
            raise UnsupportedLanguage(
                f"No installed package translates from {source!r} to {target!r}.", field="source"
            )
        return first, second

    def _through(
        self, sentences: Sequence[str], source: str, target: str, decoding: Decoding
    ) -> list[tuple[Hypothesis, ...]]:
        if not self.ready:
            raise NotReady("The models are still being loaded; try again in a few seconds.")
        if self._process != os.getpid():
            raise NotReady("The models were loaded before this process was forked.")
        legs = self._legs(source, target)
        if len(legs) == 1:
            return self._leg(legs[0], sentences, decoding)
        middle = self._leg(legs[0], sentences, replace(decoding, alternatives=1))
        final = self._leg(legs[1], [each[0].text for each in middle], decoding)
        return [
            tuple(_chained(before[0], each) for each in after)
            for before, after in zip(middle, final, strict=True)
        ]

    def _leg(
        self, loaded: _Loaded, sentences: Sequence[str], decoding: Decoding
    ) -> list[tuple[Hypothesis, ...]]:
        """Translate with one package: from memory, with another caller, or by the model."""
        settings = f"{decoding.beam_size} {decoding.alternatives}"
        model = loaded.translator.package.sha256
        keys = {
            sentence: memory.key(model, settings, sentence)
            for sentence in sentences
            if sentence.strip()
        }
        found: dict[bytes, tuple[Hypothesis, ...]] = {}
        if decoding.alternatives == 1 and self._memory is not None:
            kept = self._memory.get(list(keys.values()))
            found.update({its_key: (hypothesis,) for its_key, hypothesis in kept.items()})
        own, others = self._claim(
            loaded.tally,
            {its_key: text for text, its_key in keys.items() if its_key not in found},
            len(found),
        )
        if own:
            found.update(self._own(loaded, own, decoding))
        for its_key, future in others.items():
            found[its_key] = future.result()
        return [
            found[keys[sentence]] if sentence in keys else (Hypothesis(sentence, 0.0, (), ()),)
            for sentence in sentences
        ]

    def _claim(
        self, tally: _Tally, missing: dict[bytes, str], remembered: int
    ) -> tuple[dict[bytes, str], dict[bytes, Future[tuple[Hypothesis, ...]]]]:
        """What this caller is to translate, and what others are translating already."""
        with self._lock:
            others = {
                its_key: self._in_flight[its_key]
                for its_key in missing
                if its_key in self._in_flight
            }
            own = {its_key: text for its_key, text in missing.items() if its_key not in others}
            if self._waiting and self._waiting + len(own) > self._settings.queue_sentences:
                raise Overloaded(
                    f"{self._waiting:,} sentences are waiting for translation; try again in a "
                    "few seconds, or send less at once."
                )
            for its_key in own:
                self._in_flight[its_key] = Future()
            self._waiting += len(own)
            tally.waiting += len(own)
            tally.remembered += remembered
            tally.joined += len(others)
        return own, others

    def _own(
        self, loaded: _Loaded, own: dict[bytes, str], decoding: Decoding
    ) -> dict[bytes, tuple[Hypothesis, ...]]:
        """Translate what was claimed, tell those who wait for it, and remember it."""
        try:
            tasks = {
                its_key: loaded.translator.steps(text, decoding) for its_key, text in own.items()
            }
            done = _run(tasks, loaded.batcher)
        except BaseException as error:
            for future in self._release(loaded.tally, own).values():
                future.set_exception(error)
            raise
        for its_key, future in self._release(loaded.tally, own).items():
            future.set_result(done[its_key])
        if decoding.alternatives == 1 and self._memory is not None:
            self._memory.put({its_key: answers[0] for its_key, answers in done.items()})
        return done

    def _release(
        self, tally: _Tally, own: dict[bytes, str]
    ) -> dict[bytes, Future[tuple[Hypothesis, ...]]]:
        with self._lock:
            self._waiting -= len(own)
            tally.waiting -= len(own)
            return {its_key: self._in_flight.pop(its_key) for its_key in own}


def _run(
    tasks: dict[bytes, Steps[tuple[Hypothesis, ...]]], batcher: Batcher
) -> dict[bytes, tuple[Hypothesis, ...]]:
    """Run the steps of many sentences to their ends, each round of all of them in one go."""
    done: dict[bytes, tuple[Hypothesis, ...]] = {}
    asked: dict[bytes, list[Unit]] = {}

    def advance(its_key: bytes, answers: list[list[Decoded]] | None) -> None:
        steps = tasks[its_key]
        try:
            asked[its_key] = next(steps) if answers is None else steps.send(answers)
        except StopIteration as finished:
            done[its_key] = finished.value

    for its_key in tasks:
        advance(its_key, None)
    while asked:
        this_round, asked = asked, {}
        answers = batcher.ask([unit for units in this_round.values() for unit in units])
        for its_key, units in this_round.items():
            advance(its_key, [next(answers) for _ in units])
    return done


def _chained(first: Hypothesis, second: Hypothesis) -> Hypothesis:
    """The outcome of two legs; the first one's doubts remain doubts."""
    flags = tuple(dict.fromkeys((*first.flags, *second.flags)))
    return Hypothesis(second.text, min(first.score, second.score), flags, None)
