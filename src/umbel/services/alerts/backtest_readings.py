"""What roll-ups tell of the past of a condition, for its back-test; `backtest_samples` has what
samples tell.

Each kind of condition is one question of the store or the samples, of `BUDGET_S` at most.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final

from umbel.clock import Clock
from umbel.cluster.gaps import Gap
from umbel.errors import CapabilityMissing
from umbel.query.ast import Node
from umbel.services.alerts.backtest import DAY_S, Past, PastPoint
from umbel.services.alerts.backtest_samples import SampledPast
from umbel.services.alerts.condition import (
    Absence,
    Condition,
    CountThreshold,
    DailyDeadline,
    DurationThreshold,
    ErrorAppears,
    FindingAppears,
    MatchThreshold,
    OnlineThreshold,
    QueueThreshold,
    WorkerSilence,
)
from umbel.services.alerts.judge import MISSED_BEFORE, MISSED_MAX
from umbel.services.alerts.readings import ERROR_FOR_S
from umbel.services.alerts.task_readings import deadline_of, measured
from umbel.services.errors.errors import Errors
from umbel.services.errors.group_list import GROUPS_MAX
from umbel.services.health.findings import covered_s
from umbel.services.health.liveness import uncovered
from umbel.services.search.outside_terms import OutsideTerms
from umbel.services.search.search import BUCKET_STEPS_S
from umbel.store.base import Store
from umbel.store.ledger import Ledger
from umbel.store.samples import Samples
from umbel.store.series import Counts, CountSeries, DurationSeries

BUDGET_S: Final = 2.0
#: About so many steps are taken at most.
STEPS_MAX: Final = 2_020

_NO_COUNTS: Final = Counts(seen=0)


class PastReader:
    """See `backtest.PastReading`. Any thread."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        samples: Samples,
        errors: Errors,
        clock: Clock,
        cluster_names: tuple[str, ...] = (),
    ) -> None:
        self._store = store
        self._resolved = OutsideTerms(ledger, cluster_names).resolved
        self._sampled = SampledPast(samples)
        self._errors = errors
        self._clock = clock

    def past(self, condition: Condition, days: float) -> Past:
        now = self._clock.now()
        oldest = self._store.status().oldest
        start = now - days * DAY_S
        try:
            if isinstance(condition, QueueThreshold):
                return self._sampled.queues(condition, start, now)
            if isinstance(condition, WorkerSilence | OnlineThreshold):
                return self._sampled.workers(condition, start, now, self._gaps(start, now))
            if isinstance(condition, MatchThreshold):
                return Past(why="What tasks were like then is not kept, only what became of them.")
            if isinstance(condition, FindingAppears):
                return Past(why="What the overview found in the past is not kept.")
            if oldest is None or oldest >= now - 60:
                return Past(why="Nothing was recorded yet, so there is nothing to look at.")
            start = max(start, oldest)
            if isinstance(condition, CountThreshold):
                return self._counts(condition, start, now)
            if isinstance(condition, DurationThreshold):
                return self._durations(condition, start, now)
            if isinstance(condition, Absence):
                return self._absence(condition, start, now)
            if isinstance(condition, DailyDeadline):
                return self._deadline(condition, start, now)
            return self._new_errors(condition, start, now)
        except CapabilityMissing as error:
            return Past(why=str(error))

    # -- tasks --------------------------------------------------------------------------------

    def _counts(self, condition: CountThreshold, start: float, now: float) -> Past:
        step_s = step_of(condition.window_s, now - start)
        found, complete = self._steps(condition.query, start - condition.window_s, now, step_s)
        width = max(1, math.ceil(condition.window_s / step_s))
        points = []
        for at in _times(start, now, step_s):
            some = [found.get(at - step_s * (each + 1), _NO_COUNTS) for each in range(width)]
            value = measured(condition, _sum(some))
            if value is None:
                return Past(why="How many tasks were seen cannot be counted by their state.")
            points.append(PastPoint(at, value))
        return self._of_tasks(points, condition.window_s, step_s, start, now, complete=complete)

    def _durations(self, condition: DurationThreshold, start: float, now: float) -> Past:
        step_s = step_of(condition.window_s, now - start, least_s=condition.window_s)
        found = self._store.series(
            self._resolved(condition.query), now=now, measure=condition.measure,
            start=start, end=now, bucket_s=step_s, budget_s=BUDGET_S,
        )  # fmt: skip
        assert isinstance(found, DurationSeries)  # noqa: S101  of a duration
        values = {each.start: each for each in found.buckets}
        fires_below = condition.operator in {"<", "<="}
        points = []
        for at in _times(start, now, step_s):
            bucket = values.get(at - step_s)
            if bucket is not None:
                points.append(PastPoint(at, getattr(bucket, condition.statistic)))
            elif not fires_below:
                points.append(PastPoint(at, 0.0))
        return self._of_tasks(points, step_s, step_s, start, now, complete=found.complete)

    def _absence(self, condition: Absence, start: float, now: float) -> Past:
        step_s = step_of(condition.for_s / 4, now - start)
        found, complete = self._steps(condition.query, start - condition.for_s, now, step_s)
        is_success = condition.what == "success"
        times = sorted(
            at + step_s
            for at, each in found.items()
            if (each.succeeded if is_success else each.seen or 0)
        )
        points = []
        for at in _times(start, now, step_s):
            before = bisect_right(times, at)
            last = times[before - 1] if before else None
            if last is not None:
                points.append(PastPoint(at, at - last))
            elif at - start >= condition.for_s:
                points.append(PastPoint(at, at - start))
        return self._of_tasks(points, condition.for_s, step_s, start, now, complete=complete)

    def _deadline(self, condition: DailyDeadline, start: float, now: float) -> Past:
        step_s = step_of(600.0, now - start)
        found, complete = self._steps(condition.query, start - 2 * DAY_S, now, step_s)
        times = sorted(at for at, each in found.items() if each.succeeded)
        points = []
        for at in _times(start, now, step_s):
            begin, due = deadline_of(condition, at)
            if begin < start:
                continue
            if at < due:
                begin, _ = deadline_of(condition, at, days_before=1)
            before = bisect_right(times, at)
            has = before > 0 and times[before - 1] + step_s > begin
            points.append(PastPoint(at, (MISSED_BEFORE if at < due else 1.0) * (not has)))
        return self._of_tasks(points, step_s, step_s, start, now, complete=complete)

    def _new_errors(self, condition: ErrorAppears, start: float, now: float) -> Past:
        if not condition.new:
            return Past(why="When errors were open again in the past is not kept.")
        found = self._errors.groups_of(
            condition.query, since=start, until=now, state=None, limit=GROUPS_MAX,
            budget_s=BUDGET_S,
        )  # fmt: skip
        points = {
            f"{each.type}: {each.message}": (
                PastPoint(each.first, 1.0),
                PastPoint(
                    min(now, each.first + ERROR_FOR_S), float(now - each.first < ERROR_FOR_S)
                ),
            )
            for each in found.items
            if each.first is not None and each.first >= start
        }
        return Past(points=points, step_s=60.0, since=start, until=now, complete=found.complete)

    def _steps(
        self, query: Node, start: float, now: float, step_s: float
    ) -> tuple[Mapping[float, Counts], bool]:
        """The counts by the beginning of their step; without any it is left out."""
        found = self._store.series(
            self._resolved(query), now=now, measure="count", start=start, end=now,
            bucket_s=step_s, budget_s=BUDGET_S,
        )  # fmt: skip
        assert isinstance(found, CountSeries)  # noqa: S101  of a count
        return {each.start: each for each in found.buckets}, found.complete

    def _gaps(self, start: float, now: float) -> Sequence[Gap]:
        """When no collector heard anything."""
        return uncovered(self._store.gaps(start, now), self._store.collectors(), now)

    def _of_tasks(
        self,
        points: Sequence[PastPoint],
        window_s: float,
        step_s: float,
        start: float,
        now: float,
        *,
        complete: bool,
    ) -> Past:
        """With what may have passed unseen left out."""
        gaps = self._gaps(start - window_s, now)
        known = [
            PastPoint(each.at, None if _missed(gaps, each.at, window_s) else each.value)
            for each in points
        ]
        return Past(points={"": known}, step_s=step_s, since=start, until=now, complete=complete)


def step_of(window_s: float, span_s: float, *, least_s: float = 0.0) -> float:
    """The width of a step: a tenth of the window if there are not too many, seconds."""
    wanted = max(window_s / 10, span_s / STEPS_MAX, least_s, 60.0)
    return next((each for each in BUCKET_STEPS_S if each >= wanted), BUCKET_STEPS_S[-1])


def _times(start: float, end: float, step_s: float) -> list[float]:
    """The ends of all whole steps between two times."""
    first = math.floor(start / step_s) + 1
    last = math.floor(end / step_s)
    return [step_s * each for each in range(first, last + 1)]


def _sum(counts: Sequence[Counts]) -> Counts:
    seen = [each.seen for each in counts]
    return Counts(
        seen=None if None in seen else sum(each or 0 for each in seen),
        succeeded=sum(each.succeeded for each in counts),
        failed=sum(each.failed for each in counts),
        revoked=sum(each.revoked for each in counts),
    )


def _missed(gaps: Sequence[Gap], at: float, window_s: float) -> bool:
    start = at - window_s
    within = [
        Gap(start=max(start, each.start), end=min(at, each.end), cause=each.cause)
        for each in gaps
        if each.end > start and each.start < at
    ]
    return bool(within) and covered_s(within) > MISSED_MAX * window_s
