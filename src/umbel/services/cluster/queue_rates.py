"""How many messages a minute came into a queue and left it, over time.

What came in is counted by `task-sent` events, which alone name a queue; what left is that less what
the queue grew by between the samples at both ends of a bucket (docs/decisions/0417). Where either
is not known, or both do not fit each other, nothing is told of the bucket.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.query.parse import parse
from umbel.services.cluster.queue_counts import BUDGET_S, COUNTED_MAX, WITHOUT_MAX
from umbel.services.cluster.queue_flow import SLACK_PART, SLACK_PER_MIN
from umbel.services.cluster.worker_history import BY_MINUTE_MAX, TEN_MINUTES_S
from umbel.services.errors.trend import TimeSpan, buckets_of, counts_over_time, fitting_bucket_s
from umbel.services.samples.queue_trends import DepthPoint
from umbel.services.samples.sample_lines import sampled_lines
from umbel.services.search.incomplete import Incomplete, Span, incomplete
from umbel.store.base import Store
from umbel.store.samples import Samples, column_of
from umbel.store.series import CountSeries

#: A bucket that has lasted for less is no rate yet, seconds.
BEGUN_S: Final = 20.0
#: So many messages more than were sent may be those of before the first sample.
GROWN_MIN: Final = 5.0
#: A bucket has so many samples of its depth, at least, where so many are kept.
_SAMPLES_EACH: Final = 6
_DEPTH: Final = column_of("queue", "depth")
_WITHOUT: Final = (
    "How many messages came in is not known: more than one of 100 tasks does not tell its queue "
    "(task_send_sent_event = True)."
)
_UNFIT: Final = (
    "How many messages came in is not known: it grew by more than events tell of, so somebody "
    "sends to it without task-sent events (task_send_sent_event = True)."
)
_TOO_MANY: Final = "How many messages came in is not known: there was no time to count all tasks."


class RateBucket(msgspec.Struct, frozen=True):
    """Messages a minute that came in and left in the bucket that begins at `start` (Unix seconds);
    null is unknown."""

    start: float
    in_per_min: float | None
    out_per_min: float | None


class QueueRates(msgspec.Struct, frozen=True, kw_only=True):
    """The rates of a queue in buckets of `bucket_s` seconds, oldest first. `came_in` is how many
    messages came in from `since` on (Unix seconds: the beginning of the span, or of the history),
    null if that is not known: `unknown` says why. `incomplete` is what of that time passed unseen,
    null if nothing did."""

    name: str
    since: float
    bucket_s: float
    buckets: tuple[RateBucket, ...]
    came_in: int | None
    unknown: str | None
    incomplete: Incomplete | None


class QueueRateSeries:
    """Any thread. Raises `StoreError`."""

    def __init__(self, store: Store, samples: Samples, clock: Clock) -> None:
        self._store = store
        self._samples = samples
        self._clock = clock

    def of(self, name: str, since: float, until: float) -> QueueRates:
        """The rates from `since` to `until` (Unix seconds)."""
        now = self._clock.now()
        span = TimeSpan(since, min(until, now))
        queues = len(self._store.suggest("queue", "", BY_MINUTE_MAX + 1))
        least_s = 60.0 if queues <= BY_MINUTE_MAX else TEN_MINUTES_S
        counts = counts_over_time(
            self._store, parse(""), span, max(least_s, fitting_bucket_s(span)), now=now,
            budget_s=BUDGET_S, by="queue", top=COUNTED_MAX,
        )  # fmt: skip
        bucket_s, shape = counts.bucket_s, buckets_of(span, counts.bucket_s)
        depths = self._depths(name, span, bucket_s, now)
        sent = _sent(counts, name)
        unknown = _unknown(counts) or _unfit(sum(sent.values()), depths, span)
        missed = incomplete(self._store, Span(span.since, span.until), now)
        begun = self._store.status().oldest
        begun = span.until if begun is None else max(begun, span.since)
        gaps = [(gap.start, gap.end) for gap in missed.gaps] if missed is not None else []
        buckets = rate_buckets(
            None if unknown else sent,
            depths,
            [shape.start + number * bucket_s for number in range(shape.number)],
            bucket_s,
            span.until,
            [*gaps, (span.since - bucket_s, begun)],
        )
        return QueueRates(
            name=name,
            since=begun,
            bucket_s=bucket_s,
            buckets=tuple(buckets),
            came_in=None if unknown else sum(sent.values()),
            unknown=unknown,
            incomplete=missed,
        )

    def _depths(
        self, name: str, span: TimeSpan, bucket_s: float, now: float
    ) -> Sequence[DepthPoint]:
        """By the middle of each bucket of samples."""
        found = sampled_lines(
            self._samples, "queue", since=span.since - bucket_s, until=span.until + bucket_s,
            now=now, bucket_s=bucket_s / _SAMPLES_EACH, names=[name],
        )  # fmt: skip
        points = found.items[0].points if found.items else ()
        return [DepthPoint(at + found.bucket_s / 2, values[_DEPTH]) for at, values in points]


def rate_buckets(
    sent: Mapping[float, int] | None,
    depths: Sequence[DepthPoint],
    starts: Sequence[float],
    bucket_s: float,
    until: float,
    holes: Sequence[tuple[float, float]],
) -> list[RateBucket]:
    """Pure. `sent` are messages by the start of their bucket (None: not known), `depths` how many
    waited at moments, oldest first, and `holes` times in which not all was seen. Nothing is known
    of what came after `until`."""
    sampled = [each for each in depths if each.depth is not None]
    found = []
    for start in starts:
        end = min(start + bucket_s, until)
        is_seen = all(end <= first or start >= last for first, last in holes)
        if sent is None or not is_seen or end - start < min(BEGUN_S, bucket_s):
            found.append(RateBucket(start, None, None))
            continue
        incoming = 60 * sent.get(start, 0) / (end - start)
        found.append(_bucket(start, incoming, _growth(sampled, start, end, bucket_s)))
    return found


def _bucket(start: float, incoming: float, growth: float | None) -> RateBucket:
    if growth is None:
        return RateBucket(start, round(incoming, 2), None)
    outgoing = incoming - growth
    if outgoing < -max(SLACK_PER_MIN, SLACK_PART * abs(growth)):
        return RateBucket(start, None, None)
    return RateBucket(start, round(incoming, 2), round(max(0.0, outgoing), 2))


def _growth(
    sampled: Sequence[DepthPoint], start: float, end: float, bucket_s: float
) -> float | None:
    """By how many messages a minute it grew."""
    first, last = (_depth_at(sampled, at, bucket_s / 2) for at in (start, end))
    return None if first is None or last is None else 60 * (last - first) / (end - start)


def _depth_at(sampled: Sequence[DepthPoint], at: float, near_s: float) -> float | None:
    """Between the samples around it, or that of the nearest one."""
    index = bisect.bisect_left(sampled, at, key=lambda point: point.at)
    around = [
        each for each in sampled[max(0, index - 1) : index + 1] if abs(each.at - at) <= near_s
    ]
    if not around:
        return None
    first, last = around[0], around[-1]
    if first.depth is None or last.depth is None:
        return None
    part = 0.0 if last.at == first.at else (at - first.at) / (last.at - first.at)
    return first.depth + (last.depth - first.depth) * part


def _sent(counts: CountSeries, name: str) -> dict[float, int]:
    groups = (each for each in counts.groups if each.value == name)
    return {bucket.start: bucket.seen or 0 for each in groups for bucket in each.buckets}


def _unfit(sent: int, depths: Sequence[DepthPoint], span: TimeSpan) -> str | None:
    """Why the whole does not fit: it grew by more than what was sent."""
    within = [each.depth for each in depths if each.depth is not None and each.at >= span.since]
    growth = within[-1] - within[0] if within else 0.0
    return _UNFIT if growth - sent > max(GROWN_MIN, SLACK_PART * growth) else None


def _unknown(counts: CountSeries) -> str | None:
    if not counts.complete:
        return _TOO_MANY
    without = 0 if counts.other is None else counts.other.total.seen or 0
    return _WITHOUT if without > WITHOUT_MAX * (counts.total.seen or 0) else None
