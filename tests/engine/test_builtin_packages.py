"""The packages that are shipped in models/: real sentences, and what must hold of every answer.

How good the translations are is measured by `python -m training evaluate`; here nothing may be
lost, cut, shouted or mixed up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.config import PROJECT_DIR, Settings
from service.engine import Engine

MODELS = PROJECT_DIR / "models"
README = MODELS / "README.md"
NAMED = sorted(
    set(re.findall(r"translate-[\w-]+\.argosmodel", README.read_text() if README.exists() else ""))
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    assert NAMED, "models/README.md names no package; the built-in packages are missing"
    missing = [name for name in NAMED if not (MODELS / name).is_file()]
    assert not missing, f"models/README.md names {missing}, but models/ does not hold them"
    folder: Path = tmp_path_factory.mktemp("builtin")
    engine = Engine(
        Settings(
            models_dir=MODELS,
            packages_dir=folder / "packages",
            data_dir=folder,
            memory_entries=0,
            threads=2,
        )
    )
    engine.load()
    yield engine
    engine.close()


def english(engine: Engine, sentence: str, source: str = "fr") -> str:
    return engine.translate([sentence], source, "en")[0].text


def test_every_package_named_in_the_readme_loads(engine: Engine) -> None:
    assert engine.problems == ()
    assert {("fr", "en"), ("ar", "en")} <= set(engine.pairs())


@pytest.mark.parametrize(
    ("source", "sentence", "tokens"),
    [
        ("fr", "Suivez @redaction sur https://exemple.fr/a_b?c=1 dès demain.", None),
        ("fr", "Écrivez à contact@exemple.fr ou à presse@exemple.fr avant mars.", None),
        ("fr", "Bonjour {prenom}, votre code est %s.", ("{prenom}", "%s")),
        ("fr", "Elle part 😂 mais elle revient demain.", ("😂",)),
        ("fr", "Dupont &amp; fils ont vendu l'usine.", ("&amp;",)),
        ("fr", "Le mot-clé #Marseille2026 est partout.", ("#Marseille2026",)),
        ("fr", "Le fichier mon_rapport_final est perdu.", ("mon_rapport_final",)),
        ("ar", "تابعونا على https://a.fr/x?y=1 مع @akhbar غدا.", None),
        ("ar", "نعم 😂 لا أحد يعرف ذلك.", ("😂",)),
    ],
)
def test_what_must_be_kept_is_kept(
    engine: Engine, source: str, sentence: str, tokens: tuple[str, ...] | None
) -> None:
    text = english(engine, sentence, source)
    for token in tokens or re.findall(r"[@\w.]+@?[\w.]*@\S+\w|https?://\S+|@\w+", sentence):
        assert text.count(token) == 1, text


def test_a_question_stays_a_question(engine: Engine) -> None:
    assert english(engine, "Où va l'argent public ?").endswith("?")
    assert english(engine, "هل استقال الوزير؟", "ar").endswith("?")


@pytest.mark.parametrize(
    "sentence",
    ["LE MINISTRE DE L'INTÉRIEUR A DÉMISSIONNÉ", "LE GOUVERNEMENT A PRÉSENTÉ SON BUDGET MARDI"],
)
def test_capitals_are_translated_and_not_shouted_back(engine: Engine, sentence: str) -> None:
    text = english(engine, sentence)
    assert "minister" in text.casefold() or "government" in text.casefold()
    assert not text.isupper()


def test_arabic_comes_out_in_latin_letters(engine: Engine) -> None:
    for sentence in (
        "وصل الوزير إلى المدينة صباح اليوم.",
        "وَصَلَ الوَزِيرُ إِلَى المَدِينَةِ صَبَاحَ اليَوْمِ.",
        "وصـــل الوزير الى المدينه صباح اليوم",
    ):
        text = english(engine, sentence, "ar")
        assert not re.search("[\u0600-\u06ff]", text)
        assert "minister" in text.casefold()


def test_digits_are_right_or_flagged(engine: Engine) -> None:
    sentences = ["Il y avait 12 personnes en 2024.", "Le budget est de 3,5 millions d'euros."]
    for answer in engine.translate(sentences, "fr", "en"):
        kept = {"12", "2024"} <= set(re.findall(r"\d+", answer.text)) or "3.5" in answer.text
        assert kept or "number_mismatch" in answer.flags
    [answer] = engine.translate(["بلغ عدد الضحايا ١٢٣ شخصا."], "ar", "en")
    assert "123" in answer.text or "number_mismatch" in answer.flags


def test_a_very_long_sentence_is_translated_to_its_end(engine: Engine) -> None:
    clauses = [f"le témoin numéro {number} a parlé au juge" for number in range(101, 131)]
    [answer] = engine.translate([", ".join(clauses) + "."], "fr", "en")
    assert "split" in answer.flags
    assert "130" in answer.text or "number_mismatch" in answer.flags
    assert len(answer.text) > 300


def test_links_lead_a_name_to_itself(engine: Engine) -> None:
    sentence = "Le ministre est arrivé à Marseille ce matin."
    [answer] = engine.translate([sentence], "fr", "en", links=True)
    assert answer.attention
    assert ("Marseille", "Marseille") in {
        (sentence[start:end], answer.text[out_start:out_end])
        for start, end, out_start, out_end in answer.attention
    }


def test_callers_at_once_get_their_own_answers(engine: Engine) -> None:
    def ask(caller: int) -> bool:
        handles = [f"@compte{caller}x{number}" for number in range(4)]
        found = engine.translate(
            [f"Le ministre {handle} est là." for handle in handles], "fr", "en"
        )
        return all(
            handle in each.text and each.text.count("@") == 1
            for handle, each in zip(handles, found, strict=True)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(8)))
