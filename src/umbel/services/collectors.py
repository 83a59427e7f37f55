"""Reports of several collectors as one: the rule by which they add up, for the status.

Collectors that share an event queue (on AMQP, that of their store) each take a part of what comes,
so their counts are added. Where each has a queue of its own, as on all other brokers, every
collector receives every event, so their counts are the same ones, and those of the collector
that runs for longest are the most complete. Example: two collectors report 100 events each; on
RabbitMQ that is 200 events, on Redis 100. What they count for `/metrics` they count without what
others have stored already, so that is always added (`metric_sums.py`).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from typing import Final

from umbel.services.ingest.metric_counter import RUNTIME_BOUNDS
from umbel.services.metric_sums import metric_sum
from umbel.store.base import CollectorStatus, MetricCounts, Store

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


def metric_counts(store: Store) -> MetricCounts:
    """What all collectors of the store have counted. Raises `StoreError`."""
    return metric_sum(store.metric_counts()) or _NOTHING
