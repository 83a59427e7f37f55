"""Roll-ups by worker, by queue and by error (see `files/value_rollups.py`), kept by differences as
those by name and state are (`rollup.py`)."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Final

import apsw
import msgspec

from umbel.store.sqlite.files.latency_histogram import LARGEST_S, bucket
from umbel.store.sqlite.files.roll_up_levels import HOUR_S, LEVELS, MINUTE_S
from umbel.store.sqlite.files.row import COLUMNS, Row
from umbel.store.sqlite.files.stored_numbers import ROLLED_UP_FIELDS, STATE_IDS
from umbel.store.sqlite.files.value_rollups import BY_MINUTE_MAX, VALUES_MAX
from umbel.store.sqlite.write.bulk_insert import bulk_insert
from umbel.store.sqlite.write.rollup import add_counts, decode_histogram, put_together

#: Rows and hours that the writer remembers between two batches.
_REMEMBERED: Final = 1_000
_REMEMBERED_HOURS: Final = 50

Key = tuple[int, int, int, int]  # field, level, start, value
_encode: Final = msgspec.msgpack.Encoder().encode

_values_of: Final = itemgetter(*(COLUMNS.index(field) for field in ROLLED_UP_FIELDS))
_NUMBERS: Final = tuple(ROLLED_UP_FIELDS.values())
_times_of: Final = itemgetter(
    *map(COLUMNS.index, ("seen", "finished", "started", "state", "runtime", "wait"))
)
_ENDS: Final = {
    STATE_IDS[state]: index for index, state in enumerate(("SUCCESS", "FAILURE", "REVOKED"))
}


class _Cell:
    """A row of `value_roll`, or what changes in it."""

    __slots__ = ("ended", "field", "runtime_s", "runtimes", "seen", "wait_s", "waits")

    def __init__(self, field: int) -> None:
        self.field = field
        self.seen = 0
        #: How many succeeded, failed, were revoked.
        self.ended = [0, 0, 0]
        self.runtime_s = self.wait_s = 0.0
        self.runtimes: dict[int, int] = {}
        self.waits: dict[int, int] = {}

    def add(self, other: _Cell) -> None:
        self.seen += other.seen
        for index, n in enumerate(other.ended):
            self.ended[index] += n
        self.runtime_s += other.runtime_s
        self.wait_s += other.wait_s
        add_counts(self.runtimes, other.runtimes)
        add_counts(self.waits, other.waits)

    def plus(self, other: _Cell) -> _Cell:
        both = _Cell(self.field)
        both.add(self)
        both.add(other)
        return both

    def is_empty(self) -> bool:
        """Whether no task is left in it."""
        return not (self.seen or any(self.ended) or self.runtimes or self.waits)

    def changes_nothing(self) -> bool:
        return self.is_empty() and not (self.runtime_s or self.wait_s)


class ValueRollUp:
    """The differences of one transaction. `add` rows, then `save`."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        #: By minute, by value.
        self._minutes: dict[float, dict[int, _Cell]] = defaultdict(dict)
        self._stored: OrderedDict[Key, _Cell] = OrderedDict()
        #: By field and hour.
        self._hours: OrderedDict[tuple[int, int], _Hour] = OrderedDict()

    def add(self, rows: Iterable[Row], by: int) -> None:
        """Count tasks with these rows in (`by` 1) or out (-1)."""
        for row in rows:
            self._take(_values_of(row), _counted(row), by)

    def change(self, rows: Iterable[tuple[Row, Row]]) -> None:
        """Count tasks out as they were and in as they are, by pairs of rows. Most tasks that change
        end, and keep their values and the time when they were first seen: of those, the end alone
        is counted."""
        for before, after in rows:
            values, was, now = _values_of(after), _counted(before), _counted(after)
            if values != _values_of(before):
                self._take(_values_of(before), was, -1)
                self._take(values, now, 1)
            elif was != now:
                self._take(values, _without(was, now), -1)
                self._take(values, _without(now, was), 1)

    def _take(self, values: tuple[int | None, ...], counted: _Counted, by: int) -> None:
        seen, ended, waited = counted
        minutes = self._minutes
        if ended is not None:
            finished, end, runtime = ended
            ran = None if runtime is None else bucket(runtime)
        if waited is not None:
            started, wait = waited
            number = bucket(wait)
        for field, value in zip(_NUMBERS, values, strict=True):
            if value is None:
                continue
            at = cell = None
            if seen is not None:
                at = seen
                cell = minutes[at].get(value) or _added(minutes[at], field, value)
                cell.seen += by
            # Nearly always in the same minute.
            if waited is not None:
                if cell is None or started != at:
                    at = started
                    cell = minutes[at].get(value) or _added(minutes[at], field, value)
                cell.wait_s += by * (wait if wait < LARGEST_S else LARGEST_S)
                cell.waits[number] = cell.waits.get(number, 0) + by
            if ended is not None:
                if cell is None or finished != at:
                    at = finished
                    cell = minutes[at].get(value) or _added(minutes[at], field, value)
                if end is not None:
                    cell.ended[end] += by
                if runtime is not None and ran is not None:
                    cell.runtime_s += by * (runtime if runtime < LARGEST_S else LARGEST_S)
                    cell.runtimes[ran] = cell.runtimes.get(ran, 0) + by

    def save(self) -> None:
        """Add the differences to the table, inside the transaction that the caller opened."""
        changed: dict[Key, _Cell] = {}
        for (field, hour), values in self._by_hour().items():
            of_hour = self._hour(field, hour)
            # The busiest first, where there is no room for all.
            for value, levels in sorted(values.items(), key=lambda each: -_busy(each[1], hour)):
                if any(not cell.changes_nothing() for cell in levels.values()) and self._keeps(
                    of_hour, field, hour, value
                ):
                    for (level, start), cell in levels.items():
                        if level != MINUTE_S or value in of_hour.by_minute:
                            put_together(changed, (field, level, start, value), cell)
        self._minutes.clear()
        self._write(changed)
        while len(self._stored) > _REMEMBERED:
            self._stored.popitem(last=False)
        while len(self._hours) > _REMEMBERED_HOURS:
            self._hours.popitem(last=False)

    def _by_hour(self) -> dict[tuple[int, int], dict[int, _Levels]]:
        hours: dict[tuple[int, int], dict[int, _Levels]] = defaultdict(dict)
        for minute, values in self._minutes.items():
            at = int(minute) * 60
            for value, cell in values.items():
                _trim(cell)
                levels = hours[cell.field, at // HOUR_S * HOUR_S].setdefault(value, {})
                for level in LEVELS:
                    put_together(levels, (level, at // level * level), cell)
        return hours

    # -- which values are kept -----------------------------------------------------------

    def _hour(self, field: int, hour: int) -> _Hour:
        of_hour = self._hours.pop((field, hour), None)
        if of_hour is None:
            found = self._connection.execute(
                "SELECT value FROM value_roll WHERE field = ? AND level = ? AND start = ?",
                (field, HOUR_S, hour),
            )
            by_minute = self._connection.execute(
                "SELECT DISTINCT value FROM value_roll"
                " WHERE field = ? AND level = ? AND start >= ? AND start < ?",
                (field, MINUTE_S, hour, hour + HOUR_S),
            )
            full = self._connection.execute(
                "SELECT level FROM value_roll_full"
                " WHERE field = ? AND level IN (?, ?) AND start = ?",
                (field, MINUTE_S, HOUR_S, hour),
            )
            of_hour = _Hour(*({number for (number,) in each} for each in (found, by_minute, full)))
        self._hours[field, hour] = of_hour
        return of_hour

    def _keeps(self, of_hour: _Hour, field: int, hour: int, value: int) -> bool:
        if value in of_hour.values:
            return True
        if HOUR_S not in of_hour.full and len(of_hour.values) < VALUES_MAX:
            of_hour.values.add(value)
            if len(of_hour.by_minute) < BY_MINUTE_MAX:
                of_hour.by_minute.add(value)
            else:
                self._note_full(of_hour, field, MINUTE_S, hour)
            return True
        self._note_full(of_hour, field, HOUR_S, hour)
        return False

    def _note_full(self, of_hour: _Hour, field: int, level: int, hour: int) -> None:
        if level not in of_hour.full:
            self._connection.execute(
                "INSERT INTO value_roll_full VALUES (?, ?, ?)", (field, level, hour)
            )
            of_hour.full.add(level)

    # -- the table -----------------------------------------------------------------------

    def _write(self, changed: Mapping[Key, _Cell]) -> None:
        rows: list[tuple[object, ...]] = []
        for key, difference in changed.items():
            if difference.changes_nothing():
                continue
            cell = self._stored.pop(key, None) or self._read(key)
            cell.add(difference)
            if cell.is_empty():
                self._delete(key)
                continue
            self._stored[key] = cell
            rows.append(
                (
                    *key, cell.seen, *cell.ended, cell.runtime_s, cell.wait_s,
                    _encode(cell.runtimes) if cell.runtimes else None,
                    _encode(cell.waits) if cell.waits else None,
                    sum(cell.runtimes.values()), sum(cell.waits.values()),
                )
            )  # fmt: skip
        bulk_insert(self._connection, "REPLACE INTO value_roll", rows)

    def _read(self, key: Key) -> _Cell:
        cell = _Cell(key[0])
        found = self._connection.execute(
            "SELECT seen, succeeded, failed, revoked, runtime_s, wait_s, runtimes, waits"
            " FROM value_roll WHERE field = ? AND level = ? AND start = ? AND value = ?",
            key,
        ).fetchone()
        if found is not None:
            cell.seen, *cell.ended, cell.runtime_s, cell.wait_s, runtimes, waits = found
            cell.runtimes = decode_histogram(runtimes) if runtimes is not None else {}
            cell.waits = decode_histogram(waits) if waits is not None else {}
        return cell

    def _delete(self, key: Key) -> None:
        field, level, start, value = key
        self._connection.execute(
            "DELETE FROM value_roll WHERE field = ? AND level = ? AND start = ? AND value = ?", key
        )
        if level == HOUR_S and (hour := self._hours.get((field, start))) is not None:
            hour.values.discard(value)
            hour.by_minute.discard(value)


_Levels = dict[tuple[int, int], _Cell]  # level, start
#: What a task counts for: the minute in which it was first seen; that in which it ended, how, and
#: after what run time; that in which it started, and after what wait.
_Counted = tuple[
    float | None, tuple[float, int | None, float | None] | None, tuple[float, float] | None
]


def _counted(row: Row) -> _Counted:
    seen, finished, started, state, runtime, wait = _times_of(row)
    return (
        seen // 60,
        None if finished is None else (finished // 60, _ENDS.get(state), runtime),
        None if started is None or wait is None else (started // 60, wait),
    )


def _without(counted: _Counted, other: _Counted) -> _Counted:
    """What of it the other does not count for."""
    seen, ended, waited = counted
    return (
        None if seen == other[0] else seen,
        None if ended == other[1] else ended,
        None if waited == other[2] else waited,
    )


class _Hour:
    """The values of a field that have rows in an hour, those that have them by minute, and the
    levels at which there were more values than are kept."""

    __slots__ = ("by_minute", "full", "values")

    def __init__(self, values: set[int], by_minute: set[int], full: set[int]) -> None:
        self.values = values
        self.by_minute = by_minute
        self.full = full


def _busy(levels: _Levels, hour: int) -> int:
    """How many tasks more were seen in the hour."""
    return levels[HOUR_S, hour].seen


def _added(values: dict[int, _Cell], field: int, value: int) -> _Cell:
    cell = values[value] = _Cell(field)
    return cell


def _trim(cell: _Cell) -> None:
    """Take out what was added and taken away again."""
    for counts in (cell.runtimes, cell.waits):
        for number in [number for number, n in counts.items() if not n]:
            del counts[number]
