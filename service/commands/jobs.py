"""`python -m service jobs`: an operator's look at the job table, and a hand on it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import get_args

import click

from service.config import Settings
from service.jobs.database import Database
from service.jobs.schema import State
from service.jobs.store import Job, JobStore
from service.jobs.system import job_to_json


@click.group()
def jobs() -> None:
    """Look at the jobs of this deployment's database, whoever made them.

    \b
    Examples:
      python -m service jobs list
      python -m service jobs show job_0123456789abcdef0123456789abcdef
      python -m service jobs results JOB > results.jsonl
      python -m service jobs cancel JOB
    """


@jobs.command("list")
@click.option("--state", type=click.Choice(get_args(State)), help="Only jobs in this state.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
def list_jobs(state: State | None, limit: int) -> None:
    """One line a job, newest first: id, state, finished/total items, errors, time left."""
    with _store() as store:
        for job in store.list_jobs(state=state, limit=limit):
            click.echo(_line(job))


@jobs.command()
@click.argument("job")
def show(job: str) -> None:
    """Everything about one job, as JSON."""
    with _store() as store:
        click.echo(json.dumps(job_to_json(store.get(job)), indent=2, ensure_ascii=False))


@jobs.command()
@click.argument("job")
@click.option("--offset", type=click.IntRange(0), default=0, help="Position of the first result.")
def results(job: str, offset: int) -> None:
    """The results of one job as JSON lines, as far as they go without a gap."""
    with _store() as store:
        stop, lines = store.results(job, offset=offset)
        for line in lines:
            sys.stdout.write(f"{line}\n")
        click.echo(f"Go on with --offset {stop}.", err=True)


@jobs.command()
@click.argument("job")
@click.option("--purge", is_flag=True, help="Also delete the job's texts and results.")
def cancel(job: str, purge: bool) -> None:
    """Stop a job; what is done stays."""
    with _store() as store:
        if purge:
            store.purge(job)
            click.echo(f"{job} is deleted.")
        else:
            click.echo(_line(store.cancel(job)))


@contextmanager
def _store() -> Iterator[JobStore]:
    database = Database(Settings.load().job_database_url)
    try:
        yield JobStore(database)
    finally:
        database.close()


def _line(job: Job) -> str:
    finished = job.succeeded + job.failed
    left = f", {job.seconds_left:.0f} s left" if job.seconds_left is not None else ""
    errors = f", {job.failed:,} failed" if job.failed else ""
    return f"{job.id}  {job.state:<9}  {finished:,}/{job.total:,}{errors}{left}"
