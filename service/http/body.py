"""Reading a JSON request body: strictly, and with an answer to everything that can be wrong in it.

`json.loads` alone takes duplicate keys (the last wins), NaN, and fails with RecursionError on
deep nesting and with ValueError on integers of thousands of digits; each is a clear 400 here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import NoReturn, TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError

from service.errors import InvalidRequest, UnsupportedMediaType

Model = TypeVar("Model", bound=BaseModel)


def read_json(request: Request) -> object:
    """The decoded JSON body.

    Raises:
        UnsupportedMediaType: the body is not declared as JSON, or not in UTF-8.
        InvalidRequest: it is not one well-formed JSON value.
    """
    if not request.is_json:
        declared = request.mimetype or "nothing"
        raise UnsupportedMediaType(
            f"Send the body with Content-Type: application/json; it was declared as {declared}."
        )
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType(f"Send JSON in UTF-8, not in {charset[:40]}.")
    return decode_json(request.get_data(cache=False))


def decode_json(data: bytes) -> object:
    """One JSON value from UTF-8 bytes.

    Raises:
        InvalidRequest: not UTF-8, not JSON, a key twice in one object, NaN or Infinity, nested
            too deeply, or a number too long to read.
    """
    if not data.strip():
        raise InvalidRequest("The body is empty; send a JSON object.")
    try:
        return json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"The body is not UTF-8 (at byte {error.start}).") from error
    except json.JSONDecodeError as error:
        raise InvalidRequest(
            f"The body is not JSON: {error.msg}, line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise InvalidRequest("The JSON is nested too deeply.") from error
    except ValueError as error:
        raise InvalidRequest("The JSON holds a number that is too long to read.") from error


def _object_without_duplicates(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for key, value in pairs:
        if key in members:
            raise InvalidRequest(f"The key {shown(key)} stands twice in one object.")
        members[key] = value
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise InvalidRequest(f"{name} is not a JSON value.")


def validate(model: type[Model], value: object, *, prefix: str = "") -> Model:
    """`value` as a `model`.

    Args:
        prefix: where `value` stands in the request, e.g. ``items[3]``.

    Raises:
        InvalidRequest: `value` does not have the model's shape; `field` says where.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise refusal(error, prefix=prefix) from None


def refusal(error: ValidationError, *, prefix: str = "") -> InvalidRequest:
    """What to tell the caller of a failed validation: the first fault, its place and a sentence."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = path_of(first["loc"], prefix=prefix)
    kind = first["type"]
    message = first["msg"].removeprefix("Value error, ")
    message = message[:1].upper() + message[1:]
    if kind == "extra_forbidden":
        message = "This member is not known here"
    elif kind == "missing":
        message = "This member is missing"
    elif kind == "string_unicode":
        message = "This must be of whole Unicode characters"
    elif kind == "model_type":
        message = "This must be a JSON object"
    return InvalidRequest(f"{message}.", field=field)


#: What pydantic puts into a location for the member of a union that it tried.
_UNION_MEMBER = re.compile(r"constrained-\w+|(?:list|literal|function-[\w-]+)\[.*\]")


def path_of(location: Sequence[int | str], *, prefix: str = "") -> str | None:
    """A pydantic location as a path: ``("items", 3, "text")`` → ``items[3].text``."""
    path = prefix
    for part in location:
        if isinstance(part, str) and _UNION_MEMBER.fullmatch(part):
            continue
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            name = shown(part).strip('"')
            path += f".{name}" if path else name
    return path or None


def shown(name: str) -> str:
    """A caller's own key, short and safe to print in a message or a header."""
    return json.dumps(name[:60])
