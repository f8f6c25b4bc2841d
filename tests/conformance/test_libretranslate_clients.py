"""LibreTranslate's clients, as installed from PyPI, against a running server."""

from __future__ import annotations

import asyncio
import urllib.error
from pathlib import Path

import argostranslate.apis
import deep_translator
import deep_translator.exceptions
import libretranslate_aio
import libretranslatepy
import pytest
import requests

from tests.conformance.conftest import Server

FRENCH = "Le ministre est arrivé à Marseille."
ARABIC = "وصل الوزير إلى العاصمة."


class TestLibretranslatepy:
    """`libretranslatepy`: forms; a GET with a body."""

    def test_translate(self, live_server: Server) -> None:
        client = libretranslatepy.LibreTranslateAPI(live_server.url)
        text = client.translate(FRENCH, "fr", "en")
        assert "minister" in text.lower()
        assert "Marseille" in text

    def test_detect(self, live_server: Server) -> None:
        client = libretranslatepy.LibreTranslateAPI(live_server.url)
        best = client.detect(ARABIC)[0]
        assert best["language"] == "ar"
        assert 50 < best["confidence"] <= 100

    def test_languages_asked_for_with_a_body_in_a_get(self, live_server: Server) -> None:
        listed = libretranslatepy.LibreTranslateAPI(live_server.url).languages()
        assert {"fr", "ar", "en"} <= {language["code"] for language in listed}

    def test_a_key(self, keyed_server: Server) -> None:
        good = libretranslatepy.LibreTranslateAPI(keyed_server.url, keyed_server.key)
        assert "minister" in good.translate(FRENCH, "fr", "en").lower()
        bad = libretranslatepy.LibreTranslateAPI(keyed_server.url, "wrong")
        with pytest.raises(urllib.error.HTTPError) as refused:
            bad.translate(FRENCH, "fr", "en")
        assert refused.value.code == 403


class TestLibretranslateAio:
    """`libretranslate-aio`: forms with a repeated `q`, files, typed errors."""

    def test_translate_and_alternatives(self, live_server: Server) -> None:
        with libretranslate_aio.LibreTranslate(live_server.url) as client:
            result = client.translate(FRENCH, "auto", "en", alternatives=2)
        assert isinstance(result.translated_text, str)
        assert isinstance(result.detected_language, libretranslate_aio.DetectedLanguage)
        assert result.detected_language.language == "fr"
        assert result.alternatives is not None
        assert len(result.alternatives) <= 2
        assert result.translated_text not in result.alternatives

    def test_a_batch_is_answered_as_a_batch(self, live_server: Server) -> None:
        with libretranslate_aio.LibreTranslate(live_server.url) as client:
            result = client.translate([FRENCH, ARABIC], "auto", "en")
        assert isinstance(result.translated_text, list)
        assert len(result.translated_text) == 2
        assert "capital" in result.translated_text[1].lower()
        assert isinstance(result.detected_language, list)
        assert [found.language for found in result.detected_language] == ["fr", "ar"]

    def test_html(self, live_server: Server) -> None:
        with libretranslate_aio.LibreTranslate(live_server.url) as client:
            result = client.translate(f"<p>{FRENCH}</p>", "fr", "en", format="html")
        assert isinstance(result.translated_text, str)
        assert result.translated_text.startswith("<p>The minister")

    def test_everything_else(self, live_server: Server) -> None:
        with libretranslate_aio.LibreTranslate(live_server.url) as client:
            assert client.health() is True
            assert client.detect(FRENCH)[0].language == "fr"
            assert "en" in {t for language in client.languages() for t in language.targets}
            settings = client.frontend_settings()
            assert client.suggest(FRENCH, "The minister is in Marseille.", "fr", "en") is True
        assert settings.char_limit > 0
        assert not settings.key_required
        assert ".docx" in settings.supported_files_format

    def test_a_file(self, live_server: Server, tmp_path: Path) -> None:
        path = tmp_path / "histoire n° 1.txt"
        path.write_text(f"{FRENCH}\n\n{FRENCH}\n")
        with libretranslate_aio.LibreTranslate(live_server.url) as client:
            url = client.translate_file(path, "fr", "en").translated_file_url
        answer = requests.get(url, timeout=60)
        assert answer.status_code == 200
        paragraphs = answer.text.split("\n\n")
        assert len(paragraphs) == 2
        assert "minister" in paragraphs[0].lower()
        assert "histoire_n_1_en.txt" in answer.headers["Content-Disposition"]

    def test_errors_are_the_clients_own(self, live_server: Server, keyed_server: Server) -> None:
        with libretranslate_aio.LibreTranslate(live_server.url) as client:
            with pytest.raises(libretranslate_aio.BadRequestError, match="zz is not supported"):
                client.translate(FRENCH, "zz", "en")
            with pytest.raises(libretranslate_aio.BadRequestError, match="format is not"):
                client.translate(FRENCH, "fr", "en", format="pdf")
            with pytest.raises(libretranslate_aio.BadRequestError, match="alternatives"):
                client.translate(FRENCH, "fr", "en", alternatives=10_000)
            with pytest.raises(libretranslate_aio.BadRequestError, match="not available as a"):
                client.translate(FRENCH, "en", "fr")
        with (
            libretranslate_aio.LibreTranslate(keyed_server.url, api_key="wrong") as client,
            pytest.raises(libretranslate_aio.ForbiddenError, match="Invalid API key"),
        ):
            client.translate(FRENCH, "fr", "en")
        with (
            libretranslate_aio.LibreTranslate(keyed_server.url) as client,
            pytest.raises(libretranslate_aio.BadRequestError, match="server operator"),
        ):
            client.translate(FRENCH, "fr", "en")

    def test_the_asynchronous_client(self, live_server: Server) -> None:
        async def both() -> list[libretranslate_aio.Translation]:
            async with libretranslate_aio.AsyncLibreTranslate(live_server.url) as client:
                return await asyncio.gather(
                    client.translate(FRENCH, "fr", "en"), client.translate(ARABIC, "ar", "en")
                )

        french, arabic = asyncio.run(both())
        assert "Marseille" in french.translated_text
        assert "capital" in str(arabic.translated_text).lower()


class TestDeepTranslator:
    """`deep-translator`: a POST with everything in the query string."""

    def test_translate(self, live_server: Server) -> None:
        client = deep_translator.LibreTranslator(
            source="fr", target="en", api_key="any", custom_url=f"{live_server.url}/"
        )
        assert "Marseille" in client.translate(FRENCH)

    def test_batch_and_detection(self, live_server: Server) -> None:
        client = deep_translator.LibreTranslator(
            source="auto", target="en", api_key="any", custom_url=f"{live_server.url}/"
        )
        french, arabic = client.translate_batch([FRENCH, ARABIC])
        assert "Marseille" in french
        assert "capital" in arabic.lower()

    def test_a_wrong_key(self, keyed_server: Server) -> None:
        client = deep_translator.LibreTranslator(
            source="fr", target="en", api_key="wrong", custom_url=f"{keyed_server.url}/"
        )
        with pytest.raises(deep_translator.exceptions.AuthorizationException):
            client.translate(FRENCH)


class TestArgosTranslate:
    """argostranslate's own client, which asks for the languages with a POST."""

    def test_translate_detect_and_languages(self, live_server: Server) -> None:
        client = argostranslate.apis.LibreTranslateAPI(live_server.url)
        assert "Marseille" in client.translate(FRENCH, "fr", "en")
        assert client.detect(FRENCH)[0]["language"] == "fr"
        assert "ar" in {language["code"] for language in client.languages()}
