"""Series put together from cells: one cell holds what one group has in one bucket.

A store fills cells from whatever it has (tasks, roll-ups); ranking groups, summing up the rest
and the shape of the answer are the same for all of them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Generic, Protocol, Self, TypeVar

from umbel.cluster.task import FAILURE, SUCCESS
from umbel.store.capabilities import Grouping
from umbel.store.series import (
    CountBucket,
    CountGroup,
    CountLine,
    Counts,
    CountSeries,
    DurationBucket,
    DurationGroup,
    DurationLine,
    Durations,
    DurationSeries,
)

#: Buckets are whole minutes.
MINUTE_S: Final = 60.0


class Cell(Protocol):
    """What one group has in one bucket."""

    def add(self, other: Self) -> None:
        """Take in what another cell has."""


class DurationCell(Cell, Protocol):
    """The durations of one group in one bucket; there is at least one."""

    def mean_s(self) -> float:
        """Their mean, seconds."""

    def durations(self) -> Durations:
        """What they are like."""


class CountCell:
    """How many tasks were first seen, and how many ended, by state."""

    __slots__ = ("failed", "revoked", "seen", "succeeded")

    def __init__(self) -> None:
        self.seen = self.succeeded = self.failed = self.revoked = 0

    @property
    def ended(self) -> int:
        return self.succeeded + self.failed + self.revoked

    def add(self, other: CountCell) -> None:
        self.seen += other.seen
        self.succeeded += other.succeeded
        self.failed += other.failed
        self.revoked += other.revoked

    def add_ended(self, state: str, n: int) -> None:
        """So many more tasks that ended, in a state of `cluster.task.ENDED`."""
        if state == SUCCESS:
            self.succeeded += n
        elif state == FAILURE:
            self.failed += n
        else:
            self.revoked += n


C = TypeVar("C", bound=Cell)
D = TypeVar("D", bound=DurationCell)
_Line = Mapping[float, C]


class Cells(Generic[C]):
    """The cells of a series by group and by start of bucket (Unix seconds). The group None is
    of tasks that lack the field, and of all tasks where nothing is grouped."""

    def __init__(self, empty: Callable[[], C]) -> None:
        self._empty = empty
        self._lines: dict[str | None, dict[float, C]] = defaultdict(dict)

    def cell(self, value: str | None, start: float) -> C:
        """The cell of a group and a bucket, made if there is none."""
        line = self._lines[value]
        found = line.get(start)
        if found is None:
            found = line[start] = self._empty()
        return found

    def all(self) -> _Line[C]:
        """The line of all tasks."""
        return self._merged(self._lines)

    def total(self, line: _Line[C]) -> C:
        """What the whole line has."""
        summed = self._empty()
        for cell in line.values():
            summed.add(cell)
        return summed

    def top(
        self, top: int, rank: Callable[[C], tuple[float, ...]]
    ) -> tuple[list[tuple[str, _Line[C]]], _Line[C]]:
        """The `top` groups with the highest rank, equal ones by value, and the line of the
        rest."""
        ranked = sorted(
            (tuple(-number for number in rank(self.total(line))), value)
            for value, line in self._lines.items()
            if value is not None
        )
        values = [value for _, value in ranked[:top]]
        rest = self._lines.keys() - set(values)
        return [(value, self._lines[value]) for value in values], self._merged(rest)

    def _merged(self, values: Iterable[str | None]) -> _Line[C]:
        merged: dict[float, C] = {}
        for value in values:
            for start, cell in self._lines[value].items():
                merged.setdefault(start, self._empty()).add(cell)
        return merged


def whole_minutes(bucket_s: float) -> float:
    """The length of bucket that is given when `bucket_s` is asked for: whole minutes."""
    if not 0 < bucket_s < math.inf:
        raise ValueError(f"a bucket has a length in seconds, not {bucket_s}")
    return math.ceil(bucket_s / MINUTE_S) * MINUTE_S


def count_series(
    cells: Cells[CountCell],
    bucket_s: float,
    *,
    by: Grouping | None,
    top: int,
    with_seen: bool,
    complete: bool = True,
) -> CountSeries:
    """The series of these cells; `with_seen`: they know when tasks were first seen."""

    def rank(cell: CountCell) -> tuple[float, ...]:
        return (cell.seen if with_seen else 0, cell.ended)

    def counts(cell: CountCell) -> Counts:
        return Counts(
            seen=cell.seen if with_seen else None,
            succeeded=cell.succeeded,
            failed=cell.failed,
            revoked=cell.revoked,
        )

    def line(found: _Line[CountCell]) -> CountLine:
        summed = {start: counts(found[start]) for start in sorted(found)}
        buckets = tuple(
            CountBucket(
                start=start,
                seen=each.seen,
                succeeded=each.succeeded,
                failed=each.failed,
                revoked=each.revoked,
            )
            for start, each in summed.items()
        )
        return CountLine(total=counts(cells.total(found)), buckets=buckets)

    everything = line(cells.all())
    first, rest = cells.top(top, rank) if by is not None else ([], {})
    lines = [(value, line(found)) for value, found in first]
    return CountSeries(
        total=everything.total,
        buckets=everything.buckets,
        bucket_s=bucket_s,
        by=by,
        groups=tuple(
            CountGroup(value=value, total=each.total, buckets=each.buckets) for value, each in lines
        ),
        other=line(rest) if rest else None,
        complete=complete,
    )


def duration_series(
    cells: Cells[D],
    bucket_s: float,
    *,
    by: Grouping | None,
    top: int,
    complete: bool = True,
) -> DurationSeries:
    """The series of these cells, each of which has at least one duration."""

    def rank(cell: D) -> tuple[float, ...]:
        return (cell.mean_s(),)

    def line(found: _Line[D]) -> DurationLine:
        summed = {start: found[start].durations() for start in sorted(found)}
        buckets = tuple(
            DurationBucket(
                start=start, n=each.n, mean=each.mean, p50=each.p50, p95=each.p95, p99=each.p99
            )
            for start, each in summed.items()
        )
        return DurationLine(
            total=cells.total(found).durations() if found else None, buckets=buckets
        )

    everything = line(cells.all())
    first, rest = cells.top(top, rank) if by is not None else ([], {})
    lines = [(value, line(found)) for value, found in first]
    return DurationSeries(
        total=everything.total,
        buckets=everything.buckets,
        bucket_s=bucket_s,
        by=by,
        groups=tuple(
            DurationGroup(value=value, total=each.total, buckets=each.buckets)
            for value, each in lines
        ),
        other=line(rest) if rest else None,
        complete=complete,
    )
