"""A store of a million tasks of a day, kept between runs, and our own count of what is in it."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

import apsw

from bench.fill import filled

TASKS: Final = 1_000_000
#: Of so many different messages; with the name that failed each is another error.
ERRORS: Final = 1_000
#: Older ones are filled anew: retention would take them away.
OLDEST_S: Final = 5 * 86_400.0

_COUNTS: Final = """
SELECT state.text, name.text, count(*), max(runtime)
FROM task JOIN value AS state ON state.id = task.state JOIN value AS name ON name.id = task.name
GROUP BY 1, 2
"""
_BY_ERROR: Final = """
SELECT error.text, count(*)
FROM task JOIN value AS error ON error.id = task.error JOIN value AS state ON state.id = task.state
WHERE state.text = 'FAILURE' GROUP BY 1 ORDER BY 2 DESC
"""


class Million(NamedTuple):
    """What is stored: from `first` to `last` (Unix seconds, whole), how many tasks by name, how
    many of them failed, failures by the id of their error, the most frequent first, some ids, and
    the longest runtime, in seconds."""

    first: int
    last: int
    names: dict[str, int]
    failed: dict[str, int]
    errors: dict[str, int]
    ids: list[str]
    longest_s: float

    @property
    def span(self) -> str:
        """All of the time, as addresses of pages have it."""
        return f"from={self.first}&to={self.last}"


def write_million(directory: Path) -> Million:
    """A copy of the kept store in `directory`, filled first (some minutes) where there is none."""
    data, known = filled(TASKS, errors=ERRORS)
    if known.first < time.time() - OLDEST_S:
        data, known = filled(TASKS, errors=ERRORS, refill=True)
    shutil.copytree(data, directory)
    names: dict[str, int] = {}
    failed: dict[str, int] = {}
    errors: dict[str, int] = {}
    longest_s = 0.0
    for file in sorted(directory.glob("tasks-*.db")):
        with closing(apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            for state, name, count, runtime_s in connection.execute(_COUNTS):
                names[name] = names.get(name, 0) + count
                if state == "FAILURE":
                    failed[name] = failed.get(name, 0) + count
                longest_s = max(longest_s, runtime_s or 0.0)
            for label, count in connection.execute(_BY_ERROR):
                error = label.partition(" ")[0]
                errors[error] = errors.get(error, 0) + count
    ids = [sample.uuid for sample in known.samples[:20]]
    # A task may go on for some seconds after the last was sent.
    return Million(
        int(known.first) - 60, int(known.last) + 60, names, failed, errors, ids, longest_s
    )
