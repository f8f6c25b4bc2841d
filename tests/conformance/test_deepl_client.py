"""DeepL's official client, as installed from PyPI, against a running server."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from os import environ

import deepl
import pytest
from deepl.api_data import MultilingualGlossaryDictionaryEntries, MultilingualGlossaryInfo

from tests.conformance.conftest import Server

FRENCH = "Le ministre est arrivé à Marseille."
ARABIC = "وصل الوزير إلى العاصمة."


@pytest.fixture
def client(live_server: Server) -> deepl.DeepLClient:
    return deepl.DeepLClient("any-key", server_url=live_server.url)


def keyed(server: Server, key: str) -> deepl.DeepLClient:
    """A client of a server under a path: its address must end in a slash."""
    return deepl.DeepLClient(key, server_url=f"{server.url}/")


@pytest.fixture
def glossary(client: deepl.DeepLClient) -> Iterator[MultilingualGlossaryInfo]:
    """A glossary of its own, deleted afterwards."""
    made = client.create_multilingual_glossary(
        "essai",
        [
            MultilingualGlossaryDictionaryEntries("FR", "EN", {"Jean Martel": "John Hammer"}),
            MultilingualGlossaryDictionaryEntries("AR", "EN", {"جون مارتل": "John Hammer"}),
        ],
    )
    yield made
    client.delete_multilingual_glossary(made)


# Texts


def test_one_text(client: deepl.DeepLClient) -> None:
    result = client.translate_text(FRENCH, target_lang="EN-US")
    assert "Marseille" in result.text
    assert result.detected_source_lang == "FR"
    assert result.billed_characters == len(FRENCH)


@pytest.mark.parametrize("target", ["EN-GB", "EN-US", "en-gb"])
def test_texts_of_different_languages_in_one_request(
    client: deepl.DeepLClient, target: str
) -> None:
    results = client.translate_text([FRENCH, ARABIC], target_lang=target)
    assert [result.detected_source_lang for result in results] == ["FR", "AR"]
    assert "capital" in results[1].text.lower()


def test_every_option_of_the_client(client: deepl.DeepLClient) -> None:
    result = client.translate_text(
        FRENCH,
        source_lang="FR",
        target_lang="EN-GB",
        context="Une dépêche",
        split_sentences=deepl.SplitSentences.NO_NEWLINES,
        preserve_formatting=True,
        formality=deepl.Formality.PREFER_MORE,
        model_type=deepl.ModelType.QUALITY_OPTIMIZED,
        outline_detection=False,
    )
    assert "Marseille" in result.text
    assert result.model_type_used is not None


def test_markup(client: deepl.DeepLClient) -> None:
    html = '<p>Le <b>ministre</b> est arrivé à <a href="x">Marseille</a>.</p>'
    text = client.translate_text(html, target_lang="EN-US", tag_handling="html").text
    assert '<a href="x">Marseille</a>' in text
    xml = "<d><par>Le ministre est là.</par><par>Il part <x>%s</x>.</par></d>"
    text = client.translate_text(
        xml, target_lang="EN-US", tag_handling="xml", ignore_tags=["x"]
    ).text
    assert text.startswith("<d><par>The minister")
    assert text.count("</par><par>") == 1
    assert "<x>%s</x>" in text


def test_languages_and_usage(client: deepl.DeepLClient) -> None:
    sources = {language.code for language in client.get_source_languages()}
    assert {"FR", "AR"} <= sources
    targets = client.get_target_languages()
    assert {language.code for language in targets} == {"EN-GB", "EN-US"}
    assert all(language.supports_formality is False for language in targets)
    pairs = {(pair.source_lang, pair.target_lang) for pair in client.get_glossary_languages()}
    assert pairs == {("fr", "en"), ("ar", "en")}
    before = client.get_usage().character.count
    client.translate_text(FRENCH, target_lang="EN-US")
    usage = client.get_usage()
    assert usage.character.count is not None
    assert before is not None
    assert usage.character.count >= before + len(FRENCH)
    assert not usage.any_limit_reached


def test_names_are_put_right(client: deepl.DeepLClient) -> None:
    relayed = "Franck Alessio, the candidate of the far-right National Rally party, spoke."
    result = client.translate_text(relayed, source_lang="EN", target_lang="EN-US")
    assert result.text == relayed.replace("Alessio", "Allisio")


def test_the_command_line_client(live_server: Server) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deepl", "text", "--to=EN-US", FRENCH],
        env={**environ, "DEEPL_AUTH_KEY": "any", "DEEPL_SERVER_URL": live_server.url},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert "Marseille" in done.stdout, done.stderr


# Glossaries, version 3


def test_a_glossary_is_made_listed_changed_and_deleted(client: deepl.DeepLClient) -> None:
    made = client.create_multilingual_glossary(
        "essai", [MultilingualGlossaryDictionaryEntries("FR", "EN", {"a b": "A B"})]
    )
    assert made.name == "essai"
    assert made.creation_time.tzinfo is not None
    [dictionary] = made.dictionaries
    assert (dictionary.source_lang, dictionary.target_lang) == ("FR", "EN")
    assert dictionary.entry_count == 1

    client.update_multilingual_glossary_name(made, "autre")
    client.update_multilingual_glossary_dictionary(
        made, MultilingualGlossaryDictionaryEntries("FR", "EN", {"c": "C"})
    )
    changed = client.get_multilingual_glossary(made.glossary_id)
    assert changed.name == "autre"
    assert changed.dictionaries[0].entry_count == 2
    assert made.glossary_id in {g.glossary_id for g in client.list_multilingual_glossaries()}

    replaced = client.replace_multilingual_glossary_dictionary(
        made, MultilingualGlossaryDictionaryEntries("AR", "EN", {"د": "D"})
    )
    assert replaced.entry_count == 1
    entries = client.get_multilingual_glossary_entries(made, "FR", "EN")
    assert entries.dictionaries[0].entries == "a b\tA B\nc\tC"

    client.delete_multilingual_glossary_dictionary(made, source_lang="AR", target_lang="EN")
    assert len(client.get_multilingual_glossary(made.glossary_id).dictionaries) == 1
    client.delete_multilingual_glossary(made)
    with pytest.raises(deepl.GlossaryNotFoundException):
        client.get_multilingual_glossary(made.glossary_id)


def test_a_glossary_from_csv(client: deepl.DeepLClient) -> None:
    made = client.create_multilingual_glossary_from_csv("csv", "FR", "EN", '"a, b",A\nc,C\n')
    assert made.dictionaries[0].entry_count == 2
    client.delete_multilingual_glossary(made)


@pytest.mark.parametrize(
    "text", ["Jean Martel est arrivé à Marseille.", "وصل جون مارتل إلى مرسيليا."]
)
@pytest.mark.parametrize("with_source", [True, False], ids=["named", "detected"])
def test_a_glossary_decides_the_term_for_a_named_and_a_detected_language(
    client: deepl.DeepLClient,
    glossary: MultilingualGlossaryInfo,
    text: str,
    with_source: bool,
) -> None:
    source = ("FR" if text.isascii() or "é" in text else "AR") if with_source else None
    if source is None:
        # The client itself refuses a glossary without a source language; others do not.
        result = client.translate_text(
            text,
            target_lang="EN-US",
            extra_body_parameters={"glossary_id": glossary.glossary_id},
        )
    else:
        result = client.translate_text(
            text, source_lang=source, target_lang="EN-US", glossary=glossary.glossary_id
        )
    assert "John Hammer" in result.text


def test_a_glossary_of_ten_thousand_entries_is_made_and_used_within_the_clients_patience(
    client: deepl.DeepLClient,
) -> None:
    entries = {f"terme {number}": f"term {number}" for number in range(10_000)}
    made = client.create_multilingual_glossary(
        "grand", [MultilingualGlossaryDictionaryEntries("FR", "EN", entries)]
    )
    assert made.dictionaries[0].entry_count == 10_000
    result = client.translate_text(
        FRENCH, source_lang="FR", target_lang="EN-US", glossary=made.glossary_id
    )
    assert "Marseille" in result.text
    client.delete_multilingual_glossary(made)


# Glossaries, version 2


def test_the_older_glossary_calls(client: deepl.DeepLClient) -> None:
    made = client.create_glossary("ancien", "FR", "EN", {"a b": "A B", "c": "C"})
    assert made.ready
    assert (made.source_lang, made.target_lang, made.entry_count) == ("FR", "EN", 2)
    assert client.get_glossary(made.glossary_id).name == "ancien"
    assert client.get_glossary_entries(made) == {"a b": "A B", "c": "C"}
    assert made.glossary_id in {one.glossary_id for one in client.list_glossaries()}
    client.delete_glossary(made)
    with pytest.raises(deepl.GlossaryNotFoundException):
        client.get_glossary(made.glossary_id)


# Term files as glossaries


def test_term_files_are_read_only_glossaries_with_stable_ids(client: deepl.DeepLClient) -> None:
    listed = {one.name: one for one in client.list_multilingual_glossaries()}
    politics = listed["people/france-politics.yaml"]
    again = {one.name: one.glossary_id for one in client.list_multilingual_glossaries()}
    assert again[politics.name] == politics.glossary_id
    entries = client.get_multilingual_glossary_entries(politics, "FR", "EN")
    assert "Gérald Darmanin\tGérald Darmanin" in entries.dictionaries[0].entries
    with pytest.raises(deepl.AuthorizationException, match="term file"):
        client.delete_multilingual_glossary(politics)
    with pytest.raises(deepl.AuthorizationException, match="term file"):
        client.update_multilingual_glossary_name(politics, "autre")
    result = client.translate_text(
        FRENCH, source_lang="FR", target_lang="EN-US", glossary=politics.glossary_id
    )
    assert "Marseille" in result.text


# Errors


def test_errors_are_the_clients_own(client: deepl.DeepLClient, keyed_server: Server) -> None:
    with pytest.raises(deepl.DeepLException, match="target_lang"):
        client.translate_text(FRENCH, target_lang="DE")
    with pytest.raises(deepl.DeepLException, match="source_lang"):
        client.translate_text(FRENCH, source_lang="JA", target_lang="EN-US")
    with pytest.raises(deepl.DeepLException, match="formality"):
        client.translate_text(FRENCH, target_lang="EN-US", formality="more")
    with pytest.raises(deepl.DeepLException, match="glossary"):
        client.translate_text(FRENCH, source_lang="FR", target_lang="EN-US", glossary="nonesuch")
    with pytest.raises(deepl.DeepLException, match="language pair"):
        client.create_glossary("x", "DE", "EN", {"a": "b"})
    stranger = keyed(keyed_server, "wrong")
    with pytest.raises(deepl.AuthorizationException):
        stranger.translate_text(FRENCH, target_lang="EN-US")
    with pytest.raises(deepl.AuthorizationException):
        stranger.get_usage()
    known = keyed(keyed_server, keyed_server.key)
    assert "Marseille" in known.translate_text(FRENCH, target_lang="EN-US").text


def test_a_permanent_error_is_not_tried_again(
    client: deepl.DeepLClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="deepl")
    with pytest.raises(deepl.DeepLException):
        client.translate_text(FRENCH, target_lang="DE")
    assert not [record for record in caplog.records if "Starting retry" in record.getMessage()]


def test_glossaries_belong_to_their_key(
    client: deepl.DeepLClient, keyed_server: Server, glossary: MultilingualGlossaryInfo
) -> None:
    other = keyed(keyed_server, keyed_server.key)
    with pytest.raises(deepl.GlossaryNotFoundException):
        other.get_multilingual_glossary(glossary.glossary_id)
    mine = other.create_glossary("à moi", "FR", "EN", {"a": "b"})
    assert other.get_glossary(mine.glossary_id).name == "à moi"
    other.delete_glossary(mine)
    with pytest.raises(deepl.GlossaryNotFoundException):
        client.get_multilingual_glossary(mine.glossary_id)
