"""A pipeline without models, whose answers and failures can be foretold."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence

from service.errors import ServiceError, UnsupportedLanguage
from service.pipeline import Request, Translation

#: A text that holds one of these makes the pipeline fail in its own way.
RAISES = "☠raises"
KILLS = "☠kills"
UNSUPPORTED = "☠unsupported"


class FakePipeline:
    """Answers with the text in capitals, after `seconds` for each text.

    `failures` are raised first, one a call. `calls` holds the texts of each call, unless the
    pipeline is `forgetful`.
    """

    def __init__(
        self,
        seconds: float = 0.0,
        failures: Sequence[Exception] = (),
        *,
        forgetful: bool = False,
    ) -> None:
        self.forgetful = forgetful
        self.seconds = seconds
        self.failures = list(failures)
        self.calls: list[list[str]] = []
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def translate(
        self, requests: Sequence[Request], formats: Sequence[str] = ()
    ) -> list[Translation | ServiceError]:
        if not self.forgetful:
            self.calls.append([request.text for request in requests])
        self.entered.set()
        self.go_on.wait(60)
        if self.failures:
            raise self.failures.pop(0)
        if any(KILLS in request.text for request in requests):
            os.kill(os.getpid(), signal.SIGKILL)
        if any(RAISES in request.text for request in requests):
            raise RuntimeError("a fault that no one foresaw")
        time.sleep(self.seconds * len(requests))
        return [_answer(request) for request in requests]

    def normalise(self, text: str) -> str:
        """Asked for once, when the service warms up."""
        return text


def _answer(request: Request) -> Translation | ServiceError:
    if UNSUPPORTED in request.text:
        return UnsupportedLanguage("No installed package translates this.", field="source")
    text = translated(request.text)
    return Translation(
        text=text,
        raw_text=text,
        source=request.source or "fr",
        target=request.target,
        detection=None,
        sentences=(),
        names=(),
        glossary_version="" if request.glossary == "none" else "0123456789abcdef",
        model="fake",
    )


def translated(text: str) -> str:
    """What the fake makes of a text."""
    return text.upper()
