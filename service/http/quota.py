"""What an API key may have translated in a month, and what it has had.

Keys of the file are counted in the database, with or without a quota; keys of the environment and
callers without a key are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import structlog
from flask import g

from service.errors import QuotaExceeded, ServiceError
from service.jobs.records import Record, TextFormat
from service.jobs.work import Translate
from service.keys import Key
from service.pipeline import Request, Translation
from service.usage_db import UsageBook

log = structlog.get_logger("service.http")


@dataclass(frozen=True, slots=True)
class Account:
    """One caller's account.

    Args:
        book: where it is kept.
        key: the caller's key, if it is one of the file's.
    """

    book: UsageBook
    key: Key | None

    @classmethod
    def of_request(cls, book: UsageBook) -> Account:
        """The account of the request at hand; it may be used after the request's end."""
        key: Key | None = g.get("key")
        return cls(book, key if key is not None and key.created else None)

    def used(self) -> int:
        """Characters counted in this month."""
        return self.book.of(self.key.sha256) if self.key else 0

    def check(self, characters: int = 1) -> None:
        """See that so many characters may still be translated.

        Raises:
            QuotaExceeded: they may not; nothing is counted.
        """
        if self.key is None or self.key.characters_per_month is None:
            return
        limit = self.key.characters_per_month
        used = self.used()
        if used + characters > limit:
            raise QuotaExceeded(
                f"This API key may have {limit:,} characters translated in a month; {used:,} "
                f"are used, and {characters:,} more are too many."
            )

    def charge(self, characters: int) -> None:
        """Count characters that were translated; a database that is away costs the caller
        nothing."""
        if self.key is None or not characters:
            return
        try:
            self.book.add(self.key.sha256, characters)
        except ServiceError as error:
            log.warning("usage_not_counted", key=self.key.id, code=error.code)

    def metered(self, translate: Translate) -> Translate:
        """`translate`, within the account: what goes over it is refused item by item."""
        if self.key is None:
            return translate

        def within(
            requests: Sequence[Request], formats: Sequence[TextFormat]
        ) -> Sequence[Translation | ServiceError]:
            try:
                self.check(sum(len(request.text) for request in requests))
            except QuotaExceeded as error:
                return [error] * len(requests)
            results = translate(requests, formats)
            self.charge(translated_characters([request.text for request in requests], results))
            return results

        return within


def translated_characters(texts: Sequence[str], results: Sequence[object]) -> int:
    """Characters of those texts that were translated; what failed costs nothing."""
    return sum(
        len(text)
        for text, result in zip(texts, results, strict=True)
        if isinstance(result, Translation)
    )


@dataclass
class Counted:
    """The records of a job on their way into the store, with their characters counted."""

    records: Iterator[Record]
    account: Account
    characters: int = 0

    def __iter__(self) -> Iterator[Record]:
        """The records.

        Raises:
            QuotaExceeded: at their end, if they are more than may be translated.
        """
        for record in self.records:
            self.characters += len(record.text)
            yield record
        self.account.check(self.characters)
