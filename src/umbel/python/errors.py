"""Failures grouped by their error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from umbel.python.filters import OneOrMore, filters
from umbel.python.source_argument import on_source
from umbel.python.sources import Source
from umbel.python.times import TimeLike, unix_span
from umbel.services.errors.group_list import GROUPS_MAX
from umbel.services.errors.group_state import State
from umbel.services.errors.groups import ErrorGroups

STATES: Final[tuple[State, ...]] = get_args(State)


@on_source
def task_errors(
    source: Source,
    /,
    start: TimeLike = None,
    end: TimeLike = None,
    type: OneOrMore = None,  # noqa: A002  the name that people know from Flower
    worker: OneOrMore = None,
    state: State | None = None,
    search: str | Mapping[str, Any] | None = None,
    limit: int = GROUPS_MAX,
) -> ErrorGroups:
    """The errors with which tasks failed from `start` to `end` (the last day, unless given), the
    most frequent first, in `items`: `id`, `type`, `message`, `count`, `names`, `workers`, `first`,
    `last`, `trend`, `matrix` and `state`. Other filters are those of `iter_tasks`; `state` is that
    of the error: `open`, `resolved` or `ignored`.

    Raises `ValueError` for a wrong state, number, time or search, and what the source raises.
    """
    if state is not None and state not in STATES:
        raise ValueError(f"state is one of {', '.join(STATES)}, not {state!r}.")
    if not isinstance(limit, int) or not 1 <= limit <= GROUPS_MAX:
        raise ValueError(f"limit is a number from 1 to {GROUPS_MAX}, not {limit!r}.")
    since, until = unix_span(start, end)
    query = filters(type=type, worker=worker, search=search)
    return source.errors(query, since=since, until=until, state=state, limit=limit)
