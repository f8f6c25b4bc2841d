"""A model of one language starts from a model of another."""

from pathlib import Path

import pytest

np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")
pytest.importorskip("eflomal")
pytest.importorskip("scipy")
pytest.importorskip("ctranslate2")

from training import __main__ as command  # noqa: E402
from training import export, transfer  # noqa: E402
from training.vocabulary import Vocabulary  # noqa: E402

SAMPLE = ["--authored", str(command.SAMPLE)]
SIZES = command.SMOKE_SIZES.split()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A French run trained for a few seconds and an Arabic one that is only aligned."""
    folders = {}
    for language in ("fr", "ar"):
        folders[language] = tmp_path_factory.mktemp(language)
        here = ["--run", str(folders[language])]
        sizes = ["--pieces", "2000", "--target-pieces", "1000"]
        command.main(["prepare", "--lang", language, *sizes, *here, *SAMPLE])
        command.main(["align", "--dim", "64", *here])
    parent = ["--run", str(folders["fr"]), "--threads", "1", "--minutes", "0.1", "--warm-up", "20"]
    command.main(["train", *parent, *SIZES])
    command.main(["average", "--run", str(folders["fr"]), "--last", "1"])
    return folders


@pytest.fixture(scope="module")
def child(runs: dict[str, Path]) -> export.Snapshot:
    parent = ["--parent", str(runs["fr"] / "averaged.pt"), "--parent-run", str(runs["fr"])]
    command.main(["transfer", "--run", str(runs["ar"]), *parent])
    return export.Snapshot.load(runs["ar"] / "transferred.pt")


def test_layers_and_common_english_pieces_are_the_parents(
    runs: dict[str, Path], child: export.Snapshot
) -> None:
    parent = export.Snapshot.load(runs["fr"] / "averaged.pt")
    old, new = Vocabulary.load(runs["fr"]), Vocabulary.load(runs["ar"])
    assert torch.equal(child.weights["rotation"], parent.weights["rotation"])
    both = [piece for piece in new.target if piece in old.target_index]
    assert len(both) > 300
    for piece in both[:50]:
        ours, theirs = new.target_index[piece], old.target_index[piece]
        assert torch.allclose(child.weights["table"][ours], parent.weights["table"][theirs])
        assert child.weights["bias"][ours] == parent.weights["bias"][theirs]


def test_a_word_lies_nearest_to_its_own_translation_in_the_parents_language(
    runs: dict[str, Path], child: export.Snapshot
) -> None:
    """By way of English: فرنسا and France are both linked to France."""
    parent = export.Snapshot.load(runs["fr"] / "averaged.pt")
    old, new = Vocabulary.load(runs["fr"]), Vocabulary.load(runs["ar"])
    pivot = (
        transfer._shares(transfer.link_counts(runs["ar"], new))
        @ transfer.target_bridge(old, new)
        @ transfer._shares(transfer.link_counts(runs["fr"], old).T.tocsr())
    )
    own = torch.nonzero(child.weights["source_rows"] >= child.shape.target).squeeze(1).tolist()
    linked = [i for i in own if pivot[i].nnz]
    assert len(linked) > 100
    table = parent.weights["table"].numpy()[parent.weights["source_rows"].numpy()]
    for i in linked[:20]:
        wanted = (pivot[i] @ table).ravel()
        found = child.weights["table"][child.weights["source_rows"][i]].numpy()
        cosine = wanted @ found / np.linalg.norm(wanted) / np.linalg.norm(found)
        assert cosine == pytest.approx(1, abs=1e-4)


def test_the_child_trains_on(runs: dict[str, Path], child: export.Snapshot) -> None:
    start = ["--init", str(runs["ar"] / "transferred.pt"), "--short-first", "0"]
    here = ["--run", str(runs["ar"]), "--threads", "1", "--minutes", "0.05", "--warm-up", "20"]
    command.main(["train", *here, *start])
    last = sorted(runs["ar"].glob("snapshot-*.pt"))[-1]
    assert export.Snapshot.load(last).shape == child.shape
