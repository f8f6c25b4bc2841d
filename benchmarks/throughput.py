"""`python -m benchmarks.throughput`: how fast stories are translated, beside the model's own limit.

Four ways over the same sentences and packages, taking turns within each round, so that a busy
machine slows all of them; what is reported is the median of the rounds' ratios:

* *limit*: CTranslate2 alone, every sentence handed over at once, sorted by length, no names, no
  checks, no layout. Nothing built on it can be faster at the same beam.
* *Relais*: the whole pipeline with the shipped glossary, all stories in one call; the translation
  memory is off.
* *Relais, story by story*: the same, one call per story.
* *small batches*: each story's paragraphs one after the other in batches of 32 source tokens with a
  beam of 4, which are the settings of stock argostranslate's own loop.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import ctranslate2
import sentencepiece

from benchmarks.names.report import header, table
from service.config import PROJECT_DIR, Settings
from service.engine import Engine
from service.engine.packages import Package
from service.names.glossary import GlossaryStore
from service.pipeline import Pipeline, Request, Translation
from service.text.segment import segment

SMALL_BATCH_TOKENS = 32
SMALL_BATCH_BEAM = 4


class Bare:
    """One package under CTranslate2 and nothing else."""

    def __init__(self, package: Package, settings: Settings) -> None:
        self._translator = ctranslate2.Translator(
            str(package.path / "model"),
            compute_type="int8",
            inter_threads=settings.threads,
            intra_threads=1,
        )
        self._tokenizer = sentencepiece.SentencePieceProcessor(
            model_file=str(package.path / "sentencepiece.model")
        )

    def translate(self, sentences: Sequence[str], *, beam: int, tokens: int) -> list[str]:
        """The sentences in one call of CTranslate2."""
        answers = self._translator.translate_batch(
            self._tokenizer.encode(list(sentences), out_type=str),
            beam_size=beam,
            max_batch_size=tokens,
            batch_type="tokens",
        )
        decoded: list[str] = self._tokenizer.decode([answer.hypotheses[0] for answer in answers])
        return decoded


@click.command()
@click.option("--rounds", default=5, show_default=True, help="How often each way is run.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the report there as well.")
def main(rounds: int, out: Path | None) -> None:
    """Measure sentences per second on the French and Arabic stories of examples/."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            memory_entries=0, data_dir=Path(folder), packages_dir=Path(folder) / "packages"
        )
        report = measure(settings, rounds)
    click.echo(report)
    if out is not None:
        out.write_text(report + "\n", encoding="utf-8")


def measure(settings: Settings, rounds: int) -> str:
    """The report as Markdown."""
    stories = {
        language: [
            path.read_text(encoding="utf-8")
            for path in sorted((PROJECT_DIR / "examples").glob(f"*-{language}-*.txt"))
        ]
        for language in ("fr", "ar")
    }
    engine = Engine(settings)
    engine.load()
    pipeline = Pipeline(settings, engine, GlossaryStore(settings.glossary_dir))
    bare = {package.source: Bare(package, settings) for package in engine.packages()}
    sentences = {
        language: [[s.text for s in segment(text, language) if s.translatable] for text in texts]
        for language, texts in stories.items()
    }
    count = sum(len(story) for texts in sentences.values() for story in texts)

    def limit() -> None:
        for language, texts in sentences.items():
            pooled = [sentence for story in texts for sentence in story]
            bare[language].translate(pooled, beam=settings.beam_size, tokens=settings.batch_tokens)

    def small_batches() -> None:
        for language, texts in stories.items():
            for block in (block for text in texts for block in text.split("\n\n")):
                own = [s.text for s in segment(block, language) if s.translatable]
                bare[language].translate(own, beam=SMALL_BATCH_BEAM, tokens=SMALL_BATCH_TOKENS)

    def whole(requests: Sequence[Request]) -> None:
        for answer in pipeline.translate(requests):
            if not isinstance(answer, Translation):
                raise answer

    requests = [Request(text, language) for language, texts in stories.items() for text in texts]

    def pooled() -> None:
        whole(requests)

    def one_by_one() -> None:
        for request in requests:
            whole([request])

    ways: dict[str, Callable[[], None]] = {
        "limit: bare CTranslate2, all sentences at once": limit,
        "Relais, all stories in one call": pooled,
        "Relais, story by story": one_by_one,
        "small batches, beam 4 (stock settings)": small_batches,
    }
    times = take_turns(ways, rounds)
    engine.close()
    reference = times["limit: bare CTranslate2, all sentences at once"]
    rows = [
        [
            name,
            f"{count / statistics.median(own):.1f}",
            f"{statistics.median(r / o for r, o in zip(reference, own, strict=True)):.2f}",
        ]
        for name, own in times.items()
    ]
    return "\n\n".join(
        [
            header("Translation: throughput"),
            f"{count} sentences of {len(requests)} stories, beam {settings.beam_size} unless said, "
            f"{settings.threads} threads, {rounds} rounds in turn, one warm-up each.",
            table(["way", "sentences/s, median", "speed beside the limit"], rows),
        ]
    )


def take_turns(ways: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round, after one run that is not counted."""
    for work in ways.values():
        work()
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            begun = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - begun)
    return times


if __name__ == "__main__":
    main()
