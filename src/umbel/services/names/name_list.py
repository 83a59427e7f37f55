"""The names of tasks of a span with their numbers, from three series by name and the same three of
an earlier time, within a time budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from umbel.errors import StoreError
from umbel.query.ast import Node
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.errors.trend import TimeSpan, buckets_of, counts_over_time, fitting_bucket_s
from umbel.services.names.change import change_of
from umbel.services.names.rows import EarlierTime, NameList, NameNumbers, NameOrder, NameRow
from umbel.store.base import Store
from umbel.store.capabilities import Measure
from umbel.store.series import CountGroup, Counts, Durations, DurationSeries

#: The most names that a list has, and that are looked at.
NAMES_MAX: Final = 200
LOOKED_AT_MAX: Final = 2_000
#: Six series share the time of a list.
QUESTIONS: Final = 6


class NameSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: names that have `contains` in them, whatever the case, with tasks that
    match `query`, of the time `span`, compared with an `earlier` time."""

    query: Node
    span: TimeSpan
    earlier: EarlierTime | None = None
    contains: str = ""
    order: NameOrder = "busiest"
    limit: int = NAMES_MAX


def list_names(store: Store, search: NameSearch, now: float, budget: TimeBudget) -> NameList:
    """See `NameSearch`. Raises `StoreError`."""
    return _Listing(store, search, now, budget).names()


class _Listing:
    def __init__(self, store: Store, search: NameSearch, now: float, budget: TimeBudget) -> None:
        self._store = store
        self._search = search
        self._now = now
        self._budget = budget
        self._questions = 0
        self._complete = True
        self._bounded = False

    def names(self) -> NameList:
        span = self._search.span
        bucket_s, groups = self._counts(span)
        numbers = self._numbers(span, groups)
        before = self._before(self._search.earlier)
        buckets = buckets_of(span, bucket_s)
        rows = []
        for name in sorted({*numbers, *(before or ())}):
            if self._search.contains.casefold() not in name.casefold():
                continue
            seen = groups[name].buckets if name in groups else ()
            row = _row(
                name,
                numbers.get(name, NameNumbers()),
                trend=buckets.numbers(seen, lambda each: each.seen or 0),
                failures=buckets.numbers(seen),
            )
            rows.append(row if before is None else _compared(row, before.get(name)))
        if self._search.order != "changed":
            rows = [row for row in rows if row.name in numbers]
        rows.sort(key=_ranks(self._search.order))
        return NameList(
            items=tuple(rows[: self._search.limit]),
            names=len(rows),
            since=span.since,
            until=span.until,
            start=buckets.start,
            bucket_s=bucket_s,
            compared=before is not None,
            earlier=self._search.earlier,
            complete=self._complete and not self._bounded,
            bounded=self._bounded,
        )

    def _before(self, earlier: EarlierTime | None) -> Mapping[str, NameNumbers] | None:
        if earlier is None:
            return None
        span = TimeSpan(earlier.since, earlier.until)
        return self._numbers(span, self._counts(span)[1])

    def _numbers(
        self, span: TimeSpan, groups: Mapping[str, CountGroup]
    ) -> Mapping[str, NameNumbers]:
        runtimes = self._durations(span, "runtime")
        waits = self._durations(span, "wait")
        return {
            name: numbers_of(group.total, runtimes.get(name), waits.get(name))
            for name, group in groups.items()
        }

    def _counts(self, span: TimeSpan) -> tuple[float, Mapping[str, CountGroup]]:
        series = counts_over_time(
            self._store,
            self._search.query,
            span,
            fitting_bucket_s(span),
            now=self._now,
            budget_s=self._share_s(),
            by="name",
            top=LOOKED_AT_MAX,
        )
        self._complete &= series.complete
        self._bounded |= len(series.groups) >= LOOKED_AT_MAX and series.other is not None
        return series.bucket_s, {each.value: each for each in series.groups}

    def _durations(self, span: TimeSpan, measure: Measure) -> Mapping[str, Durations]:
        series = self._store.series(
            self._search.query,
            now=self._now,
            measure=measure,
            start=span.since,
            end=span.until,
            bucket_s=fitting_bucket_s(span),
            by="name",
            top=LOOKED_AT_MAX,
            budget_s=self._share_s(),
        )
        if not isinstance(series, DurationSeries):
            raise StoreError("The store gave a series of another measure than was asked for.")
        self._complete &= series.complete
        return {each.value: each.total for each in series.groups if each.total is not None}

    def _share_s(self) -> float:
        self._questions += 1
        return self._budget.share_s(QUESTIONS + 1 - self._questions)


def numbers_of(counts: Counts, runtime: Durations | None, wait: Durations | None) -> NameNumbers:
    """The numbers of a name from what series have of it."""
    judged = counts.succeeded + counts.failed
    return NameNumbers(
        count=counts.seen or 0,
        succeeded=counts.succeeded,
        failed=counts.failed,
        revoked=counts.revoked,
        failure_rate=counts.failed / judged if judged else None,
        runtime=runtime,
        wait=wait,
    )


def _compared(row: NameRow, before: NameNumbers | None) -> NameRow:
    before = before or NameNumbers()
    changed, change = change_of(row, before)
    return msgspec.structs.replace(row, before=before, changed=changed, change=change)


def _row(
    name: str, numbers: NameNumbers, trend: tuple[int, ...], failures: tuple[int, ...]
) -> NameRow:
    return NameRow(name=name, trend=trend, failures=failures, **msgspec.structs.asdict(numbers))


def _ranks(order: NameOrder) -> Callable[[NameRow], tuple[float, str]]:
    """What sorts the rows, the first first; equal ones by name."""

    def rank(row: NameRow) -> float:
        match order:
            case "busiest":
                return row.count + (row.succeeded + row.failed + row.revoked) / 1e6
            case "slowest":
                return -1.0 if row.runtime is None else row.runtime.p95
            case "waiting":
                return -1.0 if row.wait is None else row.wait.p95
            case "failing":
                return row.failed + (row.failure_rate or 0.0) / 2
            case "changed":
                return abs(row.change)
            case "name":
                return 0.0

    return lambda row: (-rank(row), row.name)
