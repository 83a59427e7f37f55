"""Long histories in minutes: a twelfth of the tasks, whose file is copied and moved back in time.

Charts, lists of names and the diagnosis read roll-ups, counts and columns, and for those a file
that says the same of another time is as good as one that says something else. What is in the bodies
of tasks stays as it was, and ids repeat, so searches for texts and ids are measured on a history of
its own (`fill.py`).
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

import apsw

from bench.fill import fill, shape
from bench.lifecycles import Storyteller
from bench.report import CACHE
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.files.roll_up_levels import HOUR_S, QUARTER_DAY_S

#: Each is a whole number of hours long, so that roll-ups by hour can be moved.
FILES: Final = 12
_DAY_S: Final = 86_400
#: The columns of `task` that are times.
_TIMES: Final = (
    *("seen", "timestamp", "sent", "received", "started", "finished", "failed", "retried"),
    *("revoked", "rejected", "eta", "expires", "changed"),
)


def copied(tasks: int, workers: int, days: int) -> Path:
    """The directory that holds so many tasks of so many workers in so many days, made now if it
    is not there."""
    home = CACHE / f"days-{days}-{tasks}-{workers}-{shape()}"
    done = home / "done"
    if not done.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        _make(home / "data", tasks, workers, days * _DAY_S // FILES)
        done.touch()
    return home / "data"


def _make(data: Path, tasks: int, workers: int, file_s: int) -> None:
    names = tuple(f"worker-{number:03d}@host-{number % 40}" for number in range(workers))
    fill(data, tasks // FILES, Storyteller(tasks, workers=names), file_s)
    first, last = (_files(data, number) for number in (1, FILES))
    for kind, file in first.items():
        file.rename(last[kind])
    for number in range(1, FILES):
        for kind, file in _files(data, number).items():
            shutil.copyfile(last[kind], file)
        _move_back(data / f"tasks-{number:06d}.db", (FILES - number) * file_s)
        print(f"  file {number} of {FILES} is there", flush=True)
    SqliteStore(data, write=True, index=False).close()  # takes the files into its catalog


def _files(data: Path, number: int) -> dict[str, Path]:
    """The files of a partition, by what they end in."""
    return {kind: data / f"tasks-{number:06d}.{kind}" for kind in ("db", "text", "sieve")}


def _move_back(file: Path, by_s: int) -> None:
    connection = apsw.Connection(str(file))
    connection.pragma("synchronous", "OFF")
    with connection:
        times = ", ".join(f"{time} = {time} - {by_s}" for time in _TIMES)
        connection.execute(f"UPDATE task SET {times}")
        bounds = ", ".join(
            f"{time}_{end} = {time}_{end} - {by_s}" for time in _TIMES for end in ("min", "max")
        )
        connection.execute(f"UPDATE zone SET {bounds}")
        for table in ("roll", "value_roll", "value_roll_full"):
            connection.execute(f"CREATE TEMP TABLE moved AS SELECT * FROM {table}")
            connection.execute(f"UPDATE moved SET start = start - {by_s}")
            connection.execute(f"DELETE FROM {table}")
            connection.execute(f"INSERT INTO {table} SELECT * FROM moved")
            connection.execute("DROP TABLE moved")
        if by_s % QUARTER_DAY_S:
            connection.execute("UPDATE roll_longest SET longest = ?", (HOUR_S,))
        # Whoever follows changes has seen them in the newest file.
        connection.execute("DELETE FROM change")
    connection.pragma("wal_checkpoint(TRUNCATE)")
    connection.close()
