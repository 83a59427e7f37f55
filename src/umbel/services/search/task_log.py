"""The log of a task as it is asked for: pieces with whose they are, and all runs of the task."""

from __future__ import annotations

import msgspec

from umbel.cluster.task_log import LogPart, LogRun
from umbel.store.base import Store


class LogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a run: its number from 1 on, when it was written (Unix seconds, by the worker's
    clock), its level as Python's `logging` counts (20 is INFO), its logger, its text, and how many
    characters more the text had."""

    number: int
    at: float
    level: int
    logger: str
    text: str
    cut: int


class LogEntries(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of one run that follow each other. A run is told from others by all four: `retries`,
    when it `started` (Unix seconds), `worker` and `pid`."""

    retries: int
    started: float
    worker: str
    pid: int
    lines: tuple[LogEntry, ...]


class LoggedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run of the task: how many lines it has `written` so far, how many of them its worker
    `left_out`, and how many are `missing`, since no event told them or there were too many."""

    retries: int
    started: float
    worker: str
    pid: int
    written: int
    left_out: int
    missing: int


class TaskLog(msgspec.Struct, frozen=True, kw_only=True):
    """`parts` in the order in which they came, so one may be older than another; `runs` in the
    order in which they began. `next` is where to go on, also for lines that are written later;
    `complete`: there are no more now. `are_sent`: workers send log lines, of some task."""

    parts: tuple[LogEntries, ...]
    runs: tuple[LoggedRun, ...]
    next: str
    complete: bool
    are_sent: bool


def task_log(store: Store, uuid: str, after: str, limit: int) -> TaskLog | None:
    """What is known of the log of a task after `after`, until there are about `limit` lines; None
    if neither it nor the task is known. Raises `CursorError`."""
    page = store.task_log(uuid, after, limit)
    if not page.runs and store.task(uuid) is None:
        return None
    return TaskLog(
        parts=tuple(map(_entries, page.parts)),
        runs=tuple(map(_run, page.runs)),
        next=page.cursor,
        complete=page.complete,
        are_sent=bool(page.runs) or store.has_logs(),
    )


def _entries(part: LogPart) -> LogEntries:
    piece = part.piece
    lines = tuple(
        LogEntry(
            number=number, at=line.at, level=line.level, logger=line.logger, text=line.text,
            cut=line.cut,
        )
        for number, line in enumerate(part.lines, piece.first)
    )  # fmt: skip
    return LogEntries(
        retries=piece.retries, started=piece.started, worker=piece.hostname, pid=piece.pid,
        lines=lines,
    )  # fmt: skip


def _run(run: LogRun) -> LoggedRun:
    return LoggedRun(
        retries=run.retries, started=run.started, worker=run.hostname, pid=run.pid,
        written=run.written, left_out=run.left_out, missing=run.missing,
    )  # fmt: skip
