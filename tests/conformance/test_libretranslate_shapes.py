"""LibreTranslate's interface on the wire: shapes that programs send, and traps for servers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import Server

FRENCH = "Le ministre est arrivé à Marseille."
ARABIC = "وصل الوزير إلى العاصمة."


def translate(server: Server, **body: Any) -> Any:
    response = server.post("/translate", json={"source": "fr", "target": "en", **body})
    assert response.status_code == 200, response.text
    return response.json()


# As Weblate and Mastodon ask


def test_weblates_request(live_server: Server) -> None:
    languages = live_server.get("/languages").json()
    pairs = {(one["code"], target) for one in languages for target in one["targets"]}
    assert {("fr", "en"), ("ar", "en")} <= pairs
    texts = [f"{FRENCH} {number}" for number in range(20)]
    answer = live_server.post(
        "/translate",
        json={"api_key": "", "q": texts, "source": "fr", "target": "en"},
        headers={"Accept": "application/json"},
    ).json()
    assert len(answer["translatedText"]) == 20
    for number, text in enumerate(answer["translatedText"]):
        assert str(number) in text


def test_mastodons_request(live_server: Server) -> None:
    post = '<p>Le ministre est là <a href="https://example.org/@x">@x</a><br/>Bonjour !</p>'
    answer = live_server.post(
        "/translate",
        json={"q": [post], "source": "auto", "target": "en", "format": "html", "api_key": None},
    )
    assert answer.status_code == 200, answer.text
    [text] = answer.json()["translatedText"]
    assert text.startswith("<p>")
    assert text.count("<br/>") == 1
    assert '<a href="https://example.org/@x">@x</a>' in text
    assert answer.json()["detectedLanguage"][0]["language"] == "fr"


def test_mastodon_is_told_of_a_wrong_key_with_403(keyed_server: Server) -> None:
    answer = keyed_server.post(
        "/translate", json={"q": "x", "source": "fr", "target": "en", "api_key": "wrong"}
    )
    assert (answer.status_code, answer.json()) == (403, {"error": "Invalid API key"})


# Shapes


def test_a_string_gives_a_string_and_nothing_more(live_server: Server) -> None:
    answer = translate(live_server, q=FRENCH)
    assert set(answer) == {"translatedText"}
    assert isinstance(answer["translatedText"], str)


def test_an_array_of_one_stays_an_array(live_server: Server) -> None:
    answer = translate(live_server, q=[FRENCH], source="auto", alternatives=1)
    assert isinstance(answer["translatedText"], list)
    assert isinstance(answer["detectedLanguage"], list)
    assert isinstance(answer["alternatives"][0], list)


def test_each_item_of_an_array_has_its_own_language(live_server: Server) -> None:
    answer = translate(live_server, q=[ARABIC, FRENCH, "", "12:30"], source="auto")
    found = answer["detectedLanguage"]
    assert [one["language"] for one in found] == ["ar", "fr", "en", "en"]
    assert [one["confidence"] for one in found[2:]] == [0, 0]
    assert "capital" in answer["translatedText"][0].lower()
    assert answer["translatedText"][2:] == ["", "12:30"]


def test_an_item_in_a_language_that_is_not_served_goes_through(live_server: Server) -> None:
    german = "Guten Morgen, liebe Leser, heute ist ein schöner Tag!"
    answer = translate(live_server, q=[FRENCH, german], source="auto", explain=True)
    assert answer["translatedText"][1] == german
    assert answer["detectedLanguage"][1]["language"] == "de"
    assert answer["warnings"] == [[], ["unsupported_language"]]
    alone = live_server.post("/translate", json={"q": german, "source": "auto", "target": "en"})
    assert alone.status_code == 400


def test_a_repeated_form_field_is_an_array(live_server: Server) -> None:
    form = {"q": [FRENCH, FRENCH], "source": "fr", "target": "en"}
    answer = live_server.post("/translate", data=form).json()
    assert len(answer["translatedText"]) == 2
    form["q"] = [FRENCH]
    assert isinstance(live_server.post("/translate", data=form).json()["translatedText"], str)


def test_everything_may_stand_in_the_query_string(live_server: Server) -> None:
    query = {"q": FRENCH, "source": "fr", "target": "en"}
    assert "Marseille" in live_server.post("/translate", params=query).json()["translatedText"]


def test_languages_answers_a_post_and_a_get_with_a_body(live_server: Server) -> None:
    expected = live_server.get("/languages").json()
    assert live_server.post("/languages", data={"api_key": "x"}).json() == expected
    assert live_server.get("/languages", data={"api_key": "x"}).json() == expected


@pytest.mark.parametrize("code", ["FR", "fr-FR", "fr_CA"])
def test_codes_are_taken_in_any_case_and_region(live_server: Server, code: str) -> None:
    assert "Marseille" in translate(live_server, q=FRENCH, source=code)["translatedText"]


def test_detect_of_an_array_merges_and_can_be_told_apart(live_server: Server) -> None:
    merged = live_server.post("/detect", json={"q": [FRENCH, ARABIC]}).json()
    assert {"fr", "ar"} <= {one["language"] for one in merged}
    apart = live_server.post("/detect", json={"q": [FRENCH, ARABIC], "per_item": True}).json()
    assert [one[0]["language"] for one in apart] == ["fr", "ar"]


def test_texts_that_join_to_the_same_string_are_not_confused(live_server: Server) -> None:
    joined = translate(live_server, q=["Bonjour|Bonsoir"])["translatedText"]
    apart = translate(live_server, q=["Bonjour", "Bonsoir"])["translatedText"]
    assert len(joined) == 1
    assert len(apart) == 2


# What the original loses


@pytest.mark.parametrize("text", ["هل وصل الوزير إلى العاصمة؟", "Le ministre est-il arrivé ?"])
def test_a_question_stays_a_question(live_server: Server, text: str) -> None:
    assert translate(live_server, q=text, source="auto")["translatedText"].endswith("?")


def test_text_is_not_html(live_server: Server) -> None:
    for text, decoded in (("AT&amp;T", "AT&T"), ("&lt;b&gt;", "<b>"), ("&copy", "©")):
        assert decoded not in translate(live_server, q=text)["translatedText"]


def test_white_space_between_sentences_is_kept(live_server: Server) -> None:
    text = f"\n\n  {FRENCH}\n\n\n\t{FRENCH}\n"
    answer = translate(live_server, q=text)["translatedText"]
    assert answer.startswith("\n\n  ")
    assert "\n\n\n\t" in answer
    assert answer.endswith(".\n")


def test_every_sentence_begins_as_the_model_writes_it(live_server: Server) -> None:
    text = translate(live_server, q="Le candidat de Villepin est là. Il est arrivé.")
    first, second = text["translatedText"].split(". ")
    assert first[0].isupper()
    assert second[0].isupper()


@pytest.mark.parametrize("end", [" »", "…"])
def test_the_end_of_a_sentence_is_kept(live_server: Server, end: str) -> None:
    text = translate(live_server, q=f"Il a dit : « Le ministre est arrivé{end}")["translatedText"]
    assert not text[-1].isalnum()


def test_numbers_are_equal_on_both_sides(live_server: Server) -> None:
    text = translate(live_server, q="En 2025, 34 personnes ont été blessées.")["translatedText"]
    assert "2025" in text
    assert "34" in text


def test_a_sentence_of_four_hundred_words_is_not_cut_short(live_server: Server) -> None:
    towns = ["Paris", "Lyon", "Toulon", "Nice", "Lille", "Nantes", "Rennes", "Bordeaux"]
    clauses = [f"il est parti de {a} pour {b} en train" for a in towns for b in towns if a != b]
    text = translate(live_server, q=", ".join(clauses[:40]) + ".")["translatedText"]
    assert len(text.split()) > 200


@pytest.mark.parametrize(
    "token", ["https://example.org/a_b?c=1", "a.b@example.org", "😀", "snake_case_x"]
)
def test_what_is_not_language_comes_through_alone(live_server: Server, token: str) -> None:
    assert translate(live_server, q=token)["translatedText"] == token


def test_html_keeps_its_tags_and_what_is_marked(live_server: Server) -> None:
    html = (
        '<p>Le <b>ministre</b> est arrivé à <a href="/m?a=1&b=2">Marseille</a> avec '
        '<span translate="no">Les Échos</span>.</p>\n<pre>le  code</pre>'
    )
    text = translate(live_server, q=html, format="html")["translatedText"]
    for kept in (
        '<a href="/m?a=1&b=2">Marseille</a>',
        '<span translate="no">Les Échos</span>',
        "\n<pre>le  code</pre>",
    ):
        assert kept in text
    assert text.count("<b>") == text.count("</b>") == 1
    assert "<b></b>" not in text


# Names


RELAYED = "Franck Alessio, the candidate of the far-right National Rally party, spoke in Marseille."


def test_names_are_put_right_unless_that_is_turned_off(live_server: Server) -> None:
    right = translate(live_server, q=RELAYED, source="en")["translatedText"]
    assert right == RELAYED.replace("Alessio", "Allisio")
    left = translate(live_server, q=RELAYED, source="en", glossary="none")["translatedText"]
    assert left == RELAYED


def test_explain_says_which_names_were_changed(live_server: Server) -> None:
    answer = translate(live_server, q=[RELAYED], source="en", explain=True)
    assert answer["rawText"] == [RELAYED]
    [terms] = answer["appliedTerms"]
    [term] = [one for one in terms if one["id"] == "franck-allisio"]
    assert RELAYED[term["start"] : term["end"]] == term["variant"]
    assert term["preferred"] == "Franck Allisio"
    assert term["layer"] in ("source", "target")


def test_a_glossary_that_does_not_exist_is_refused(live_server: Server) -> None:
    body = {"q": "x", "source": "fr", "target": "en", "glossary": "nonesuch"}
    answer = live_server.post("/translate", json=body)
    assert answer.status_code == 404
    assert "error" in answer.json()


# Errors: JSON with LibreTranslate's wording, whatever is wrong


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "Invalid request: missing q parameter"),
        ({"q": ""}, "Invalid request: missing q parameter"),
        ({"q": []}, "Invalid request: missing q parameter"),
        ({"q": "x"}, "Invalid request: missing source parameter"),
        ({"q": "x", "source": "fr"}, "Invalid request: missing target parameter"),
        ({"q": "x", "source": "zz", "target": "en"}, "zz is not supported"),
        ({"q": "x", "source": "fr", "target": "zz"}, "zz is not supported"),
        (
            {"q": "x", "source": "fr", "target": "en", "format": "pdf"},
            "pdf format is not supported",
        ),
        (
            {"q": "x" * 50_001, "source": "fr", "target": "en"},
            "Invalid request: request (50001) exceeds text limit (50000)",
        ),
        (
            {"q": ["x"] * 257, "source": "fr", "target": "en"},
            "Invalid request: request (257) exceeds text limit (256)",
        ),
    ],
)
def test_wording_of_errors(live_server: Server, body: dict[str, Any], error: str) -> None:
    answer = live_server.post("/translate", json=body)
    assert answer.status_code == 400
    assert answer.json() == {"error": error}


@pytest.mark.parametrize(
    "body",
    [
        {"q": 1},
        {"q": [1, 2]},
        {"q": ["x", None]},
        {"q": {"a": "b"}},
        {"q": "x", "source": 1},
        {"q": "x", "format": ["html"]},
        {"q": "x", "alternatives": "x"},
        {"q": "x", "alternatives": -1},
        {"q": "x", "alternatives": 10_000},
        {"q": "x", "alternatives": True},
        {"q": "x", "alternatives": 1.5},
        {"q": "x", "explain": "perhaps"},
        {"q": "x", "glossary": 5},
        {"q": "x", "glossary": ["a"] * 6},
        {"q": "\ud800"},
    ],
)
def test_wrong_types_are_a_400_and_never_a_500(live_server: Server, body: dict[str, Any]) -> None:
    answer = live_server.post("/translate", json={"source": "fr", "target": "en", **body})
    assert answer.status_code == 400, answer.text
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize("body", ["{", "[1]", '"x"', "nul", '{"q": NaN}', "[" * 100_000])
def test_what_is_not_a_json_object_is_refused(live_server: Server, body: str) -> None:
    answer = live_server.post("/translate", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Invalid JSON format")


def test_404_405_and_413_are_json_too(live_server: Server) -> None:
    answers = [
        (live_server.get("/download_file/none.txt"), 404),
        (live_server.get("/frontend/none"), 404),
        (live_server.get("/translate"), 405),
        (live_server.post("/translate", json={"q": "x" * 3_000_000}), 413),
        (
            live_server.post(
                "/translate_file",
                files={"file": ("a.pdf", b"x")},
                data={"source": "fr", "target": "en"},
            ),
            400,
        ),
        (
            live_server.post(
                "/translate_file",
                files={"file": ("a.docx", b"x")},
                data={"source": "fr", "target": "en"},
            ),
            400,
        ),
        (live_server.post("/translate_file", data={"source": "fr", "target": "en"}), 400),
        (live_server.post("/suggest", json={"q": "x"}), 400),
    ]
    for answer, status in answers:
        assert answer.status_code == status, (answer.request.url, answer.text)
        assert set(answer.json()) == {"error"}


def test_a_files_name_leads_nowhere(live_server: Server) -> None:
    answer = live_server.post(
        "/translate_file",
        files={"file": ("../../../etc/passwd\\..\\x.txt", FRENCH.encode())},
        data={"source": "fr", "target": "en"},
    )
    url = answer.json()["translatedFileUrl"]
    assert ".." not in url.removeprefix(live_server.url)
    assert live_server.get(url.removeprefix(live_server.url)).status_code == 200
    assert live_server.get("/download_file/..%2f..%2fetc%2fpasswd").status_code == 404


def test_a_file_may_be_larger_than_other_bodies(live_server: Server) -> None:
    content = b"x" * 200 + b"\n\n" + b" " * 2_000_000 + b"\n"
    answer = live_server.post(
        "/translate_file",
        files={"file": ("a.txt", content)},
        data={"source": "fr", "target": "en"},
    )
    assert answer.status_code == 200, answer.text


def test_settings_health_and_description(live_server: Server, keyed_server: Server) -> None:
    assert live_server.get("/health").json() == {"status": "ok"}
    settings = live_server.get("/frontend/settings").json()
    assert set(settings) == {
        "charLimit",
        "frontendTimeout",
        "apiKeys",
        "keyRequired",
        "suggestions",
        "filesTranslation",
        "supportedFilesFormat",
        "language",
    }
    assert keyed_server.get("/frontend/settings").json()["keyRequired"] is True
    assert keyed_server.get("/languages").status_code == 200
    description = keyed_server.get("/spec").json()
    assert description["swagger"] == "2.0"
    assert description["basePath"] == "/relais"
