"""Latency histograms that are summed up by thousands.

A chart of 200 workers over a day sums tens of thousands of them, each with some sixty counts. As
dictionaries they are added count by count; here all counts stand side by side in one large
integer, 64 bits each, so that one addition of integers adds them all. The counts of one stored
histogram become such an integer once, when it is read.
"""

from __future__ import annotations

import math
import sys
from array import array
from bisect import bisect_left
from collections.abc import Mapping
from itertools import accumulate
from typing import Final

from umbel.store.series import Durations
from umbel.store.sqlite.files.latency_histogram import BUCKETS, middle_s

_COUNT_BITS: Final = 64
_SIZE_BYTES: Final = BUCKETS * _COUNT_BITS // 8
#: Half of what a count can be, in each: what is added before one histogram is taken from another,
#: so that a count that would go below nothing does not borrow from the next.
_HALF: Final = 1 << (_COUNT_BITS - 1)
_HALVES: Final = sum(_HALF << (_COUNT_BITS * number) for number in range(BUCKETS))
_MIDDLES_S: Final = tuple(map(middle_s, range(BUCKETS)))
#: So few counts are shifted to their places one by one.
_FEW: Final = 4


class DurationHistogram:
    """The durations of one group in one bucket: how many in each latency bucket, and their sum."""

    __slots__ = ("_counts", "n", "total_s")

    def __init__(self) -> None:
        self._counts = 0
        self.n = 0
        self.total_s = 0.0

    def add(self, other: DurationHistogram) -> None:
        """Take in what another has."""
        self._counts += other._counts
        self.n += other.n
        self.total_s += other.total_s

    def take(self, counts: Mapping[int, int], total_s: float) -> None:
        """Take in these counts by latency bucket."""
        self._counts += _side_by_side(counts)
        self.n += sum(counts.values())
        self.total_s += total_s

    def without(self, other: DurationHistogram) -> DurationHistogram:
        """What is left when another is taken away; nothing is less than nothing."""
        rest = DurationHistogram()
        rest.total_s = max(0.0, self.total_s - other.total_s)
        left = self._counts + _HALVES - other._counts
        if left & _HALVES == _HALVES:
            rest._counts, rest.n = left - _HALVES, self.n - other.n
        else:
            each_count = enumerate(_counts_of(left))
            rest.take({number: n - _HALF for number, n in each_count if n > _HALF}, 0.0)
        return rest

    def mean_s(self) -> float:
        return self.total_s / self.n

    def durations(self) -> Durations:
        reached = list(accumulate(_counts_of(self._counts)))

        def percentile_s(part: float) -> float:
            return _MIDDLES_S[bisect_left(reached, math.ceil(part * self.n))]

        return Durations(
            n=self.n,
            mean=self.mean_s(),
            p50=percentile_s(0.50),
            p95=percentile_s(0.95),
            p99=percentile_s(0.99),
        )


def _side_by_side(counts: Mapping[int, int]) -> int:
    if len(counts) <= _FEW or sys.byteorder != "little":
        return sum(n << (_COUNT_BITS * number) for number, n in counts.items())
    counted = array("Q", bytes((1 + max(counts)) * _COUNT_BITS // 8))
    for number, n in counts.items():
        counted[number] = n
    return int.from_bytes(counted.tobytes(), "little")


def _counts_of(counts: int) -> array[int]:
    found = array("Q", counts.to_bytes(_SIZE_BYTES, "little"))
    if sys.byteorder != "little":
        found.byteswap()
    return found
