"""The groups of failures of a time and a search, within a time budget.

One series by error has counts and trend of all groups; three more have the matrix. Names, workers,
first and last are read from a few tasks of each group: of the newest failures together, then group
by group as long as time is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.cluster.task import Task
from umbel.query.ast import EVERYTHING, Node
from umbel.services.errors.failures import (
    FAILED,
    FIRST_SEEN,
    all_of,
    ended_during,
    failures_of,
    of_error,
    split_label,
)
from umbel.services.errors.group_state import GroupState, State
from umbel.services.errors.groups import ErrorGroup, ErrorGroups, Matrix
from umbel.services.errors.matrix import ColumnCounts, MatrixCounts
from umbel.services.errors.recent_answers import RecentAnswers
from umbel.services.errors.states import DecidedStates
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.errors.trend import (
    Buckets,
    TimeSpan,
    buckets_of,
    counts_over_time,
    fitting_bucket_s,
)
from umbel.store.base import Store
from umbel.store.series import CountGroup, CountSeries

#: The most groups that a list has.
GROUPS_MAX: Final = 200
#: So many are looked at, to have the rest when those that people ignore are left out.
LOOKED_AT_MAX: Final = 1_000
#: So many failures are read for all groups together, and of one group that has less than `_ENOUGH`
#: among these.
_NEWEST, _EACH, _ENOUGH = 500, 10, 3
#: When an error was first seen is looked up again after so many seconds; of so many it is kept.
_FIRST_KEEP_S, _FIRST_MOST = 600.0, 5_000
#: Of so many searches the columns of the matrix are kept for a little while.
_SEARCHES_MOST: Final = 60
#: Among so many that the store saw first is the one that failed first.
_FIRST: Final = 5
#: So many names and workers are told of a group.
NAMES_MAX: Final = 20


class GroupSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: failures that match `query`, of the time `span`; groups in `state` or, if
    that is None, in any; at most `limit`."""

    query: Node
    span: TimeSpan
    state: State | None = None
    limit: int = GROUPS_MAX


class GroupLists:
    """Lists the groups of a store. Any thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.firsts: RecentAnswers[float] = RecentAnswers(clock, _FIRST_MOST)
        self.columns: RecentAnswers[ColumnCounts] = RecentAnswers(clock, _SEARCHES_MOST)

    def list(
        self, states: DecidedStates, search: GroupSearch, now: float, budget: TimeBudget
    ) -> ErrorGroups:
        """See `GroupSearch`. Raises `StoreError`."""
        return _Listing(self, states, search, now, budget).groups()


class _Listing:
    def __init__(
        self,
        lists: GroupLists,
        states: DecidedStates,
        search: GroupSearch,
        now: float,
        budget: TimeBudget,
    ) -> None:
        self._lists = lists
        self._store = lists.store
        self._states = states
        self._search = search
        self._now = now
        self._budget = budget
        self._failures = all_of(search.query, FAILED)
        self._complete = True

    def groups(self) -> ErrorGroups:
        span = self._search.span
        series = self._series()
        buckets = buckets_of(span, series.bucket_s)
        matrix = MatrixCounts(
            self._store, self._failures, self._now, self._budget, self._lists.columns
        )
        newest = self._newest()
        found = {split_label(each.value)[0]: each for each in series.groups}
        found.pop("", None)
        items: list[ErrorGroup] = []
        for error_id, group in found.items():
            state = self._states.of(error_id, self._now, self._budget)
            if self._is_wanted(state):
                if len(items) == self._search.limit:
                    self._complete = False
                    break
                items.append(self._group(group, buckets, matrix, newest, state))
        items += self._decided(found, buckets, self._search.limit - len(items))
        others = 0 if series.other is None else series.other.total.failed
        return ErrorGroups(
            items=tuple(items),
            since=span.since,
            until=span.until,
            start=buckets.start,
            bucket_s=buckets.bucket_s,
            others=others,
            complete=(
                self._complete
                and matrix.is_complete
                and self._states.all_judged
                and (not others or len(series.groups) < self._top)
            ),
        )

    @property
    def _top(self) -> int:
        wanted = GROUPS_MAX + len(self._states.decisions)
        return min(wanted, LOOKED_AT_MAX)

    def _is_wanted(self, state: GroupState) -> bool:
        return self._search.state in (None, state.state)

    # -- of all groups together ----------------------------------------------------------------

    def _series(self) -> CountSeries:
        """Failures by error, in the time that was asked for."""
        span = self._search.span
        series = counts_over_time(
            self._store,
            self._failures,
            span,
            fitting_bucket_s(span),
            now=self._now,
            budget_s=self._budget.share_s(3),
            by="error",
            top=self._top,
        )
        self._complete = self._complete and series.complete
        return series

    def _newest(self) -> Mapping[str, list[Task]]:
        """Some of the failures, by error, the newest first."""
        span = self._search.span
        page = self._store.search(
            all_of(self._failures, ended_during(*span)),
            now=self._now,
            limit=_NEWEST,
            budget_s=self._budget.share_s(3),
        )
        by_error: dict[str, list[Task]] = {}
        for task in page.items:
            by_error.setdefault(split_label(task.error or "")[0], []).append(task)
        return by_error

    # -- of one group --------------------------------------------------------------------------

    def _group(
        self,
        group: CountGroup,
        buckets: Buckets,
        matrix: MatrixCounts,
        newest: Mapping[str, list[Task]],
        state: GroupState,
    ) -> ErrorGroup:
        error_id, kind, message = split_label(group.value)
        tasks = newest.get(error_id, [])
        if len(tasks) < min(_ENOUGH, group.total.failed):
            tasks = self._some(error_id) or tasks
        ends = [task.finished for task in tasks if task.finished is not None]
        ends += [each.start for each in group.buckets[-1:]]
        return ErrorGroup(
            id=error_id,
            type=kind,
            message=message,
            count=group.total.failed,
            names=frequent(task.name for task in tasks),
            workers=frequent(task.worker for task in tasks),
            first=self._first(error_id),
            last=max(ends, default=None),
            trend=buckets.numbers(group.buckets),
            matrix=matrix.of(error_id),
            state=state,
        )

    def _some(self, error_id: str) -> list[Task]:
        if self._is_late():
            return []
        query = all_of(of_error(error_id), self._failures, ended_during(*self._search.span))
        page = self._store.search(query, now=self._now, limit=_EACH, budget_s=self._budget.left_s)
        return list(page.items)

    def _first(self, error_id: str) -> float | None:
        query = all_of(failures_of(error_id), self._search.query)

        def ask() -> float | None:
            if self._is_late():
                return None
            page = self._store.search(
                query, now=self._now, order=FIRST_SEEN, limit=_FIRST, budget_s=self._budget.left_s
            )
            ends = (task.finished for task in page.items if task.finished is not None)
            return min(ends, default=None)

        return self._lists.firsts.get(query, _FIRST_KEEP_S, ask)

    def _is_late(self) -> bool:
        self._complete = self._complete and not self._budget.is_over
        return self._budget.is_over

    # -- that did not fail in this time --------------------------------------------------------

    def _decided(
        self, found: Mapping[str, object], buckets: Buckets, room: int
    ) -> list[ErrorGroup]:
        """Who asks for resolved or ignored ones wants to see all of them."""
        if self._search.state not in ("resolved", "ignored") or self._search.query != EVERYTHING:
            return []
        items: list[ErrorGroup] = []
        for error_id, decision in self._states.decisions.items():
            if error_id in found or len(items) >= room:
                continue
            state = self._states.of(error_id, self._now, self._budget)
            if self._is_wanted(state):
                items.append(without_failures(f"{error_id} {decision.title}", state, buckets))
        return items


def without_failures(
    label: str, state: GroupState, buckets: Buckets, *, last: float | None = None
) -> ErrorGroup:
    """The group of this label where nothing failed in the time of `buckets`; `last` is when its
    newest failure did, as far as is known."""
    error_id, kind, message = split_label(label)
    return ErrorGroup(
        id=error_id,
        type=kind,
        message=message,
        count=0,
        names=(),
        workers=(),
        first=None,
        last=last,
        trend=buckets.numbers(()),
        matrix=Matrix(),
        state=state,
    )


def frequent(values: Iterable[str | None]) -> tuple[str, ...]:
    """The most frequent of these, `NAMES_MAX` at most; None does not count."""
    counts = Counter(each for each in values if each)
    return tuple(value for value, _ in counts.most_common(NAMES_MAX))
