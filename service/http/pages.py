"""The page: translate a text, browse the glossary, follow the jobs. Plain HTML, rendered here.

Every form works without a script and without cookies, so there is nothing that another site could
send in a visitor's name: a key, where the deployment asks for one, is typed into the form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from pathlib import Path, PurePath
from typing import Any, Final, Literal
from urllib.parse import unquote

import flask_swagger_ui
from flask import (
    Blueprint,
    Request,
    Response,
    render_template,
    request,
    send_file,
    send_from_directory,
)
from werkzeug.datastructures import FileStorage

import service
from service.app import Services, services
from service.config import PROJECT_DIR
from service.documents import segment_translator
from service.errors import (
    InvalidText,
    NotFound,
    ServiceError,
    TextTooLong,
    Unauthorised,
    UnsupportedMediaType,
)
from service.http.face import Face, key_in_headers
from service.http.limits import key_ring, owner
from service.http.problems import Problem
from service.names import search
from service.names.glossary import STATUSES, TYPES, Entry
from service.names.report import NameReport
from service.names.workshop.explain import SOURCES, NearMiss, explain, script_language
from service.pipeline import Request as TranslationRequest
from service.pipeline import Translation
from service.text.files import MAX_FILE_BYTES, SUPPORTED, translate_file
from service.text.files.encoding import decode
from service.web import history, proposals
from service.web.marks import Piece, pieces_of, pieces_of_source, rows_of
from service.web.wording import (
    FLAG_LABELS,
    FLAG_WORDS,
    LANGUAGES,
    direction,
    duration,
    moment,
    reasons,
)

blueprint = Blueprint("pages", __name__)

PAGE_SIZE = 50
PREVIEW_LINES = 20
#: Errors after which the form can still be read: key, rate and room, faults of ours, no models.
KEEPING_THE_TEXT = (403, 429, 500, 503)
#: Files whose text is shown on the page; others come back as a file of their kind.
TEXT_ENDINGS = (".txt", ".md", ".markdown")
#: Longest text to try an entry on, for which the names nearly found are looked up too.
TRY_CHARS = 5_000

# Everything the page needs comes from this server; nothing may frame it or run inside it.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
SWAGGER_UI: Final = Path(flask_swagger_ui.__file__).parent / "dist"


def _problem_page(problem: Problem) -> Response:
    """An error as a page that a person can read; a text that was sent stands there again."""
    if request.endpoint == "pages.translate_text" and problem.status in KEEPING_THE_TEXT:
        return _translate_page(_Asked.of_form(), error=problem.detail, status=problem.status)
    return _page("error.html", section="", status=problem.status, problem=problem)


def _key_in_form(request: Request) -> str | None:
    """The API key that a form was sent with, or that of the headers."""
    _allow_documents(request)
    return request.form.get("api_key") or key_in_headers(request)


def _allow_documents(request: Request) -> None:
    """Documents may be larger than other bodies; to be called before the form is read."""
    if request.endpoint == "pages.translate_text":
        request.max_content_length = MAX_FILE_BYTES + services().settings.max_body_bytes


FACE = Face(
    blueprint,
    problem=_problem_page,
    find_key=_key_in_form,
    paths=(
        "/docs",
        "/docs/",
        "/glossary",
        "/glossary/",
        "/glossary-proposal",
        "/jobs",
        "/jobs/",
        "/static/",
    ),
    open_views=frozenset(
        {
            "static",
            "documentation",
            "documentation_asset",
            "translate_form",
            "glossary",
            "entry",
            "try_entry",
            "propose_form",
            "propose",
            "jobs",
        }
    ),
)


def _page(template: str, *, section: str, status: int = 200, **values: object) -> Response:
    own = services()
    glossary = own.glossaries.current
    body = render_template(
        template,
        section=section,
        version=service.__version__,
        glossary_version=glossary.version,
        entry_count=len(glossary.entries),
        ready=own.ready,
        problems=own.problems,
        reasons=reasons,
        key_asked=key_ring().asked_for(),
        duration=duration,
        moment=moment,
        direction=direction,
        readable=unquote,
        language_name=lambda code: LANGUAGES.get(code, code),
        **values,
    )
    response = Response(body, status, SECURITY_HEADERS, mimetype="text/html")
    if values.get("key"):  # it stands in the page's own forms again
        response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/static/<path:filename>")
def static(filename: str) -> Response:
    """The style sheet, the script and the icon."""
    response = send_from_directory(PROJECT_DIR / "service" / "web" / "static", filename)
    response.headers["Cache-Control"] = "public, max-age=300"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


# ---- Translate ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the form asks for."""

    text: str = ""
    source: str | None = None
    names_off: bool = False

    @classmethod
    def of_form(cls) -> _Asked:
        _allow_documents(request)
        return cls(
            request.form.get("text", "").replace("\r\n", "\n"),
            request.form.get("source") or None,
            request.form.get("names") == "off",
        )

    def request(self) -> TranslationRequest:
        glossary: Literal["none", "default"] = "none" if self.names_off else "default"
        return TranslationRequest(self.text, self.source, glossary=glossary)


@blueprint.get("/")
def translate_form() -> Response:
    """The empty form."""
    return _translate_page(_Asked())


@blueprint.post("/")
def translate_text() -> Response:
    """The text of the form in English; or that of a file, or a whole document as a download."""
    own = services()
    asked = _Asked.of_form()
    upload = request.files.get("file")
    result: Translation | ServiceError
    try:
        if upload is not None and upload.filename:
            if _is_document(upload.filename):
                own.require_models()
                return _translated_document(upload, asked.request())
            asked = replace(asked, text=decode(upload.read()).text)
        if not asked.text.strip():
            raise InvalidText("Paste a text first, or choose a file.", field="text")
        own.require_models()
        (result,) = own.pipeline.translate([asked.request()])
    except ServiceError as error:
        result = error
    if isinstance(result, ServiceError):
        return _translate_page(asked, error=result.detail, status=result.status)
    own.metrics.count_translation(result)
    return _translate_page(asked, result=result)


def _is_document(filename: str) -> bool:
    """Whether a file comes back as a file; plain text is shown on the page.

    Raises:
        UnsupportedMediaType: it is of no kind that is translated.
    """
    ending = PurePath(filename).suffix.lower()
    if ending not in ("", *SUPPORTED):
        raise UnsupportedMediaType(
            f"Files ending in {ending} are not translated; these are: {', '.join(SUPPORTED)}.",
            field="file",
        )
    return ending not in ("", *TEXT_ENDINGS)


def _translated_document(upload: FileStorage, wanted: TranslationRequest) -> Response:
    own = services()
    name = PurePath((upload.filename or "").replace("\\", "/"))
    translator = segment_translator(own.pipeline, wanted, max_chars=own.settings.max_item_chars)
    content = translate_file(upload.stream, name.name, translator)
    return send_file(
        BytesIO(content),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=f"{name.stem}.en{name.suffix}",
    )


def _translate_page(
    asked: _Asked, *, result: Translation | None = None, error: str = "", status: int = 200
) -> Response:
    own = services()
    sources = sorted({pair[0] for pair in own.engine.pairs() if pair[1] == "en"} | {"en"})
    reported = _worth_showing(result.names) if result else []
    names = None if asked.names_off else own.glossaries.current
    rows = rows_of(result, asked.text, names) if result else ()
    return _page(
        "translate.html",
        section="Translate",
        status=status,
        asked=asked,
        endings=SUPPORTED,
        key=request.form.get("api_key", ""),
        languages=[(code, LANGUAGES.get(code, code)) for code in sources],
        error=error,
        result=result,
        rows=rows,
        whole=pieces_of(result.raw_text, result.names, 0, len(result.raw_text)) if result else (),
        kinds={piece.mark for row in rows for piece in (*row.source, *row.pieces)},
        flagged=any(row.flags for row in rows),
        reported=reported,
        changed=sum(name.applied for _, name in reported),
        suggested=sum(not name.applied for _, name in reported),
        flag_labels=FLAG_LABELS,
        flag_words=FLAG_WORDS,
    )


def _worth_showing(names: Sequence[NameReport]) -> list[tuple[int, NameReport]]:
    """What was changed or suggested, with its place in the report; right names are left out."""
    return [
        (number, name)
        for number, name in enumerate(names)
        if not name.applied or name.replacement != name.surface
    ]


# ---- Glossary -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Filter:
    """What the glossary's list is narrowed to."""

    query: str
    type: str
    status: str


@blueprint.get("/glossary")
def glossary() -> Response:
    """The entries, searched and filtered."""
    wanted = _Filter(
        request.args.get("q", "").strip()[:200],
        request.args.get("type", ""),
        request.args.get("status", ""),
    )
    page = max(1, request.args.get("page", 1, type=int))
    current = services().glossaries.current
    hits = [
        hit
        for hit in search.find(current, wanted.query)
        if wanted.type in ("", hit.entry.type) and wanted.status in ("", hit.entry.status)
    ]
    return _page(
        "glossary.html",
        section="Glossary",
        hits=hits[(page - 1) * PAGE_SIZE : page * PAGE_SIZE],
        total=len(hits),
        page=page,
        pages=max(1, -(-len(hits) // PAGE_SIZE)),
        wanted=wanted,
        types=TYPES,
        statuses=STATUSES,
    )


@blueprint.get("/glossary/<entry_id>")
def entry(entry_id: str) -> Response:
    """One entry with its forms, examples and history."""
    return _entry_page(_entry(services(), entry_id))


@blueprint.post("/glossary/<entry_id>")
def try_entry(entry_id: str) -> Response:
    """The entry again, with what the whole glossary makes of a text."""
    found = _entry(services(), entry_id)
    text = request.form.get("text", "").replace("\r\n", "\n")
    language = request.form.get("language", "en")
    if script_language(text) == "ar":
        language = "ar"
    try:
        return _entry_page(found, _try(text, language))
    except ServiceError as error:
        return _entry_page(found, _Tried(text, language), error=error)


def _entry(own: Services, entry_id: str) -> Entry:
    found = own.glossaries.current.by_id(entry_id)
    if found is None:
        raise NotFound(f"The glossary has no entry {entry_id!r}.", field="entry_id")
    return found


@dataclass(frozen=True, slots=True)
class _Tried:
    """What the glossary makes of a text: its names marked, and those that were nearly found."""

    text: str = ""
    language: str = "en"
    pieces: tuple[Piece, ...] = ()
    misses: tuple[NearMiss, ...] = ()


def _try(text: str, language: str) -> _Tried:
    """Names put right in an English text; names found in a French or an Arabic one.

    Raises:
        TextTooLong: the text is over `TRY_CHARS`.
        InvalidText: the text is not well-formed Unicode.
    """
    if len(text) > TRY_CHARS:
        raise TextTooLong(
            f"The text has {len(text):,} characters; try up to {TRY_CHARS:,} here.", field="text"
        )
    own = services()
    own.pipeline.check(text)
    if language not in SOURCES:
        language = "en"
    tried = explain(text, own.glossaries.current, language=language)
    if language in SOURCES:
        pieces = pieces_of_source(text, tried.found)
    else:
        pieces = pieces_of(text, tried.names, 0, len(text))
    misses = tuple(miss for miss in tried.misses if not miss.right)
    return _Tried(text, language, pieces, misses)


def _entry_page(
    found: Entry, tried: _Tried | None = None, *, error: ServiceError | None = None
) -> Response:
    own = services()
    return _page(
        "entry.html",
        section="Glossary",
        status=error.status if error else 200,
        entry=found,
        history=history.of_entry(own.settings.glossary_dir, found),
        tried=tried,
        error=error.detail if error else "",
    )


@blueprint.get("/glossary-proposal")
def propose_form() -> Response:
    """The form for a new entry, or for a correction of `entry_id`."""
    entry_id = request.args.get("entry_id", "")
    if entry_id:
        entry = _entry(services(), entry_id)
        return _propose_page(proposals.values_of(entry), entry_id, proposals.stamp_of(entry))
    name = request.args.get("name", "")[:200]
    blank = Entry(id="", name=name, status="proposed", since=date.today().isoformat())
    return _propose_page(proposals.values_of(blank), "")


@blueprint.post("/glossary-proposal")
def propose() -> Response:
    """Show what the proposal changes; download that as a patch; or save it, with a key."""
    own = services()
    entry_id = request.form.get("entry_id", "")
    stamp = request.form.get("stamp", "")
    directory, current = own.settings.glossary_dir, own.glossaries.current
    action = request.form.get("do", "show")
    values: dict[str, Any] = proposals.values_of(Entry(id="", name="", status="proposed"))
    made: proposals.Draft | None = None
    try:
        values = proposals.values_of_form(request.form)
        made = proposals.draft(
            directory, current, values, entry_id, stamp=stamp, check=action == "show"
        )
        if action == "save":
            _require_editor(own)
            proposals.save(directory, current, values, entry_id)
            current = own.glossaries.reload()
            saved = _entry(own, made.entry_id)
            stamp = proposals.stamp_of(saved)
    except ServiceError as error:
        return _propose_page(values, entry_id, stamp, draft=made, error=error)
    if action == "download":
        name = f"{made.entry_id}.patch"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', **SECURITY_HEADERS}
        return Response(made.patch, 200, headers, mimetype="text/x-patch")
    if action == "save":
        return _propose_page(values, made.entry_id, stamp, draft=made, saved=True)
    return _propose_page(values, entry_id, stamp, draft=made)


def _require_editor(own: Services) -> None:
    """Refuse to write unless the form holds one of the deployment's editor keys."""
    if not key_ring().may_edit(request.form.get("editor_key", "")):
        raise Unauthorised("That editor's key is not known here.", field="editor_key")


def _propose_page(
    values: Mapping[str, Any],
    entry_id: str,
    stamp: str = "",
    *,
    draft: proposals.Draft | None = None,
    saved: bool = False,
    error: ServiceError | None = None,
) -> Response:
    return _page(
        "propose.html",
        section="Glossary",
        status=error.status if error else 200,
        values=values,
        entry_id=entry_id,
        stamp=stamp,
        types=TYPES,
        statuses=STATUSES,
        may_edit=key_ring().has_editors(),
        draft=draft,
        saved=saved,
        error=error.detail if error else "",
    )


# ---- Jobs -----------------------------------------------------------------------------------


@blueprint.get("/jobs")
def jobs() -> Response:
    """The latest jobs; where keys are asked for, the form for one."""
    if key_ring().asked_for():
        return _page("jobs.html", section="Jobs", jobs=None)
    return _jobs_page()


@blueprint.post("/jobs")
def jobs_of_key() -> Response:
    """The latest jobs of the key that the form was sent with."""
    return _jobs_page()


def _jobs_page() -> Response:
    latest = services().jobs.store.list_jobs(owner(), limit=PAGE_SIZE)
    return _page("jobs.html", section="Jobs", jobs=latest, key=request.form.get("api_key", ""))


@blueprint.route("/jobs/<job_id>", methods=["GET", "POST"])
def job(job_id: str) -> Response:
    """One job's progress and its first results; `do=cancel` and `do=download` act on it."""
    store, whose = services().jobs.store, owner()
    action = request.form.get("do", "") if request.method == "POST" else request.args.get("do", "")
    if action == "cancel" and request.method == "POST":
        store.cancel(job_id, whose)
    found = store.get(job_id, whose)
    if action == "download":
        _, lines = store.results(job_id, whose)
        headers = {"Content-Disposition": f'attachment; filename="{found.id}.jsonl"'}
        return Response((f"{line}\n" for line in lines), 200, headers, mimetype="application/jsonl")
    _, lines = store.results(job_id, whose, limit=PREVIEW_LINES)
    return _page(
        "job.html",
        section="Jobs",
        job=found,
        results=[json.loads(line) for line in lines],
        key=request.form.get("api_key", ""),
    )


# ---- The API --------------------------------------------------------------------------------


@blueprint.get("/docs")
def documentation() -> Response:
    """The description of the API, to be read and tried out (Swagger UI)."""
    response = _page("docs.html", section="API")
    # Swagger UI's sheet carries its icons as data: URLs, and its elements styles of their own.
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    response.headers["Content-Security-Policy"] = policy.replace(
        "img-src 'self'", "img-src 'self' data:"
    ).replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
    return response


@blueprint.get("/docs/<any('swagger-ui.css', 'swagger-ui-bundle.js'):filename>")
def documentation_asset(filename: str) -> Response:
    """Swagger UI, as its package brings it."""
    response = send_from_directory(SWAGGER_UI, filename)
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@blueprint.before_request
def refuse_other_sites() -> None:
    """A form is only taken from this server's own pages."""
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise Unauthorised("Send the form from this server's own page.")
