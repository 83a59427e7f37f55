"""Real Celery worker processes."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.support.processes import Process
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]


class CeleryWorker:
    """A running `celery worker`. `name` is its node name."""

    def __init__(self, process: Process, name: str) -> None:
        self.process = process
        self.name = name


@contextlib.contextmanager
def celery_worker(
    app: str,
    environment: Mapping[str, str],
    log: Path,
    *,
    name: str | None = None,
    pool: str = "prefork",
    concurrency: int = 2,
    options: tuple[str, ...] = (),
    events: bool = True,
) -> Iterator[CeleryWorker]:
    """A worker of `app` that is ready and, if `events`, sends those of tasks; ended with all
    its children. Its name is random if none is given.

    `log` is the file that gets everything it prints.
    """
    name = name or f"w{secrets.token_hex(3)}@test"
    command = [sys.executable, "-m", "celery", "-A", app, "worker", "-n", name]
    command += [
        *(["-E"] if events else []),
        "-P",
        pool,
        "-c",
        str(concurrency),
        "-l",
        "INFO",
        *options,
    ]
    with Process(
        command, log, cwd=ROOT, env={**os.environ, **environment}, patience_s=4.0
    ) as process:
        wait_until(lambda: _is_ready(process), timeout_s=60, what=f"{name} to be ready")
        yield CeleryWorker(process, name)


def _is_ready(process: Process) -> bool:
    process.must_run()
    return " ready." in process.output()
