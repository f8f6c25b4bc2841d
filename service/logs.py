"""Structured logs: one JSON object a line on standard error.

What is never logged: the texts that callers send, query strings (some interfaces take the text
there), request and response bodies, header values, API keys, and the messages of unexpected
exceptions (they may quote a text). A fault is logged as its type and the places it passed.
"""

from __future__ import annotations

import logging
import logging.config
import sys
import traceback
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

PROJECT_DIR = Path(__file__).resolve().parent.parent


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_messages_of_exceptions,
    ]


def without_messages_of_exceptions(
    _logger: WrappedLogger, _method: str, event: EventDict
) -> EventDict:
    """Replace `exc_info` by the exception's type and places; its message may quote a text."""
    exc_info = event.pop("exc_info", None)
    if exc_info is True:
        exc_info = sys.exc_info()
    error = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if isinstance(error, BaseException):
        event["exception"] = type(error).__qualname__
        event["places"] = places_of(error)
    return event


def places_of(error: BaseException) -> list[str]:
    """``file:line function`` of every frame that the exception passed, outermost first."""
    return [
        f"{_short(frame.filename)}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]


def _short(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(PROJECT_DIR):
        return str(path.relative_to(PROJECT_DIR))
    return "/".join(path.parts[-2:])


def logging_config(level: str) -> dict[str, Any]:
    """The `logging.config` dictionary that sends every logger's records out as JSON lines."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
                "foreign_pre_chain": _shared_processors(),
            }
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "json",
            }
        },
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            "gunicorn.error": {"handlers": [], "propagate": True, "level": level.upper()},
            "gunicorn.access": {"handlers": [], "propagate": False, "level": "CRITICAL"},
            "werkzeug": {"level": "ERROR"},
        },
    }


def configure(level: str = "info") -> None:
    """Set up structlog and the standard library's logging for this process."""
    logging.config.dictConfig(logging_config(level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
