"""The engine with real packages, if senseless ones: loading, pooling, limits, faults, pivots."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.config import Settings
from service.engine import Engine, Hypothesis
from service.engine.model import Decoding
from service.errors import InvalidRequest, NotReady, Overloaded, UnsupportedLanguage
from tests.engine import tiny
from tests.engine.conftest import make_settings

SENTENCES = [
    "Le ministre est arrivé ce matin.",
    "Le ministre de l'Intérieur est à Marseille avec 12 personnes.",
    "Oui !",
    "",
    "   ",
    "Le ministre est arrivé ce matin.",
    "Voir @redaction et https://exemple.fr/a_b?c=1 ce matin 😀 à Marseille",
    "12,5",
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """French and Arabic to English, English to German."""
    folder = tmp_path_factory.mktemp("engine")
    settings = make_settings(folder, memory_entries=0)
    tiny.package(settings.models_dir, "fr", "en", seed=1)
    tiny.package(settings.models_dir, "ar", "en", seed=2)
    tiny.package(settings.models_dir, "en", "de", seed=3)
    engine = Engine(settings)
    engine.load()
    yield engine
    engine.close()


def loaded(settings: Settings) -> Engine:
    engine = Engine(settings)
    engine.load()
    return engine


def test_building_an_engine_loads_nothing(settings: Settings) -> None:
    engine = Engine(settings)
    assert not engine.ready
    assert engine.pairs() == ()
    assert not settings.packages_dir.exists()
    with pytest.raises(NotReady):
        engine.translate(["Oui"], "fr", "en")
    engine.close()


def test_a_loaded_engine_names_its_packages(shared: Engine) -> None:
    assert shared.ready
    assert shared.problems == ()
    assert [(each.source, each.target) for each in shared.packages()] == [
        ("ar", "en"),
        ("en", "de"),
        ("fr", "en"),
    ]
    assert shared.model("fr", "en") == "translate-fr_en-1.0"


def test_answers_have_the_order_and_number_of_the_sentences(shared: Engine) -> None:
    found = shared.translate(SENTENCES, "fr", "en")
    assert len(found) == len(SENTENCES)
    assert all(isinstance(each, Hypothesis) for each in found)
    assert found[0] == found[5]
    assert [found[3].text, found[4].text, found[7].text] == ["", "   ", "12,5"]
    for token in ("@redaction", "https://exemple.fr/a_b?c=1", "😀"):
        assert token in found[6].text


def test_links_are_given_where_asked_for(shared: Engine) -> None:
    [without] = shared.translate([SENTENCES[1]], "fr", "en")
    [with_links] = shared.translate([SENTENCES[1]], "fr", "en", links=True)
    assert without.attention is None
    assert with_links.attention
    for start, end, out_start, out_end in with_links.attention:
        assert 0 <= start < end <= len(SENTENCES[1])
        assert 0 <= out_start < out_end <= len(with_links.text)
    assert without.text == with_links.text


def test_scores_are_mean_log_probabilities(shared: Engine) -> None:
    assert all(each.score <= 0.0 for each in shared.translate(SENTENCES, "fr", "en"))


def test_the_beam_can_be_chosen(shared: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    translator = shared._loaded["fr", "en"].translator
    steps = translator.steps
    beams: list[int] = []

    def noted(sentence: str, decoding: Decoding) -> object:
        beams.append(decoding.beam_size)
        return steps(sentence, decoding)

    monkeypatch.setattr(translator, "steps", noted)
    shared.translate(["Le ministre"], "fr", "en", beam_size=5)
    shared.translate(["Le ministre"], "fr", "en")
    assert beams == [5, Settings().beam_size]


def test_alternatives_come_best_first(shared: Engine) -> None:
    [found] = shared.alternatives(["Le ministre est arrivé."], "fr", "en", count=3)
    assert 1 <= len(found) <= 3
    assert len({each.text for each in found}) == len(found)
    assert all(each.attention is None for each in found)
    [linked] = shared.alternatives(["Le ministre est arrivé."], "fr", "en", count=3, links=True)
    assert all(each.attention for each in linked)
    with pytest.raises(InvalidRequest):
        shared.translate(["Oui"], "fr", "en", alternatives=3)


def test_a_pair_without_a_package_goes_through_english(shared: Engine) -> None:
    assert ("fr", "de") in shared.pairs()
    assert ("de", "fr") not in shared.pairs()
    assert shared.model("fr", "de") == "translate-fr_en-1.0+translate-en_de-1.0"
    [direct] = shared.translate(["Le ministre est là."], "fr", "de")
    [middle] = shared.translate(["Le ministre est là."], "fr", "en")
    [final] = shared.translate([middle.text], "en", "de")
    assert direct.text == final.text


def test_an_unknown_pair_is_the_callers_mistake(shared: Engine) -> None:
    with pytest.raises(UnsupportedLanguage):
        shared.translate(["Si"], "it", "en")
    with pytest.raises(UnsupportedLanguage):
        shared.model("en", "en")


@pytest.mark.parametrize(
    "text",
    ["\ud800", "\x00a\x00", "\u202eabc", "😀" * 50, "a" * 5000, "mot " * 800, "«" * 300, "\u0301"],
)
def test_hostile_sentences_get_an_answer(shared: Engine, text: str) -> None:
    [found] = shared.translate([text], "fr", "en", links=True)
    assert isinstance(found.text, str)


def test_callers_in_many_threads_get_their_own_answers(shared: Engine) -> None:
    def ask(caller: int) -> bool:
        handles = [f"@compte{caller}x{number}" for number in range(10)]
        found = shared.translate(
            [f"Le ministre {handle} est là." for handle in handles], "fr", "en"
        )
        return all(
            handle in answer.text and answer.text.count("@compte") == 1
            for handle, answer in zip(handles, found, strict=True)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(24)))
    assert shared.waiting() == 0


def _batchers() -> int:
    return sum(thread.name.startswith("batcher") for thread in threading.enumerate())


def test_models_are_loaded_once_by_whoever_comes_first(settings: Settings) -> None:
    tiny.package(settings.models_dir)
    engine = Engine(settings)
    before = _batchers()
    threads = [threading.Thread(target=engine.load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert engine.ready
    assert 1 <= _batchers() - before <= 3, "one loading starts at most three, four would start more"
    engine.close()
    engine.close()
    with pytest.raises(NotReady):
        engine.translate(["Oui"], "fr", "en")


def test_a_broken_package_is_a_problem_and_the_others_serve(settings: Settings) -> None:
    tiny.package(settings.models_dir, "ar", "en")
    tiny.archive(
        settings.models_dir / "translate-fr_en.argosmodel",
        {**tiny.files("fr", "en"), "model/model.bin": b"no model"},
    )
    (settings.models_dir / "x.argosmodel").write_bytes(b"no zip")
    engine = loaded(settings)
    assert engine.ready
    assert engine.pairs() == (("ar", "en"),)
    assert len(engine.problems) == 2
    engine.close()


def test_a_pair_whose_package_is_damaged_is_not_the_callers_mistake(settings: Settings) -> None:
    tiny.package(settings.models_dir, "ar", "en")
    (settings.models_dir / "translate-fr_en-1_2.argosmodel").write_bytes(b"PK\x03\x04 cut off")
    engine = Engine(settings)
    engine.load()
    assert engine.ready
    with pytest.raises(NotReady, match="damaged"):
        engine.translate(["Bonjour."], "fr", "en")
    with pytest.raises(NotReady, match="damaged"):
        engine.check_sound("fr", "en")
    engine.check_sound("ar", "en")
    with pytest.raises(UnsupportedLanguage):
        engine.translate(["Hallo."], "de", "en")
    engine.close()


def test_no_package_is_not_ready(settings: Settings) -> None:
    engine = loaded(settings)
    assert not engine.ready
    assert engine.pairs() == ()
    engine.close()


def test_a_removed_model_file_does_not_disturb_a_loaded_engine(settings: Settings) -> None:
    tiny.package(settings.models_dir)
    engine = loaded(settings)
    [package] = engine.packages()
    (package.path / "model" / "model.bin").unlink()
    assert engine.translate(["Oui"], "fr", "en")[0].text
    engine.close()


def test_more_than_the_queue_takes_is_refused(
    settings_with: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_with(queue_sentences=5, memory_entries=0)
    tiny.package(settings.models_dir)
    engine = loaded(settings)
    entered, go_on = threading.Event(), threading.Event()
    translator = next(iter(engine._loaded.values())).translator
    steps = translator.steps

    def held(*arguments: object) -> object:
        entered.set()
        assert go_on.wait(20)
        return steps(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(translator, "steps", held)
    many = [f"Ministre {letter}" for letter in "abcdefgh"]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(engine.translate, many, "fr", "en")
        assert entered.wait(20)
        assert engine.waiting() == 8
        with pytest.raises(Overloaded):
            engine.translate(["Une autre phrase"], "fr", "en")
        go_on.set()
        assert len(first.result(timeout=20)) == 8
    assert engine.translate(["Une autre phrase"], "fr", "en")[0].text
    assert engine.waiting() == 0
    engine.close()


def test_the_same_sentence_in_flight_is_translated_once(
    settings_with: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_with(memory_entries=0)
    tiny.package(settings.models_dir)
    engine = loaded(settings)
    translator = next(iter(engine._loaded.values())).translator
    steps = translator.steps
    asked: list[object] = []
    entered, go_on = threading.Event(), threading.Event()

    def held(*arguments: object) -> object:
        asked.append(arguments[0])
        entered.set()
        assert go_on.wait(20)
        return steps(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(translator, "steps", held)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(engine.translate, ["Oui", "Oui"], "fr", "en")
        assert entered.wait(20)
        others = [pool.submit(engine.translate, ["Oui"], "fr", "en") for _ in range(3)]
        while engine.stats().joined < 3:
            threading.Event().wait(0.01)
        go_on.set()
        texts = {future.result(timeout=20)[0].text for future in [first, *others]}
    assert len(texts) == 1
    assert asked == ["Oui"]
    engine.close()


def test_an_error_reaches_everyone_who_waits_and_leaves_nothing_behind(
    settings_with: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_with(memory_entries=0)
    tiny.package(settings.models_dir)
    engine = loaded(settings)
    model = next(iter(engine._loaded.values())).translator.model

    def broken(_: str) -> object:
        raise RuntimeError("broken")

    monkeypatch.setattr(model, "encode", broken)
    with pytest.raises(RuntimeError, match="broken"):
        engine.translate(["Oui"], "fr", "en")
    monkeypatch.undo()
    assert engine.waiting() == 0
    assert engine.translate(["Oui"], "fr", "en")[0].text
    engine.close()


def test_a_sentence_is_remembered_across_engines(settings: Settings) -> None:
    tiny.package(settings.models_dir)
    engine = loaded(settings)
    before = engine.translate(SENTENCES, "fr", "en", links=True)
    assert engine.stats().remembered == 0
    engine.close()
    engine = loaded(settings)
    after = engine.translate(SENTENCES, "fr", "en", links=True)
    assert after == before
    assert engine.stats().units == 0
    assert engine.stats().remembered == 5
    engine.translate(SENTENCES, "fr", "en", beam_size=5)
    assert engine.stats().units > 0
    engine.close()


def test_another_model_does_not_get_the_memory_of_the_first(settings: Settings) -> None:
    tiny.package(settings.models_dir, seed=1)
    engine = loaded(settings)
    engine.translate(SENTENCES, "fr", "en")
    engine.close()
    tiny.package(settings.models_dir, seed=2)
    engine = loaded(settings)
    engine.translate(SENTENCES, "fr", "en")
    assert engine.stats().remembered == 0
    engine.close()


def test_a_memory_that_cannot_be_opened_is_a_problem_only(settings: Settings) -> None:
    tiny.package(settings.models_dir)
    settings.data_dir.write_text("in the way")
    engine = loaded(settings)
    assert engine.ready
    assert any("memory" in problem for problem in engine.problems)
    assert engine.translate(["Oui"], "fr", "en")[0].text
    engine.close()


def test_a_document_takes_few_model_calls(settings_with: Callable[..., Settings]) -> None:
    """Counts, not times: ninety sentences of some twenty pieces fit four batches of 1,024."""
    settings = settings_with(memory_entries=0, threads=1)
    tiny.package(settings.models_dir)
    engine = loaded(settings)
    engine.translate(
        [f"Le ministre {a}{b} est ici." for a in "abcdefghij" for b in "klmnopqrs"], "fr", "en"
    )
    stats = engine.stats()
    assert stats.units >= 90
    first_round = 90 / stats.units * stats.pieces
    assert stats.batches <= 6 + 2 * (stats.pieces - first_round) / 100 + first_round / 500
    assert stats.padded <= 1.35 * stats.pieces
    engine.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_process_is_told_to_load_its_own(settings: Settings, tmp_path: Path) -> None:
    tiny.package(settings.models_dir)
    engine = loaded(settings)
    answer = tmp_path / "answer"
    child = os.fork()
    if child == 0:
        try:
            engine.translate(["Oui"], "fr", "en")
            answer.write_text("translated")
        except NotReady:
            answer.write_text("not ready")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert answer.read_text() == "not ready"
    engine.close()
