"""Names of tasks with their numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from umbel.python.filters import OneOrMore, filters
from umbel.python.source_argument import on_source
from umbel.python.sources import Source
from umbel.python.times import TimeLike, unix_span
from umbel.services.names.name_list import NAMES_MAX
from umbel.services.names.rows import AGAINST, NAME_ORDERS, Against, NameList, NameOrder


@on_source
def task_names(
    source: Source,
    /,
    start: TimeLike = None,
    end: TimeLike = None,
    type: OneOrMore = None,  # noqa: A002  the name that people know from Flower
    worker: OneOrMore = None,
    search: str | Mapping[str, Any] | None = None,
    sort_by: NameOrder = "busiest",
    limit: int = NAMES_MAX,
    against: Against = "before",
) -> NameList:
    """The names of tasks from `start` to `end` (the last hour, unless given) in `items`: `name`,
    `count`, `succeeded`, `failed`, `revoked`, `failure_rate`, `runtime` and `wait` (`mean`, `p50`,
    `p95`, `p99`), `trend`, `before` (the same numbers of an earlier time) and what `changed`
    most. That time is `against`: as long a time `before`, the same time `yesterday` or `last-week`,
    or as long a time before the `last-deploy`; `uncompared` says why there is none. Filters are
    those of `iter_tasks`; `sort_by` is `busiest`, `slowest`, `waiting`, `failing`, `changed` or
    `name`.

    Raises `ValueError` for a wrong order, number, time or search, and what the source raises.
    """
    if sort_by not in NAME_ORDERS:
        raise ValueError(f"sort_by is one of {', '.join(NAME_ORDERS)}, not {sort_by!r}.")
    if not isinstance(limit, int) or not 1 <= limit <= NAMES_MAX:
        raise ValueError(f"limit is a number from 1 to {NAMES_MAX}, not {limit!r}.")
    if against not in AGAINST:
        raise ValueError(f"against is one of {', '.join(AGAINST)}, not {against!r}.")
    since, until = unix_span(start, end)
    query = filters(type=type, worker=worker, search=search)
    return source.names(
        query, since=since, until=until, order=sort_by, against=against, limit=limit
    )
