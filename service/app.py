"""The application factory, and the container of everything that a request needs."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read once, when ctranslate2 is first imported

import threading
from dataclasses import dataclass, field
from typing import Literal

import structlog
from flask import Flask, current_app
from werkzeug.middleware.proxy_fix import ProxyFix

from service.config import Settings
from service.documents import translate_document
from service.documents_db import DocumentDesk, Order
from service.engine import Engine
from service.errors import NotReady
from service.http import faces, limits, observe, problems
from service.http.face import FaceIndex
from service.http.observe import Metrics, StateCollector
from service.jobs.system import JobSystem
from service.jobs.work import translating
from service.logs import places_of
from service.names.glossary import Glossary, GlossaryStore
from service.pipeline import Pipeline, Request
from service.usage_db import UsageBook

log = structlog.get_logger("service")

#: Short texts with names, translated once before the service is ready.
WARMING = (
    "Emmanuel Macron spoke in Marseille on Monday.",
    "Emmanuel Macron a parlé lundi à Marseille.",
    "تحدث إيمانويل ماكرون يوم الاثنين في مرسيليا.",
)


@dataclass
class Services:
    """What the routes work with: one of each per process, shared by all threads.

    Building it is cheap and starts nothing that a fork would break; `start` begins the loading
    of the models in a thread of its own, so that health checks are answered meanwhile.
    """

    settings: Settings
    engine: Engine
    glossaries: GlossaryStore
    pipeline: Pipeline
    jobs: JobSystem = field(init=False)
    usage: UsageBook = field(init=False)
    documents: DocumentDesk = field(init=False)
    metrics: Metrics = field(default_factory=Metrics)
    _loaded: threading.Event = field(default_factory=threading.Event, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _loader: threading.Thread | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.jobs = JobSystem.build(
            self.settings,
            self.metrics.counted(translating(lambda: self.pipeline, self.settings.max_item_chars)),
            ready=lambda: self.ready,
            in_force=self.glossaries.in_force,
        )
        self.usage = UsageBook(self.jobs.database)
        self.documents = DocumentDesk(self.jobs.database, self._translate_document)

    def _translate_document(self, content: bytes, name: str, order: Order) -> tuple[bytes, int]:
        """For the desk of documents: through the pipeline and into the metrics."""
        self.require_models()
        glossary: Glossary | Literal["default", "none"] = order.glossary
        if order.glossaries:
            in_force = self.glossaries.in_force()
            glossary = self.jobs.glossaries.combined(None, order.glossaries, in_force)
        request = Request("", source=order.source, target=order.target, glossary=glossary)
        outcome = "error"
        try:
            translated, characters = translate_document(
                self.pipeline, content, name, request, max_chars=self.settings.max_item_chars
            )
            outcome = "ok"
        finally:
            self.metrics.items.labels("document", order.source or "", outcome).inc()
        self.metrics.characters.labels("translate").inc(characters)
        return translated, characters

    @classmethod
    def build(cls, settings: Settings) -> Services:
        """The services of one process."""
        engine = Engine(settings)
        glossaries = GlossaryStore(settings.glossary_dir, settings.glossary_poll_seconds)
        return cls(settings, engine, glossaries, Pipeline(settings, engine, glossaries))

    def start(self) -> None:
        """Begin to load the models and to work on jobs, unless that has begun.

        Call it after the process has forked.
        """
        if self._loader is not None:
            return
        with self._lock:
            if self._loader is None:
                self._loader = threading.Thread(target=self._load, name="load", daemon=True)
                self._loader.start()
                self.jobs.runner.start()

    def _load(self) -> None:
        try:
            self.engine.load()
            # Builds the names' index, and reads the models of detection and the word lists.
            self.pipeline.translate([Request(text) for text in WARMING])
        except Exception as error:
            log.error("load_failed", exception=type(error).__qualname__, places=places_of(error))
        else:
            log.info(
                "loaded",
                ready=self.engine.ready,
                models=[package.name for package in self.engine.packages()],
                problems=list(self.engine.problems),
                glossary=self.glossaries.current.version,
                entries=len(self.glossaries.current.entries),
            )
        finally:
            self._loaded.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the loading has ended, well or badly; False where `seconds` ran out."""
        return self._loaded.wait(seconds)

    @property
    def loaded(self) -> bool:
        """Whether the loading has ended."""
        return self._loaded.is_set()

    @property
    def ready(self) -> bool:
        """Whether every usable model has answered a sentence, and names can be put right.

        Term files that break later leave the last good glossary in force, and the service ready;
        with files that were broken from the start there is none.
        """
        engine = self.engine
        return self.loaded and engine.ready and bool(engine.pairs()) and self.glossaries.usable

    @property
    def problems(self) -> tuple[str, ...]:
        """What needs a person: broken packages, broken term files."""
        engine = self.engine.problems if self.loaded else ()
        _ = self.glossaries.current  # looks at the files
        stale = self.glossaries.problem
        return (*engine, *((f"glossary: {stale}",) if stale else ()))

    def require_models(self) -> None:
        """Refuse work that needs a model while there is none.

        Raises:
            NotReady: the models are still being loaded, or none can be used.
        """
        if not self.loaded:
            raise NotReady("The models are still being loaded; try again in a few seconds.")
        if not self.engine.pairs():
            reasons = "; ".join(self.engine.problems) or "the models folder holds no package"
            raise NotReady(f"No translation package can be used: {reasons}.")

    def close(self) -> None:
        """Finish what was accepted, then stop the engine's threads."""
        self.documents.close()
        self.jobs.close()
        self.engine.close()


def services() -> Services:
    """The services of the application that answers the present request."""
    found: Services = current_app.extensions["relais"]
    return found


def create_app(settings: Settings | None = None) -> Flask:
    """The Flask application; nothing is loaded until the first request or `Services.start`.

    Args:
        settings: read from the environment where not given.

    Raises:
        SettingsError: a RELAIS_* variable has a value that cannot be used.
    """
    settings = settings or Settings.load()
    app = Flask("service", static_folder=None, template_folder="web/templates")
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    own = Services.build(settings)
    app.extensions["relais"] = own
    own.metrics.registry.register(StateCollector(own))
    app.before_request(own.start)

    index = FaceIndex(settings.url_prefix, faces())
    app.extensions["relais.faces"] = index
    observe.install(app, own.metrics)
    problems.install(app)
    limits.install(app, settings)
    for face in index.faces:
        prefix = settings.url_prefix + (face.blueprint.url_prefix or "")
        app.register_blueprint(face.blueprint, url_prefix=prefix or None)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    return app
