"""Doubled letters are one piece: from the start in a new run, afterwards in a trained one."""

import itertools
import json
import random
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("eflomal")
pytest.importorskip("scipy")
pytest.importorskip("ctranslate2")

from training import __main__ as command  # noqa: E402
from training import augment, export, extend, optimise, vocabulary  # noqa: E402
from training.vocabulary import Vocabulary  # noqa: E402

NAMES = "Vassal Kessaci Tayyip Sharaa"
SAMPLE = ["--authored", str(command.SAMPLE)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run made before there were pieces for doubled letters, with weights to go on from."""
    folder = tmp_path_factory.mktemp("older")
    here = ["--run", str(folder)]
    with pytest.MonkeyPatch.context() as before:
        before.setattr(vocabulary, "ADDED", ())
        sizes = ["--pieces", "2000", "--target-pieces", "1000"]
        command.main(["prepare", "--lang", "ar", *sizes, *here, *SAMPLE])
        command.main(["align", "--dim", "64", *here])
    small = {"dim": 64, "inner": 128, "decoder_inner": 128, "encoder": 2, "heads": 2}
    model = optimise.build(optimise.TrainSettings(minutes=1, **small), folder)
    export.Snapshot(model.state_dict(), model.shape).save(folder / "averaged.pt")
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to change."""
    return shutil.copytree(made, tmp_path / "run")


def test_a_trained_model_gets_the_pieces_and_keeps_the_rest(run: Path) -> None:
    old = Vocabulary.load(run)
    assert "ss" not in old.target_index
    before = export.Snapshot.load(run / "averaged.pt")
    sentence = "قال الرئيس إن الحكومة ستجتمع غدا"
    [source] = old.encode_source([sentence])
    was = before.weights["table"][before.weights["source_rows"][source]]

    command.main(["extend", "--run", str(run), "--init", str(run / "averaged.pt")])

    words = Vocabulary.load(run)
    after = export.Snapshot.load(run / "extended.pt")
    assert words.encode_source([sentence]) == [source]
    assert torch.equal(after.weights["table"][after.weights["source_rows"][source]], was)
    assert words.target[: len(old.target)] == old.target
    added = words.target[len(old.target) :]
    assert {"ss", "yy", "aa"} <= set(added)
    assert (after.shape.source, after.shape.target) == (
        words.source.get_piece_size(),
        len(words.target),
    )
    assert words.source.encode("von der", out_type=str) == ["▁von", "▁der"]
    for text in NAMES.split():
        pieces = words.source.encode(text, out_type=str)
        assert all(first != second for first, second in itertools.pairwise(pieces))
        assert pieces == words.constrained.encode(text, out_type=str)
    row = after.weights["table"][words.target_index["ss"]]
    letter = before.weights["table"][old.target_index["s"]]
    assert torch.cosine_similarity(row, letter, dim=0) == pytest.approx(1, abs=1e-5)
    ids = words.source.encode("ss")
    assert after.weights["source_rows"][ids[-1]] == words.target_index["ss"]
    after.model()  # fits its shape


def test_the_extended_model_trains_on(run: Path) -> None:
    command.main(["extend", "--run", str(run), "--init", str(run / "averaged.pt")])
    command.main(["prepare", "--lang", "ar", "--run", str(run), "--pieces", "2000", *SAMPLE])
    command.main(["align", "--dim", "64", "--run", str(run)])
    start = ["--init", str(run / "extended.pt"), "--short-first", "0"]
    limits = ["--threads", "1", "--minutes", "0.05", "--warm-up", "20"]
    command.main(["train", "--run", str(run), *limits, *start])
    last = sorted(run.glob("snapshot-*.pt"))[-1]
    assert export.Snapshot.load(last).shape == export.Snapshot.load(run / "extended.pt").shape


def test_extending_twice_adds_nothing(run: Path) -> None:
    once = extend.extend(export.Snapshot.load(run / "averaged.pt"), run)
    twice = extend.extend(once, run)
    assert twice.shape == once.shape
    assert torch.equal(twice.weights["table"], once.weights["table"])


def test_weights_of_another_vocabulary_are_refused(run: Path) -> None:
    snapshot = extend.extend(export.Snapshot.load(run / "averaged.pt"), run)
    vocabulary.add_pieces(run / "sentencepiece.model", ["xz"])
    with pytest.raises(ValueError, match="vocabulary"):
        extend.extend(snapshot, run)


def test_a_new_run_has_them_from_the_start(tmp_path: Path) -> None:
    sizes = ["--pieces", "2000", "--target-pieces", "1000"]
    command.main(["prepare", "--lang", "ar", *sizes, "--run", str(tmp_path), *SAMPLE])
    target = json.loads((tmp_path / "target_vocabulary.json").read_text(encoding="utf-8"))
    assert {"ss", "yy", "aa"} <= set(target)
    words = Vocabulary.load(tmp_path)
    assert "ss" in words.source.encode("Vassal", out_type=str)


def test_the_pool_doubles_letters_and_knows_rare_ones() -> None:
    pool = augment.NamePool(["Martin", "Kader", "Erdogan", "Louise"], random.Random(3))
    words = [pool.word() for _ in range(2000)]
    doubled = sum(any(2 * c in word for c in "artinkdeogls") for word in words)
    assert 200 < doubled < 800
    assert any("ğ" in word for word in words)
    assert any(" der " in pool.draw(2) for _ in range(2000))


def test_names_that_were_seldom_shown_are_split_and_words_are_not(tmp_path: Path) -> None:
    lines = ["Nunez said that the Minister met Nunez in the town of Nunez."] * 200
    vocabulary.train_sentencepiece(lines, tmp_path / "m", "fr", 120)
    model = tmp_path / "m.model"

    def pieces(text: str) -> list[str]:
        processor = vocabulary.sentencepiece.SentencePieceProcessor(model_file=str(model))
        found: list[str] = processor.encode(text, out_type=str)
        return found

    before = pieces("town of the Minister")
    assert "▁Nunez" in pieces("Nunez said")
    assert (
        vocabulary.split_rare_names(model, {"▁Nunez": 30, "▁said": 30, "▁Minister": 300}, 250) == 1
    )
    assert "▁Nunez" not in pieces("Nunez said")
    assert "".join(pieces("Nunez said")) == "▁Nunez▁said"
    assert pieces("town of the Minister") == before


def test_a_snapshot_is_the_same_after_its_export(run: Path, tmp_path: Path) -> None:
    snapshot = export.Snapshot.load(run / "averaged.pt")
    words = Vocabulary.load(run)
    for name in ("first", "second"):
        export.write_ctranslate2(snapshot, words, tmp_path / name)
    first, second = ((tmp_path / name / "model.bin").read_bytes() for name in ("first", "second"))
    assert first == second
