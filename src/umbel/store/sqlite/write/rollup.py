"""Roll-ups: how many tasks, and how long they took, by time, name and state.

They are kept by differences: what a task adds with its row as it becomes, minus what it
added with its row as it was. So applying the same events again changes nothing, and a task
that moves from one state or minute to another leaves nothing behind.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Hashable, Iterable
from typing import Final, Protocol, Self, TypeVar

import apsw
import msgspec

from umbel.store.sqlite.files import stored_numbers
from umbel.store.sqlite.files.latency_histogram import LARGEST_S, bucket
from umbel.store.sqlite.files.roll_up_levels import LEVELS
from umbel.store.sqlite.files.row import COLUMNS, Row
from umbel.store.sqlite.write.bulk_insert import bulk_insert

SEEN, FINISHED, STARTED = (
    stored_numbers.MEASURES[each] for each in ("seen", "finished", "started")
)
#: Rows that are remembered between two batches.
_REMEMBERED: Final = 1_000
#: What stands for all names together, and for no name.
ALL_NAMES, NO_NAME = stored_numbers.ALL_NAMES, stored_numbers.NO_NAME

Key = tuple[int, int, int, int, int]  # level, measure, start, name, state
_Minute = tuple[int, float, int, int]  # measure, minute, name, state
_AnyKey = TypeVar("_AnyKey", bound=Hashable)


class _Cell(Protocol):
    def plus(self, other: Self) -> Self: ...


_AnyCell = TypeVar("_AnyCell", bound=_Cell)

_NAME, _STATE = COLUMNS.index("name"), COLUMNS.index("state")
_SEEN, _FINISHED = COLUMNS.index("seen"), COLUMNS.index("finished")
_STARTED = COLUMNS.index("started")
_RUNTIME, _WAIT = COLUMNS.index("runtime"), COLUMNS.index("wait")

_encode: Final = msgspec.msgpack.Encoder().encode
decode_histogram: Final = msgspec.msgpack.Decoder(dict[int, int]).decode


class _RollupCell:
    """What changes in one row of `roll`."""

    __slots__ = ("histogram", "n", "total")

    def __init__(self) -> None:
        self.n = 0
        self.total = 0.0
        self.histogram: dict[int, int] = defaultdict(int)

    def add(self, took: float | None, by: int) -> None:
        self.n += by
        if took is not None:
            self.total += by * (took if took < LARGEST_S else LARGEST_S)
            self.histogram[bucket(took)] += by

    def plus(self, other: _RollupCell) -> _RollupCell:
        both = _RollupCell()
        both.take(self)
        both.take(other)
        return both

    def take(self, other: _RollupCell) -> None:
        self.n += other.n
        self.total += other.total
        for number, n in other.histogram.items():
            self.histogram[number] += n


class RollUp:
    """The differences of one transaction. `add` rows, then `save`. Rows of the table that changed
    lately are remembered, so whoever fails between the two makes another one."""

    def __init__(self) -> None:
        # `save` sums them up for all names together and for each level.
        self._minutes: dict[_Minute, _RollupCell] = defaultdict(_RollupCell)
        self._stored: OrderedDict[Key, _RollupCell] = OrderedDict()

    def add(self, rows: Iterable[Row], by: int) -> None:
        """Count tasks with these rows in (`by` 1) or out (-1)."""
        minutes = self._minutes
        for row in rows:
            name, state = row[_NAME] or NO_NAME, row[_STATE]
            minutes[SEEN, row[_SEEN] // 60, name, state].n += by
            if (at := row[_FINISHED]) is not None:
                minutes[FINISHED, at // 60, name, state].add(row[_RUNTIME], by)
            if (at := row[_STARTED]) is not None:
                minutes[STARTED, at // 60, name, state].add(row[_WAIT], by)

    def save(self, connection: apsw.Connection) -> None:
        """Add the differences to the table."""
        rows: list[tuple[object, ...]] = []
        for key, cell in self._cells().items():
            if not (cell.n or cell.total or any(cell.histogram.values())):
                continue
            total = self._stored.pop(key, None) or _read(connection, key)
            total.take(cell)
            if not total.n:
                connection.execute(
                    "DELETE FROM roll WHERE level=? AND measure=? AND start=? AND name=?"
                    " AND state=?",
                    key,
                )
                continue
            self._stored[key] = total
            positive = {number: n for number, n in total.histogram.items() if n > 0}
            rows.append((*key, total.n, total.total, _encode(positive) if positive else None))
        bulk_insert(connection, "REPLACE INTO roll", rows)
        self._minutes.clear()
        while len(self._stored) > _REMEMBERED:
            self._stored.popitem(last=False)

    def _cells(self) -> dict[Key, _RollupCell]:
        minutes = dict(self._minutes)
        for (measure, minute, _, state), cell in self._minutes.items():
            put_together(minutes, (measure, minute, ALL_NAMES, state), cell)
        cells: dict[Key, _RollupCell] = {}
        for (measure, minute, name, state), cell in minutes.items():
            for level in LEVELS:
                start = int(minute) * 60 // level * level
                put_together(cells, (level, measure, start, name, state), cell)
        return cells


def put_together(cells: dict[_AnyKey, _AnyCell], key: _AnyKey, cell: _AnyCell) -> None:
    """Add `cell` to the one at `key`. One that is alone is shared, so none is changed."""
    other = cells.get(key)
    cells[key] = cell if other is None else other.plus(cell)


def _read(connection: apsw.Connection, key: Key) -> _RollupCell:
    cell = _RollupCell()
    stored = connection.execute(
        "SELECT n, total, hist FROM roll WHERE level=? AND measure=? AND start=? AND name=?"
        " AND state=?",
        key,
    ).fetchone()
    if stored is not None:
        cell.n, cell.total, histogram = stored
        if histogram is not None:
            cell.histogram.update(decode_histogram(histogram))
    return cell
