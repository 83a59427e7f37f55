"""Lengths and moments of time, and lists of names, as they stand in sentences."""

from __future__ import annotations

from collections.abc import Sequence

#: How many names a sentence lists.
NAMES_LISTED = 3


def span(seconds: float) -> str:
    """A length of time for a person: `0.4 s`, `12 s`, `3 min`, `2 h`."""
    if seconds < 10:
        return f"{max(seconds, 0.0):.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3_600:.0f} h"
    return f"{seconds / 86_400:.0f} days"


def names(all_names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 7 more`."""
    listed = list(all_names[:NAMES_LISTED])
    more = len(all_names) - len(listed)
    if more:
        listed.append(f"{more:,} more")
    if len(listed) < 2:
        return "".join(listed)
    return f"{', '.join(listed[:-1])} and {listed[-1]}"


def number(count: int, one: str, many: str = "") -> str:
    """`1 event`, `1,200 events`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """`0.3` as `30 %`; small ones with a digit more."""
    value = share * 100
    return f"{value:.1f} %" if 0 < value < 10 else f"{value:.0f} %"
