"""The cross-entropy by which weights are chosen."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from training.loss import cross_entropy  # noqa: E402
from training.model import Shape, Translator  # noqa: E402
from training.vocabulary import EOS  # noqa: E402

PIECES = 12
PAIRS = [([4, 5, 6], [7, 8]), ([9], [10, 11, 4, 5]), ([4, 4, 4, 4, 4], [6])]


@pytest.fixture
def model() -> Translator:
    torch.manual_seed(3)
    shape = Shape(PIECES, PIECES, PIECES, dim=16, heads=2, inner=16, decoder_inner=16, encoder=1)
    return Translator(shape, torch.arange(PIECES))


def test_padding_changes_nothing(model: Translator) -> None:
    pieces = [len(target) + 1 for _, target in PAIRS]
    alone = [cross_entropy(model, [pair]) for pair in PAIRS]
    together = sum(loss * count for loss, count in zip(alone, pieces, strict=True)) / sum(pieces)
    assert cross_entropy(model, PAIRS) == pytest.approx(together, rel=1e-5)


def test_a_model_that_knows_nothing_has_the_entropy_of_its_vocabulary(model: Translator) -> None:
    with torch.no_grad():
        model.table.zero_()
        model.bias.zero_()
    assert cross_entropy(model, PAIRS) == pytest.approx(math.log(PIECES), rel=1e-5)


def test_a_bias_towards_what_comes_lowers_it(model: Translator) -> None:
    ends: list[tuple[list[int], list[int]]] = [(source, []) for source, _ in PAIRS]
    before = cross_entropy(model, ends)
    with torch.no_grad():
        model.bias[EOS] += 1
    assert cross_entropy(model, ends) < before
