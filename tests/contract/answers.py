"""Whole answers of a store, and what events alone say, to hold against each other."""

from __future__ import annotations

import msgspec

from tests.contract.stories import BASE
from umbel.cluster.events import Event
from umbel.cluster.facts import join
from umbel.cluster.task import Task, project
from umbel.query.ast import EVERYTHING
from umbel.store.base import Store

#: When the tests ask.
NOW = BASE + 3_600


def truth(events: list[Event]) -> dict[str, Task]:
    """Every task as its events alone say, which do not know when a store took them in."""
    by_task: dict[str, list[Event]] = {}
    for event in events:
        if event.is_task:
            by_task.setdefault(event.uuid, []).append(event)
    return {uuid: project(uuid, join((), told)) for uuid, told in by_task.items()}


def everything(store: Store) -> dict[str, Task]:
    """Every task that the store has, whole."""
    found: dict[str, Task] = {}
    cursor: str | None = None
    while True:
        page = store.search(EVERYTHING, now=NOW, cursor=cursor, limit=200)
        for row in page.items:
            task = store.task(row.uuid)
            assert task is not None
            found[row.uuid] = unchanged(task)
        cursor = page.cursor
        if cursor is None:
            return found


def unchanged(task: Task) -> Task:
    """The task without what is the store's own."""
    assert task.changed is not None
    return msgspec.structs.replace(task, changed=None)


def known(store: Store, uuid: str) -> Task:
    """The task, which must be known, without what is the store's own."""
    task = store.task(uuid)
    assert task is not None
    return unchanged(task)


def row(task: Task) -> Task:
    """What a page carries of a task."""
    return msgspec.structs.replace(task, traceback=None, attempts=(), notes=())
