"""Long histories in minutes: two hours of tasks, whose file is copied and moved back in time.

Charts, lists of names and the diagnosis read roll-ups, counts and columns, and for those a file
that says the same of another time is as good as one that says something else. What is in the bodies
of tasks stays as it was, and ids repeat, so searches for texts and ids are measured on a history of
its own (`fill.py`). Charts of a month read roll-ups by hour alone, so the 29 days before the day of
tasks have those alone.
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

#: Files of a day. Each is a whole number of hours long, so that roll-ups by hour can be moved.
FILES: Final = 12
DAYS: Final = 30
_HOUR_S: Final = 3_600
_DAY_S: Final = 24 * _HOUR_S
_FILE_S: Final = _DAY_S // FILES
#: The columns of `task` that are times.
_TIMES: Final = (
    *("seen", "timestamp", "sent", "received", "started", "finished", "failed", "retried"),
    *("revoked", "rejected", "eta", "expires", "changed"),
)


def copied(tasks: int, workers: int) -> Path:
    """The directory that holds a day of so many tasks of so many workers, and roll-ups by hour of
    the days before, made now if it is not there."""
    home = CACHE / f"days-{tasks}-{workers}-{shape()}"
    done = home / "done"
    if not done.exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        _make(home / "data", tasks, workers)
        done.touch()
    return home / "data"


def _make(data: Path, tasks: int, workers: int) -> None:
    names = tuple(f"worker-{number:03d}@host-{number % 40}" for number in range(workers))
    fill(data, tasks // FILES, Storyteller(tasks, workers=names), _FILE_S)
    first, last = (_files(data, number) for number in (1, FILES))
    for kind, file in first.items():
        file.rename(last[kind])
    _repeat_hours(last["db"])
    for number in range(1, FILES):
        for kind, file in _files(data, number).items():
            shutil.copyfile(last[kind], file)
        _move_back(data / f"tasks-{number:06d}.db", (FILES - number) * _FILE_S)
        print(f"  file {number} of {FILES} is there", flush=True)
    SqliteStore(data, write=True, index=False).close()  # takes the files into its catalog


def _repeat_hours(file: Path) -> None:
    """Roll-ups by hour of the days before."""
    connection = apsw.Connection(str(file))
    with connection:
        for table in ("roll", "value_roll"):
            connection.execute(
                f"CREATE TEMP TABLE hours AS SELECT * FROM {table} WHERE level = {_HOUR_S}"
            )
            for _ in range(DAYS - 1):
                connection.execute(f"UPDATE hours SET start = start - {_DAY_S}")
                connection.execute(f"INSERT INTO {table} SELECT * FROM hours")
            connection.execute("DROP TABLE hours")
    connection.close()


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
        # Whoever follows changes has seen them in the newest file.
        connection.execute("DELETE FROM change")
    connection.pragma("wal_checkpoint(TRUNCATE)")
    connection.close()
