"""Reports of several collectors as one: the rule by which they add up, for the status and for
`/metrics`.

Collectors that share an event queue (on AMQP, that of their store) each take a part of what comes,
so their counts are added. Where each has a queue of its own, as on all other brokers, every
collector receives every event, so their counts are the same ones, and those of the collector
that runs for longest are the most complete. Example: two collectors report 100 events each; on
RabbitMQ that is 200 events, on Redis 100.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from typing import Final

import msgspec

from umbel.services.health.liveness import fresh
from umbel.services.ingest.metric_counter import RUNTIME_BOUNDS
from umbel.store.base import CollectorStatus, MetricCounts, Store, TaskCounts

#: Longer host names are cut to so many characters.
_HOST_MAX: Final = 64
_NOTHING: Final = MetricCounts(collector="", started=0.0, bounds=RUNTIME_BOUNDS)


def host_and_pid() -> str:
    """The name of this process's collector, if none was given: `eu-1-4711`."""
    return f"{socket.gethostname()[:_HOST_MAX]}-{os.getpid()}"


def predecessor(collectors: Sequence[CollectorStatus]) -> CollectorStatus | None:
    """Whose absence began last: the collector that reported last, of whatever name."""
    return max(collectors, key=lambda each: each.at, default=None)


def counting(collectors: Sequence[CollectorStatus]) -> list[CollectorStatus]:
    """Those of these collectors whose counts together are the whole, each event counted once: the
    longest running, and those that share its queue with it."""
    if not collectors:
        return []
    first = min(collectors, key=lambda each: each.started)
    if not first.queue:
        return [first]
    return [each for each in collectors if each.queue == first.queue]


def metric_counts(store: Store, now: float) -> MetricCounts:
    """What the collectors that report at `now` (Unix seconds) have counted since they began; if
    none does, what the one that reported last had counted. Raises `StoreError`."""
    counts = {each.collector: each for each in store.metric_counts()}
    # Counts of an earlier run of the same name are not those of this one.
    reporting = [
        each
        for each in sorted(store.collectors(), key=lambda each: each.started)
        if each.collector in counts and counts[each.collector].started == each.started
    ]
    if not reporting:
        return _NOTHING
    chosen = counting(fresh(reporting, now)) or [max(reporting, key=lambda each: each.at)]
    return _sum([counts[each.collector] for each in chosen])


def _sum(parts: Sequence[MetricCounts]) -> MetricCounts:
    """The counts of several collectors as one. Histograms whose buckets differ from the first
    one's are left out."""
    first = parts[0]
    if len(parts) == 1:
        return first
    items: dict[tuple[str, str], TaskCounts] = {}
    for part in parts:
        for item in part.items:
            if part.bounds != first.bounds:
                item = msgspec.structs.replace(item, runtimes=(), runtime_s=0.0)
            key = item.worker, item.task
            items[key] = _both(items[key], item) if key in items else item
    return msgspec.structs.replace(first, items=tuple(items.values()))


def _both(one: TaskCounts, other: TaskCounts) -> TaskCounts:
    waits = [each.waited_s for each in (one, other) if each.waited_s is not None]
    return TaskCounts(
        one.worker,
        one.task,
        min(one.since, other.since),
        {kind: one.events.get(kind, 0) + other.events.get(kind, 0)
         for kind in one.events | other.events},
        tuple(map(sum, zip(one.runtimes, other.runtimes, strict=True)))
        if one.runtimes and other.runtimes else one.runtimes or other.runtimes,
        one.runtime_s + other.runtime_s,
        max(waits, default=None),
        one.is_due or other.is_due,
    )  # fmt: skip
