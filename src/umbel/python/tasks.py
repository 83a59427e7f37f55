"""`iter_tasks` and `get_task_by_id`: the history as dictionaries, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from umbel.cluster.task import Task
from umbel.errors import CursorError, StoreError
from umbel.python.bookmarks import BEGINNING, Bookmark
from umbel.python.celery_state import found_in, state_in
from umbel.python.children import children_of, parts
from umbel.python.events import EventsLike, source_of
from umbel.python.filters import OneOrMore, filters
from umbel.python.info import TaskInfo, as_dict, task_info
from umbel.python.sorting import sort_key
from umbel.python.sources import Source
from umbel.python.task_items import task_dict, task_item
from umbel.python.times import TimeLike
from umbel.query.ast import Node
from umbel.services.search.task_page import TaskPage
from umbel.store.base import NEWEST_FIRST, Order

#: How many tasks are fetched at once: the first page is small, so that the first task comes
#: soon, the others are large.
FIRST_PAGE: Final = 50
PAGE: Final = 500
#: So often a search may not get on before it is given up: one that gets nowhere would never end.
_STUCK_MAX: Final = 10


def iter_tasks(
    events: EventsLike,
    limit: int | None = None,
    offset: int = 0,
    type: OneOrMore = None,  # noqa: A002  the name that people know from Flower
    worker: OneOrMore = None,
    state: OneOrMore = None,
    sort_by: str | None = None,
    received_start: TimeLike = None,
    received_end: TimeLike = None,
    started_start: TimeLike = None,
    started_end: TimeLike = None,
    search: str | Mapping[str, Any] | None = None,
) -> Iterator[TaskInfo]:
    """Tasks as dictionaries (`TaskInfo`), one after the other, fetched a page at a time. Their
    keys are attributes too, and each is also the pair of its id and itself (`TaskItem`).

    Filters combine with AND: `type` is a task's whole name, `worker` a node name, `state` one
    of `TASK_STATES` (each may be a list of which any one will do); times are datetimes, Unix
    seconds or texts like `2026-11-22 09:30`, local where they name no zone, and a task without
    that time does not match; `search` is a search in the query language, or what
    `parse_search_terms` gives. `sort_by` is one of `sort_keys`, with `-` for descending, and
    missing values come last; unsorted, the newest task is first. `offset` tasks are left out,
    and `limit` given at most.

    Raises `ValueError` at once for a wrong key, state, time, number or search (`QueryError`),
    and while iterating what the source raises.
    """
    query = filters(
        type=type,
        worker=worker,
        state=state,
        received_start=received_start,
        received_end=received_end,
        started_start=started_start,
        started_end=started_end,
        search=search,
    )
    order = NEWEST_FIRST if sort_by is None else Order(*sort_key(sort_by))
    start = _whole("offset", offset)
    stop = None if limit is None else start + _whole("limit", limit)
    celery_state = state_in(events)
    if celery_state is not None:
        found = (task_item(as_dict(task)) for task in found_in(celery_state, query, sort_by))
        return islice(found, start, stop)
    return _tasks(events, source_of(events), query, order, start, stop)


def get_task_by_id(events: EventsLike, task_id: str) -> TaskInfo | None:
    """The task with everything that is known of it, its children too; None if unknown."""
    celery_state = state_in(events)
    if celery_state is not None:
        found = celery_state.tasks.get(task_id)
        return task_dict(as_dict(found)) if found is not None else None
    source = source_of(events)
    task = source.task(task_id) if task_id else None
    if task is None:
        return None
    info = task_info(task, source.worker_software(), children=source.children(task))
    return task_dict(info)


def _tasks(
    _held: EventsLike, source: Source, query: Node, order: Order, start: int, stop: int | None
) -> Iterator[TaskInfo]:
    """`_held` are the events: forgotten, they would close themselves."""
    if stop is not None and start >= stop:
        return
    workers = source.worker_software()
    found = _walk(source, query, order, start, stop)
    for some in parts(found):
        children = children_of(source, some)
        # Lists leave the traceback out; few tasks have one.
        failed = {task.uuid for task in some if task.exception is not None}
        traceback = source.tracebacks(failed)
        for task in some:
            info = task_info(
                task,
                workers,
                traceback=traceback(task.uuid) if task.uuid in failed else None,
                children=children(task),
            )
            yield task_item(info)


def _walk(
    source: Source, query: Node, order: Order, start: int, stop: int | None
) -> Iterator[Task]:
    """The tasks from number `start` to `stop`, walked to from where a list was left before."""
    if start == 0:
        yield from islice(pages(source, query, order, stop), stop)
        return
    left = source.bookmarks.take(query, order, start)
    found = pages(source, query, order, stop, after=left)
    try:
        first = next(islice(found, start - left.offset, None), None)
    except CursorError:  # what it stood before is gone
        left = BEGINNING
        found = pages(source, query, order, stop)
        first = next(islice(found, start, None), None)
    if first is not None:
        yield first
        yield from islice(found, None if stop is None else stop - start - 1)


def pages(
    source: Source,
    query: Node,
    order: Order,
    most: int | None,
    note: Callable[[TaskPage[Task]], None] = lambda _: None,
    after: Bookmark = BEGINNING,
) -> Iterator[Task]:
    """The tasks of page after page; `most` is how many will be needed, if that is known, with
    those before `after`. `note` is given each page, for what it says beside its tasks. Raises
    `StoreError` for a search whose time is up again and again before it gets on."""
    given, cursor = after
    size, stuck = FIRST_PAGE, 0
    while True:
        wanted = size if most is None else max(1, min(size, most - given))
        page = source.page(query, order, cursor, wanted)
        note(page)
        if most is not None and page.next is None and given:
            # More may come at the end: a later batch begins with this page.
            source.bookmarks.put(query, order, Bookmark(given, cursor))
        given += len(page.items)
        if given == most and page.next is not None:
            source.bookmarks.put(query, order, Bookmark(given, page.next))
        yield from page.items
        if page.next is None or (most is not None and given >= most):
            return
        stuck = stuck + 1 if page.next == cursor and not page.items else 0
        if stuck >= _STUCK_MAX:
            raise StoreError(
                f"The search got nowhere: {stuck} times in a row its time was up before it had "
                "looked at any more tasks.",
                remedy="Narrow it, by a time, a name or a state; or try again when less goes on.",
            )
        cursor, size = page.next, PAGE


def _whole(name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} takes a whole number from 0 on, not {value!r}.")
    return value
