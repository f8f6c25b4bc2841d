"""FreeDict's dictionaries become a table of word pairs."""

import gzip
from collections import Counter
from pathlib import Path

from training import data, dictionary

ENGLISH_ARABIC = """\
00-database-url
http://example.org
English-Arabic FreeDict Dictionary ver. 1
Brazil /bɹɐzˈɪl/
البرازيل
Bread /bɹˈɛd/
1. خُبْز
2. عيش، رغيف
Aduncous /ɐdˈʌnkəs/
أعقف
"""
ARABIC_ENGLISH = """\
كتاب /kitˈaːb/
1. Book
2. Tome
3. Writing
4. Volume
"""
SEEN = Counter(
    {"Brazil": 9, "bread": 5, "Bread": 1, "book": 8, "writing": 4, "volume": 3, "tome": 1}
)


def write(path: Path, text: str) -> Path:
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.write(text)
    return path


def pairs(path: Path, *, english_first: bool) -> list[tuple[str, str]]:
    entries = dictionary.read_dictd(path)
    return dictionary.word_pairs(
        entries, language="ar", english_first=english_first, counts=SEEN, most=3
    )


def test_each_translation_of_a_headword_is_an_entry(tmp_path: Path) -> None:
    path = write(tmp_path / "eng-ara.dict.dz", ENGLISH_ARABIC)
    assert list(dictionary.read_dictd(path)) == [
        ("Brazil", "البرازيل"),
        ("Bread", "خُبْز"),
        ("Bread", "عيش"),
        ("Bread", "رغيف"),
        ("Aduncous", "أعقف"),
    ]


def test_english_gets_its_usual_case_and_words_never_seen_are_dropped(tmp_path: Path) -> None:
    path = write(tmp_path / "eng-ara.dict.dz", ENGLISH_ARABIC)
    assert pairs(path, english_first=True) == [
        ("البرازيل", "Brazil"),
        ("خبز", "bread"),
        ("عيش", "bread"),
        ("رغيف", "bread"),
    ]


def test_the_commonest_translations_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "ara-eng.dict.dz", ARABIC_ENGLISH)
    assert pairs(path, english_first=False) == [
        ("كتاب", "book"),
        ("كتاب", "writing"),
        ("كتاب", "volume"),
    ]


def test_the_first_word_of_a_sentence_does_not_say_how_a_word_is_written() -> None:
    counts = dictionary.count_cases(["Bread is dear.", "The bread of Brazil"])
    assert counts["Bread"] == 0
    assert dictionary.natural_case("BREAD", counts) == "bread"
    assert dictionary.natural_case("brazil", counts) == "Brazil"
    assert dictionary.natural_case("Aduncous", counts) is None


def test_the_table_is_read_by_prepare(tmp_path: Path) -> None:
    path = tmp_path / "ar.tsv"
    assert dictionary.write_table([("خبز", "bread"), ("خبز", "bread")], path) == 1
    assert list(data.read_table(path)) == [data.Pair("خبز", "bread", "freedict")]
    assert "freedict" in data.MIXTURE["ar"]
