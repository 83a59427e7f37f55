"""All tasks of a stored history through `iter_tasks`, in a process of its own.

python -m bench.listing DIRECTORY
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, NamedTuple

from bench.report import Table, Verdict, megabytes
from umbel import Events, iter_tasks

#: After so many tasks everything that is ever needed has been loaded.
_FIRST: Final = 20_000
#: What a walk may need more at its end than at its beginning, bytes.
GROWTH: Final = 20e6


class Walk(NamedTuple):
    """How many tasks, in how many seconds; bytes resident after the first of them, and at
    most."""

    tasks: int
    seconds: float
    first: int
    most: int


def walk(directory: Path) -> Walk:
    """Walk over all tasks in a new process."""
    command = [sys.executable, "-m", "bench.listing", str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Walk(*json.loads(done.stdout))


def table(found: Walk) -> Table:
    head = ("tasks", "seconds", "a second", f"resident after {_FIRST:,}", "resident, at most")
    row = (
        f"{found.tasks:,}",
        f"{found.seconds:.0f} s",
        f"{found.tasks / found.seconds:,.0f}",
        megabytes(found.first),
        megabytes(found.most),
    )
    return Table("`iter_tasks(events)` to its end, children included", head, (row,))


def verdicts(found: Walk) -> tuple[Verdict, ...]:
    grown = found.most - found.first
    return (
        Verdict(
            f"memory of `iter_tasks` over {found.tasks:,} tasks",
            f"flat: grows by under {megabytes(GROWTH)}",
            f"grows by {megabytes(grown)}",
            grown < GROWTH,
        ),
    )


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def _main(directory: str) -> None:
    begun = time.monotonic()
    first = most = tasks = 0
    with Events(directory=directory) as events:
        for _ in iter_tasks(events):
            tasks += 1
            if tasks == _FIRST:
                first = most = _resident()
            elif tasks % _FIRST == 0:
                most = max(most, _resident())
    print(json.dumps([tasks, time.monotonic() - begun, first, max(first, most)]))


if __name__ == "__main__":
    _main(sys.argv[1])
