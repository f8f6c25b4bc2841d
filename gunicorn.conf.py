"""gunicorn's settings: one process, many threads, the models loaded after the fork.

One worker, because every worker would hold its own copy of each model, and because sentences of
all requests can only share batches within one process; CTranslate2 uses all cores without the
GIL. To serve more, add machines.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before ctranslate2 is imported

from service import tracing
from service.config import Settings
from service.errors import SettingsError
from service.keys import KeyFile, KeyRing, reachable_from_elsewhere
from service.logs import logging_config

try:
    settings = Settings.load()
except SettingsError as error:
    sys.exit(f"relais cannot start: {error.detail}")

bind = f"{settings.host}:{settings.port}"
worker_class = "service.gunicorn_worker.Worker"
workers = 1
threads = settings.request_threads
preload_app = False
# Connections beyond this wait in the kernel's queue.
worker_connections = max(1000, 4 * settings.request_threads)
keepalive = 5
# A worker that is alive reports so from its main thread, however long its requests take.
timeout = 60
# At SIGTERM no new connection is taken, and the requests in flight have this long to finish.
graceful_timeout = 120
# No recycling: a restart would load every model anew.
max_requests = 0
# No socket for commanding the server: signals do all that is needed, on a read-only disk too.
control_socket_disable = True
# Heartbeats in memory, where a slow disk cannot stall them.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
# Long request lines are for the interfaces that take the text in the query string.
limit_request_line = 8190
logconfig_dict = logging_config(settings.log_level)
accesslog = None


def when_ready(server):
    """Say so when anybody who reaches the port may ask."""
    keys = KeyRing(settings.api_keys, settings.editor_keys, KeyFile(settings.keys_path))
    if not keys.asked_for() and any(map(reachable_from_elsewhere, server.address)):
        server.log.warning(
            "Other machines can reach this service, and no API key is asked for. "
            "Make one with 'python -m service keys make NAME'."
        )


def post_worker_init(worker):
    """Begin to load the models and to send spans, in the worker and not in its parent."""
    tracing.configure()
    worker.wsgi.extensions["relais"].start()


def worker_exit(server, worker):
    """Free the models once the requests in flight are answered."""
    application = getattr(worker, "wsgi", None)
    if application is not None and hasattr(application, "extensions"):
        application.extensions["relais"].close()
