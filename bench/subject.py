"""What is measured: a monitor of Celery that runs, and tells what it has recorded."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

from bench.client import Answer, Client
from bench.searches import Search


class Recorded(NamedTuple):
    """What a subject says it has: task events taken in since its start, how many tasks it
    holds (None where it does not say), and how many of each end it knows of."""

    events: int
    tasks: int | None
    succeeded: int
    failed: int


class Delay(NamedTuple):
    """Seconds: what it says of its own lag, and how old the newest task is that a reader
    sees."""

    told_s: float
    seen_s: float


class Subject(Protocol):
    """A running monitor."""

    name: str
    version: str
    port: int
    process: subprocess.Popen[bytes]

    def recorded(self) -> Recorded:
        """What it has now."""

    def events(self) -> int:
        """The first of `recorded` alone, cheaper."""

    def delay(self) -> Delay | None:
        """How far it is behind now; None if it does not say."""

    def search(self, search: Search, client: Client) -> Answer | None:
        """The first page of a search; None when it has no such search."""

    def stop(self) -> None:
        """End it, and remove what it left on disk."""


def start(command: list[str], log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a subject with its output in `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=output, stderr=output
        )


def await_answer(
    process: subprocess.Popen[bytes], log: Path, ready: Callable[[], bool], patience_s: float = 60.0
) -> None:
    """Wait until `ready`; raise `SystemExit` with the log's end if the process dies first."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if ready():
                return
        except OSError:
            pass
        time.sleep(0.1)
    process.kill()
    process.wait()
    raise SystemExit(f"{process.args!r} did not come up:\n{log.read_text()[-3000:]}")


def settled(count: Callable[[], int], quiet_s: float = 3.0, patience_s: float = 300.0) -> float:
    """Wait until `count` stands still for `quiet_s`, at most `patience_s` in all; the
    `time.monotonic` of its last move. A server too busy to answer is not still."""
    last, moved = -1, time.monotonic()
    deadline = moved + patience_s
    while time.monotonic() < min(moved + quiet_s, deadline):
        try:
            now = count()
        except OSError:
            now = -1
        if now != last or now == -1:
            last, moved = now, time.monotonic()
        time.sleep(0.5)
    return moved
