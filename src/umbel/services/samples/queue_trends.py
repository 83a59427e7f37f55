"""Where a queue is going: its samples of the last hour, and how full it is now, as words.

Pure. A trend compares the mean of the later half of a quarter of an hour with that of the earlier
half, so that one long task or a burst of mail does not make it; a peak that is over is no growth.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Final, Literal

import msgspec

Trend = Literal["growing", "draining", "steady"]

HOUR_S: Final = 3_600.0
#: A sample so much earlier or later is still one of an hour ago, seconds.
NEAR_S: Final = 300.0
#: How far back samples are needed, and how wide their buckets may be, seconds.
BACK_S: Final = HOUR_S + NEAR_S
STEP_S: Final = 120.0
#: Of how long a time the halves are compared, of which so much must be sampled, seconds.
TREND_S: Final = 900.0
SAMPLED_S: Final = 600.0
#: So many samples it takes, and the last one is no older, seconds.
POINTS_MIN: Final = 3
LATEST_S: Final = 420.0
#: A change of fewer messages, or of a smaller part of them, is none.
CHANGED_MIN: Final = 5.0
CHANGED_PART: Final = 0.1


class DepthPoint(msgspec.Struct, frozen=True):
    """How many messages waited in the mean of a bucket that begins `at` (Unix seconds)."""

    at: float
    depth: float | None


class QueueTrend(msgspec.Struct, frozen=True):
    """How many messages waited about an hour ago, and where it has been going for a quarter of an
    hour; None where samples do not say."""

    hour_ago: int | None = None
    trend: Trend | None = None


def trend_of(points: Sequence[DepthPoint], ready: int | None, now: float) -> QueueTrend:
    """The trend by points, oldest first, of a queue in which `ready` messages wait `now`."""
    sampled = [(each.at, each.depth) for each in points if each.depth is not None]
    return QueueTrend(
        _hour_ago(sampled, now), None if ready is None else _trend(sampled, ready, now)
    )


def _hour_ago(sampled: Sequence[tuple[float, float]], now: float) -> int | None:
    distance_s, depth = min(
        ((abs(at + STEP_S / 2 - (now - HOUR_S)), depth) for at, depth in sampled),
        default=(NEAR_S, 0.0),
    )
    return round(depth) if distance_s < NEAR_S else None


def _trend(sampled: Sequence[tuple[float, float]], ready: int, now: float) -> Trend | None:
    recent = [(at, depth) for at, depth in sampled if now - TREND_S <= at <= now]
    if len(recent) < POINTS_MIN or recent[0][0] > now - SAMPLED_S or recent[-1][0] < now - LATEST_S:
        return None
    middle = now - TREND_S / 2
    earlier = fmean(depth for at, depth in recent if at < middle)
    later = fmean([*(depth for at, depth in recent if at >= middle), float(ready)])
    least = max(CHANGED_MIN, CHANGED_PART * earlier)
    if later - earlier >= least and ready > earlier:
        return "growing"
    if earlier - later >= least and ready < earlier:
        return "draining"
    return "steady"
