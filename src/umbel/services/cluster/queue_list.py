"""The list of queues with what was sampled and counted of each, the worst first.

How full queues are, and who consumes them, broker and workers are asked (`queue_inspection`); the
last hour comes from samples, what was sent and how long it waited from series of tasks by queue.
What cannot be told is None, which is not 0: a store without samples, tasks whose queue nobody told
(`task_send_sent_event`), a history with gaps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.errors import StoreError
from umbel.services.cluster.queue_counts import NO_COUNTS, QueueCounts, count_queues
from umbel.services.cluster.queue_flow import flow_of
from umbel.services.cluster.queue_inspection import (
    QUEUES_MAX,
    QueueInspection,
    QueueList,
    QueueRow,
)
from umbel.services.cluster.shared_calls import SharedCalls
from umbel.services.cluster.worker_history import BY_MINUTE_MAX
from umbel.services.samples.queue_trends import (
    BACK_S,
    HOUR_S,
    LATEST_S,
    STEP_S,
    DepthPoint,
    Trend,
    trend_of,
)
from umbel.services.samples.sample_lines import sampled_lines
from umbel.store.base import Store
from umbel.store.samples import Samples, Values, column_of

#: For how long what was before is shared by all who ask, seconds.
SHARED_S: Final = 5.0
#: The newest samples are those of so long, seconds.
_NEWEST_S: Final = 60.0
_DEPTH, _OLDEST = column_of("queue", "depth"), column_of("queue", "oldest_s")


class ListedQueue(QueueRow, frozen=True, kw_only=True):
    """A queue in the list. About an hour ago `hour_ago` messages waited; `trend` is where it has
    been going for a quarter of an hour, `depths` how many waited in each bucket of the last hour,
    and the oldest message has waited `oldest_s` (0 if none waits). In the last quarter of an hour
    so many messages a minute came in and left (`in_per_min`, `out_per_min`), and its tasks waited
    for no more than `wait_p95_s`, 95 of 100 of them. If it goes on so, none waits in `drain_s`.
    Times are in seconds. Null is unknown."""

    hour_ago: int | None = None
    trend: Trend | None = None
    depths: tuple[int | None, ...] | None = None
    oldest_s: float | None = None
    in_per_min: float | None = None
    out_per_min: float | None = None
    wait_p95_s: float | None = None
    drain_s: float | None = None


class ListedQueues(QueueList, frozen=True, kw_only=True):
    """Queues, those in trouble first, as of `at` (Unix seconds), and what this `broker` (its
    address without secrets) can do. `missing` are workers that did not say what they consume, those
    that fell silent of late included; `more` is how many queues are left out. The first bucket of
    each of the `depths` begins at `since` and lasts `bucket_s` seconds. `unsampled` says in a
    sentence why it is not known how full queues were, null if it is."""

    items: tuple[ListedQueue, ...]
    since: float
    bucket_s: float
    unsampled: str | None


class Sampled(msgspec.Struct, frozen=True):
    """Samples of the last hour, by queue, in buckets of `bucket_s`; see `ListedQueues`."""

    lines: Mapping[str, Sequence[tuple[int, Values]]]
    newest: Mapping[str, float | None]
    bucket_s: float = STEP_S
    trouble: str | None = None


class QueueLists:
    """Any thread. Raises what `Cluster` raises, and `StoreError`."""

    def __init__(
        self, store: Store, samples: Samples, queues: QueueInspection, clock: Clock
    ) -> None:
        self._store = store
        self._samples = samples
        self._queues = queues
        self._clock = clock
        self._sampled: SharedCalls[Sampled] = SharedCalls(clock, SHARED_S)
        self._counts: SharedCalls[QueueCounts] = SharedCalls(clock, SHARED_S)

    def list(self, search: str = "") -> ListedQueues:
        """The queues that are known, or those of a search; see `QueueInspection.all`."""
        found = self._queues.all(search)
        now = self._clock.now()
        sampled, counts = Sampled({}, {}), NO_COUNTS
        if found.items:
            sampled = self._sampled.ask((), lambda: sampled_queues(self._samples, now))
            # Of a search it is not known how many there are in all.
            number = QUEUES_MAX if search else len(found.items)
            is_fine = number <= BY_MINUTE_MAX
            counts = self._counts.ask(is_fine, lambda: count_queues(self._store, number, now))
        since = math.floor((now - HOUR_S) / sampled.bucket_s) * sampled.bucket_s
        rows = [_listed(each, sampled, counts, since, now) for each in found.items]
        return ListedQueues(
            items=tuple(sorted(rows, key=trouble_rank)),
            broker=found.broker,
            capabilities=found.capabilities,
            at=found.at,
            missing=found.missing,
            more=found.more,
            since=since,
            bucket_s=sampled.bucket_s,
            unsampled=sampled.trouble,
        )


def trouble_rank(queue: ListedQueue) -> tuple[bool, bool, float, int, str]:
    """The order of a list: first queues that nobody consumes though messages wait, then those
    that grow, then by the age of the oldest message and by how many wait. Where somebody paused a
    queue all of this is as it should be."""
    if queue.paused is not None:
        return True, True, 0.0, -(queue.ready or 0), queue.name
    unconsumed = queue.workers == () and not queue.consumers and bool(queue.ready)
    growing = queue.trend == "growing"
    return (not unconsumed, not growing, -(queue.oldest_s or 0.0), -(queue.ready or 0), queue.name)


def sampled_queues(samples: Samples, now: float) -> Sampled:
    """What was sampled of queues up to now; samples that cannot be read hide no queue."""
    try:
        found = sampled_lines(
            samples, "queue", since=now - BACK_S, until=now, now=now, bucket_s=STEP_S,
            limit=QUEUES_MAX,
        )  # fmt: skip
        newest = samples.lines("queue", 0, now - _NEWEST_S, now + 1, limit=QUEUES_MAX)
    except StoreError as error:
        return Sampled({}, {}, trouble=f"How full queues were is not known: {error}")
    return Sampled(
        {line.name: line.points for line in found.items},
        {line.name: line.points[-1][1][_OLDEST] for line in newest.items if line.points},
        found.bucket_s,
        None if found.items else NO_SAMPLES,
    )


NO_SAMPLES: Final = (
    "How full queues were is not known: there are no samples of the last hour. umbel serve takes "
    "them while it runs (samples.period)."
)


def _listed(
    row: QueueRow, sampled: Sampled, counts: QueueCounts, since: float, now: float
) -> ListedQueue:
    line = sampled.lines.get(row.name, ())
    points = [DepthPoint(at, values[_DEPTH]) for at, values in line]
    trend = trend_of(points, row.ready, now)
    sent = counts.sent.get(row.name)
    flow = flow_of(points, row.ready, sent, counts.since, now, trend.trend)
    known = {name: getattr(row, name) for name in QueueRow.__struct_fields__}
    return ListedQueue(
        **known,
        hour_ago=trend.hour_ago,
        trend=trend.trend,
        depths=_depths(points, since, sampled.bucket_s, now) if points else None,
        oldest_s=_oldest_s(row, sampled, now),
        in_per_min=flow.in_per_min,
        out_per_min=flow.out_per_min,
        wait_p95_s=counts.wait_p95_s.get(row.name),
        drain_s=flow.drain_s,
    )


def _depths(
    points: Sequence[DepthPoint], since: float, bucket_s: float, now: float
) -> tuple[int | None, ...]:
    by_start = {each.at: each.depth for each in points}
    number = math.floor((now - since) / bucket_s) + 1
    found = (by_start.get(since + each * bucket_s) for each in range(number))
    return tuple(None if depth is None else round(depth) for depth in found)


def _oldest_s(row: QueueRow, sampled: Sampled, now: float) -> float | None:
    if row.ready == 0:
        return 0.0
    if row.name in sampled.newest:
        return sampled.newest[row.name] or None
    line = sampled.lines.get(row.name, ())
    if not line or line[-1][0] < now - LATEST_S:
        return None
    return line[-1][1][_OLDEST] or None
