"""Roll-ups: how many tasks, and how long they took, by time, name and state.

They are kept by differences: what a task adds with its row as it becomes, minus what it
added with its row as it was. So applying the same events again changes nothing, and a task
that moves from one state or minute to another leaves nothing behind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import apsw
import msgspec

from umbel.store.sqlite.latency import LARGEST_S, bucket
from umbel.store.sqlite.row import COLUMNS, Row

#: Lengths of a bucket, in seconds.
LEVELS: Final = (60, 600, 3_600)
SEEN, FINISHED, STARTED = 0, 1, 2
#: What stands for all names together, and for no name.
ALL_NAMES, NO_NAME = 0, -1

Key = tuple[int, int, int, int, int]  # level, measure, start, name, state
_Minute = tuple[int, float, int, int]  # measure, minute, name, state

_NAME, _STATE = COLUMNS.index("name"), COLUMNS.index("state")
_SEEN, _FINISHED = COLUMNS.index("seen"), COLUMNS.index("finished")
_STARTED = COLUMNS.index("started")
_RUNTIME, _WAIT = COLUMNS.index("runtime"), COLUMNS.index("wait")

_encode: Final = msgspec.msgpack.Encoder().encode
decode_histogram: Final = msgspec.msgpack.Decoder(dict[int, int]).decode


class _Cell:
    """What changes in one row of `roll`."""

    __slots__ = ("histogram", "n", "total")

    def __init__(self) -> None:
        self.n = 0
        self.total = 0.0
        self.histogram: dict[int, int] = defaultdict(int)


class RollUp:
    """The differences of one transaction. `add` rows, then `save`."""

    def __init__(self) -> None:
        # By measure, minute, name and state; `save` sums them up for each level.
        self._n: dict[_Minute, int] = defaultdict(int)
        self._total: dict[_Minute, float] = defaultdict(float)
        self._histogram: dict[tuple[_Minute, int], int] = defaultdict(int)

    def add(self, row: Row, by: int) -> None:
        """Count a task with this row in (`by` 1) or out (-1)."""
        name, state = row[_NAME] or NO_NAME, row[_STATE]
        self._n[SEEN, row[_SEEN] // 60, name, state] += by
        if (at := row[_FINISHED]) is not None:
            self._add((FINISHED, at // 60, name, state), row[_RUNTIME], by)
        if (at := row[_STARTED]) is not None:
            self._add((STARTED, at // 60, name, state), row[_WAIT], by)

    def _add(self, key: _Minute, took: float | None, by: int) -> None:
        self._n[key] += by
        if took is not None:
            self._total[key] += by * min(took, LARGEST_S)
            self._histogram[key, bucket(took)] += by

    def save(self, connection: apsw.Connection) -> None:
        """Add the differences to the table."""
        for key, cell in self._cells().items():
            histogram = {number: n for number, n in cell.histogram.items() if n}
            if cell.n or histogram or cell.total:
                _add(connection, key, cell, histogram)
        self._n.clear()
        self._total.clear()
        self._histogram.clear()

    def _cells(self) -> dict[Key, _Cell]:
        cells: dict[Key, _Cell] = defaultdict(_Cell)
        for key, n in self._n.items():
            for row in _rows_of(*key):
                cells[row].n += n
        for key, total in self._total.items():
            for row in _rows_of(*key):
                cells[row].total += total
        for (key, number), n in self._histogram.items():
            for row in _rows_of(*key):
                cells[row].histogram[number] += n
        return cells


def _rows_of(measure: int, minute: float, name: int, state: int) -> Iterator[Key]:
    for level in LEVELS:
        start = int(minute) * 60 // level * level
        yield level, measure, start, ALL_NAMES, state
        yield level, measure, start, name, state


def _add(connection: apsw.Connection, key: Key, cell: _Cell, histogram: dict[int, int]) -> None:
    known = connection.execute(
        "SELECT n, total, hist FROM roll WHERE level=? AND measure=? AND start=? AND name=?"
        " AND state=?",
        key,
    ).fetchone()
    n, total = cell.n, cell.total
    if known is not None:
        n, total = n + known[0], total + known[1]
        if known[2] is not None:
            for number, count in decode_histogram(known[2]).items():
                histogram[number] = histogram.get(number, 0) + count
    if not n:
        connection.execute(
            "DELETE FROM roll WHERE level=? AND measure=? AND start=? AND name=? AND state=?", key
        )
        return
    positive = {number: count for number, count in histogram.items() if count > 0}
    connection.execute(
        "REPLACE INTO roll VALUES (?,?,?,?,?,?,?,?)",
        (*key, n, total, _encode(positive) if positive else None),
    )
