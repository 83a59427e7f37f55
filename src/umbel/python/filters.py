"""The filters of `iter_tasks` (type, worker, state, times, search) as one query tree."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from umbel.cluster.task import STATES
from umbel.python.terms import query_of
from umbel.python.times import TimeLike, unix_time
from umbel.query.ast import And, Comparison, During, Matches, Moment, Node

#: One value, or several of which any one will do.
OneOrMore = str | Iterable[str] | None


def filters(
    *,
    type: OneOrMore = None,  # noqa: A002  the name that people know from Flower
    worker: OneOrMore = None,
    state: OneOrMore = None,
    received_start: TimeLike = None,
    received_end: TimeLike = None,
    started_start: TimeLike = None,
    started_end: TimeLike = None,
    search: str | Mapping[str, Any] | None = None,
) -> Node:
    """All of these must hold. Names and workers are whole names; both ends of a span of time
    belong to it. Raises `ValueError`."""
    nodes = [
        *_equals("name", _values(type, "type")),
        *_equals("worker", _values(worker, "worker")),
        *_equals("state", [_state(each) for each in _values(state, "state")]),
        *_span("received", received_start, received_end),
        *_span("started", started_start, started_end),
    ]
    if search:
        request = query_of(search)
        nodes += request.nodes if isinstance(request, And) else (request,)
    return nodes[0] if len(nodes) == 1 else And(tuple(nodes))


def _values(given: OneOrMore, name: str) -> list[str]:
    values: list[object] = [given]
    if isinstance(given, Iterable) and not isinstance(given, str):
        values = list(given)
    wrong = [value for value in values if not isinstance(value, str | None)]
    if wrong:
        raise ValueError(f"{name} takes a text or several, not {wrong[0]!r}.")
    return [value for value in values if isinstance(value, str) and value]


def _state(name: str) -> str:
    if name.upper() not in STATES:
        raise ValueError(f"There is no state {name!r}: the states are {', '.join(STATES)}.")
    return name.upper()


def _equals(field: str, values: list[str]) -> list[Node]:
    return [Matches(field, Comparison.EQUALS, tuple(values))] if values else []


def _span(field: str, start: TimeLike, end: TimeLike) -> list[Node]:
    low = unix_time(start, f"{field}_start")
    high = unix_time(end, f"{field}_end")
    if low is None and high is None:
        return []
    return [
        During(
            field,
            Moment(absolute=low) if low is not None else None,
            Moment(absolute=math.nextafter(high, math.inf)) if high is not None else None,
        )
    ]
