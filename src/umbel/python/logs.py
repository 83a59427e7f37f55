"""What a task logged. See `workers` for `events`."""

from __future__ import annotations

from collections.abc import Iterator

from umbel.python.source_argument import on_source
from umbel.python.sources import Source
from umbel.services.search.task_log import LogEntries, TaskLog

#: How many lines are asked for at once.
PAGE_LINES = 1_000


def log_pages(source: Source, task_id: str, after: str = "") -> Iterator[TaskLog]:
    """What there is of a task's log after `after`, page by page; nothing if the task is unknown."""
    while (page := source.log(task_id, after, PAGE_LINES)) is not None:
        yield page
        after = page.next
        if page.complete:
            return


@on_source
def task_log(source: Source, /, task_id: str) -> TaskLog | None:
    """The log of a task, where its workers send log lines: `parts` are lines of one run each, in
    the order in which they were written, and `runs` say how many lines each run wrote, and how many
    of these are not here. None if the task is unknown.

    Raises `ValueError` for an empty id, and what the source raises.
    """
    if not task_id:
        raise ValueError("task_id is empty.")
    return whole_log(source, task_id)


def whole_log(source: Source, task_id: str) -> TaskLog | None:
    """All that there is of a task's log, in order; None if the task is unknown."""
    parts: list[LogEntries] = []
    last: TaskLog | None = None
    for last in log_pages(source, task_id):
        parts += last.parts
    if last is None:
        return None
    parts.sort(key=_position)
    return TaskLog(
        parts=tuple(parts), runs=last.runs, next=last.next, complete=True, are_sent=last.are_sent
    )


def _position(part: LogEntries) -> tuple[int, float, str, int, int]:
    first = part.lines[0].number if part.lines else 0
    return (part.retries, part.started, part.worker, part.pid, first)
