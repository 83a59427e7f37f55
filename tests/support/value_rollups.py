"""What roll-ups by value must hold, worked out from the rows of tasks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec
import pytest

from umbel.store.sqlite.files.latency_histogram import bucket
from umbel.store.sqlite.files.stored_numbers import ROLLED_UP_FIELDS, STATE_OF_ID

LEVELS: Final = (60, 600, 3_600)
QUARTER_DAY_S: Final = 21_600
#: field, level, start, value
Key = tuple[int, int, int, int]


def stored(connection: apsw.Connection) -> dict[Key, dict[str, Any]]:
    """Rows of the table, with their histograms read."""
    rows = {}
    for (
        *key,
        seen,
        succeeded,
        failed,
        revoked,
        ran_s,
        waited_s,
        ran,
        waited,
        ran_n,
        waited_n,
    ) in connection.execute("SELECT * FROM value_roll"):
        numbers = [sum(_histogram(each).values()) for each in (ran, waited)]
        assert [ran_n, waited_n] == numbers
        rows[tuple(key)] = {
            "seen": seen, "SUCCESS": succeeded, "FAILURE": failed, "REVOKED": revoked,
            "runtime_s": pytest.approx(ran_s, abs=1e-6), "runtimes": _histogram(ran),
            "wait_s": pytest.approx(waited_s, abs=1e-6), "waits": _histogram(waited),
        }  # fmt: skip
    return rows


def _histogram(packed: bytes | None) -> dict[int, int]:
    return {} if packed is None else msgspec.msgpack.decode(packed, type=dict[int, int])


def of_tasks(connection: apsw.Connection) -> dict[Key, dict[str, Any]]:
    """The rows that the tasks of the file add up to."""
    rows: dict[Key, dict[str, Any]] = defaultdict(
        lambda: {"seen": 0, "SUCCESS": 0, "FAILURE": 0, "REVOKED": 0, "runtime_s": 0.0,
                 "wait_s": 0.0, "runtimes": Counter(), "waits": Counter()}
    )  # fmt: skip
    for field, number in ROLLED_UP_FIELDS.items():
        for value, state, seen, finished, started, runtime, wait in connection.execute(
            f"SELECT {field}, state, seen, finished, started, runtime, wait FROM task"  # noqa: S608
            f" WHERE {field} IS NOT NULL"
        ):
            for level in LEVELS:

                def at(time: float, level: int = level, value: int = value) -> dict[str, Any]:
                    return rows[number, level, int(time // level) * level, value]  # noqa: B023

                at(seen)["seen"] += 1
                if finished is not None and (name := STATE_OF_ID[state]) in at(finished):
                    at(finished)[name] += 1
                if finished is not None and runtime is not None:
                    at(finished)["runtime_s"] += runtime
                    at(finished)["runtimes"][bucket(runtime)] += 1
                if started is not None and wait is not None:
                    at(started)["wait_s"] += wait
                    at(started)["waits"][bucket(wait)] += 1
    return {key: each for key, each in rows.items() if any(each.values())}


def quarters_of(hours: Mapping[Key, dict[str, Any]]) -> dict[Key, dict[str, Any]]:
    """What the rows by hour among these add up to by quarter of a day."""
    rows: dict[Key, dict[str, Any]] = {}
    for (field, level, start, value), cell in hours.items():
        if level == LEVELS[-1]:
            key = field, QUARTER_DAY_S, start // QUARTER_DAY_S * QUARTER_DAY_S, value
            of_quarter = rows.setdefault(
                key, dict.fromkeys(cell, 0) | {"runtimes": Counter(), "waits": Counter()}
            )
            for what, n in cell.items():
                of_quarter[what] += n
    return rows


def full_hours(connection: apsw.Connection) -> set[tuple[int, int, int]]:
    """Fields, levels and hours that had more values than are kept there."""
    return set(connection.execute("SELECT field, level, start FROM value_roll_full"))


def assert_kept(directory: Path, values_max: int, by_minute_max: int) -> None:
    """Every file's roll-ups are what its tasks add up to; a value is missing from an hour (or from
    its minutes) only where that was full, and then as a whole."""
    for path in sorted(directory.glob("tasks-*.db")):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        kept, wanted, full = stored(connection), of_tasks(connection), full_hours(connection)
        connection.close()
        for level, most in ((3_600, values_max), (60, by_minute_max)):
            of_level = {
                (field, start // 3_600 * 3_600, value)
                for field, each, start, value in kept
                if each == level
            }
            hours = Counter((field, hour) for field, hour, _ in of_level)
            assert max(hours.values(), default=0) <= most
            levels = {60, 600, 3_600} if level == 3_600 else {60}
            for key in list(wanted):
                hour = key[2] // 3_600 * 3_600
                left_out = (key[0], hour, key[3]) not in of_level
                if key[1] in levels and left_out and (key[0], level, hour) in full:
                    del wanted[key]
        assert kept == wanted | quarters_of(wanted)
