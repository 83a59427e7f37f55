"""Samples over time, for charts: buckets that fit the span, and which level has them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from umbel.store.sample_folds import bucket_of, level_of, widened
from umbel.store.samples import LEVELS, Kind, Line, Samples, Values

#: Buckets of a line when nobody says how wide they are, about, and at most.
POINTS: Final = 300
POINTS_MAX: Final = 1_000
#: Lines of one answer at most, and unless told otherwise.
LINES_MAX: Final = 50
LINES: Final = 20
#: Widths of buckets, seconds: each is made of whole ones of the level before it.
_WIDTHS: Final = (
    10, 20, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400,
    604_800,
)  # fmt: skip


class SampledLines(msgspec.Struct, frozen=True):
    """Lines by name, in buckets of `bucket_s`; `more` is how many are left out."""

    bucket_s: int
    items: tuple[Line, ...]
    more: int


def sampled_lines(
    samples: Samples,
    kind: Kind,
    *,
    since: float,
    until: float,
    now: float,
    bucket_s: float | None = None,
    names: Sequence[str] | None = None,
    limit: int = LINES,
) -> SampledLines:
    """What was sampled from `since` to `until` (Unix seconds), in buckets of about `bucket_s`,
    wider where there would be too many or none so fine is left. Raises `StoreError`."""
    wanted_s = (until - since) / POINTS if bucket_s is None else bucket_s
    width_s = _width(max(wanted_s, (until - since) / POINTS_MAX))
    level = level_of(width_s, since, now)
    width_s = max(width_s, LEVELS[level].step_s)
    first, end = bucket_of(since, width_s), min(until, now + width_s)
    found = samples.lines(kind, level, first, end, names, limit)
    items = tuple(
        Line(line.name, _rounded(widened(kind, line.points, width_s))) for line in found.items
    )
    return SampledLines(width_s, items, found.more)


def _width(at_least_s: float) -> int:
    fitting = (width for width in _WIDTHS if width >= at_least_s)
    return next(fitting, math.ceil(at_least_s / _WIDTHS[-1]) * _WIDTHS[-1])


def _rounded(points: Sequence[tuple[int, Values]]) -> tuple[tuple[int, Values], ...]:
    """Without the digits that 32 bits do not have."""
    return tuple(
        (at, tuple(None if value is None else round(value, 3) for value in values))
        for at, values in points
    )
