"""The command line: ``python -m training STEP``; the step ``smoke`` runs all the others.

Each step reads and writes one run folder (``--run``). Settings that are not given on the command
line have the values with which the built-in packages were made.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from training import HERE

if TYPE_CHECKING:
    from training.evaluate import TestSet

log = logging.getLogger("training")

SAMPLE = HERE / "sample"
SMOKE_SIZES = "--dim 64 --inner 128 --decoder-inner 128 --encoder 2 --heads 2 --max-tokens 1500"


def run_dictionary(options: argparse.Namespace) -> None:
    """Make a table of word pairs from FreeDict dictionaries."""
    from training import data, dictionary

    counts = dictionary.count_cases(
        pair.english for table in options.table for pair in data.read_table(table)
    )
    pairs = []
    for path in options.dictd:
        english_first = path.name.startswith("freedict-eng-")
        entries = dictionary.read_dictd(path)
        pairs += dictionary.word_pairs(
            entries, language=options.lang, english_first=english_first, counts=counts
        )
    log.info("%s: %d pairs", options.out, dictionary.write_table(pairs, options.out))


def run_attribute(options: argparse.Namespace) -> None:
    """Make a table of statements with speakers."""
    from training import attribution, data, dictionary

    pairs = list(data.read_authored(options.authored, options.lang, heldout=False))
    for table in options.table:
        pairs += data.read_table(table)
    counts = dictionary.count_cases(pair.english for pair in pairs)
    names = list(data.read_names(options.names, "ar"))
    table = attribution.attributed(pairs, names, counts, language=options.lang, seed=options.seed)
    written = dictionary.write_table(
        ((pair.source, pair.english) for pair in table),
        options.out,
        attribution.ORIGIN,
        attribution.LICENCE,
    )
    log.info("%s: %d pairs", options.out, written)


def run_prepare(options: argparse.Namespace) -> None:
    """Choose the pairs, train SentencePiece, write ids."""
    from training import data, prepare

    settings = prepare.PrepareSettings(
        options.lang, options.pieces, options.target_pieces, options.max_pieces, options.seed
    )
    pairs = prepare.gather(settings, options.table, options.authored, options.names)
    if options.init:
        prepare.take_vocabulary(options.init, options.run)
    prepare.prepare(settings, pairs, options.run)
    record = {
        "settings": dataclasses.asdict(settings),
        "init": options.init.name if options.init else None,
        "mixture": {
            origin: dataclasses.asdict(share)
            for origin, share in data.MIXTURE[options.lang].items()
        },
        "pairs": prepare.count_origins(options.run),
    }
    write_record(options.run / "prepare.json", record)


def run_align(options: argparse.Namespace) -> None:
    """Align, make the starting embeddings and the examples."""
    from training import data, guidance

    names: list[str] = []
    if options.names:
        names = [p.english for lang in ("ar", "fr") for p in data.read_names(options.names, lang)]
    guidance.align(options.run, language_of(options.run), options.dim, names, options.seed)


def run_transfer(options: argparse.Namespace) -> None:
    """Make the run's first weights from a trained model of another source language."""
    from training import export, transfer

    parent = export.read_weights(options.parent)
    transfer.transfer(parent, options.parent_run, options.run).save(options.run / "transferred.pt")


def run_extend(options: argparse.Namespace) -> None:
    """Give a trained model the pieces that newer runs have, before ``prepare``."""
    from training import export, extend

    extended = extend.extend(export.read_weights(options.init), options.run)
    extended.save(options.run / "extended.pt")


def run_train(options: argparse.Namespace) -> None:
    """Train until the minutes are up; a run with a checkpoint is resumed."""
    import torch

    from training import export, optimise

    if options.threads:
        torch.set_num_threads(options.threads)
    given = {
        field.name: getattr(options, field.name)
        for field in dataclasses.fields(optimise.TrainSettings)
        if getattr(options, field.name, None) is not None
    }
    if options.deadline:
        given["minutes"] = optimise.minutes_until(options.deadline, options.run)
    init = export.read_weights(options.init) if options.init else None
    optimise.Run(options.run, optimise.TrainSettings(**given), init).train()


def run_prune(options: argparse.Namespace) -> None:
    """Split names that training saw seldom into smaller pieces, before ``export``."""
    import numpy as np

    from training import ragged, vocabulary

    target = vocabulary.Vocabulary.load(options.run).target
    shown = ragged.load(options.run / "examples.npz")["target"].flat
    counts = dict(zip(target, np.bincount(shown, minlength=len(target)).tolist(), strict=True))
    model = options.run / "sentencepiece.model"
    unused = vocabulary.split_rare_names(model, counts, options.least)
    log.info("%d pieces shown fewer than %d times go unused", unused, options.least)


def run_average(options: argparse.Namespace) -> None:
    """Average the last snapshots, and those of an earlier run, into ``averaged.pt``."""
    from training import export

    paths = [*options.also, *sorted(options.run.glob("snapshot-*.pt"))[-options.last :]]
    export.average([export.Snapshot.load(path) for path in paths]).save(options.run / "averaged.pt")
    log.info("averaged %s", ", ".join(path.name for path in paths))


def run_loss(options: argparse.Namespace) -> None:
    """Print how well snapshots know the test sets, in nats a target piece (lower is better)."""
    import torch

    from training import export, loss
    from training.vocabulary import Vocabulary

    torch.set_num_threads(options.threads)
    tests = test_sets(options, language_of(options.run))
    words = Vocabulary.load(options.run)
    encoded = [loss.encode(words, test.sources, test.references) for test in tests]
    print("weights | " + " | ".join(test.name for test in tests))
    groups = [[path] for path in options.snapshots]
    if options.mean:
        groups.append(options.snapshots)
    for paths in groups:
        name = str(paths[0]) if len(paths) == 1 else f"mean of these {len(paths)}"
        model = export.average([export.Snapshot.load(path) for path in paths]).model()
        found = [f"{loss.cross_entropy(model, pairs):.4f}" for pairs in encoded]
        print(" | ".join([name, *found]), flush=True)


def run_export(options: argparse.Namespace) -> None:
    """Write the package from ``averaged.pt``, or from the last snapshot."""
    from training import export

    source = options.snapshot or options.run / "averaged.pt"
    if not source.exists():
        source = sorted(options.run.glob("snapshot-*.pt"))[-1]
    readme = (
        options.card.read_text(encoding="utf-8") if options.card else "See training/README.md.\n"
    )
    snapshot = export.Snapshot.load(source)
    export.export(snapshot, options.run, language_of(options.run), options.package, readme)
    log.info("%s from %s: %d bytes", options.package, source, options.package.stat().st_size)


def test_sets(options: argparse.Namespace, language: str) -> list[TestSet]:
    """Read the test sets that were named."""
    from training import evaluate

    tests = evaluate.read_test_sets(options.eval_dir, language) if options.eval_dir else []
    if options.authored:
        tests.append(evaluate.heldout_set(options.authored, language))
    if not tests:
        sys.exit(f"{options.step}: give --eval-dir, --authored or both")
    return tests


def run_evaluate(options: argparse.Namespace) -> None:
    """Print the tables of the model card."""
    from training import evaluate

    tests = test_sets(options, options.lang)
    package = evaluate.Package(options.package, options.threads)
    beams = tuple(int(size) for size in options.beams.split(","))
    print(
        evaluate.report(
            package, options.lang, tests, beams=beams, beam=options.beam, limit=options.limit
        )
    )


def run_pack(options: argparse.Namespace) -> None:
    """Check the packages of a folder and write their SHA256SUMS."""
    from training import package

    for path in sorted(options.folder.glob("*.argosmodel")):
        package.check_package(path)
        log.info("%s is well formed", path.name)
    package.write_sums(options.folder)


def run_heldout(options: argparse.Namespace) -> None:
    """Choose the held-out authored triples anew (changes what scores mean: do it once)."""
    from training import data

    log.info("%d triples held out", data.write_heldout(options.authored))


def write_record(path: Path, record: dict[str, object]) -> None:
    """Write what a step was told and what it found."""
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")


def language_of(run: Path) -> str:
    """Return the source language that ``prepare`` recorded for the run."""
    record = json.loads((run / "prepare.json").read_text(encoding="utf-8"))
    return str(record["settings"]["language"])


def run_smoke(options: argparse.Namespace) -> None:
    """Run every step on training/sample/, small, and check the package."""
    run = options.run or Path(tempfile.mkdtemp(prefix="training-smoke-"))
    try:
        smoke(options.lang, run, options.minutes)
    finally:
        if options.run is None:
            shutil.rmtree(run)


def smoke(language: str, run: Path, minutes: float) -> Path:
    """Run every step on the sample, small; return the package."""
    package = run / "smoke.argosmodel"
    here = ["--run", str(run)]
    tests = write_smoke_test_set(language, run / "eval")
    steps = [
        f"prepare --lang {language} --pieces 2000 --target-pieces 1000",
        "align --dim 64",
        f"train --minutes {minutes} --warm-up 20 --threads 1 {SMOKE_SIZES}",
        "average --last 2",
        "prune --least 3",
    ]
    commands = [[*step.split(), *here] for step in steps]
    commands[0] += ["--authored", str(SAMPLE)]
    snapshots = [str(run / "averaged.pt")]
    commands += [
        ["loss", *here, "--eval-dir", str(tests), "--snapshots", *snapshots],
        ["export", *here, "--package", str(package)],
        ["evaluate", "--lang", language, "--eval-dir", str(tests), "--package", str(package)],
        ["pack", "--folder", str(run)],
    ]
    for command in commands:
        log.info("step: %s", " ".join(command))
        main(command)
    return package


def write_smoke_test_set(language: str, folder: Path, lines: int = 20) -> Path:
    """Write the first pairs of the sample as a test set (which only shows that scoring runs)."""
    from training import data

    pairs = list(data.read_authored(SAMPLE, language, heldout=False))[:lines]
    folder.mkdir(parents=True, exist_ok=True)
    for ending, texts in (
        ("src", [pair.source for pair in pairs]),
        ("ref", [pair.english for pair in pairs]),
    ):
        path = folder / f"sample.{language}.{ending}"
        path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return folder


def _step(
    steps: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    function: Callable[[argparse.Namespace], None],
) -> argparse.ArgumentParser:
    text = (function.__doc__ or "").strip()
    parser = steps.add_parser(name, help=text, description=text)
    parser.set_defaults(function=function)
    return parser


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every step."""
    from training import optimise

    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="the same as the step smoke")
    steps = parser.add_subparsers(dest="step", metavar="STEP")

    step = _step(steps, "smoke", run_smoke)
    step.add_argument("--lang", choices=("ar", "fr"), default="ar", help="source language")
    step.add_argument("--minutes", type=float, default=0.3, help="training time")
    step.add_argument("--run", type=Path, help="run folder to keep (default: a temporary one)")

    step = _step(steps, "heldout", run_heldout)
    step.add_argument("--authored", type=Path, required=True, help="folder of authored triples")

    step = _step(steps, "dictionary", run_dictionary)
    step.add_argument(
        "--lang", choices=("ar", "fr"), required=True, help="the language not English"
    )
    step.add_argument(
        "--dictd", type=Path, nargs="+", required=True, help="freedict-*.dict.dz of both directions"
    )
    step.add_argument(
        "--table", type=Path, nargs="+", required=True, help="tables whose English shows the case"
    )
    step.add_argument("--out", type=Path, required=True, help="table to write (.tsv)")

    step = _step(steps, "attribute", run_attribute)
    step.add_argument("--lang", choices=("ar", "fr"), default="ar", help="source language")
    step.add_argument("--authored", type=Path, required=True, help="folder of authored triples")
    step.add_argument("--table", type=Path, nargs="*", default=[], help="tables of our own pairs")
    step.add_argument("--names", type=Path, required=True, help="table of name pairs")
    step.add_argument("--seed", type=int, default=1, help="of every random choice")
    step.add_argument("--out", type=Path, required=True, help="table to write (.tsv)")

    step = _step(steps, "prepare", run_prepare)
    _run_argument(step)
    step.add_argument("--lang", choices=("ar", "fr"), required=True, help="source language")
    step.add_argument(
        "--table", type=Path, nargs="*", default=[], help="tables of pairs (.tsv[.xz])"
    )
    step.add_argument("--authored", type=Path, help="folder of authored triples")
    step.add_argument("--names", type=Path, help="table of name pairs")
    step.add_argument("--pieces", type=int, default=20_000, help="size of the SentencePiece model")
    step.add_argument("--target-pieces", type=int, default=9_000, help="size of the English part")
    step.add_argument("--max-pieces", type=int, default=90, help="longest side of a pair")
    step.add_argument("--seed", type=int, default=1, help="of every random choice")
    step.add_argument("--init", type=Path, help="package whose vocabulary is used")

    step = _step(steps, "align", run_align)
    _run_argument(step)
    step.add_argument("--names", type=Path, help="table of name pairs, for the pool of names")
    step.add_argument("--dim", type=int, default=256, help="width of the model")
    step.add_argument("--seed", type=int, default=1, help="of every random choice")

    step = _step(steps, "transfer", run_transfer)
    _run_argument(step)
    step.add_argument("--parent", type=Path, required=True, help="package or snapshot")
    step.add_argument("--parent-run", type=Path, required=True, help="run folder of the parent")

    step = _step(steps, "extend", run_extend)
    _run_argument(step)
    step.add_argument("--init", type=Path, required=True, help="package or snapshot of the run")

    step = _step(steps, "train", run_train)
    _run_argument(step)
    step.add_argument("--deadline", help="train until HH:MM (UTC) instead of --minutes")
    step.add_argument("--threads", type=int, default=0, help="CPU threads (0: PyTorch's choice)")
    step.add_argument("--init", type=Path, help="package or snapshot to go on from")
    for field in dataclasses.fields(optimise.TrainSettings):
        kind = float if field.type == "float" else int
        step.add_argument(
            f"--{field.name.replace('_', '-')}", type=kind, help=f"default {field.default}"
        )

    step = _step(steps, "prune", run_prune)
    _run_argument(step)
    step.add_argument("--least", type=int, default=250, help="showings that keep a piece")

    step = _step(steps, "average", run_average)
    _run_argument(step)
    step.add_argument("--last", type=int, default=3, help="number of snapshots")
    step.add_argument(
        "--also",
        type=Path,
        nargs="*",
        default=[],
        help="snapshots of the run that this one went on from",
    )

    step = _step(steps, "loss", run_loss)
    _run_argument(step)
    step.add_argument("--snapshots", type=Path, nargs="+", required=True, help="weights to compare")
    step.add_argument("--mean", action="store_true", help="the mean of them all too")
    _test_set_arguments(step)

    step = _step(steps, "export", run_export)
    _run_argument(step)
    step.add_argument("--package", type=Path, required=True, help="file to write")
    step.add_argument("--snapshot", type=Path, help="weights, if not averaged.pt")
    step.add_argument("--card", type=Path, help="Markdown to put into the package as README.md")

    step = _step(steps, "evaluate", run_evaluate)
    step.add_argument("--package", type=Path, required=True, help=".argosmodel")
    step.add_argument("--lang", choices=("ar", "fr"), required=True, help="source language")
    _test_set_arguments(step)
    step.add_argument("--limit", type=int, help="only so many lines of each set")
    step.add_argument("--beam", type=int, default=2, help="beam of the tables")
    step.add_argument("--beams", default="1,2,4", help="beams to compare")

    step = _step(steps, "pack", run_pack)
    step.add_argument("--folder", type=Path, required=True, help="folder of packages")
    return parser


def _test_set_arguments(step: argparse.ArgumentParser) -> None:
    step.add_argument("--eval-dir", type=Path, help="folder of SET.LANG.src, .ref and .sys.NAME")
    step.add_argument("--authored", type=Path, help="folder of authored triples (held-out lines)")
    step.add_argument("--threads", type=int, default=1, help="CPU threads")


def _run_argument(step: argparse.ArgumentParser) -> None:
    step.add_argument("--run", type=Path, required=True, help="run folder")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one step, or all of them with ``--smoke``."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if options.smoke:
        main(["smoke"])
    elif options.step is None:
        parser.error("give a STEP or --smoke")
    else:
        options.function(options)


if __name__ == "__main__":
    main()
