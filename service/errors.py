"""The errors that a caller can see.

Raise them anywhere below `http/` and `cli.py`; those two alone turn them into a problem
document (RFC 9457) or into a line on standard error. Each has a stable `code` that programs
may rely on, an HTTP status, a sentence that says what to do, and the field at fault if any.
"""

from __future__ import annotations

from typing import ClassVar


class ServiceError(Exception):
    """A mistake or a limit that the caller is told about.

    Args:
        detail: one sentence that says what is wrong and what to do.
        field: the request field, option or file position at fault, e.g. ``items[3].source``.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class InvalidRequest(ServiceError):
    """The request does not have the documented shape."""

    code = "invalid_request"
    status = 400
    title = "Invalid request"


class InvalidText(InvalidRequest):
    """The text cannot be worked on: a lone surrogate, or not text at all."""

    code = "invalid_text"
    title = "Invalid text"


class TextTooLong(ServiceError):
    """An item is longer than the limit for one item."""

    code = "text_too_long"
    status = 413
    title = "Text too long"


class RequestTooLarge(ServiceError):
    """The body, or the number of items, is over the limit."""

    code = "request_too_large"
    status = 413
    title = "Request too large"


class UnsupportedMediaType(ServiceError):
    """The body's content type is not one that this route reads."""

    code = "unsupported_media_type"
    status = 415
    title = "Unsupported media type"


class UnsupportedLanguage(InvalidRequest):
    """No installed package translates between these two languages."""

    code = "unsupported_language"
    title = "Unsupported language"


class ReadOnly(ServiceError):
    """The thing addressed can be read here, and is changed elsewhere."""

    code = "read_only"
    status = 403
    title = "Read-only"


class NotFound(ServiceError):
    """The thing addressed does not exist."""

    code = "not_found"
    status = 404
    title = "Not found"


class Conflict(ServiceError):
    """The request contradicts the present state."""

    code = "conflict"
    status = 409
    title = "Conflict"


class Unauthorised(ServiceError):
    """No key, or a wrong one, where the deployment asks for one."""

    code = "unauthorised"
    status = 403
    title = "Not authorised"


class Overloaded(ServiceError):
    """More is waiting than can be answered in time; try again later."""

    code = "overloaded"
    status = 429
    title = "Too many requests"


class QuotaExceeded(ServiceError):
    """The API key has had as many characters translated as it may in this month."""

    code = "quota_exceeded"
    status = 429
    title = "Quota exceeded"


class NotReady(ServiceError):
    """The models are still being loaded, or models or term files cannot be used."""

    code = "not_ready"
    status = 503
    title = "Not ready"


class PackageError(ServiceError):
    """A translation package is missing, damaged or unsafe to unpack."""

    code = "package_error"
    status = 503
    title = "Translation package error"


class GlossaryError(ServiceError):
    """A term file cannot be used; `field` holds ``file:line`` and the entry's id where known."""

    code = "glossary_error"
    status = 400
    title = "Glossary error"


class StorageFull(ServiceError):
    """The disk that holds the jobs is full."""

    code = "storage_full"
    status = 507
    title = "Storage full"


class StorageUnavailable(ServiceError):
    """The job database is locked or cannot be reached; try again later."""

    code = "storage_unavailable"
    status = 503
    title = "Storage unavailable"


class ItemSetAside(ServiceError):
    """An item of a job on which the worker failed again and again."""

    code = "set_aside"
    status = 500
    title = "Item set aside"


class SettingsError(ServiceError):
    """A RELAIS_* variable has a value that cannot be used; the service does not start."""

    code = "settings_error"
    status = 500
    title = "Settings error"
