"""Celery's own `celery.events.state.State` as a source, for programs that keep one in memory.

It is not a `Source`: `tasks` asks whether it was given one, and searches it here.
"""

from __future__ import annotations

import time
from typing import Any

from umbel.python.info import task_of
from umbel.python.sorting import sort_tasks
from umbel.query.ast import Node
from umbel.query.match import compile_query


def state_in(events: object) -> Any | None:
    """The `State`, given as it is or as the `state` of something; None if there is none."""
    for found in (events, getattr(events, "state", None)):
        if hasattr(getattr(found, "tasks", None), "values"):
            return found
    return None


def found_in(state: Any, query: Node, sort_by: str | None) -> list[Any]:
    """The tasks that match, latest heard of first unless sorted, as they are there."""
    matches = compile_query(query, time.time())
    pairs = [(task_of(each), each) for each in list(state.tasks.values())]
    found = [pair for pair in pairs if matches(pair[0])]
    found.sort(key=lambda pair: pair[0].timestamp, reverse=True)
    tasks = [each for _, each in found]
    return sort_tasks(tasks, sort_by) if sort_by is not None else tasks
