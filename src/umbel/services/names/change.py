"""What of a name changed most against the time before, as one number that names are sorted by.

Ratios are told as binary logarithms, so that twice and half as much weigh the same. Small numbers
are held back: a few tasks more, or some milliseconds, are no change.
"""

from __future__ import annotations

import math
from typing import Final

from umbel.services.names.rows import Changed, NameNumbers
from umbel.store.series import Durations

#: So many tasks are added to both counts: from 1 to 3 is little, from 100 to 300 much.
_COUNT_FLOOR: Final = 20
#: Fewer measured or ended tasks say nothing, in either time.
_MEASURED_MIN: Final = 20
#: So many seconds are added to both durations.
_RUNTIME_FLOOR_S, _WAIT_FLOOR_S = 0.02, 0.1
#: So much more of the failure rate weighs as twice the runtime.
_RATE_STEP: Final = 0.05
#: What weighs less is no change.
_CHANGE_MIN: Final = 0.2


def change_of(now: NameNumbers, before: NameNumbers) -> tuple[Changed | None, float]:
    """What changed most, and how much (see the module); None and 0 if nothing did."""
    found: dict[Changed, float] = {
        "failures": _of_rates(now, before),
        "runtime": _of_durations(now.runtime, before.runtime, _RUNTIME_FLOOR_S),
        "wait": _of_durations(now.wait, before.wait, _WAIT_FLOOR_S),
        "count": _ratio(now.count + _COUNT_FLOOR, before.count + _COUNT_FLOOR),
    }
    most = max(found, key=lambda what: abs(found[what]))
    return (most, found[most]) if abs(found[most]) >= _CHANGE_MIN else (None, 0.0)


def _of_durations(now: Durations | None, before: Durations | None, floor_s: float) -> float:
    if now is None or before is None or min(now.n, before.n) < _MEASURED_MIN:
        return 0.0
    return _ratio(now.p95 + floor_s, before.p95 + floor_s)


def _of_rates(now: NameNumbers, before: NameNumbers) -> float:
    if now.failure_rate is None or before.failure_rate is None:
        return 0.0
    if min(now.succeeded + now.failed, before.succeeded + before.failed) < _MEASURED_MIN:
        return 0.0
    return (now.failure_rate - before.failure_rate) / _RATE_STEP


def _ratio(now: float, before: float) -> float:
    return math.log2(now / before)
