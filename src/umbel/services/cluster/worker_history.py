"""How the tasks of each worker ended in a span of time, from one series by worker.

Roll-ups know the values of few workers by minute and of some hundreds by ten minutes
(docs/decisions/0280), so where there are more than a few, buckets are of ten minutes. Of a worker
that got no row of its own nothing is known, which is not 0. An answer is shared by all who ask
within some seconds, longer where it took long.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.query.parse import parse
from umbel.services.cluster.shared_calls import SharedCalls
from umbel.services.errors.trend import Buckets, TimeSpan, buckets_of, counts_over_time
from umbel.services.search import incomplete
from umbel.services.search.search import BUCKET_STEPS_S
from umbel.store.base import Store
from umbel.store.series import CountBucket, CountGroup

#: About so many points a worker's line has.
POINTS: Final = 30
#: More workers than this are counted by ten minutes.
BY_MINUTE_MAX: Final = 32
TEN_MINUTES_S: Final = 600.0
#: The most workers that are counted each for itself.
COUNTED_MAX: Final = 5_000
#: How long the store may take, and an answer is shared at least, seconds.
BUDGET_S: Final = 1.5
SHARED_S: Final = 5.0
#: An answer is shared for so many times what it took.
_SHARED_TIMES: Final = 10
#: Answers to spans that end now are shared when they end within so many seconds.
_NOW_S: Final = 5.0


class WorkerEnds(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks of a worker succeeded and failed in a span, and in each bucket of it how many
    ended (`trend`) and failed (`failures`); None where that is not known."""

    succeeded: int | None = None
    failed: int | None = None
    trend: tuple[int, ...] | None = None
    failures: tuple[int, ...] | None = None


class CountedWorkers(msgspec.Struct, frozen=True, kw_only=True):
    """The ends of the tasks of each worker in `span`, which is one of whole buckets, or ends now;
    of others there are none if `complete`."""

    span: TimeSpan
    buckets: Buckets
    workers: Mapping[str, WorkerEnds]
    complete: bool
    incomplete: incomplete.Incomplete | None

    def of(self, worker: str) -> WorkerEnds:
        """Those of this one."""
        found = self.workers.get(worker)
        if found is not None or not self.complete:
            return found or WorkerEnds()
        none = (0,) * self.buckets.number
        return WorkerEnds(succeeded=0, failed=0, trend=none, failures=none)


class WorkerHistory:
    """Any thread. Raises `StoreError`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._calls: SharedCalls[CountedWorkers] = SharedCalls(clock, SHARED_S)
        self._took_s = 0.0

    def counted(self, since: float, until: float, workers: int, now: float) -> CountedWorkers:
        """The ends in that span (Unix seconds) of a cluster that has so many `workers`."""
        rough = round(until / _NOW_S) if until >= now else until
        question = (round(until - since), rough, workers > BY_MINUTE_MAX)
        return self._calls.ask(
            question,
            lambda: self._count(TimeSpan(since, until), workers, now),
            lambda _: max(SHARED_S, _SHARED_TIMES * self._took_s),
        )

    def _count(self, span: TimeSpan, workers: int, now: float) -> CountedWorkers:
        began = self._clock.monotonic()
        series = counts_over_time(
            self._store, parse(""), span, fitting_step_s(span, workers), now=now,
            budget_s=BUDGET_S, by="worker", top=COUNTED_MAX,
        )  # fmt: skip
        buckets = buckets_of(span, series.bucket_s)
        end = buckets.start + buckets.number * buckets.bucket_s
        span = TimeSpan(buckets.start, end if span.until < now else now)
        found = CountedWorkers(
            span=span,
            buckets=buckets,
            workers={each.value: _ends(each, buckets) for each in series.groups},
            complete=series.complete,
            incomplete=incomplete.incomplete(self._store, incomplete.Span(*span), now),
        )
        self._took_s = self._clock.monotonic() - began
        return found


def fitting_step_s(span: TimeSpan, workers: int) -> float:
    """The length of bucket of which about `POINTS` fill the span, seconds; where there are so many
    workers, one that roll-ups of many have."""
    least = TEN_MINUTES_S if workers > BY_MINUTE_MAX else 0.0
    fits = max(least, (span.until - span.since) / POINTS)
    return next((step_s for step_s in BUCKET_STEPS_S if step_s >= fits), fits)


def _ends(group: CountGroup, buckets: Buckets) -> WorkerEnds:
    return WorkerEnds(
        succeeded=group.total.succeeded,
        failed=group.total.failed,
        trend=buckets.numbers(group.buckets, _ended),
        failures=buckets.numbers(group.buckets),
    )


def _ended(bucket: CountBucket) -> int:
    return bucket.succeeded + bucket.failed + bucket.revoked
