"""Durations as a histogram of fixed bins on a logarithmic scale, so that two can be compared."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Final

from umbel.services.names.rows import HistogramBin

#: So many bins for each power of ten.
_PER_DECADE: Final = 8
#: What is shorter is in the first bin, seconds.
_SHORTEST_S: Final = 0.001
#: What is longer is in the last one.
_LONGEST_S: Final = 1e7
_LAST: Final = round(math.log10(_LONGEST_S / _SHORTEST_S) * _PER_DECADE)


def duration_histogram(durations_s: Iterable[float]) -> tuple[HistogramBin, ...]:
    """The bins from the first to the last that has any, empty ones between them included."""
    counts = Counter(map(_bin, durations_s))
    if not counts:
        return ()
    return tuple(
        HistogramBin(low=_low_s(number), high=_low_s(number + 1), n=counts[number])
        for number in range(min(counts), max(counts) + 1)
    )


def _bin(duration_s: float) -> int:
    if duration_s < _SHORTEST_S:
        return 0
    if duration_s >= _LONGEST_S:
        return _LAST
    return 1 + math.floor(math.log10(duration_s / _SHORTEST_S) * _PER_DECADE + 1e-9)


def _low_s(number: int) -> float:
    return 0.0 if number == 0 else float(_SHORTEST_S * 10 ** ((number - 1) / _PER_DECADE))
