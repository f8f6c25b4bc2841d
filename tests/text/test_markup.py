"""HTML in, HTML out: the text changes, the markup does not."""

from __future__ import annotations

from collections import Counter

import pytest
import turbohtml
from hypothesis import given, settings
from hypothesis import strategies as st

from service.text.inline import Link, Translated
from service.text.markup import Rules, extract, outline, render

FRENCH_PAGE = """<!DOCTYPE html>
<html lang="fr">
<head><meta charset="utf-8"><title>Le maire &amp; le ministre</title>
<meta name="description" content="À Marseille"><script>if (a < b) { alert("é") }</script></head>
<body class='story'>
  <h1>Benoît Payan reçoit
      Laurent Nuñez</h1>
  <p>Le maire de <a href="/m?x=1&y=2" title="La ville">Marseille</a> a dit&nbsp;: «&nbsp;oui&nbsp;».
  <br/>Rien de <em>plus</em>.<!-- à vérifier --></p>
  <pre>ne  pas   toucher</pre>
  <ul><li>Un<li>Deux <img src=a.png alt='Une photo'> trois</ul>
</body>
</html>
"""


def translate(html: str, rules: Rules | None = None, **table: str) -> str:
    """Translate by a table of whole segments; what is not in it stays."""
    markup = extract(html, rules)
    return render(markup, [table.get(segment.text, segment.text) for segment in markup.segments])


def by_table(html: str, table: dict[str, str], rules: Rules | None = None) -> str:
    markup = extract(html, rules)
    unknown = set(table) - {segment.text for segment in markup.segments}
    assert not unknown, (unknown, markup.segments)
    return render(markup, [table.get(segment.text, segment.text) for segment in markup.segments])


def texts(html: str, rules: Rules | None = None) -> list[str]:
    return [segment.text for segment in extract(html, rules).segments]


def upper(html: str) -> str:
    markup = extract(html)
    return render(markup, [segment.text.upper() for segment in markup.segments])


def test_a_page_is_cut_into_what_a_reader_reads() -> None:
    assert texts(FRENCH_PAGE) == [
        "Le maire & le ministre",
        "À Marseille",
        "Benoît Payan reçoit Laurent Nuñez",
        "Le maire de Marseille a dit\xa0: «\xa0oui\xa0».",
        "La ville",
        "Rien de plus.",
        "Un",
        "Deux trois",
        "Une photo",
    ]


def test_unchanged_text_gives_back_every_byte() -> None:
    assert translate(FRENCH_PAGE) == FRENCH_PAGE


def test_only_text_changes() -> None:
    assert (
        upper(FRENCH_PAGE)
        == """<!DOCTYPE html>
<html lang="fr">
<head><meta charset="utf-8"><title>LE MAIRE &amp; LE MINISTRE</title>
<meta name="description" content="À MARSEILLE"><script>if (a < b) { alert("é") }</script></head>
<body class='story'>
  <h1>BENOÎT PAYAN REÇOIT LAURENT NUÑEZ</h1>
  <p>LE MAIRE DE <a href="/m?x=1&y=2" title="LA VILLE">MARSEILLE</a> A DIT&nbsp;: «&nbsp;OUI&nbsp;».
  <br/>RIEN DE <em>PLUS</em>.<!-- à vérifier --></p>
  <pre>ne  pas   toucher</pre>
  <ul><li>UN<li>DEUX <img src=a.png alt='UNE PHOTO'> TROIS</ul>
</body>
</html>
"""
    )


@pytest.mark.parametrize(
    "html",
    [
        "",
        "Bonjour",
        "a < b & c > d",
        "<p>un</p>deux",
        "<p>sans fin",
        "</p>fin sans début",
        "<b>gras <i>les deux</b> penché</i>",
        "<a href='x>y' title=\"a>b\">lien</a>",
        "texte <",
        "texte <a href='",
        "<!-- jamais fermé",
        "a</>b",
        "ligne\r\nautre <b>ligne</b>\r\n\r\nfin\rseule",
        "<P CLASS=X>Maj</P>",
        "<svg><title>t</title><text>dessin</text></svg> mot",
        "&nosuch; &amp &copy 2025 &#x41; &#xD800; &shy;",
        "\x00nul",
        "<?php echo 1 ?>texte",
        "<![CDATA[x]]>texte",
        "</a>\n\n\u00ad\n\né<p>",
        "mot <b>gras</b>\u00ad ",
        " &shy; <code>x </b> mot",
        "<p><table><p>tableau</table>",
    ],
)
def test_any_document_comes_back_when_nothing_changes(html: str) -> None:
    assert translate(html) == html


def test_fragments_stay_fragments() -> None:
    assert by_table("Bonjour <b>monde</b>", {"Bonjour monde": "Hello world"}) == (
        "Hello <b>world</b>"
    )


def test_entities_stay_text() -> None:
    assert by_table("&lt;b&gt; AT&amp;T dit", {"<b> AT&T dit": "<b> AT&T says"}) == (
        "&lt;b&gt; AT&amp;T says"
    )


def test_letters_written_as_entities_are_written_as_entities() -> None:
    assert by_table(
        "Beno&icirc;t Payan est &eacute;lu", {"Benoît Payan est élu": "Benoît Payan was elected"}
    ) == ("Beno&icirc;t Payan was elected")


def test_a_translation_can_add_no_markup() -> None:
    assert by_table("<p>bonjour</p>", {"bonjour": "<script>alert(1)</script>"}) == (
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
    )
    assert by_table('<img alt="bonjour">', {"bonjour": '"><script>'}) == (
        '<img alt="&quot;>&lt;script>">'
    )
    assert by_table("<img alt='bonjour'>", {"bonjour": "it's"}) == "<img alt='it&#39;s'>"
    assert by_table("<img alt=bonjour>", {"bonjour": "good day"}) == '<img alt="good day">'


@pytest.mark.parametrize(
    "kept",
    [
        '<div translate="no">Le Monde</div>',
        "<p class='x notranslate'>Le Monde</p>",
        "<pre>le code</pre>",
        "<script>le('code')</script>",
        "<style>.le {}</style>",
        "<textarea>la saisie</textarea>",
        "<div translate=no><p>Le <b>Monde</b></p><p>aussi</p></div>",
        '<div class="notranslate"><table><tr><td>Le Monde</table></div>',
    ],
)
def test_what_is_marked_is_not_translated(kept: str) -> None:
    assert texts(kept) == []
    assert upper(f"<p>un</p>{kept}<p>deux</p>") == f"<p>UN</p>{kept}<p>DEUX</p>"


def test_translation_can_be_turned_on_again_inside() -> None:
    html = '<div translate="no"><p>Le Monde</p><p translate="yes">journal</p></div>'
    assert texts(html) == ["journal"]


def test_code_inside_a_sentence_is_seen_but_kept() -> None:
    html = "<p>Appelez <code>print()</code> ici</p>"
    assert texts(html) == ["Appelez print() ici"]
    assert by_table(html, {"Appelez print() ici": "Call print() here"}) == (
        "<p>Call <code>print()</code> here</p>"
    )
    assert by_table(html, {"Appelez print() ici": "Call it"}).count("<code>print()</code>") == 1


@pytest.mark.parametrize(
    "address",
    [
        '<a href="https://m.fr/@x" class="mention">@<span>x</span></a>',
        '<a href="/tags/marseille">#<span>Marseille</span></a>',
        '<a href="https://m.fr/a_b">https://m.fr/a_b</a>',
        '<a href="mailto:a@m.fr"><b>a.b@m.fr</b></a>',
    ],
)
def test_addresses_in_tags_of_their_own_are_kept(address: str) -> None:
    markup = extract(f"<p>Bonjour {address}, bonsoir</p>")
    assert render(markup, ["Hello, good night"]).count(address) == 1


def test_a_footnotes_sign_stays_behind_its_word() -> None:
    html = '<p>Il est à Mai.<sup><a href="#n">1</a></sup> Il dort.</p>'
    assert by_table(html, {"Il est à Mai. Il dort.": "He is in Mai. He sleeps."}) == (
        '<p>He is in Mai.<sup><a href="#n">1</a></sup> He sleeps.</p>'
    )


def test_a_kept_element_that_is_cut_by_a_block_stays_as_it_is() -> None:
    html = '<div>Avant <span translate="no">Le<div>Monde</div>ici</span> après</div>'
    assert texts(html) == ["Avant", "après"]
    assert translate(html) == html


def test_inline_tags_follow_their_words() -> None:
    markup = extract("<p>Le chien <b>noir</b> de <a href='x'>Laurent Nuñez</a> dort.</p>")
    source, out = markup.segments[0].text, "Laurent Nuñez's black dog sleeps."
    links = tuple(
        Link(source.index(a), source.index(a) + len(a), out.index(b), out.index(b) + len(b))
        for a, b in [("chien", "dog"), ("noir", "black"), ("dort", "sleeps")]
    )
    assert render(markup, [Translated(out, links=links)]) == (
        "<p><a href='x'>Laurent Nuñez's</a> <b>black</b> dog sleeps.</p>"
    )


def test_white_space_around_text_is_kept_and_line_breaks_between_sentences() -> None:
    html = "<p>\n    Il dort.\n    Il mange.\n  </p>"
    markup = extract(html)
    assert [segment.text for segment in markup.segments] == ["Il dort. Il mange."]
    translated = Translated("He sleeps. He eats.", (Link(0, 8, 0, 10), Link(9, 18, 11, 19)))
    assert render(markup, [translated]) == "<p>\n    He sleeps.\n    He eats.\n  </p>"


def test_paragraphs_of_text_without_tags_are_kept() -> None:
    assert texts("Un.\n\nDeux.") == ["Un.\n\nDeux."]


def test_attributes_are_translated_only_where_asked() -> None:
    html = '<p><input placeholder="votre nom"><img alt="une photo" title="la photo"></p>'
    assert texts(html) == ["votre nom", "une photo", "la photo"]
    assert texts(html, Rules(attributes=frozenset())) == []
    assert texts(html, Rules(attributes=frozenset({"alt"}))) == ["une photo"]


def test_addresses_and_scripts_in_attributes_are_never_touched() -> None:
    html = """<a href="/le-monde?titre=oui" onclick="alert('oui')" data-x="non">lien</a>"""
    assert upper(html) == html.replace("lien", "LIEN")


def test_xml_rules_for_elements_that_html_knows_otherwise() -> None:
    rules = Rules("xml", ignore_tags=frozenset({"x"}))
    source = "Le <title>grand <b>titre</b></title> et <x>ceci</x><br/>"
    assert texts(source, rules) == ["Le grand titre et ceci"]
    assert translate(source, rules) == source
    assert by_table(source, {"Le grand titre et ceci": "The big title and ceci"}, rules).endswith(
        "<x>ceci</x><br/>"
    )


def test_an_xml_outline_is_what_stands_without_text_beside_it() -> None:
    assert outline("<d><par>Un <i>mot</i></par><par>Deux</par></d>") == {"d", "par"}
    assert outline("Le <x>mot</x>") == frozenset()
    assert outline("<i>tout</i>") == {"i"}
    assert outline("<a>" * 10_000) == {"a"}


def test_splitting_tags_end_a_sentence() -> None:
    rules = Rules("xml", splitting_tags=frozenset({"par"}))
    assert texts("<d><par>Un</par><par>Deux <i>mots</i></par></d>", rules) == ["Un", "Deux mots"]


@pytest.mark.parametrize(
    "html",
    [
        "<b>" * 10_000 + "mot" + "</b>" * 10_000,
        "<div>" * 10_000 + "mot" + "</div>" * 10_000,
        "<b>mot " * 10_000,
        "mot</b> " * 10_000,
        "<b>mot <i>autre</b> mot</i> " * 3_000,
        "<p translate=no>" * 10_000 + "mot",
        "<span translate=no>" * 10_000 + "mot",
        "<li>mot" * 10_000,
        "<p>mot<b>" * 10_000,
        "<!--" * 50_000 + "mot",
        "mot </" * 50_000,
        "<a href='" * 50_000,
        "mot &" * 50_000,
        "<a " + "b=c " * 50_000 + "alt=2025>",
    ],
    ids=lambda html: html[:24],
)
def test_hostile_documents_come_back_whole(html: str) -> None:
    assert translate(html) == html
    markup = extract(html)
    changed = render(markup, [f"autre {segment.text} chose" for segment in markup.segments])
    assert tags(changed) == tags(html)


def test_hostile_xml_comes_back_whole() -> None:
    for text in ("<a>" * 10_000, "<!--" * 50_000, "<a b='" * 20_000, "<![CDATA[" * 20_000):
        assert translate(text, Rules("xml")) == text


# Laws over generated HTML


def tags(html: str) -> Counter[str]:
    """Every token that is not text, as written."""
    return Counter(
        token.source
        for token in turbohtml.tokenize(html, resolve_references=False, capture_source=True)
        if token.source and token.type != turbohtml.TokenType.CHARACTER_REFERENCE
    )


WORDS = st.sampled_from(
    [
        "le",
        "chien",
        "noir",
        "Laurent Nuñez",
        "2025",
        "&amp;",
        "&eacute;t&eacute;",
        "l'eau",
        ".",
        ",",
        "«",
        "مرسيليا",
        "&lt;x&gt;",
        "a < b",
        "\n  ",
        " ",
        "  ",
        "fin.",
    ]
)
INLINE = st.sampled_from(["b", "i", "em", "a href='x'", 'span class="y"', "x-y", "sup"])
POINTS = st.sampled_from(["<img src=x>", "<!-- c -->", "<wbr>", "<img alt='une photo' src=y>"])
KEPT = st.sampled_from(
    [
        "<code>f(x)</code>",
        '<span translate="no">Le <i>Monde</i></span>',
        "<kbd class=k>Ctrl</kbd>",
        "<script>a<b</script>",
        "<i class=notranslate>oui</i>",
    ]
)
BLOCK = st.sampled_from(["p", "div", "li", "h2", "td", "blockquote"])


def _wrapped(tag: str, inner: str) -> str:
    return f"<{tag}>{inner}</{tag.split()[0]}>"


RUNS = st.recursive(
    st.one_of(WORDS, POINTS, KEPT),
    lambda inner: st.one_of(
        st.lists(inner, max_size=5).map(" ".join),
        st.lists(inner, max_size=5).map("".join),
        st.builds(_wrapped, INLINE, inner),
    ),
    max_leaves=14,
)
DOCUMENTS = st.lists(st.one_of(RUNS, st.builds(_wrapped, BLOCK, RUNS)), max_size=4).map("\n".join)
SOUP = st.lists(
    st.sampled_from(
        [
            "<b>",
            "</b>",
            "<i>",
            "</i>",
            "<p>",
            "</p>",
            "<br>",
            "<li>",
            "mot",
            " ",
            "autre",
            "<code>",
            "</code>",
            "<p translate=no>",
            "<span translate=no>",
            "</span>",
            "<script>",
            "</script>",
            "<title>",
            "</title>",
            "<",
            ">",
            "&",
            "&amp;",
            "<!--",
            "-->",
            "\r\n",
            "</>",
            "<table>",
            "<td>",
            "<svg>",
            "</svg>",
            "<b class='",
            '<img alt="oui">',
        ]
    ),
    max_size=25,
).map("".join)
REWRITES = st.sampled_from(
    [
        str.upper,
        str.title,
        lambda t: " ".join(t.split()[::-1]),
        lambda t: "",
        lambda t: "x & <y>",
        lambda t: t + " and more words",
        lambda t: t[: len(t) // 2],
    ]
)


@given(st.one_of(DOCUMENTS, SOUP, st.text(max_size=40)))
def test_nothing_changes_when_no_text_does(html: str) -> None:
    assert translate(html) == html
    assert translate(html, Rules("xml")) == html


@settings(max_examples=300)
@given(DOCUMENTS, REWRITES)
def test_markup_is_never_lost_doubled_or_unbalanced(html: str, rewrite) -> None:  # type: ignore[no-untyped-def]
    rules = Rules(attributes=frozenset())
    markup = extract(html, rules)
    out = render(markup, [rewrite(segment.text) for segment in markup.segments])
    assert tags(out) == tags(html)
    opened: list[str] = []
    for token in turbohtml.tokenize(out):
        if token.type == turbohtml.TokenType.START_TAG and token.tag not in ("img", "wbr"):
            opened.append(token.tag or "")
        elif token.type == turbohtml.TokenType.END_TAG:
            assert opened.pop() == token.tag
    assert not opened


@given(DOCUMENTS, REWRITES)
def test_kept_elements_come_out_as_they_went_in(html: str, rewrite) -> None:  # type: ignore[no-untyped-def]
    markup = extract(html)
    out = render(markup, [rewrite(segment.text) for segment in markup.segments])
    for kept in (
        "<code>f(x)</code>",
        '<span translate="no">Le <i>Monde</i></span>',
        "<script>a<b</script>",
    ):
        assert out.count(kept) == html.count(kept)


@given(SOUP, REWRITES)
def test_broken_markup_is_neither_repaired_nor_broken_further(html: str, rewrite) -> None:  # type: ignore[no-untyped-def]
    markup = extract(html, Rules(attributes=frozenset()))
    out = render(markup, [rewrite(segment.text) for segment in markup.segments])
    assert tags(out) == tags(html)
