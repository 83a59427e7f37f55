"""Rows of a page: what of a task they leave out, and when the page's last was first seen."""

from __future__ import annotations

import msgspec

from umbel.cluster.task import Task
from umbel.store.sqlite.search.position import Position
from umbel.store.sqlite.search.reader import Reader


def without_details(task: Task) -> Task:
    """The task without what a page leaves out."""
    return msgspec.structs.replace(task, traceback=None, attempts=(), notes=())


def seen_at(reader: Reader, position: Position) -> float | None:
    """When the task at `position`, or the next one that exists, was first seen."""
    with reader.partition(position.partition) as partition:
        if partition is None:
            return None
        row = partition.connection.execute(
            "SELECT seen FROM task WHERE id >= ? ORDER BY id LIMIT 1", (position.id,)
        ).fetchone()
        return None if row is None else row[0]
