"""Workflows: which there are, and one with its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from umbel.errors import TaskUnknown
from umbel.python.filters import OneOrMore, filters
from umbel.python.source_argument import on_source
from umbel.python.sources import Source
from umbel.services.workflows.rows import (
    WORKFLOW_FILTERS,
    WORKFLOW_ORDERS,
    WorkflowDetail,
    WorkflowFilter,
    WorkflowList,
    WorkflowOrder,
)

LIMIT_MAX: Final = 200


@on_source
def workflows(
    source: Source,
    /,
    type: OneOrMore = None,  # noqa: A002  the name that people know from Flower
    worker: OneOrMore = None,
    state: WorkflowFilter | None = None,
    search: str | Mapping[str, Any] | None = None,
    sort_by: WorkflowOrder = "newest",
    limit: int = 50,
    cursor: str | None = None,
) -> WorkflowList:
    """Workflows of which some task matches, the newest first, in `items`: `root_id`, `name`,
    `state`, `tasks`, `ended`, `states`, `expected`, `blocked`, `paused`, `failing`, `start`, `end`
    and `duration_s`. `state` narrows them to `running`, `failing`, `blocked`, `paused` or
    `succeeded`; `sort_by` is `newest`, or of the 1,000 newest `longest`, `largest` or `failures`;
    `next` is the `cursor` of the next page. Other filters are those of `iter_tasks`.

    Raises `ValueError` for a wrong state, order, number or search, and what the source raises.
    """
    if state is not None and state not in WORKFLOW_FILTERS:
        raise ValueError(f"state is one of {', '.join(WORKFLOW_FILTERS)}, not {state!r}.")
    if sort_by not in WORKFLOW_ORDERS:
        raise ValueError(f"sort_by is one of {', '.join(WORKFLOW_ORDERS)}, not {sort_by!r}.")
    if not isinstance(limit, int) or not 1 <= limit <= LIMIT_MAX:
        raise ValueError(f"limit is a number from 1 to {LIMIT_MAX}, not {limit!r}.")
    query = filters(type=type, worker=worker, search=search)
    return source.workflows(query, state=state, order=sort_by, cursor=cursor, limit=limit)


@on_source
def get_workflow(
    source: Source, /, workflow_id: str, *, sources: bool = False
) -> WorkflowDetail | None:
    """One workflow with its `tasks` (oldest first), the tasks that are `expected` and were not
    seen, and its critical `path`; None if it is unknown. The id is that of its first task, of its
    group, or of a member of a group that a client sent. With `sources` the result backend and
    messages that wait are read, too: `groups` has what they tell, and `sources` how that went.
    Raises what the source raises."""
    try:
        return source.workflow(workflow_id, sources=sources)
    except TaskUnknown:
        return None
