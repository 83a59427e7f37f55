"""By how much the clocks of workers are off: results have the time of theirs. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from umbel.cluster.worker import Worker

#: No clock is taken to be farther off, seconds.
SKEW_MAX_S: Final = 86_400.0


class ClockSkews(NamedTuple):
    """How far clocks are `behind` ours, 0 or less, and `ahead` of it, 0 or more, at most, in
    seconds."""

    behind_s: float = 0.0
    ahead_s: float = 0.0

    @property
    def apart_s(self) -> float:
        """By how much two clocks may differ."""
        return self.ahead_s - self.behind_s


def clock_skews(workers: Iterable[Worker]) -> ClockSkews:
    """Those of these workers, as they were measured."""
    skews = [skew for worker in workers for _, skew in worker.skews]
    behind_s, ahead_s = min(skews, default=0.0), max(skews, default=0.0)
    return ClockSkews(max(-SKEW_MAX_S, min(0.0, behind_s)), min(SKEW_MAX_S, max(0.0, ahead_s)))
