"""A Celery worker with a pipeline that needs no models: `python -m tests.jobs.worker NAME`."""

from __future__ import annotations

import os
import sys

from service.commands.worker import run_with
from service.config import Settings
from service.logs import configure
from tests.jobs.fakes import FakePipeline

if __name__ == "__main__":
    configure()
    run_with(
        Settings.load(),
        2,
        sys.argv[1],
        FakePipeline(float(os.environ.get("RELAIS_TEST_SECONDS", "0")), forgetful=True).translate,
    )
