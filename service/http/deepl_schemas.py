"""DeepL's interface in the OpenAPI document: what its routes take and give.

The routes read JSON and forms alike, so a flag may come as a string; members that are not listed
are passed over. tests/http/test_schemathesis.py holds routes and models together.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, RootModel

from service.http.schemas import AnswerModel, FilePart, Flag, OpenModel

Target = Annotated[str, Field(min_length=1, description="Language code, e.g. `EN-GB`.")]
Source = Annotated[
    str | None, Field(description="Language code, e.g. `FR`; absent or empty: it is detected.")
]
GlossaryId = Annotated[str | None, Field(description="Id or name of a glossary.")]
GlossaryIds = Annotated[
    str | Annotated[list[str], Field(max_length=5)] | None,
    Field(description="Ids or names of up to five glossaries; as a string, parted by commas."),
]
GlossaryName = Annotated[
    str | Annotated[list[str], Field(max_length=5)] | None,
    Field(description="Of this service: `default`, `none`, or as `glossary_ids`."),
]
Formality = Annotated[
    Literal["default", "prefer_more", "prefer_less", ""] | None,
    Field(description="Changes nothing; `more` and `less` are refused, as for English there."),
]
Tags = Annotated[
    str | list[str] | None, Field(description="Names of tags; as a string, parted by commas.")
]
EntriesFormat = Annotated[
    Literal["tsv", "csv"] | None, Field(description="How the entries are written.")
]
Name = Annotated[str, Field(min_length=1, max_length=1024)]
_REGION = "([-_][A-Za-z0-9]{2,8}){0,3}"
DictionarySource = Annotated[
    str, Field(pattern=f"^([Ff][Rr]|[Aa][Rr]){_REGION}$", description="`fr` or `ar`.")
]
DictionaryTarget = Annotated[str, Field(pattern=f"^[Ee][Nn]{_REGION}$", description="`en`.")]
Entries = Annotated[
    str,
    Field(
        min_length=1,
        description="A line for each entry: source term, tab or comma, target term.",
        examples=["Jean Martel\tJohn Hammer"],
    ),
]


DICTIONARY = {
    "source_lang": "fr",
    "target_lang": "en",
    "entries": "Jean Martel\tJohn Hammer",
    "entries_format": "tsv",
}


class DeeplTranslateRequest(
    OpenModel,
    json_schema_extra={
        "examples": [{"text": ["Le maire a salué la foule."], "target_lang": "EN-GB"}]
    },
):
    """Texts to translate, each in its own language."""

    text: str | Annotated[list[str], Field(min_length=1)]
    target_lang: Target
    source_lang: Source = None
    context: str | None = Field(
        None, description="Tells the language of texts that are too short to tell."
    )
    glossary_id: GlossaryId = None
    glossary_ids: GlossaryIds = None
    glossary: GlossaryName = None
    tag_handling: Literal["xml", "html", ""] | None = Field(None, description="How texts are read.")
    ignore_tags: Tags = None
    splitting_tags: Tags = None
    non_splitting_tags: Tags = None
    outline_detection: Flag = True
    tag_handling_version: Literal["v1", "v2", ""] | None = None
    split_sentences: bool | Literal[0, 1, "0", "1", "nonewlines", ""] | None = None
    formality: Formality = None
    model_type: (
        Literal["quality_optimized", "prefer_quality_optimized", "latency_optimized", ""] | None
    ) = None


class DeeplText(AnswerModel):
    """One text's translation."""

    detected_source_language: str
    text: str
    billed_characters: int = Field(ge=0, description="Those of the text; nothing is billed.")
    model_type_used: Literal["latency_optimized"] | None = Field(
        None, description="Only where `model_type` was given."
    )


class DeeplTexts(AnswerModel):
    """The translations, in the order of the texts."""

    translations: list[DeeplText]


class LanguagesQuery(OpenModel):
    """Which languages are listed."""

    type: Literal["source", "target"] = "source"


class DeeplLanguage(AnswerModel):
    """A language."""

    language: str
    name: str
    supports_formality: bool | None = Field(None, description="Only of target languages.")


class DeeplLanguages(RootModel[list[DeeplLanguage]]):
    """Source or target languages."""


class ResourceQuery(OpenModel):
    """Of what the languages are listed."""

    resource: Literal["translate_text", "glossary"] = "translate_text"


class DeeplFeature(AnswerModel):
    """What can be done with texts in a language."""

    status: Literal["stable"]


class DeeplResourceLanguage(AnswerModel):
    """A language and what can be done with it."""

    lang: str
    name: str
    usable_as_source: bool
    usable_as_target: bool
    status: Literal["stable"]
    features: dict[str, DeeplFeature]


class DeeplResourceLanguages(RootModel[list[DeeplResourceLanguage]]):
    """The languages of one resource."""


class DeeplUsage(AnswerModel):
    """Characters translated since this process began; there is no limit to them."""

    character_count: int = Field(ge=0)
    character_limit: int = Field(ge=0)


class DeeplDocumentRequest(OpenModel):
    """A document to be translated."""

    file: FilePart
    target_lang: Target
    source_lang: Source = None
    filename: str | None = Field(
        None, description="Its name, where the file part has none; the ending says what it is."
    )
    output_format: str | None = Field(
        None, description="Documents come back in the format that they were sent in."
    )
    glossary_id: GlossaryId = None
    glossary_ids: GlossaryIds = None
    glossary: GlossaryName = None
    formality: Formality = None


class DeeplDocumentHandle(AnswerModel):
    """What is needed to ask after a document; the key is a secret of whoever sent it."""

    document_id: str
    document_key: str


class DeeplDocumentKey(OpenModel):
    """What proves that the document is yours."""

    document_key: str = Field(min_length=1)


class DeeplDocumentStatus(AnswerModel):
    """How far a document is."""

    document_id: str
    status: Literal["queued", "translating", "done", "error"]
    billed_characters: int | None = Field(
        None, ge=0, description="Only when it is done; nothing is billed."
    )
    error_message: str | None = Field(None, description="Only where it could not be translated.")


class DeeplGlossaryRequest(
    OpenModel, json_schema_extra={"examples": [{"name": "desk", **DICTIONARY}]}
):
    """A new glossary of one pair of languages."""

    name: Name
    source_lang: DictionarySource
    target_lang: DictionaryTarget
    entries: Entries
    entries_format: EntriesFormat = "tsv"


class DeeplDictionaryRequest(OpenModel, json_schema_extra={"examples": [DICTIONARY]}):
    """Terms of one pair of languages."""

    source_lang: DictionarySource
    target_lang: DictionaryTarget
    entries: Entries
    entries_format: EntriesFormat = "tsv"


class DeeplMultilingualRequest(
    OpenModel, json_schema_extra={"examples": [{"name": "desk", "dictionaries": [DICTIONARY]}]}
):
    """A new glossary of several dictionaries."""

    name: Name
    dictionaries: list[DeeplDictionaryRequest] = Field(min_length=1)


class DeeplChangeRequest(
    OpenModel,
    json_schema_extra={
        "anyOf": [{"required": ["name"]}, {"required": ["dictionaries"]}],
        "examples": [{"name": "desk", "dictionaries": [DICTIONARY]}],
    },
):
    """A new name, or terms to be added."""

    name: Name | None = None
    dictionaries: list[DeeplDictionaryRequest] | None = None


class PairQuery(OpenModel):
    """Of which languages the dictionary is."""

    source_lang: str = Field(min_length=1)
    target_lang: str = Field(min_length=1)


class DeeplGlossary(AnswerModel):
    """A glossary, or of one with several dictionaries the first."""

    glossary_id: str
    name: str
    ready: Literal[True]
    source_lang: str
    target_lang: str
    creation_time: str
    entry_count: int = Field(ge=0)


class DeeplGlossaries(AnswerModel):
    """The glossaries that can be named."""

    glossaries: list[DeeplGlossary]


class DeeplDictionary(AnswerModel):
    """A dictionary without its entries."""

    source_lang: str
    target_lang: str
    entry_count: int = Field(ge=0)


class DeeplMultilingualGlossary(AnswerModel):
    """A glossary and its dictionaries."""

    glossary_id: str
    name: str
    dictionaries: list[DeeplDictionary]
    creation_time: str


class DeeplMultilingualGlossaries(AnswerModel):
    """The glossaries that can be named."""

    glossaries: list[DeeplMultilingualGlossary]


class DeeplEntries(AnswerModel):
    """The entries of one dictionary."""

    source_lang: str
    target_lang: str
    entries: str
    entries_format: Literal["tsv"]


class DeeplDictionaries(AnswerModel):
    """The dictionary that was asked for."""

    dictionaries: list[DeeplEntries]


class DeeplPair(AnswerModel):
    """A pair of languages."""

    source_lang: str
    target_lang: str


class DeeplPairs(AnswerModel):
    """The pairs of languages that a dictionary can be of."""

    supported_languages: list[DeeplPair]


class DeeplError(AnswerModel):
    """What is wrong."""

    message: str
    code: str | None = None
    detail: str | None = None
