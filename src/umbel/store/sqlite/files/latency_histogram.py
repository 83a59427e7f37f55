"""Latency histograms: counts in buckets that each are a tenth wider than the one before.

A duration of zero or less falls into bucket 0; bucket b > 0 holds those between
`SMALLEST_S * RATIO ** (b - 1)` and `SMALLEST_S * RATIO ** b`. A percentile read from it
is off by 5 % at most. Durations beyond `LARGEST_S` count as that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

RATIO: Final = 1.1
SMALLEST_S: Final = 1e-5
_LOG: Final = math.log(RATIO)
_OFFSET: Final = 1 - math.log(SMALLEST_S) / _LOG
LARGEST_S: Final = 1e9
_LAST: Final = int(math.log(LARGEST_S) / _LOG + _OFFSET)
#: How many there are.
BUCKETS: Final = _LAST + 1


def bucket(duration_s: float) -> int:
    """The bucket of a duration."""
    if duration_s <= SMALLEST_S:
        return 0
    if duration_s >= LARGEST_S:
        return _LAST
    return int(math.log(duration_s) / _LOG + _OFFSET)


def middle_s(number: int) -> float:
    """The duration that stands for a bucket."""
    if number == 0:
        return 0.0
    return SMALLEST_S * float(RATIO ** (number - 0.5))


def percentile_s(counts: Mapping[int, int], part: float) -> float:
    """The duration that `part` (0 to 1) of all are no longer than. `counts` is not empty."""
    wanted = math.ceil(part * sum(counts.values()))
    reached = 0
    for number in sorted(counts):
        reached += counts[number]
        if reached >= wanted:
            return middle_s(number)
    return middle_s(max(counts))
