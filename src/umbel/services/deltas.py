"""What changed for one query, gathered until it is told, and bounded when it is told.

A flood must cost a reader neither memory nor bandwidth: of what was gathered the newest
rows are told, up to a number and a size, and what was left out is counted. The reader then
knows to ask for its page again.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

import msgspec

from umbel.cluster.task import Task
from umbel.services.rows import task_row
from umbel.store.ledger import Intent

#: The most rows, ids that left, and bytes of rows in one delta.
ITEMS_MAX = 200
LEFT_MAX = 500
BYTES_MAX = 512 * 1024

_encode: Final = msgspec.json.Encoder().encode


class Delta(msgspec.Struct, frozen=True, dict=True):
    """What changed up to change number `seq`: rows (JSON of `TaskRow`) that match, as they
    are now, oldest change first; ids of tasks that do not match (or no longer); and how
    many changed tasks are not told."""

    seq: int
    items: tuple[msgspec.Raw, ...] = ()
    left: tuple[str, ...] = ()
    skipped: int = 0

    @property
    def tasks(self) -> int:
        """How many changed tasks this tells or counts."""
        return len(self.items) + len(self.left) + self.skipped

    @cached_property
    def body(self) -> bytes:
        """Its JSON: made once, held once, however many are told."""
        return _encode(self)


class Changed:
    """A task that changed, or of which something was asked. Its row is encoded when first
    told, once for all who are told."""

    __slots__ = ("_intent", "_row", "task")

    def __init__(self, task: Task, intent: Intent | None = None) -> None:
        self.task = task
        self._intent = intent
        self._row: msgspec.Raw | None = None

    def row(self) -> msgspec.Raw:
        """JSON of its `TaskRow`."""
        if self._row is None:
            self._row = msgspec.Raw(_encode(task_row(self.task, self._intent)))
        return self._row


class Pending:
    """Changes of one query that have not been told yet. Without `with_left`, tasks that do
    not match are nothing to tell."""

    def __init__(self, *, with_left: bool = True) -> None:
        self._with_left = with_left
        self._items: dict[str, Changed] = {}
        self._left: dict[str, None] = {}
        self._skipped = 0

    def add(self, changed: Changed, matched: bool) -> None:
        """Only the newest state of a task is kept."""
        uuid = changed.task.uuid
        self._items.pop(uuid, None)
        self._left.pop(uuid, None)
        if matched:
            self._items[uuid] = changed
        elif self._with_left:
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
        rows = _newest(list(self._items.values())[-ITEMS_MAX:])
        left = tuple(self._left)[-LEFT_MAX:]
        untold = len(self._items) - len(rows) + len(self._left) - len(left)
        delta = Delta(seq, rows, left, self._skipped + untold)
        self._items.clear()
        self._left.clear()
        self._skipped = 0
        return delta


def _newest(items: list[Changed]) -> tuple[msgspec.Raw, ...]:
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
