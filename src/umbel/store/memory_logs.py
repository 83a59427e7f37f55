"""Logs of tasks, in memory: see `store.memory` and `cluster.task_log`."""

from __future__ import annotations

from collections.abc import Container, Sequence

from umbel.cluster.events import Event
from umbel.cluster.task_log import Key, LogPart, bounded, log_part, runs
from umbel.store.base import LogPage
from umbel.store.log_cursors import read_log_cursor, write_log_cursor


class LogsInMemory:
    """The caller holds a lock."""

    def __init__(self) -> None:
        #: Of each task its pieces, with the numbers under which they were taken in.
        self._logs: dict[str, dict[Key, tuple[int, LogPart]]] = {}
        #: How many tasks there were when a log last grew.
        self._arrivals: dict[str, int] = {}
        self._taken = 0

    def __bool__(self) -> bool:
        return bool(self._logs)

    def add(self, events: Sequence[Event], arrivals: int) -> tuple[list[str], list[Event]]:
        """Take in what these say of logs: the tasks whose log grew, and the events that said
        nothing new. `arrivals` is how many tasks there are."""
        grown: dict[str, None] = {}
        again: list[Event] = []
        for event in events:
            part = log_part(event)
            if part is None:
                continue
            log = self._logs.setdefault(event.uuid, {})
            if part.piece.key in log:
                again.append(event)
                continue
            self._taken += 1
            log[part.piece.key] = self._taken, part
            grown[event.uuid] = None
        for uuid in grown:
            self._bound(uuid)
            self._arrivals[uuid] = arrivals
        return list(grown), again

    def _bound(self, uuid: str) -> None:
        log = self._logs[uuid]
        staying = bounded({key: part.piece.size_bytes for key, (_, part) in log.items()})
        self._logs[uuid] = {key: each for key, each in log.items() if key in staying}

    def page(self, uuid: str, after: str, limit: int) -> LogPage:
        """See `Store.task_log`."""
        _, number = read_log_cursor(after)
        log = sorted(self._logs.get(uuid, {}).values(), key=lambda each: each[0])
        found: list[LogPart] = []
        lines = 0
        for taken, part in log:
            if taken > number and lines < limit:
                found.append(part)
                lines += part.piece.count
                number = taken
        return LogPage(
            parts=tuple(found),
            runs=runs(part.piece for _, part in log),
            cursor=write_log_cursor(0, number) if number else "",
            complete=not log or number >= log[-1][0],
        )

    def forget(self, arrivals: int, staying: Container[str]) -> None:
        """Forget logs that last grew when there were so many tasks or fewer, of others than
        these."""
        gone = [u for u, at in self._arrivals.items() if at <= arrivals and u not in staying]
        for uuid in gone:
            del self._arrivals[uuid], self._logs[uuid]
