"""The groups of failures of a time and a search, within a time budget.

One series by error has counts and trend of all groups, and says of most decisions whether they
hold; others have the matrix. Names, workers, first and last are read from a few tasks of each group
that is shown: of the newest failures together, then group by group as long as time is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

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
from umbel.services.errors.matrix import (
    DAY_BUCKET_S,
    DAY_S,
    ColumnCounts,
    MatrixCounts,
    column_of,
)
from umbel.services.errors.recent_answers import RecentAnswers
from umbel.services.errors.recurrence import Counted
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
from umbel.store.series import CountBucket, CountGroup, CountSeries

#: The most groups that a list has.
GROUPS_MAX: Final = 200
#: So many are looked at, to have the rest when those that people ignore are left out.
LOOKED_AT_MAX: Final = 1_000
#: So many failures are read for all groups together, and of one group that has less than `_ENOUGH`
#: among these.
_NEWEST, _EACH, _ENOUGH = 500, 5, 3
#: When an error was first seen is looked up again after so many seconds; of so many it is kept,
#: and when they came back.
_FIRST_KEEP_S, _FIRST_MOST = 600.0, 5_000
#: Of so many searches the columns of the matrix are kept for a little while.
_SEARCHES_MOST: Final = 60
#: Among so many that the store saw first is the one that failed first.
_FIRST: Final = 3
#: Tasks of a group are read again when it failed again, and after so many seconds; of so many
#: groups they are kept.
_SOME_KEEP_S, _SOME_MOST = 60.0, 2_000
#: The last day ends at most so long ago, and is at most so much shorter or longer, seconds.
_LATELY_S: Final = 60.0
#: So many names and workers are told of a group.
NAMES_MAX: Final = 20


class GroupSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: failures that match `query`, of the time `span`; groups in `state` or, if
    that is None, in any; at most `limit`. Without `matrix` nobody asks how often in other times."""

    query: Node
    span: TimeSpan
    state: State | None = None
    limit: int = GROUPS_MAX
    matrix: bool = True


class _Seen(NamedTuple):
    """What is told of one of a group's tasks."""

    name: str | None
    worker: str | None
    finished: float | None


class GroupLists:
    """Lists the groups of a store. Any thread."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.firsts: RecentAnswers[float] = RecentAnswers(clock, _FIRST_MOST)
        self.columns: RecentAnswers[ColumnCounts] = RecentAnswers(clock, _SEARCHES_MOST)
        self.returned: RecentAnswers[float] = RecentAnswers(clock, _FIRST_MOST)
        self.some: RecentAnswers[tuple[_Seen, ...]] = RecentAnswers(clock, _SOME_MOST)

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
        span = search.span
        reaches_now = abs(span.until - now) <= _LATELY_S
        self._is_day = reaches_now and abs(span.until - span.since - DAY_S) <= _LATELY_S
        #: Whether all failures since then are counted, those that a decision is judged by.
        self._counts_all = reaches_now and search.query == EVERYTHING

    def groups(self) -> ErrorGroups:
        span = self._search.span
        series = self._series()
        self._counts_all &= series.complete
        buckets = buckets_of(span, max(series.bucket_s, fitting_bucket_s(span)))
        day = column_of(series, self._top) if self._is_day and series.complete else None
        matrix = MatrixCounts(
            self._store, self._failures, self._now, self._budget, self._lists.columns, day,
            wanted=self._search.matrix,
        )  # fmt: skip
        newest = self._newest()
        found = {split_label(each.value)[0]: each for each in series.groups}
        found.pop("", None)
        items: list[ErrorGroup] = []
        for error_id, group in found.items():
            counted = self._counted(group.buckets, series)
            if not self._may_be_wanted(error_id, counted):
                continue
            state = self._states.of(error_id, self._now, self._budget, counted)
            if self._is_wanted(state):
                if len(items) == self._search.limit:
                    self._complete = False
                    break
                items.append(self._group(group, buckets, matrix, newest, state))
        absent = self._counted((), series) if len(series.groups) < self._top else None
        items += self._decided(found, buckets, absent, self._search.limit - len(items))
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
            counted=series.complete,
        )

    @property
    def _top(self) -> int:
        wanted = GROUPS_MAX + len(self._states.decisions)
        return min(wanted, LOOKED_AT_MAX)

    def _is_wanted(self, state: GroupState) -> bool:
        return self._search.state in (None, state.state)

    def _may_be_wanted(self, error_id: str, counted: Counted | None) -> bool:
        surely = self._states.surely(error_id, self._now, counted)
        return surely is None or self._search.state in (None, surely)

    def _counted(self, buckets: Sequence[CountBucket], series: CountSeries) -> Counted | None:
        """The failures of an error that has these buckets; None unless they are all."""
        if not self._counts_all:
            return None
        return Counted(buckets, series.bucket_s, self._search.span.since)

    # -- of all groups together ----------------------------------------------------------------

    def _series(self) -> CountSeries:
        """Failures by error, in the time that was asked for."""
        span = self._search.span
        series = counts_over_time(
            self._store,
            self._failures,
            span,
            DAY_BUCKET_S if self._is_day else fitting_bucket_s(span),
            now=self._now,
            budget_s=self._budget.share_s(3),
            by="error",
            top=self._top,
        )
        self._complete = self._complete and series.complete
        return series

    def _newest(self) -> Mapping[str, list[_Seen]]:
        """Some of the failures, by error, the newest first."""
        span = self._search.span
        page = self._store.search(
            all_of(self._failures, ended_during(*span)),
            now=self._now,
            limit=_NEWEST,
            budget_s=self._budget.share_s(3),
        )
        by_error: dict[str, list[_Seen]] = {}
        for task in page.items:
            by_error.setdefault(split_label(task.error or "")[0], []).append(_seen(task))
        return by_error

    # -- of one group --------------------------------------------------------------------------

    def _group(
        self,
        group: CountGroup,
        buckets: Buckets,
        matrix: MatrixCounts,
        newest: Mapping[str, Sequence[_Seen]],
        state: GroupState,
    ) -> ErrorGroup:
        error_id, kind, message = split_label(group.value)
        tasks = newest.get(error_id, ())
        if len(tasks) < min(_ENOUGH, group.total.failed):
            tasks = self._some(error_id, group) or tasks
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

    def _some(self, error_id: str, group: CountGroup) -> tuple[_Seen, ...] | None:
        query = all_of(of_error(error_id), self._failures)
        last = group.buckets[-1] if group.buckets else None

        def ask() -> tuple[_Seen, ...] | None:
            if self._is_late():
                return None
            during = all_of(query, ended_during(*self._search.span))
            page = self._store.search(
                during, now=self._now, limit=_EACH, budget_s=self._budget.left_s
            )
            return tuple(map(_seen, page.items))

        return self._lists.some.get((query, group.total.failed, last), _SOME_KEEP_S, ask)

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
        self, found: Mapping[str, object], buckets: Buckets, absent: Counted | None, room: int
    ) -> list[ErrorGroup]:
        """Who asks for resolved or ignored ones wants to see all of them."""
        if self._search.state not in ("resolved", "ignored") or self._search.query != EVERYTHING:
            return []
        items: list[ErrorGroup] = []
        for error_id, decision in self._states.decisions.items():
            if error_id in found or len(items) >= room:
                continue
            if not self._may_be_wanted(error_id, absent):
                continue
            state = self._states.of(error_id, self._now, self._budget, absent)
            if self._is_wanted(state):
                items.append(without_failures(f"{error_id} {decision.title}", state, buckets))
        return items


def _seen(task: Task) -> _Seen:
    return _Seen(task.name, task.worker, task.finished)


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
