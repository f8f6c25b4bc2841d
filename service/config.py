"""All settings, read once from RELAIS_* environment variables.

Nothing else in the service reads the environment. `Settings.load()` raises `SettingsError` with
a sentence that names the variable at fault.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.errors import SettingsError

PROJECT_DIR = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """One deployment's settings. Every field `x` is read from the variable `RELAIS_X`."""

    model_config = SettingsConfigDict(env_prefix="RELAIS_", frozen=True, extra="ignore")

    # Where things are
    models_dir: Path = Field(
        PROJECT_DIR / "models", description="Folder of the built-in .argosmodel packages."
    )
    packages_dir: Path = Field(
        PROJECT_DIR / "var" / "packages",
        description="Folder into which packages are unpacked and installed.",
    )
    glossary_dir: Path = Field(PROJECT_DIR / "glossary", description="Folder of term files.")
    data_dir: Path = Field(
        PROJECT_DIR / "var", description="Writable folder: translation memory, job table."
    )
    database_url: str = Field(
        "", description="SQLAlchemy URL of the job store; empty: SQLite in the data folder."
    )
    broker_url: str = Field(
        "", description="Celery broker (redis:// or amqp://); empty: jobs run in this process."
    )

    # Engine
    threads: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        le=256,
        description="Sentence batches translated at once, per package (CTranslate2 inter_threads).",
    )
    beam_size: int = Field(2, ge=1, le=16, description="Beam width of the decoder.")
    batch_tokens: int = Field(
        1024, ge=32, le=16384, description="Source tokens in one model batch, padding included."
    )
    batch_wait_ms: float = Field(
        10.0, ge=0, le=1000, description="How long a sentence waits for others to share its batch."
    )
    queue_sentences: int = Field(
        20_000, ge=1, description="Sentences waiting above which requests are refused with 429."
    )
    memory_entries: int = Field(
        200_000, ge=0, description="Sentences kept in the translation memory; 0 turns it off."
    )

    # Limits
    max_body_bytes: int = Field(1_048_576, ge=1024, description="Largest request body, in bytes.")
    body_wait_seconds: float = Field(
        30.0,
        gt=0,
        le=600,
        description="Silence after which a body's sender is given up, with 408; all the waiting "
        "for a body may take as long, and a second more for each 500 bytes of it; "
        "as long for a request's head, and for a reader to go on reading.",
    )
    max_items: int = Field(256, ge=1, description="Most items in one request.")
    max_item_chars: int = Field(50_000, ge=1, description="Most characters in one item.")
    max_batch_bytes: int = Field(
        2 * 1024**3, ge=1024, description="Largest streamed batch or job upload, in bytes."
    )
    rate_limit: str = Field(
        "", description="Requests per client address, e.g. '600/minute'; empty: no limit."
    )
    api_keys: str = Field("", description="Comma-separated API keys; empty: no key is asked for.")
    keys_file: Path | None = Field(
        None,
        description="File of the keys that `python -m service keys` makes; default: keys.json in "
        "the data folder. Where it is there, every request needs a key.",
    )
    editor_keys: str = Field(
        "", description="Comma-separated keys that may write term files; empty: read-only."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=10, description="Reverse proxies in front, whose X-Forwarded-* are believed."
    )
    cors_origins: str = Field(
        "",
        description="Comma-separated origins of web pages that may ask, or '*' for any; "
        "empty: none.",
    )
    url_prefix: str = Field("", description="Path under which everything is served, e.g. /relais.")

    # Names
    glossary_poll_seconds: float = Field(
        1.0, gt=0, le=3600, description="How often the term files are looked at for changes."
    )

    # Jobs
    webhook_secret: str = Field("", description="Key of the webhooks' HMAC-SHA256 signature.")
    webhook_private_addresses: bool = Field(
        False, description="Allow webhooks to addresses inside the network."
    )
    job_chunk_items: int = Field(64, ge=1, le=10_000, description="Items in one chunk of a job.")

    job_lease_seconds: float = Field(
        30.0, ge=1, le=3600, description="Silence after which a worker's chunk goes to another."
    )
    job_retention_days: float = Field(
        30.0, ge=0, description="Days that ended jobs are kept; 0 keeps them for ever."
    )

    # Running
    host: str = Field("127.0.0.1", description="Address that `serve` listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port that `serve` listens on.")
    request_threads: int = Field(
        64, ge=1, le=512, description="Requests answered at once; four are kept for health checks."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged."
    )

    @field_validator("url_prefix")
    @classmethod
    def _prefix_is_a_path(cls, value: str) -> str:
        if value and not value.startswith("/"):
            raise ValueError("must start with '/'")
        return value.rstrip("/")

    @field_validator("rate_limit")
    @classmethod
    def _rate_is_a_rate(cls, value: str) -> str:
        if value:
            from limits import parse_many

            try:
                parse_many(value)
            except ValueError:
                raise ValueError("write a number, '/' and a time, e.g. '600/minute'") from None
        return value

    @property
    def keys_path(self) -> Path:
        """The file of API keys, with the default filled in."""
        return self.keys_file or self.data_dir / "keys.json"

    @property
    def job_database_url(self) -> str:
        """The job store's SQLAlchemy URL, with the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir / 'jobs.sqlite3'}"

    @classmethod
    def load(cls) -> Settings:
        """Read the environment.

        Raises:
            SettingsError: a variable holds a value that cannot be used.
        """
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            name = "RELAIS_" + "_".join(str(part) for part in first["loc"]).upper()
            raise SettingsError(
                f"{name} is set to {first['input']!r}: {first['msg']}.", field=name
            ) from error
