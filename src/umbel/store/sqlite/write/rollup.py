"""Roll-ups: how many tasks, and how long they took, by time, name and state.

They are kept by differences: what a task adds with its row as it becomes, minus what it
added with its row as it was. So applying the same events again changes nothing, and a task
that moves from one state or minute to another leaves nothing behind.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from operator import itemgetter
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
_Minute = tuple[float, int, int]  # minute, name, state
_AnyKey = TypeVar("_AnyKey", bound=Hashable)


class _Cell(Protocol):
    def plus(self, other: Self) -> Self: ...


_AnyCell = TypeVar("_AnyCell", bound=_Cell)

_counted: Final = itemgetter(
    *map(COLUMNS.index, ("name", "state", "seen", "finished", "runtime", "started", "wait"))
)

_encode: Final = msgspec.msgpack.Encoder().encode
decode_histogram: Final = msgspec.msgpack.Decoder(dict[int, int]).decode


class _MeasureCell:
    """A row of `roll`, or what changes in one."""

    __slots__ = ("histogram", "n", "total")

    def __init__(self) -> None:
        self.n = 0
        self.total = 0.0
        self.histogram: dict[int, int] = {}

    def add(self, took: float | None, by: int) -> None:
        self.n += by
        if took is not None:
            self.total += by * (took if took < LARGEST_S else LARGEST_S)
            number = bucket(took)
            self.histogram[number] = self.histogram.get(number, 0) + by

    def take(self, other: _MeasureCell) -> None:
        self.n += other.n
        self.total += other.total
        add_counts(self.histogram, other.histogram)

    def changes_nothing(self) -> bool:
        return not (self.n or self.total or any(self.histogram.values()))


class _MinuteCell:
    """What changes by the tasks of one name and state: by when they were first seen, when they
    finished, and when they started."""

    __slots__ = ("finished", "seen", "started")

    def __init__(self) -> None:
        self.seen = 0
        self.finished = _MeasureCell()
        self.started = _MeasureCell()

    def plus(self, other: _MinuteCell) -> _MinuteCell:
        both = _MinuteCell()
        for each in (self, other):
            both.seen += each.seen
            both.finished.take(each.finished)
            both.started.take(each.started)
        return both


class RollUp:
    """The differences of one transaction. `add` rows, then `save`. Rows of the table that changed
    lately are remembered, so whoever fails between the two makes another one."""

    def __init__(self) -> None:
        # `save` sums them up for all names together and for each level.
        self._minutes: dict[_Minute, _MinuteCell] = defaultdict(_MinuteCell)
        self._stored: OrderedDict[Key, _MeasureCell] = OrderedDict()

    def add(self, rows: Iterable[Row], by: int) -> None:
        """Count tasks with these rows in (`by` 1) or out (-1)."""
        minutes = self._minutes
        for name, state, seen, finished, runtime, started, wait in map(_counted, rows):
            name = name or NO_NAME
            first = seen // 60
            cell = minutes[first, name, state]
            cell.seen += by
            # Nearly always in the same minute.
            if started is not None:
                minute = started // 60
                at = cell if minute == first else minutes[minute, name, state]
                at.started.add(wait, by)
            if finished is not None:
                minute = finished // 60
                at = cell if minute == first else minutes[minute, name, state]
                at.finished.add(runtime, by)

    def save(self, connection: apsw.Connection) -> None:
        """Add the differences to the table."""
        rows: list[tuple[object, ...]] = []
        for (level, start, name, state), cell in self._cells().items():
            if cell.seen:
                seen = _MeasureCell()
                seen.n = cell.seen
                rows += self._changed(connection, (level, SEEN, start, name, state), seen)
            for measure, by in ((FINISHED, cell.finished), (STARTED, cell.started)):
                if not by.changes_nothing():
                    rows += self._changed(connection, (level, measure, start, name, state), by)
        bulk_insert(connection, "REPLACE INTO roll", rows)
        self._minutes.clear()
        while len(self._stored) > _REMEMBERED:
            self._stored.popitem(last=False)

    def _changed(
        self, connection: apsw.Connection, key: Key, by: _MeasureCell
    ) -> tuple[tuple[object, ...], ...]:
        """The row at `key` as it becomes; none if nothing is left of it, and it is removed."""
        total = self._stored.pop(key, None) or _read(connection, key)
        total.take(by)
        if not total.n:
            connection.execute(
                "DELETE FROM roll WHERE level=? AND measure=? AND start=? AND name=? AND state=?",
                key,
            )
            return ()
        self._stored[key] = total
        return ((*key, total.n, total.total, _packed(total.histogram)),)

    def _cells(self) -> dict[tuple[int, int, int, int], _MinuteCell]:
        """By level, start, name and state."""
        minutes = dict(self._minutes)
        for (minute, _, state), cell in self._minutes.items():
            put_together(minutes, (minute, ALL_NAMES, state), cell)
        cells: dict[tuple[int, int, int, int], _MinuteCell] = {}
        for (minute, name, state), cell in minutes.items():
            for level in LEVELS:
                start = int(minute) * 60 // level * level
                put_together(cells, (level, start, name, state), cell)
        return cells


def add_counts(counts: dict[int, int], more: Mapping[int, int]) -> None:
    """Add more counts to these; what comes to nothing is left out."""
    for number, n in more.items():
        total = counts.get(number, 0) + n
        if total:
            counts[number] = total
        else:
            counts.pop(number, None)


def _packed(histogram: dict[int, int]) -> bytes | None:
    if not histogram:
        return None
    if min(histogram.values()) > 0:
        return _encode(histogram)
    positive = {number: n for number, n in histogram.items() if n > 0}
    return _encode(positive) if positive else None


def put_together(cells: dict[_AnyKey, _AnyCell], key: _AnyKey, cell: _AnyCell) -> None:
    """Add `cell` to the one at `key`. One that is alone is shared, so none is changed."""
    other = cells.get(key)
    cells[key] = cell if other is None else other.plus(cell)


def _read(connection: apsw.Connection, key: Key) -> _MeasureCell:
    cell = _MeasureCell()
    stored = connection.execute(
        "SELECT n, total, hist FROM roll WHERE level=? AND measure=? AND start=? AND name=?"
        " AND state=?",
        key,
    ).fetchone()
    if stored is not None:
        cell.n, cell.total, histogram = stored
        if histogram is not None:
            cell.histogram = decode_histogram(histogram)
    return cell
