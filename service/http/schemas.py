"""The native interface's requests and answers, as pydantic models.

They validate what comes in, and describe in /openapi.json what comes in and goes out; answers
are built by `service.serialise`, and the tests hold both to each other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    RootModel,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from service.errors import ServiceError
from service.http.body import refusal

Item = TypeVar("Item", bound=BaseModel)

#: How many glossaries of a caller's own one request may name; DeepL's limit.
MOST_GLOSSARIES = 5
#: Longest id of an item that is sent back with its result.
MAX_ID_CHARS = 200

LANGUAGE_CODE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_CODE_PATTERN = f"^{LANGUAGE_CODE.pattern}$"


def base_language(code: str) -> str:
    """The language that is served for a code: ``fr-FR`` → ``fr``, ``AR`` → ``ar``."""
    if not LANGUAGE_CODE.fullmatch(code):
        raise ValueError("this is not a language code such as 'fr' or 'ar'")
    return code.replace("_", "-").split("-")[0].lower()


def identifier(value: object) -> str | int | None:
    """A caller's own id of an item: a short string that can be sent back, a number, or nothing."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if not isinstance(value, str) or len(value) > MAX_ID_CHARS:
        raise ValueError(f"an id is a string of at most {MAX_ID_CHARS} characters or an integer")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("an id must be of whole Unicode characters")
    return value


LanguageCode = Annotated[
    str, AfterValidator(base_language), Field(json_schema_extra={"pattern": _CODE_PATTERN})
]
GlossaryName = Annotated[
    str,
    Field(
        min_length=1,
        description="`default`: put names right by the term files; `none`: leave them; the id or "
        "name of a glossary: its terms too.",
    ),
]
GlossaryNames = Annotated[
    list[Annotated[str, Field(min_length=1)]],
    Field(
        min_length=1,
        max_length=MOST_GLOSSARIES,
        description="Several; the first that has a term decides.",
    ),
]
Format = Annotated[
    Literal["text", "html"],
    Field(
        description="How the text is written. In `html` tags stay on their words and "
        "`translate=no` is kept; offsets then count the text without markup."
    ),
]
Text = Annotated[str, Field(description="Any Unicode text without lone surrogates.")]
Source = Annotated[
    LanguageCode | None,
    BeforeValidator(
        lambda code: None if code == "auto" else code,
        json_schema_input_type=LanguageCode | Literal["auto"] | None,
    ),
    Field(description="The text's language, e.g. `fr`; `auto`, null or absent: it is detected."),
]
Identifier = Annotated[
    str | int | None,
    PlainValidator(identifier),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": MAX_ID_CHARS},
                {"type": "integer"},
                {"type": "null"},
            ],
            "description": "Comes back with the result; yours to choose.",
        }
    ),
]


class RequestModel(BaseModel):
    """A part of a request: types are taken at their word, and unknown members are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that does not have its shape, and what is wrong with it."""

    id: str | int | None
    error: ServiceError


def _refused_alone(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Keep a bad item's error in its place, so that the other items are worked on."""
    try:
        return handler(value)
    except ValidationError as error:
        own_id = value.get("id") if isinstance(value, dict) else None
        try:
            return Refused(identifier(own_id), refusal(error))
        except ValueError:
            return Refused(None, refusal(error))


@dataclass(frozen=True)
class _OrRefused(WrapValidator):
    """Validates as `_refused_alone`, and says so in the schema: anything may stand there."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        rest = {"description": "Anything else is answered by an error in its place."}
        return {"anyOf": [handler(schema), rest]}


OrRefused = _OrRefused(_refused_alone)


def entries(items: Sequence[Item]) -> list[Item | Refused]:
    """The validated items as what they are: an item that was refused stands there as `Refused`."""
    return cast("list[Item | Refused]", list(items))


class OneOrMany(RequestModel):
    """A request of either one `text` or many `items`."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        found = handler.resolve_ref_schema(handler(schema))
        found["oneOf"] = [{"required": ["text"]}, {"required": ["items"]}]
        return found

    @model_validator(mode="after")
    def _either_text_or_items(self) -> Self:
        if len({"text", "items"} & self.model_fields_set) != 1:
            raise ValueError("send either 'text' (one text) or 'items' (many)")
        return self

    @property
    def is_one(self) -> bool:
        """Whether the request is of one text."""
        return "text" in self.model_fields_set


class TranslateItem(RequestModel):
    """One text among many."""

    id: Identifier = None
    text: Text
    source: Source = None
    format: Format | None = None


class TranslateRequest(
    OneOrMany,
    json_schema_extra={
        "examples": [{"text": "Le ministre Laurent Nuñez a rencontré Amine Kessaci à Marseille."}]
    },
):
    """One text, or many items, to be translated."""

    text: Text = ""
    items: list[Annotated[TranslateItem, OrRefused]] = Field(
        [], description="Texts to translate together; each has its own result or error."
    )
    source: Source = None
    target: LanguageCode = Field("en", description="The language to translate to.")
    format: Format = "text"
    glossary: GlossaryName | GlossaryNames = "default"
    explain: bool = Field(
        False, description="Add the sentence pairs and the text before normalisation."
    )


class DetectItem(RequestModel):
    """One text among many."""

    id: Identifier = None
    text: Text


class DetectRequest(
    OneOrMany, json_schema_extra={"examples": [{"text": "Le maire a salué la foule."}]}
):
    """One text, or many items, whose language is to be told."""

    text: Text = ""
    items: list[Annotated[DetectItem, OrRefused]] = []


class NormaliseItem(RequestModel):
    """One text among many."""

    id: Identifier = None
    text: Text
    language: LanguageCode | None = None


class NormaliseRequest(
    OneOrMany,
    json_schema_extra={"examples": [{"text": "Franck Alessio, the candidate, spoke."}]},
):
    """One text, or many items, whose names are to be put right without translating."""

    text: Text = ""
    items: list[Annotated[NormaliseItem, OrRefused]] = []
    language: LanguageCode = Field("en", description="The language that the text is in.")
    glossary: GlossaryName | GlossaryNames = "default"


Flag = bool | Literal[0, 1, "0", "1", "true", "false", "yes", "no", "on", "off", ""] | None
Texts = Annotated[
    Annotated[str, Field(min_length=1)] | Annotated[list[str], Field(min_length=1)],
    Field(description="A text, or an array of texts; in a form, repeated."),
]
FilePart = Annotated[
    bytes,
    WithJsonSchema({"type": "string", "format": "binary", "description": "The document."}),
]


class OpenModel(BaseModel):
    """What a route of another tool's interface takes: members that are not listed are passed over.

    These models describe only: the routes read JSON, forms and query strings alike, with
    `clients.Parameters`.
    """


class Document(RootModel[FilePart]):
    """A document's bytes."""


class PlainText(RootModel[str]):
    """A text."""


class AnyObject(BaseModel):
    """A JSON object."""


class AnswerModel(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(extra="forbid")


class CandidateOut(AnswerModel):
    """A language that the text may be in."""

    language: str = Field(description="ISO 639-1 code.")
    confidence: float = Field(ge=0, le=1)


class DetectionOut(AnswerModel):
    """Which language a text is in."""

    language: str = Field(description="ISO 639-1 code, or `und` where nothing can be told.")
    confidence: float = Field(ge=0, le=1)
    candidates: list[CandidateOut] = Field(description="Best first.")


class EvidenceOut(AnswerModel):
    """One reason for a decision on a name."""

    code: str
    value: float | str | bool


class NameOut(AnswerModel):
    """A name that was put right, or suggested and left alone.

    Offsets count Unicode characters, half-open, in the text before normalisation.
    """

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    surface: str = Field(description="What stood there.")
    replacement: str = Field(description="What the glossary, or the source, says.")
    entry: str | None = Field(
        description="The glossary entry's id; null: no entry knows the name, and the source or the "
        "rest of the text spells it otherwise."
    )
    kind: str = Field(
        description="`full`, `surname`, `given`, `organisation`, `place`, `work`, `term`; "
        "`cluster`: a text spells an unknown name in several ways, never applied."
    )
    score: float = Field(ge=0, le=1)
    evidence: list[EvidenceOut]
    applied: bool = Field(description="False: suggested only, the text keeps what stood there.")


class SentenceOut(AnswerModel):
    """A sentence and its translation before normalisation.

    `start`/`end` are offsets in the source text, `target_start`/`target_end` in `raw_text`.
    """

    start: int = Field(ge=0)
    end: int = Field(ge=0)
    target_start: int = Field(ge=0)
    target_end: int = Field(ge=0)
    source: str
    translation: str
    confidence: float = Field(ge=0, le=1, description="Mean probability per token.")
    flags: list[str] = Field(description="Warnings; see the documentation's table.")


class TranslationOut(AnswerModel):
    """A translated text."""

    text: str
    source: str = Field(description="Its language, as given or detected; `und` if none.")
    target: str
    detected: DetectionOut | None = Field(None, description="Only where the source was detected.")
    names: list[NameOut]
    glossary: str = Field(description="Version of the glossary applied; empty: none.")
    model: str = Field(description="The package that translated; empty where none was needed.")
    raw_text: str | None = Field(None, description="Only with `explain`: before normalisation.")
    sentences: list[SentenceOut] | None = Field(None, description="Only with `explain`.")


class NormalisedOut(AnswerModel):
    """A text with its names put right."""

    text: str
    names: list[NameOut]
    glossary: str


class ItemError(AnswerModel):
    """Why one item has no result."""

    code: str
    title: str
    status: int
    detail: str
    field: str | None = None


class TranslatedItem(TranslationOut):
    """One item's translation."""

    id: Identifier = None


class DetectedItem(DetectionOut):
    """One item's language."""

    id: Identifier = None


class NormalisedItem(NormalisedOut):
    """One item with its names put right."""

    id: Identifier = None


class FailedItem(AnswerModel):
    """An item that could not be worked on."""

    id: Identifier = None
    error: ItemError


class BatchItem(BaseModel):
    """One text of a batch or a job; `service.jobs.records` reads it, one by one.

    Members that are not listed are passed over.
    """

    id: Identifier = None
    text: Text
    source: LanguageCode | Literal["auto", ""] | None = None
    target: LanguageCode | Literal[""] | None = None
    glossary: GlossaryName | None = None
    format: Format | None = None


class BatchLine(TranslationOut):
    """A line of a batch's or a job's results: one item's translation."""

    position: int = Field(ge=0, description="The item's place in the batch, from 0.")
    line: int | None = Field(None, ge=1, description="The line on which it began, from 1.")
    id: Identifier = None


class FailedLine(AnswerModel):
    """A line of a batch's or a job's results: an item that could not be worked on."""

    position: int | None = Field(None, ge=0, description="The item's place, from 0.")
    line: int | None = Field(None, ge=1, description="The line on which it began, from 1.")
    id: Identifier = None
    error: ItemError
    fatal: bool = Field(False, description="True: the batch cannot be read any further.")


class ItemCounts(AnswerModel):
    """How many items a job has, and how they ended."""

    total: int = Field(ge=0)
    finished: int = Field(ge=0)
    succeeded: int = Field(ge=0)
    failed: int = Field(ge=0)


class JobOptions(AnswerModel):
    """What holds for all items of a job that do not say otherwise."""

    source: str | None
    target: str
    glossary: str
    explain: bool
    format: str


class JobWebhook(AnswerModel):
    """The address that is told of a job's end."""

    url: str
    state: Literal["waiting", "pending", "delivered", "failed"]


class JobOut(AnswerModel):
    """A job as it stands; times in ISO 8601."""

    id: str
    state: Literal["receiving", "queued", "running", "done", "cancelled"]
    items: ItemCounts
    rate: float | None = Field(description="Items a second: of late, or overall once it ended.")
    seconds_left: float | None = Field(description="By that rate, while it is running.")
    created: str
    started: str | None
    finished: str | None
    options: JobOptions
    problem: str | None = Field(description="Why it does not go on at present, if it does not.")
    webhook: JobWebhook | None


class JobsOut(AnswerModel):
    """Jobs, newest first."""

    jobs: list[JobOut]
    next: str | None = Field(description="Send it as `before` for older ones; null: no more.")


class TranslatedItems(AnswerModel):
    """The results, in the order of the items."""

    items: list[TranslatedItem | FailedItem]


class DetectedItems(AnswerModel):
    """The results, in the order of the items."""

    items: list[DetectedItem | FailedItem]


class NormalisedItems(AnswerModel):
    """The results, in the order of the items."""

    items: list[NormalisedItem | FailedItem]


class LanguageOut(AnswerModel):
    """A language that is translated from."""

    code: str
    name: str
    targets: list[str] = Field(description="Codes of the languages it is translated to.")


class LanguagesOut(AnswerModel):
    """What can be translated to what."""

    languages: list[LanguageOut]


class ModelOut(AnswerModel):
    """A translation package in use."""

    name: str
    source: str
    target: str
    version: str
    sha256: str
    origin: Literal["built-in", "installed"]


class ModelsOut(AnswerModel):
    """The packages in use and how they are run."""

    models: list[ModelOut]
    threads: int
    beam_size: int
    problems: list[str] = Field(description="Packages that cannot be used, and why.")


class LiveOut(AnswerModel):
    """The process answers."""

    status: Literal["live"]


class GlossaryState(AnswerModel):
    """The glossary in force."""

    version: str
    entries: int
    problem: str | None = Field(
        description="What is wrong with the term files now; the last good state stays in force."
    )


class ReadyOut(AnswerModel):
    """Whether texts can be translated.

    `degraded`: ready, and something needs a person: a broken package, a broken term file.
    """

    status: Literal["ready", "degraded", "loading", "unusable"]
    ready: bool
    models: list[str]
    glossary: GlossaryState
    problems: list[str]


class VersionOut(AnswerModel):
    """What runs here."""

    service: str
    version: str
    python: str
    ctranslate2: str


class GlossaryOut(AnswerModel):
    """The glossary in force, counted."""

    version: str = Field(description="Hash of the term files' content.")
    entries: int
    types: dict[str, int]
    statuses: dict[str, int]
    files: dict[str, int] = Field(description="Entries in each term file.")
    problem: str | None = Field(description="What is wrong with the files on disk, if anything.")


class ExampleOut(AnswerModel):
    """A sentence as it arrives and as it is printed."""

    in_: str = Field(alias="in")
    out: str


class EntryOut(AnswerModel):
    """One name of the glossary; fields that an entry does not have are left out."""

    id: str
    name: str
    type: Literal["person", "organisation", "place", "work", "term"]
    status: Literal["proposed", "reviewed", "deprecated"]
    ar: list[str] = Field(default=[], description="How Arabic outlets write it.")
    fr: list[str] = Field(default=[], description="Other French forms.")
    variants: list[str] = Field(default=[], description="Wrong forms seen in print.")
    keep: list[str] = Field(default=[], description="Look-alikes that are never changed to it.")
    context: list[str] = Field(default=[], description="Words and names that stand near it.")
    gender: Literal["f", "m"] | None = None
    since: str | None = None
    source: str | None = Field(None, description="Where the right spelling is documented.")
    style: str | None = None
    notes: str | None = None
    examples: list[ExampleOut] = []
    file: str
    line: int


class EntriesOut(AnswerModel):
    """Entries that a search found."""

    entries: list[EntryOut]
    total: int = Field(description="How many there are in all.")
    version: str


class ProblemOut(BaseModel):
    """An RFC 9457 problem document."""

    type: str
    title: str
    status: int
    detail: str = Field(description="One sentence that says what to do.")
    code: str = Field(description="Stable; programs may rely on it.")
    field: str | None = Field(None, description="The part of the request at fault.")
    request_id: str | None = None
