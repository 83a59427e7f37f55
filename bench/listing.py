"""All tasks of a stored history through `iter_tasks`, in a process of its own.

python -m bench.listing DIRECTORY
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.report import Table, Verdict, megabytes
from umbel import Events, iter_tasks

#: After so many tasks everything that is ever needed has been loaded.
_FIRST: Final = 5_000
#: What a walk may need more at its end than at its beginning, bytes.
GROWTH: Final = 20e6
#: What is walked through, by what it is called in the table. Each ends after so many tasks
#: that what has not grown by then does not grow any more.
WALKS: Final[dict[str, dict[str, Any]]] = {
    "all, newest first": {"limit": 100_000},
    "all, longest first": {"limit": 20_000, "sort_by": "-runtime"},
    "failed, newest first": {"limit": 50_000, "state": "FAILURE"},
}


class Walk(NamedTuple):
    """How many tasks, in how many seconds; bytes resident after the first of them, and at
    most."""

    tasks: int
    seconds: float
    first: int
    most: int


def walk(directory: Path) -> dict[str, Walk]:
    """Each walk in a new process."""
    found = {}
    for name in WALKS:
        command = [sys.executable, "-m", "bench.listing", str(directory), name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[name] = Walk(*json.loads(done.stdout))
    return found


def table(found: dict[str, Walk]) -> Table:
    head = ("", "tasks", "seconds", "a second", f"resident after {_FIRST:,}", "resident, at most")
    rows = tuple(
        (
            name,
            f"{one.tasks:,}",
            f"{one.seconds:.0f} s",
            f"{one.tasks / one.seconds:,.0f}",
            megabytes(one.first),
            megabytes(one.most),
        )
        for name, one in found.items()
    )
    note = "Dictionaries with the ids of children, to a limit."
    return Table("`iter_tasks(events, ...)`", head, rows, (note,))


def verdicts(found: dict[str, Walk], stored: int) -> tuple[Verdict, ...]:
    grown = max(one.most - one.first for one in found.values())
    return (
        Verdict(
            f"memory of `iter_tasks`, {stored:,} tasks stored",
            f"flat: grows by under {megabytes(GROWTH)}",
            f"grows by {megabytes(grown)}",
            grown < GROWTH,
        ),
    )


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def _main(directory: str, name: str) -> None:
    begun = time.monotonic()
    first = most = tasks = 0
    with Events(directory=directory) as events:
        for _ in iter_tasks(events, **WALKS[name]):
            tasks += 1
            if tasks == _FIRST:
                first = most = _resident()
            elif tasks % _FIRST == 0:
                most = max(most, _resident())
    print(json.dumps([tasks, time.monotonic() - begun, first, most]))


if __name__ == "__main__":
    _main(*sys.argv[1:])
