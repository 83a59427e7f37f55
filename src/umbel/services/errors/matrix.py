"""How often each error failed in the last hour, day and week."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from umbel.query.ast import Node
from umbel.services.errors.failures import split_label
from umbel.services.errors.groups import Matrix
from umbel.services.errors.recent_answers import RecentAnswers
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.errors.trend import TimeSpan, counts_over_time
from umbel.store.base import Store
from umbel.store.series import CountSeries

#: So many errors are counted; of rarer ones it is not known.
COUNTED_MAX: Final = 1_000


DAY_S: Final = 86_400.0
DAY_BUCKET_S: Final = 600.0


class _Column(NamedTuple):
    """How far back it reaches, in which buckets it is counted, and how old it may be, seconds."""

    back_s: float
    bucket_s: float
    keep_s: float


_COLUMNS: Final = {
    "h1": _Column(3_600.0, 60.0, 0.0),
    "h24": _Column(DAY_S, DAY_BUCKET_S, 10.0),
    "d7": _Column(604_800.0, 3_600.0, 60.0),
}


class ColumnCounts(NamedTuple):
    """The counts of one column by error. `has_rest`: there are errors that it does not have."""

    counts: Mapping[str, int]
    has_rest: bool

    def of(self, error_id: str) -> int | None:
        return self.counts.get(error_id, None if self.has_rest else 0)


class MatrixCounts:
    """The columns of all errors of the failures that match a query, counted when this is made.
    `is_complete`: there was time for all of them. `day` is the column of the day, if it was counted
    already. Unless they are `wanted` there are none."""

    def __init__(
        self,
        store: Store,
        failures: Node,
        now: float,
        budget: TimeBudget,
        recent: RecentAnswers[ColumnCounts],
        day: ColumnCounts | None = None,
        *,
        wanted: bool = True,
    ) -> None:
        self._columns: dict[str, ColumnCounts | None] = {}
        for index, (name, column) in enumerate(_COLUMNS.items() if wanted else ()):

            def ask(column: _Column = column, questions: int = 5 - index) -> ColumnCounts | None:
                return _counted(store, failures, column, now, budget.share_s(questions))

            if day is not None and column.back_s == DAY_S:
                self._columns[name] = day
            else:
                self._columns[name] = recent.get((name, failures), column.keep_s, ask)
        self.is_complete = None not in self._columns.values()

    def of(self, error_id: str) -> Matrix:
        """The row of one error. A longer time has at least the failures of a shorter one, though it
        was counted some seconds before: else an error that has just begun failed five times in an
        hour, and never in a week."""
        found: dict[str, int | None] = {}
        shorter = 0
        for name, column in self._columns.items():
            count = None if column is None else column.of(error_id)
            if count is not None:
                shorter = count = max(count, shorter)
            found[name] = count
        return Matrix(**found)


def _counted(
    store: Store, failures: Node, column: _Column, now: float, budget_s: float
) -> ColumnCounts | None:
    """None where time ran out."""
    span = TimeSpan(now - column.back_s, now)
    series = counts_over_time(
        store, failures, span, column.bucket_s, now=now, budget_s=budget_s, by="error",
        top=COUNTED_MAX,
    )  # fmt: skip
    if not series.complete:
        return None
    return column_of(series, COUNTED_MAX)


def column_of(series: CountSeries, top: int) -> ColumnCounts:
    """The column that a series by error has, of at most `top` groups."""
    counts = {split_label(each.value)[0]: each.total.failed for each in series.groups}
    return ColumnCounts(counts, has_rest=len(series.groups) == top)
