"""Links from two directions, copies, and the statistics that embeddings start from."""

import pytest

np = pytest.importorskip("numpy")
scipy_sparse = pytest.importorskip("scipy.sparse")

from training import alignment  # noqa: E402


def test_links_of_both_directions_win_over_one_sided_ones() -> None:
    forward, reverse = {(0, 0), (1, 1), (2, 2)}, {(0, 0), (3, 1), (2, 2), (4, 2)}
    assert alignment.symmetrise(forward, reverse) == [(0, 0), (1, 1), (2, 2), (3, 1)]


def test_a_piece_that_stands_once_on_both_sides_is_its_own_translation() -> None:
    same = {7: 70}
    assert alignment.add_copies([60, 70], [7, 8], [(0, 0), (0, 1)], same) == [(0, 1), (1, 0)]


def test_a_piece_that_stands_twice_is_left_to_the_aligner() -> None:
    assert alignment.add_copies([70, 70], [7], [(1, 0)], {7: 70}) == [(1, 0)]


def test_independent_pieces_have_no_mutual_information() -> None:
    counts = scipy_sparse.csr_matrix(np.outer([1.0, 2.0], [3.0, 4.0]))
    assert alignment.ppmi(counts).sum() == pytest.approx(0, abs=1e-9)


def test_the_truncated_svd_gives_back_a_low_rank_matrix() -> None:
    rng = np.random.default_rng(1)
    factor = rng.standard_normal((60, 4))
    matrix = scipy_sparse.csr_matrix(factor @ factor.T)
    rows = alignment.truncated_svd(matrix, 4, rng)
    assert np.allclose(rows @ rows.T, matrix.toarray(), atol=1e-6)
