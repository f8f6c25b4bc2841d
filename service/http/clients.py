"""What the interfaces of other tools have in common.

Their clients send parameters as JSON, as a form, or in the query string of a POST; name
glossaries by id; and expect a text for every text, so a text in a language that is not served
goes through as it is where others of the same request can be translated.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from flask import Request as HttpRequest

from service.app import Services
from service.documents import translate_all
from service.errors import InvalidRequest, ServiceError, UnsupportedLanguage
from service.http.body import decode_json
from service.http.limits import owner
from service.http.observe import add_log_fields
from service.http.quota import Account
from service.http.schemas import MOST_GLOSSARIES
from service.http.uploads import UploadQuery
from service.jobs.records import Options
from service.names.glossary import Glossary
from service.pipeline import LOW_CONFIDENCE, Request, Translation
from service.text.detect import UNDETERMINED
from service.text.markup import Rules

GlossaryChoice = Glossary | Literal["default", "none"]


class Parameters:
    """A request's parameters, wherever they stand: JSON body, form, or query string.

    A value is a string where it came from a form or the query, and any JSON value otherwise.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._json: dict[str, object] = {}
        self._lists: dict[str, list[str]] = {}
        if request.is_json:
            body = decode_json(request.get_data(cache=True))
            if not isinstance(body, dict):
                raise InvalidRequest("The body must be a JSON object.")
            self._json = body
        for source in (request.args, request.form):
            for name, values in source.lists():
                self._lists[name] = values

    def one(self, name: str) -> object:
        """The value of a parameter, or None; of several in a form, the first."""
        if name in self._json:
            return self._json[name]
        values = self._lists.get(name)
        return values[0] if values else None

    def text(self, name: str) -> str | None:
        """A parameter that is a string, or None where it is missing or null.

        Raises:
            InvalidRequest: it is there and not a string.
        """
        value = self.one(name)
        if value is not None and not isinstance(value, str):
            raise InvalidRequest(f"The parameter {name} must be a string.", field=name)
        return value

    def several(self, name: str) -> object:
        """A parameter that may be repeated: a JSON value, a string, or a list of strings."""
        if name in self._json:
            return self._json[name]
        values = self._lists.get(name)
        if values is None:
            return None
        return values[0] if len(values) == 1 else values

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A parameter that is true or false: JSON's, or 1/0, true/false.

        Raises:
            InvalidRequest: it is neither.
        """
        value = self.one(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if str(value).lower() in ("1", "true", "yes", "on"):
            return True
        if str(value).lower() in ("0", "false", "no", "off", ""):
            return False
        raise InvalidRequest(f"The parameter {name} must be true or false.", field=name)


def choose_glossary(own: Services, value: object) -> GlossaryChoice:
    """The glossary that a request names: "default", "none", or up to five by id or name.

    Raises:
        InvalidRequest: it is none of these, or several glossaries have the name.
        NotFound: there is no such glossary.
        NotReady: no term files are in force, to which a named glossary is added.
    """
    named = named_glossaries(value)
    if isinstance(named, str):
        return named
    return own.jobs.glossaries.combined(owner(), named, own.glossaries.in_force())


def named_glossaries(value: object) -> list[str] | Literal["default", "none"]:
    """What a request says of the glossary, once it has the right shape.

    Raises:
        InvalidRequest: it does not have it.
    """
    if value in (None, "", "default"):
        return "default"
    if value == "none":
        return "none"
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidRequest(
            "The glossary must be 'default', 'none', a glossary's id or name, or a list of them.",
            field="glossary",
        )
    if len(names) > MOST_GLOSSARIES:
        raise InvalidRequest(
            f"At most {MOST_GLOSSARIES} glossaries can be used at once.", field="glossary"
        )
    return names


def resolving(own: Services) -> Callable[[str], str]:
    """From the name of a glossary to its id, for whoever asks now."""
    whose, in_force = owner(), own.glossaries.current
    return lambda name: own.jobs.glossaries.resolve(whose, name, in_force)


def own_options(own: Services, query: UploadQuery) -> Options:
    """The options of a batch or a job, a glossary by its id.

    Raises:
        InvalidRequest, NotFound: no glossary, or several, have the name.
    """
    options = query.options()
    if options.glossary in ("default", "none"):
        return options
    return replace(options, glossary=resolving(own)(options.glossary))


def language_names(own: Services) -> dict[str, str]:
    """English names of the languages served, as the packages give them."""
    names: dict[str, str] = {"en": "English"}
    for package in own.engine.packages():
        metadata = json.loads((package.path / "metadata.json").read_text("utf-8"))
        names.setdefault(package.source, str(metadata.get("from_name") or package.source))
        names.setdefault(package.target, str(metadata.get("to_name") or package.target))
    return names


@dataclass(frozen=True, slots=True)
class Answer:
    """One text's translation; `untouched` where its language is not served.

    `characters` counts those of the source text, its markup included.
    """

    translation: Translation
    characters: int
    untouched: bool = False


def translate_texts(
    own: Services,
    requests: Sequence[Request],
    rules: Sequence[Rules | None],
    operation: str,
) -> list[Answer]:
    """Translate the texts of one request together.

    A text whose detected language is not served comes back as it is, if another text of the
    request could be translated.

    Raises:
        ServiceError: what is wrong with the first text that has any other error, or with the
            first text if none could be translated.
    """
    own.require_models()
    account = Account.of_request(own.usage)
    account.check(sum(len(request.text) for request in requests))
    results = translate_all(own.pipeline, requests, rules, max_chars=own.settings.max_item_chars)
    done = sum(isinstance(result, Translation) for result in results)
    answers = []
    for request, result in zip(requests, results, strict=True):
        failed = isinstance(result, ServiceError)
        source = "" if isinstance(result, ServiceError) else result.source
        own.metrics.items.labels(operation, source, "error" if failed else "ok").inc()
        if isinstance(result, ServiceError):
            if not isinstance(result, UnsupportedLanguage) or request.source or not done:
                raise result
            answers.append(Answer(_untouched(own, request), len(request.text), untouched=True))
        else:
            own.metrics.count_translation(result)
            answers.append(Answer(result, len(request.text)))
    characters = sum(len(request.text) for request in requests)
    own.metrics.characters.labels(operation).inc(characters)
    account.charge(characters)
    add_log_fields(items=len(requests), characters=characters)
    return answers


def _untouched(own: Services, request: Request) -> Translation:
    detection = own.pipeline.detect(request.text)
    return Translation(
        text=request.text,
        raw_text=request.text,
        source=detection.language,
        target=request.target,
        detection=detection,
        sentences=(),
        names=(),
        glossary_version="",
        model="",
    )


def with_context(own: Services, request: Request, context: str) -> Request:
    """A request whose source language is told by its context, where its text alone does not."""
    if request.source is not None or not context.strip():
        return request
    if own.pipeline.detect(request.text).confidence >= LOW_CONFIDENCE:
        return request
    told = own.pipeline.detect(context).language
    sources = {source for source, target in own.engine.pairs() if target == request.target}
    return replace(request, source=told) if told in sources and told != UNDETERMINED else request


def alternatives(
    own: Services, translation: Translation, count: int, glossary: GlossaryChoice
) -> list[str]:
    """Up to `count` other translations of a text, best first, their names put right too."""
    pairs = [pair for pair in translation.sentences if pair.source != pair.translation]
    if not count or not pairs or not translation.model:
        return []
    hypotheses = own.engine.alternatives(
        [pair.source for pair in pairs], translation.source, translation.target, count=count + 1
    )
    texts: list[str] = []
    for rank in range(max(len(own_hypotheses) for own_hypotheses in hypotheses)):
        pieces: list[str] = []
        at = 0
        for pair, ranked in zip(pairs, hypotheses, strict=True):
            chosen = ranked[min(rank, len(ranked) - 1)].text
            pieces += [translation.raw_text[at : pair.target_start], chosen]
            at = pair.target_end
        pieces.append(translation.raw_text[at:])
        text = own.pipeline.normalise("".join(pieces), translation.target, glossary).text
        if text != translation.text and text not in texts:
            texts.append(text)
    return texts[:count]


def warnings_of(answer: Answer) -> list[str]:
    """What a caller may want to look at: the flags of the sentences, each once."""
    found = {flag for pair in answer.translation.sentences for flag in pair.flags}
    if answer.untouched:
        found.add("unsupported_language")
    return sorted(found)


def applied_terms(translation: Translation) -> list[dict[str, object]]:
    """The names that were changed; offsets into the text before that (`rawText`)."""
    return [
        {
            "id": name.entry,
            "variant": name.surface,
            "preferred": name.replacement,
            "start": name.start,
            "end": name.end,
            "layer": "source"
            if any(evidence.code.startswith("source") for evidence in name.evidence)
            else "target",
        }
        for name in translation.names
        if name.applied and name.surface != name.replacement
    ]
