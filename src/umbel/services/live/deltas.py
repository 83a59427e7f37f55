"""The changes for one query, gathered until they are sent as one bounded delta.

A flood must cost a reader neither memory nor bandwidth: of what was gathered the newest
rows are sent, up to a number and a size, and what was left out is counted. The reader then
knows to ask for its page again.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

import msgspec

from umbel.cluster.earlier_states import as_it_was
from umbel.cluster.task import Task
from umbel.query.match import Test
from umbel.services.live.changes import LiveChanges
from umbel.services.search.rows import Marks, task_row

#: The most rows, ids that left, and bytes of rows in one delta.
ITEMS_MAX = 200
LEFT_MAX = 500
BYTES_MAX = 512 * 1024

_encode: Final = msgspec.json.Encoder().encode


class Delta(LiveChanges[msgspec.Raw], frozen=True, dict=True):
    """Changes whose rows are JSON already (of `TaskRow`)."""

    @property
    def tasks(self) -> int:
        """How many changed tasks this tells or counts."""
        return len(self.items) + len(self.left) + self.skipped

    @cached_property
    def body(self) -> bytes:
        """Its JSON: made once and held once, however many streams share it."""
        return _encode(self)


class ChangedTask:
    """A task that changed, or of which something was asked; `was` is the state that it had
    before, None if it was not known. Its row is encoded when first told, once for all who are
    told."""

    __slots__ = ("_marks", "_row", "_was", "task")

    def __init__(self, task: Task, was: str | None, marks: Marks | None = None) -> None:
        self.task = task
        self._was = was
        self._marks = marks
        self._row: msgspec.Raw | None = None

    def is_new(self, matches: Test) -> bool:
        """Whether a task that matches now did not before."""
        if self._was is None or self._was == self.task.state:
            return self._was is None
        return not matches(as_it_was(self.task, self._was))

    def row(self) -> msgspec.Raw:
        """JSON of its `TaskRow`."""
        if self._row is None:
            self._row = msgspec.Raw(_encode(task_row(self.task, self._marks)))
        return self._row


class PendingChanges:
    """Changes of one query that have not been told yet. Without `with_unmatched`, tasks that do
    not match are nothing to tell."""

    def __init__(self, *, with_unmatched: bool = True) -> None:
        self._with_unmatched = with_unmatched
        self._items: dict[str, ChangedTask] = {}
        self._new: set[str] = set()
        self._left: dict[str, None] = {}
        self._skipped = 0

    def add(self, changed: ChangedTask, matches: Test) -> None:
        """Only the newest state of a task is kept, and whether what was told before it is new."""
        uuid = changed.task.uuid
        was_pending = self._items.pop(uuid, None) is not None
        self._left.pop(uuid, None)
        if matches(changed.task):
            self._items[uuid] = changed
            if not was_pending and changed.is_new(matches):
                self._new.add(uuid)
            return
        self._new.discard(uuid)
        if self._with_unmatched:
            self._left[uuid] = None

    def skip(self, count: int) -> None:
        """`count` changed tasks are not known."""
        self._skipped += count

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self._items or self._left or self._skipped)

    def take(self, seq: int) -> Delta | None:
        """All of it as one delta that leads to `seq`, or None if nothing changed; nothing
        is pending afterwards."""
        if self.is_empty:
            return None
        newest = list(self._items.values())[-ITEMS_MAX:]
        rows = _newest(newest)
        new = tuple(
            each.task.uuid
            for each in newest[len(newest) - len(rows) :]
            if each.task.uuid in self._new
        )
        left = tuple(self._left)[-LEFT_MAX:]
        untold = len(self._items) - len(rows) + len(self._left) - len(left)
        delta = Delta(seq, rows, new, left, self._skipped + untold)
        self._items.clear()
        self._new.clear()
        self._left.clear()
        self._skipped = 0
        return delta


def _newest(items: list[ChangedTask]) -> tuple[msgspec.Raw, ...]:
    """As many of the last rows as fit into `BYTES_MAX`, in their order."""
    rows: list[msgspec.Raw] = []
    size = 0
    for changed in reversed(items):
        row = changed.row()
        size += len(bytes(row))
        if size > BYTES_MAX:
            break
        rows.append(row)
    rows.reverse()
    return tuple(rows)
