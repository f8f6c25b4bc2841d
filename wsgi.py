"""The WSGI server's door: ``gunicorn -c gunicorn.conf.py wsgi:application``."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before ctranslate2 is imported

import sys

from service.app import create_app
from service.config import Settings
from service.errors import ServiceError
from service.logs import configure

#: gunicorn gives up when a worker ends with this status, instead of starting it again and again.
WORKER_BOOT_ERROR = 3

try:
    settings = Settings.load()
    configure(settings.log_level)
    application = create_app(settings)
except ServiceError as error:
    place = f" ({error.field})" if error.field else ""
    print(f"relais cannot start: {error.detail}{place}", file=sys.stderr)
    sys.exit(WORKER_BOOT_ERROR)
