"""Functions on tasks that are known, and those that run and control tasks.

Bounds of time and missing values are as with Flower: a task that was not received yet is within
every span of `received`, and what lacks the value that is sorted by comes first, last with `-`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any

import umbel
from flower.opened import opened
from umbel import (
    TASK_STATES,
    TaskEventTypes,
    TaskInfo,
    get_task_result,
    sort_keys,
    task_abort,
    task_apply,
    task_async_apply,
    task_rate_limit,
    task_revoke,
    task_send_task,
    task_timeout,
)
from umbel.python.terms import query_of
from umbel.python.times import TimeLike, unix_time
from umbel.query.ast import And, During, Has, Moment, Node, Not, Or
from umbel.query.canonical import canonical

__all__ = [
    "TASK_STATES",
    "TaskEventTypes",
    "TaskInfo",
    "as_dict",
    "get_task_by_id",
    "get_task_result",
    "iter_tasks",
    "sort_keys",
    "sort_tasks",
    "task_abort",
    "task_apply",
    "task_async_apply",
    "task_rate_limit",
    "task_revoke",
    "task_send_task",
    "task_timeout",
]


class WrongSortKey(ValueError, AssertionError):
    """Tasks cannot be sorted by that."""


def iter_tasks(
    events: Any,
    limit: int | None = None,
    offset: int = 0,
    type: str | None = None,  # noqa: A002  Flower's name
    worker: str | None = None,
    state: str | None = None,
    sort_by: str | None = None,
    received_start: TimeLike = None,
    received_end: TimeLike = None,
    started_start: TimeLike = None,
    started_end: TimeLike = None,
    search: str | Mapping[str, Any] | None = None,
) -> Iterator[Any]:
    """Tasks, each a dictionary, an object and a pair of id and task (`umbel.iter_tasks`), newest
    first unless sorted. `limit` of 0 or less is none. Nothing is asked, and nothing raised, before
    the first is taken."""
    if state and state.upper() not in TASK_STATES:
        return
    if sort_by is not None and sort_by.removeprefix("-") not in sort_keys:
        raise WrongSortKey(f"Tasks can be sorted by {', '.join(sort_keys)}, not by {sort_by!r}.")
    nodes = [
        *([query_of(search)] if search else ()),
        *_span("received", received_start, received_end),
        *_span("started", started_start, started_end),
    ]
    filters = {"type": type, "worker": worker, "state": state}
    most = limit if limit is not None and limit > 0 else None
    yield from _found(opened(events), nodes, filters, sort_by, max(0, offset or 0), most)


def sort_tasks(tasks: Any, sort_by: str) -> Any:
    """The tasks, or pairs of id and task, in order; missing values are the least."""
    name = sort_by.removeprefix("-")
    if name not in sort_keys:
        raise WrongSortKey(f"Tasks can be sorted by {', '.join(sort_keys)}, not by {sort_by!r}.")
    return sorted(tasks, key=sort_keys[name], reverse=sort_by.startswith("-"))


def get_task_by_id(events: Any, task_id: str) -> Any:
    """The task, or None."""
    return umbel.get_task_by_id(opened(events), task_id)


def as_dict(task: Any) -> dict[str, Any]:
    """The task as a dictionary; `root` and `parent` are ids."""
    found = dict(umbel.as_dict(task))
    return {**found, "root": found["root_id"], "parent": found["parent_id"]}


def _found(
    events: Any,
    nodes: list[Node],
    filters: Mapping[str, Any],
    sort_by: str | None,
    offset: int,
    limit: int | None,
) -> Iterator[Any]:
    def of(*more: Node, **span: Any) -> Iterator[Any]:
        search = canonical(And((*nodes, *more)))
        return umbel.iter_tasks(events, search=search, **filters, **span)

    if sort_by is None or sort_by.startswith("-") or sort_by == "state":
        # Missing values come last in both directions with Umbel, and a state is never missing.
        return of(sort_by=sort_by, limit=limit, offset=offset)
    present, missing = Has(sort_by), Not(Has(sort_by))
    if offset:
        without = sum(1 for _ in of(missing))
        if offset >= without:
            return of(present, sort_by=sort_by, limit=limit, offset=offset - without)
    first = of(missing, offset=offset, limit=limit)
    return islice(chain(first, of(present, sort_by=sort_by, limit=limit)), limit)


def _span(field: str, start: TimeLike, end: TimeLike) -> list[Node]:
    """Both ends belong to it, and so does what has no such time yet."""
    low, high = unix_time(start, f"{field}_start"), unix_time(end, f"{field}_end")
    if low is None and high is None:
        return []
    span = During(
        field,
        Moment(absolute=low) if low is not None else None,
        Moment(absolute=math.nextafter(high, math.inf)) if high is not None else None,
    )
    return [Or((span, Not(Has(field))))]
