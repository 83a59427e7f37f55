"""A task is the set of its events.

`join` is set union, so it is commutative, associative and idempotent: duplicates, disorder,
restarts and several collectors need no coordination. The set is kept as a tuple in one
total order, so that equal sets are equal tuples and equal bytes.

A set is bounded without losing these laws: of each kind of event the first and the last
`PER_SIDE_MAX` by the total order stay. "The k smallest and k largest of a union" depends
only on the k smallest and k largest of its parts, so bounding early or late, once or
often, gives the same set.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from operator import attrgetter, lt
from typing import Final

import msgspec

from umbel.cluster.events import CUSTOM_RANK, RANKS, Event

PER_SIDE_MAX = 24

#: All events of one task, in total order.
Facts = tuple[Event, ...]

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(tuple[Event, ...]).decode
_timestamp: Final = attrgetter("timestamp")


def join(facts: Facts, more: Iterable[Event]) -> Facts:
    """The union of both. Returns `facts` itself when nothing in `more` is new."""
    union = (*facts, *more)
    times = [event.timestamp for event in union]
    if len(union) <= PER_SIDE_MAX and all(map(lt, times, times[1:])):
        # Nearly always: each later than the one before, so all are new and in order.
        return union if len(union) > len(facts) else facts
    return _join(facts, union[len(facts) :])


def repeated(facts: Facts, more: Iterable[Event]) -> list[Event]:
    """Those of `more` that `facts` have, or that come a second time among themselves."""
    found: list[Event] = []
    new: list[Event] = []
    for event in more:
        (found if event in facts or event in new else new).append(event)
    return found


def _join(facts: Facts, more: Iterable[Event]) -> Facts:
    new: list[Event] = []
    for event in more:
        if event not in facts and event not in new:
            new.append(event)
    if not new:
        return facts
    union = [*facts, *new]
    union.sort(key=_timestamp)
    if any(a.timestamp == b.timestamp for a, b in pairwise(union)):
        union.sort(key=_order)
    if len(union) > PER_SIDE_MAX:
        bounded = _bound(union)
        return facts if bounded == facts else bounded
    return tuple(union)


def _order(event: Event) -> tuple[float, int, str, int, bytes]:
    """The total order: time, then what can only happen later, then the bytes."""
    return (
        event.timestamp,
        RANKS.get(event.type, CUSTOM_RANK),
        event.hostname,
        event.clock or 0,
        _encode(event),
    )


def _bound(union: list[Event]) -> Facts:
    by_kind: dict[int, list[int]] = {}
    for index, event in enumerate(union):
        by_kind.setdefault(RANKS.get(event.type, CUSTOM_RANK), []).append(index)
    if all(len(indexes) <= 2 * PER_SIDE_MAX for indexes in by_kind.values()):
        return tuple(union)
    bounded: set[int] = set()
    for indexes in by_kind.values():
        bounded.update(indexes[:PER_SIDE_MAX], indexes[-PER_SIDE_MAX:])
    return tuple(union[index] for index in sorted(bounded))


def is_full(facts: Facts) -> bool:
    """Whether events may have been left out by the bound."""
    if len(facts) < 2 * PER_SIDE_MAX:
        return False
    counts: dict[int, int] = {}
    for event in facts:
        rank = RANKS.get(event.type, CUSTOM_RANK)
        counts[rank] = counts.get(rank, 0) + 1
    return max(counts.values()) >= 2 * PER_SIDE_MAX


def pack(facts: Facts) -> bytes:
    """The set as bytes (MessagePack); equal sets give equal bytes."""
    return _encode(facts)


def unpack(body: bytes) -> Facts:
    """The set again. Raises `msgspec.DecodeError` for bytes that `pack` did not give."""
    return _decode(body)
