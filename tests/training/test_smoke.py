"""Every step on the sample, and the package that comes out."""

import json
import zipfile
from pathlib import Path

import pytest

np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")
pytest.importorskip("eflomal")
pytest.importorskip("scipy")
ctranslate2 = pytest.importorskip("ctranslate2")

from training import __main__ as command  # noqa: E402
from training import export, package  # noqa: E402
from training.vocabulary import BOS, EOS, Vocabulary  # noqa: E402

ONE_THREAD = ["--threads", "1"]
SENTENCES = [
    "افتتح المعرض أبوابه أمام الزوار يوم الخميس.",
    "وصلت الحافلة في الساعة 9:30.",
    "قال Laurent إن الطقس جميل",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    command.main(["smoke", "--run", str(folder), "--minutes", "0.2"])
    return folder


def test_every_step_leaves_a_record_of_its_settings(run: Path) -> None:
    prepared = json.loads((run / "prepare.json").read_text())
    trained = json.loads((run / "train.json").read_text())
    assert prepared["settings"]["seed"] == 1
    assert prepared["pairs"]["authored"] > 300
    assert trained["settings"]["dim"] == 64
    assert trained["updates"] > 20


def test_the_package_has_one_top_folder_and_what_argos_reads(run: Path) -> None:
    package.check_package(run / "smoke.argosmodel")
    with zipfile.ZipFile(run / "smoke.argosmodel") as archive:
        metadata = json.loads(archive.read("translate-ar_en-1_6/metadata.json"))
    assert metadata["from_code"] == "ar"
    assert metadata["to_code"] == "en"
    assert metadata["type"] == "translate"


def test_a_broken_package_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.argosmodel"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/metadata.json", "{}")
        archive.writestr("b/metadata.json", "{}")
    with pytest.raises(ValueError, match="2 top folders"):
        package.check_package(path)


def test_ctranslate2_and_pytorch_write_the_same_words(run: Path, tmp_path: Path) -> None:
    """In the float32 model; int8 may differ where two words are nearly equal."""
    words = Vocabulary.load(run)
    snapshot = export.Snapshot.load(run / "averaged.pt")
    model = snapshot.model()
    ids = words.encode_source(SENTENCES)
    expected = [model.greedy(torch.tensor([[*row, EOS]]), 40, BOS, EOS)[0] for row in ids]
    export.write_ctranslate2(snapshot, words, tmp_path / "model", quantization=None)
    translator = ctranslate2.Translator(str(tmp_path / "model"), compute_type="float32")
    results = translator.translate_batch(
        [[words.source_pieces[i] for i in row] for row in ids],
        beam_size=1,
        max_decoding_length=40,
    )
    written = [[words.target_index[piece] for piece in r.hypotheses[0]] for r in results]
    assert [row[:8] for row in written] == [row[:8] for row in expected]


def test_a_package_can_be_read_back_to_train_on(run: Path) -> None:
    before = export.Snapshot.load(run / "averaged.pt")
    after = export.read_package(run / "smoke.argosmodel")
    assert after.shape == before.shape
    assert torch.equal(after.weights["source_rows"], before.weights["source_rows"])
    for name, value in before.weights.items():
        if value.is_floating_point():
            error = (after.weights[name] - value).abs().max()
            assert error <= value.abs().max() * 0.02, name


def test_training_goes_on_from_a_package_with_a_lower_loss(
    run: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    smoke = str(run / "smoke.argosmodel")
    folder = ["--run", str(tmp_path)]
    sample = ["--authored", str(command.SAMPLE)]
    command.main(["prepare", "--lang", "ar", "--init", smoke, *folder, *sample])
    command.main(["align", "--dim", "64", *folder])
    with caplog.at_level("INFO"):
        command.main(
            ["train", "--init", smoke, *folder, *ONE_THREAD, "--minutes", "0.05", "--warm-up", "20"]
        )
    first, second = (json.loads((f / "train.json").read_text()) for f in (run, tmp_path))
    assert second["shape"] == first["shape"]


def test_a_stopped_run_is_resumed(run: Path) -> None:
    before = json.loads((run / "train.json").read_text())
    command.main(
        ["train", "--run", str(run), "--minutes", "0.25", *ONE_THREAD, *command.SMOKE_SIZES.split()]
    )
    after = json.loads((run / "train.json").read_text())
    assert after["updates"] > before["updates"]


def test_every_step_and_every_option_has_help() -> None:
    parser = command.build_parser()
    steps = next(a for a in parser._actions if a.dest == "step")
    for name, step in steps.choices.items():
        assert step.description, name
        for action in step._actions:
            assert action.help, f"{name} {action.option_strings}"


def test_training_can_be_narrowed_to_sentences_with_latin_names(run: Path) -> None:
    from training.batches import Examples
    from training.vocabulary import latin_ids

    names = np.asarray(latin_ids(Vocabulary.load(run)))
    narrow = Examples(run / "examples.npz", 1500, curriculum=False, names=names)
    assert 0 < narrow.named.sum() < len(narrow)
    row = int(narrow.named.argmax())
    assert np.isin(narrow.source[row], names).sum() >= 2


def test_the_end_of_a_curriculum_is_mostly_news_from_where_it_is_told(run: Path) -> None:
    from training.batches import OTHERS_IN_NEWS, Examples

    examples = Examples(run / "examples.npz", 1500, short_first=False, news_from=0.4)
    examples.authored[::2] = False
    authored, others = np.flatnonzero(examples.authored), np.flatnonzero(~examples.authored)
    assert examples._wanted(others, 0.39).all()
    assert 0 < examples._wanted(others, 0.4).mean() < 2 * OTHERS_IN_NEWS
    assert examples._wanted(authored, 0.4).all()
