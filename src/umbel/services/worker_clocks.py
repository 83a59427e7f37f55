"""How far this machine's clock is from that of the workers."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from umbel.clock import AHEAD_S
from umbel.cluster.worker import ONLINE, Worker


def ahead_of_workers_s(workers: Iterable[Worker], now: float) -> float:
    """By how much this machine's clock is ahead of (below 0: behind) those of most workers that are
    online, seconds; 0 below a minute."""
    there = [each for each in workers if each.status(now) == ONLINE]
    skews = [each.skew_s for each in there if each.skew_s is not None]
    ahead_s = -statistics.median_low(skews) if skews else 0.0
    return ahead_s if abs(ahead_s) > AHEAD_S else 0.0
