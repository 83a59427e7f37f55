"""How many tasks were sent to each queue of late, and how long its tasks waited: two series by
queue. Roll-ups know few queues by minute and some hundreds by ten minutes (docs/decisions/0280).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import msgspec

from umbel.query.parse import parse
from umbel.services.cluster.queue_flow import COUNTED_S
from umbel.services.cluster.worker_history import BY_MINUTE_MAX, TEN_MINUTES_S
from umbel.services.errors.trend import TimeSpan, counts_over_time
from umbel.services.search.incomplete import Span, incomplete
from umbel.store.base import Store
from umbel.store.series import CountSeries, DurationSeries

#: The most queues that are counted each for itself.
COUNTED_MAX: Final = 500
#: What was counted for less is no rate, seconds.
COUNTED_MIN_S: Final = 60.0
#: How long the store may take for each of the two, seconds.
BUDGET_S: Final = 1.0
#: Where more than this part of tasks has no queue that is known, none is taken for counted.
WITHOUT_MAX: Final = 0.01


class QueueCounts(msgspec.Struct, frozen=True):
    """By queue: how many tasks were sent to it from `since` on (Unix seconds), and the 95th
    percentile of their wait, seconds. A queue that is not there is not known."""

    since: float
    sent: Mapping[str, int]
    wait_p95_s: Mapping[str, float]


NO_COUNTS: Final = QueueCounts(0.0, {}, {})


def count_queues(store: Store, queues: int, now: float) -> QueueCounts:
    """The counts of about a quarter of an hour, of a cluster of so many queues. Raises
    `StoreError`."""
    step_s = 60.0 if queues <= BY_MINUTE_MAX else TEN_MINUTES_S
    since = math.floor((now - COUNTED_S) / step_s) * step_s
    counts = counts_over_time(
        store, parse(""), TimeSpan(since, now), step_s, now=now, budget_s=BUDGET_S, by="queue",
        top=COUNTED_MAX,
    )  # fmt: skip
    waits = store.series(
        parse(""), now=now, measure="wait", start=since, end=now, bucket_s=step_s, by="queue",
        top=COUNTED_MAX, budget_s=BUDGET_S,
    )  # fmt: skip
    groups = waits.groups if isinstance(waits, DurationSeries) else ()
    # A history that has just begun knows of no time before.
    begun = max(since, store.status().oldest or since)
    is_whole = (
        _is_whole(counts)
        and now - begun >= COUNTED_MIN_S
        and incomplete(store, Span(begun, now), now) is None
    )
    return QueueCounts(
        begun,
        {each.value: each.total.seen or 0 for each in counts.groups} if is_whole else {},
        {each.value: round(each.total.p95, 3) for each in groups if each.total is not None},
    )


def _is_whole(counts: CountSeries) -> bool:
    without = 0 if counts.other is None else counts.other.total.seen or 0
    return counts.complete and without <= WITHOUT_MAX * (counts.total.seen or 0)
