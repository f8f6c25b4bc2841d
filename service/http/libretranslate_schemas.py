"""LibreTranslate's interface in the OpenAPI document: what its routes take and give.

The routes read JSON and forms alike, so a flag or a number may come as a string; members that
are not listed are passed over. tests/http/test_schemathesis.py holds routes and models together.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, RootModel
from pydantic.alias_generators import to_camel

from service.http.schemas import AnswerModel, FilePart, Flag, OpenModel, Texts

ApiKey = Annotated[str | None, Field(description="API key, where the deployment asks for one.")]
Source = Annotated[str, Field(min_length=1, description="Language code, or `auto`.")]
Target = Annotated[str, Field(min_length=1, description="Language code.")]
GlossaryName = Annotated[
    str | Annotated[list[str], Field(max_length=5)] | None,
    Field(
        description="`default`, `none`, or the ids or names of up to five glossaries, whose terms "
        "are added to the term files."
    ),
]
EXAMPLE = {"q": "Le maire a salué la foule.", "source": "auto", "target": "en"}


class CamelModel(AnswerModel, alias_generator=to_camel):
    """A part of an answer, its members named as LibreTranslate names them."""


class LibreTranslateRequest(OpenModel, json_schema_extra={"examples": [EXAMPLE]}):
    """A text or several, to be translated."""

    q: Texts
    source: Source
    target: Target
    format: Literal["text", "html", ""] | None = "text"
    alternatives: (
        Annotated[int, Field(ge=0, le=5)] | Annotated[str, Field(pattern="^0{0,8}[0-5]?$")] | None
    ) = Field(0, description="How many other translations to add.")
    glossary: GlossaryName = "default"
    explain: Flag = Field(False, description="Add what was changed, and from what.")
    api_key: ApiKey = None


class LibreDetectRequest(OpenModel, json_schema_extra={"examples": [{"q": EXAMPLE["q"]}]}):
    """A text or several, whose language is to be told."""

    q: Texts
    per_item: Flag = Field(False, description="A list for each text, instead of one for all.")
    api_key: ApiKey = None


class LibreSuggestRequest(
    OpenModel,
    json_schema_extra={
        "examples": [EXAMPLE | {"source": "fr", "s": "The mayor greeted the crowd."}]
    },
):
    """A better translation that a reader proposes."""

    q: str = Field(min_length=1, description="The source text.")
    s: str = Field(min_length=1, description="The better translation.")
    source: Source
    target: Target
    api_key: ApiKey = None


class LibreFileRequest(OpenModel):
    """A document to be translated."""

    file: FilePart
    source: Source
    target: Target
    glossary: GlossaryName = "default"
    api_key: ApiKey = None


class LibreLanguage(AnswerModel):
    """A language that a text may be in."""

    confidence: float = Field(ge=0, le=100, description="Per cent.")
    language: str


class LibreLanguages(RootModel[list[LibreLanguage]]):
    """The languages that the texts may be in, best first."""


class LibreLanguagesOfEach(RootModel[list[list[LibreLanguage]]]):
    """The same for each text, with `per_item`."""


class LibreTerm(AnswerModel):
    """A name that was put right; offsets count characters in `rawText`."""

    id: str | None
    variant: str
    preferred: str
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    layer: Literal["source", "target"]


class LibreTranslation(CamelModel):
    """One text's translation."""

    translated_text: str
    detected_language: LibreLanguage | None = Field(None, description="Only with source `auto`.")
    alternatives: list[str] | None = Field(None, description="Only where they are asked for.")
    raw_text: str | None = Field(None, description="Only with `explain`.")
    applied_terms: list[LibreTerm] | None = Field(None, description="Only with `explain`.")
    warnings: list[str] | None = Field(None, description="Only with `explain`.")


class LibreTranslations(CamelModel):
    """An array's translations; every list is in the order of the texts."""

    translated_text: list[str]
    detected_language: list[LibreLanguage] | None = None
    alternatives: list[list[str]] | None = None
    raw_text: list[str] | None = None
    applied_terms: list[list[LibreTerm]] | None = None
    warnings: list[list[str]] | None = None


class LibreServedLanguage(AnswerModel):
    """A language that is served."""

    code: str
    name: str
    targets: list[str]


class LibreServedLanguages(RootModel[list[LibreServedLanguage]]):
    """What can be translated to what."""


class LibreSettings(CamelModel):
    """What a frontend asks before it shows itself."""

    char_limit: int
    frontend_timeout: int
    api_keys: bool
    key_required: bool
    suggestions: bool
    files_translation: bool
    supported_files_format: list[str]
    language: dict[Literal["source", "target"], dict[Literal["code", "name"], str]]


class LibreHealth(AnswerModel):
    """Whether texts can be translated now."""

    status: Literal["ok", "loading", "error"]


class LibreSuccess(AnswerModel):
    """It was kept."""

    success: Literal[True]


class LibreFile(CamelModel):
    """Where the translated document is, for half an hour."""

    translated_file_url: str


class LibreError(AnswerModel):
    """What is wrong."""

    error: str
