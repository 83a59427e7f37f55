"""Gaps and losses, by rules that are the same for every store: how many it keeps, which of them
lie in a span of time, which are one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from umbel.cluster.losses import Loss
from umbel.store.base import KeptGap

#: Worker processes, losses and gaps beyond these are forgotten, the oldest first.
PROCESSES_MAX: Final = 10_000
LOSSES_MAX: Final = 10_000
GAPS_MAX: Final = 10_000
#: Gaps of one cause that are nearer to each other than this are one, seconds.
NEAR_S: Final = 1.0


def merged(gaps: Iterable[KeptGap]) -> list[KeptGap]:
    """The gaps in order of their start; those of one collector and cause that overlap, or
    nearly, are one."""
    last: dict[tuple[str, str], int] = {}
    found: list[KeptGap] = []
    for gap in sorted(gaps, key=lambda gap: (gap.start, gap.end)):
        key = gap.collector, gap.cause
        before = found[last[key]] if key in last else None
        if before is not None and gap.start <= before.end + NEAR_S:
            found[last[key]] = msgspec.structs.replace(before, end=max(before.end, gap.end))
        else:
            last[key] = len(found)
            found.append(gap)
    return found


def overlaps(span: KeptGap | Loss, start: float | None, end: float | None) -> bool:
    """Whether a part of it lies within [start, end]; None is without bound."""
    return (end is None or span.start <= end) and (start is None or span.end >= start)
