"""How fast messages come into a queue and leave it, and how long it takes to drain.

Pure. What comes in is what was sent: only `task-sent` events name the queue of a task. What leaves
is what came in less what the queue grew by, so a message counts as gone when a worker takes it,
whatever becomes of its task. Where both do not fit each other (others send to the queue without
telling, or events are missing) neither is known. What the queue grows by needs no events: by that
alone it is told when it will be empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from umbel.services.samples.queue_trends import STEP_S, DepthPoint, Trend

#: Over about so long messages are counted, seconds, of which so much must be sampled.
COUNTED_S: Final = 900.0
SAMPLED_S: Final = 300.0
#: A first sample so much later is no longer one of the beginning, seconds.
LATE_S: Final = 300.0
#: Samples are means of two minutes: so much less than nothing is still nothing, messages a minute,
#: or as a part of what the queue changed by.
SLACK_PER_MIN: Final = 1.0
SLACK_PART: Final = 0.1


class QueueFlow(msgspec.Struct, frozen=True):
    """Messages a minute that come in and leave, and in how many seconds none waits any more if it
    goes on so; None where that is not known, or the queue does not drain."""

    in_per_min: float | None = None
    out_per_min: float | None = None
    drain_s: float | None = None


def flow_of(
    points: Sequence[DepthPoint],
    ready: int | None,
    sent: int | None,
    since: float,
    now: float,
    trend: Trend | None,
) -> QueueFlow:
    """The flow of a queue in which `ready` messages wait `now`, and to which so many were `sent`
    from `since` on (Unix seconds; None: not known), by the points of its depth, oldest first."""
    growth = _growth_per_min(points, ready, since, now)
    drain_s = _drain_s(ready, growth) if trend == "draining" else None
    if sent is None or now <= since:
        return QueueFlow(drain_s=drain_s)
    incoming = 60 * sent / (now - since)
    if growth is None:
        return QueueFlow(_rounded(incoming), None, drain_s)
    outgoing = incoming - growth
    if outgoing < -max(SLACK_PER_MIN, SLACK_PART * abs(growth)):
        return QueueFlow(drain_s=drain_s)
    return QueueFlow(_rounded(incoming), _rounded(max(0.0, outgoing)), drain_s)


def _growth_per_min(
    points: Sequence[DepthPoint], ready: int | None, since: float, now: float
) -> float | None:
    known = [(each.at + STEP_S / 2, each.depth) for each in points if each.depth is not None]
    first = next(((at, depth) for at, depth in known if at >= since), None)
    if ready is None or first is None:
        return None
    at, depth = first
    if at > since + LATE_S or now - at < SAMPLED_S:
        return None
    return 60 * (ready - depth) / (now - at)


def _drain_s(ready: int | None, growth: float | None) -> float | None:
    if not ready or growth is None or growth >= 0:
        return None
    return round(60 * ready / -growth)


def _rounded(per_min: float) -> float:
    return round(per_min, 2)
