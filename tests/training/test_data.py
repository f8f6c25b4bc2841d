"""What may be used, how much of it, and what is never seen."""

from pathlib import Path

import pytest

from training import data


@pytest.fixture
def authored(tmp_path: Path) -> Path:
    folder = tmp_path / "authored" / "g"
    folder.mkdir(parents=True)
    (folder / "part.tsv").write_text(
        "One.\tUn.\tواحد.\nTwo.\tDeux.\tاثنان.\nbroken line\n", encoding="utf-8"
    )
    return folder.parent


def test_a_forbidden_source_is_never_read(tmp_path: Path) -> None:
    table = tmp_path / "fr-en.tsv"
    table.write_text(
        "Un.\tOne.\tmulti30k\tnon-commercial\nDeux.\tTwo.\ttatoeba\tCC-BY\n", encoding="utf-8"
    )
    assert [pair.english for pair in data.read_table(table)] == ["Two."]


def test_no_forbidden_source_is_in_a_mixture() -> None:
    for mixture in data.MIXTURE.values():
        assert not data.FORBIDDEN & set(mixture)


def test_a_held_out_triple_is_in_the_test_set_and_not_in_the_training_set(
    authored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data, "read_heldout", lambda: frozenset({data.line_hash("Two.")}))
    trained = list(data.read_authored(authored, "ar", heldout=False))
    tested = list(data.read_authored(authored, "ar", heldout=True))
    assert [pair.english for pair in trained] == ["One."]
    assert tested == [data.Pair("اثنان.", "Two.", "authored")]


def test_the_held_out_list_holds_hashes_and_no_text() -> None:
    names = data.read_heldout()
    assert len(names) > 500
    assert all(len(name) == 16 and int(name, 16) % data.HELDOUT_EVERY == 0 for name in names)


def test_a_cap_limits_an_origin_and_the_choice_is_fixed_by_the_seed() -> None:
    pairs = [data.Pair(str(n), str(n), "canada-laws") for n in range(9_000)]
    first, second = data.choose(pairs, "fr"), data.choose(pairs, "fr")
    assert len(first) == data.MIXTURE["fr"]["canada-laws"].cap
    assert first == second


def test_an_origin_outside_the_mixture_is_dropped() -> None:
    assert data.choose([data.Pair("a", "b", "php-manual")], "fr") == []


def test_the_sample_holds_no_held_out_line() -> None:
    sample = data.HERE / "sample"
    assert len(list(data.read_authored(sample, "fr", heldout=False))) > 300
    assert list(data.read_authored(sample, "fr", heldout=True)) == []
