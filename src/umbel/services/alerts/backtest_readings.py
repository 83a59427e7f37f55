"""What roll-ups and samples tell of the past of a condition, for its back-test.

Each kind of condition is one question of the store or the samples, of `BUDGET_S` at most.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Final

from umbel.clock import Clock
from umbel.cluster.gaps import Gap
from umbel.errors import CapabilityMissing
from umbel.query.ast import Node
from umbel.query.describe import spoken_duration
from umbel.query.globbing import glob
from umbel.services.alerts.backtest import DAY_S, Past, PastPoint
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
from umbel.services.alerts.judge import MISSED_MAX
from umbel.services.alerts.readings import ERROR_FOR_S, QUEUE_COLUMNS
from umbel.services.alerts.task_readings import deadline_of, measured
from umbel.services.errors.errors import Errors
from umbel.services.errors.group_list import GROUPS_MAX
from umbel.services.health.findings import covered_s
from umbel.services.health.liveness import uncovered
from umbel.services.samples.sample_lines import sampled_lines
from umbel.services.search.ledger_terms import resolved
from umbel.services.search.search import BUCKET_STEPS_S
from umbel.store.base import Store
from umbel.store.ledger import Ledger
from umbel.store.samples import SAMPLED_MAX, Kind, Samples
from umbel.store.series import Counts, CountSeries, DurationSeries

BUDGET_S: Final = 2.0
#: About so many steps are taken at most.
STEPS_MAX: Final = 2_020
#: So many queues that fit a pattern are looked at.
LINES_MAX: Final = 50

_NO_COUNTS: Final = Counts(seen=0)


class PastReader:
    """See `backtest.PastReading`. Any thread."""

    def __init__(
        self, store: Store, ledger: Ledger, samples: Samples, errors: Errors, clock: Clock
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._samples = samples
        self._errors = errors
        self._clock = clock

    def past(self, condition: Condition, days: float) -> Past:
        now = self._clock.now()
        oldest = self._store.status().oldest
        start = now - days * DAY_S
        try:
            if isinstance(condition, QueueThreshold):
                return self._queues(condition, start, now)
            if isinstance(condition, WorkerSilence | OnlineThreshold):
                return self._workers(condition, start, now)
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
            resolved(condition.query, self._ledger), now=now, measure=condition.measure,
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
        found, complete = self._steps(condition.query, start - DAY_S, now, step_s)
        times = sorted(at for at, each in found.items() if each.succeeded)
        points = []
        for at in _times(start, now, step_s):
            begin, due = deadline_of(condition, at)
            if begin < start:
                continue
            before = bisect_right(times, at)
            has = before > 0 and times[before - 1] + step_s > begin
            points.append(PastPoint(at, float(at >= due and not has)))
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
            resolved(query, self._ledger), now=now, measure="count", start=start, end=now,
            bucket_s=step_s, budget_s=BUDGET_S,
        )  # fmt: skip
        assert isinstance(found, CountSeries)  # noqa: S101  of a count
        return {each.start: each for each in found.buckets}, found.complete

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
        gaps = uncovered(self._store.gaps(start - window_s, now), self._store.collectors(), now)
        known = [
            PastPoint(each.at, None if _missed(gaps, each.at, window_s) else each.value)
            for each in points
        ]
        return Past(points={"": known}, step_s=step_s, since=start, until=now, complete=complete)

    # -- samples ------------------------------------------------------------------------------

    def _queues(self, condition: QueueThreshold, start: float, now: float) -> Past:
        column = QUEUE_COLUMNS[condition.measure]
        fits = glob(condition.queue)
        is_pattern = bool({"*", "?"} & set(condition.queue))
        found = sampled_lines(
            self._samples, "queue", since=start, until=now, now=now,
            names=None if is_pattern else [condition.queue], limit=SAMPLED_MAX["queue"],
        )  # fmt: skip
        lines = [each for each in found.items if not is_pattern or fits(each.name)]
        step_s = float(found.bucket_s)
        width = max(1, math.ceil(condition.window_s / step_s))
        points: dict[str, list[PastPoint]] = {}
        for line in lines[:LINES_MAX]:
            values = {at: each[column] for at, each in line.points}
            points[line.name] = [
                PastPoint(at + step_s, _mean(values, at, step_s, width)) for at in sorted(values)
            ]
        is_complete = found.more == 0 and len(lines) <= LINES_MAX
        return _sampled(points, step_s, start, now, "queue", complete=is_complete)

    def _workers(
        self, condition: WorkerSilence | OnlineThreshold, start: float, now: float
    ) -> Past:
        fits = glob(condition.worker)
        found = sampled_lines(self._samples, "worker", since=start, until=now, now=now, limit=5_000)
        step_s = float(found.bucket_s)
        if isinstance(condition, WorkerSilence) and condition.silent_s < step_s:
            return Past(
                why=f"Of so long ago there are samples of {spoken_duration(step_s)} alone, and the "
                f"rule asks about {spoken_duration(condition.silent_s)}. Test fewer days."
            )
        seen = {line.name: {at for at, _ in line.points} for line in found.items if fits(line.name)}
        # Others, or queues, show when anybody sampled.
        times = sorted({at for line in found.items for at, _ in line.points})
        if isinstance(condition, OnlineThreshold):
            online = [
                PastPoint(at + step_s, float(sum(at in each for each in seen.values())))
                for at in times
            ]
            points: dict[str, list[PastPoint]] = {"": online} if online else {}
            return _sampled(points, step_s, start, now, "worker", complete=found.more == 0)
        points = {name: _silences(times, there, step_s) for name, there in seen.items()}
        return _sampled(points, step_s, start, now, "worker", complete=found.more == 0)


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


def _mean(values: Mapping[int, float | None], at: int, step_s: float, width: int) -> float | None:
    some = [values.get(at - round(step_s) * each) for each in range(width)]
    given = [each for each in some if each is not None]
    return fmean(given) if given else None


def _silences(times: Sequence[int], there: set[int], step_s: float) -> list[PastPoint]:
    """For how long a worker was not seen, while somebody was."""
    found, last = [], None
    for at in times:
        last = at if at in there else last
        if last is not None:
            found.append(PastPoint(at + step_s, float(at - last)))
    return found


def _sampled(
    points: Mapping[str, Sequence[PastPoint]],
    step_s: float,
    start: float,
    now: float,
    kind: Kind,
    *,
    complete: bool,
) -> Past:
    ends: list[float] = [each.at for some in points.values() for each in some[:1]]
    if not ends:
        return Past(why=f"No {kind} of this name was sampled in that time.")
    since = max(start, min(ends) - step_s)
    return Past(points=points, step_s=step_s, since=since, until=now, complete=complete)
