"""The normaliser inside the SentencePiece model."""

from pathlib import Path

import pytest

sentencepiece = pytest.importorskip("sentencepiece")

from training import vocabulary  # noqa: E402

ARABIC = "أعلن الرئيس في بيان أمس أن الحكومة ستجتمع اليوم"
FRENCH = "Le président a déclaré hier que le gouvernement se réunirait aujourd'hui"


@pytest.fixture(scope="module")
def normalise(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("vocabulary")
    models = {}
    for language, text in (("ar", ARABIC), ("fr", FRENCH)):
        lines = [text, "The president said so yesterday."] * 50
        vocabulary.train_sentencepiece(lines, folder / language, language, 200)
        models[language] = sentencepiece.SentencePieceProcessor(
            model_file=str(folder / f"{language}.model")
        )
    return lambda language, text: models[language].normalize(text).replace("▁", " ").strip()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("الرَّئِيس", "الرئيس"),
        ("عـــلـــي", "علي"),
        ("أحمد إلى آخر ٱلبيت", "احمد الي اخر البيت"),
        ("١٢٣ و۴۵", "123 و45"),
        ("متى؟ نعم، لا؛", "متي? نعم, لا;"),
        ("ﷲ ﻻ", "الله لا"),
    ],
)
def test_arabic_spellings_of_one_word_meet(normalise, written: str, read: str) -> None:
    assert normalise("ar", written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("l’été", "l'été"),
        ("« Non »", '" Non "'),
        ("100\u00a0000\u202f€", "100 000 €"),
        ("e\u0301te\u0301", "été"),
        ("ﬁn", "fin"),
    ],
)
def test_french_quotes_spaces_and_accents_are_unified(normalise, written: str, read: str) -> None:
    assert normalise("fr", written) == read


def test_accented_latin_names_pass_the_arabic_normaliser(normalise) -> None:
    assert normalise("ar", "قال Laurent Nuñez") == "قال Laurent Nuñez"


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_normalising_twice_changes_nothing(normalise, language: str) -> None:
    for text in (ARABIC, FRENCH, "ﷺ ½ “quoted” ١٢٫٥ ﺃﺑﺠﺪ", "Œuvre n\u0303"):
        once = normalise(language, text)
        assert normalise(language, once) == once


def test_every_name_letter_has_a_piece(normalise, tmp_path: Path) -> None:
    vocabulary.train_sentencepiece([FRENCH] * 50, tmp_path / "m", "fr", 200)
    model = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "m.model"))
    assert all(model.piece_to_id(letter) != vocabulary.UNK for letter in vocabulary.NAME_LETTERS)
