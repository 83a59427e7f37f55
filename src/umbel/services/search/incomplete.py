"""What is missing in a span of time: an answer that has a hole says so itself.

A search, a count or a series speaks of some time: what its query asks for, and for a page the
time of its rows. Gaps and losses that lie in it are told with the answer, for as long as the
history is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from umbel.cluster.task import Task
from umbel.query.ast import And, During, Node
from umbel.query.fields import FIELDS, Kind
from umbel.services.health.findings import covered_s
from umbel.services.health.liveness import uncovered
from umbel.store.base import HealingStatus, KeptGap, Store

#: How many gaps are told of in one answer: the last ones.
GAPS_LISTED: Final = 50
#: The fields that say when an event happened.
_OF_EVENTS: Final = frozenset(name for name, field in FIELDS.items() if field.kind is Kind.TIME) - {
    "eta",
    "expires",
}


class Incomplete(msgspec.Struct, frozen=True, kw_only=True):
    """What is missing from `start` to `end` (Unix seconds; null is without bound): `missed_s`
    seconds of events may have passed unseen, in `gaps` (the last 50), and by the workers' own
    counts `lost` tasks began of which nothing was heard. `healing` is what is done about that now,
    and what came of it since the collector began; None where nobody is asked."""

    start: float | None
    end: float | None
    missed_s: float
    lost: int
    gaps: tuple[KeptGap, ...]
    healing: HealingStatus | None = None


class Span(NamedTuple):
    """From `start` to `end` (Unix seconds); None is without bound."""

    start: float | None = None
    end: float | None = None


def incomplete(store: Store, span: Span, now: float) -> Incomplete | None:
    """What is missing in the span; None if nothing is. Raises `StoreError`."""
    gaps: Sequence[KeptGap] = store.gaps(*span)
    collectors = store.collectors()
    if gaps:
        gaps = uncovered(gaps, collectors, now)
    lost = sum(loss.count for loss in store.losses(*span))
    if not gaps and not lost:
        return None
    return Incomplete(
        start=span.start,
        end=span.end,
        missed_s=covered_s([_within(gap, span) for gap in gaps]),
        lost=lost,
        gaps=tuple(gaps[-GAPS_LISTED:]),
        healing=next((each.healing for each in collectors if each.ended is None), None),
    )


def _within(gap: KeptGap, span: Span) -> KeptGap:
    return msgspec.structs.replace(
        gap,
        start=gap.start if span.start is None else max(gap.start, span.start),
        end=gap.end if span.end is None else min(gap.end, span.end),
    )


def span_of_query(query: Node, now: float) -> Span:
    """The time that a query asks for: whatever of it must be true of a task's times at `now`
    (Unix seconds). Alternatives and negations bound nothing."""
    span = Span()
    for node in query.nodes if isinstance(query, And) else (query,):
        if isinstance(node, And):
            span = both(span, span_of_query(node, now))
        elif isinstance(node, During):
            low, high = node.low, node.high
            bounds = Span(low.at(now) if low else None, high.at(now) if high else None)
            span = both(span, bounds)
    return span


def span_of_page(
    tasks: Sequence[Task], field: str, *, is_first: bool, is_last: bool, descending: bool
) -> Span:
    """The time of the rows of a page that is sorted by `field`, if that is when an event happened;
    else all time. The first page goes on to the newest there is (or the oldest, ascending), the
    last one to the other end."""
    field = "timestamp" if field == "changed" else field
    if field not in _OF_EVENTS:
        return Span()
    times = [time for task in tasks if isinstance(time := getattr(task, field, None), float)]
    if not times:
        return Span()
    newest_open = is_first if descending else is_last
    oldest_open = is_last if descending else is_first
    return Span(None if oldest_open else min(times), None if newest_open else max(times))


def both(one: Span, other: Span) -> Span:
    """What lies in both."""
    return Span(_chosen(max, one.start, other.start), _chosen(min, one.end, other.end))


def _chosen(choose: Callable[[Iterable[float]], float], *times: float | None) -> float | None:
    given = [time for time in times if time is not None]
    return choose(given) if given else None
