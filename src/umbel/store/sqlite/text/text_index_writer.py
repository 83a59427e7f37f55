"""The writing side of a partition's search index: from tasks to documents. See `text_index`."""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import zstandard

from umbel.store.sqlite.files.body import BodyCodec
from umbel.store.sqlite.files.damage import Damaged, is_damage
from umbel.store.sqlite.files.paths import (
    checkpoint,
    only_row,
    open_reader,
    open_writer,
    tasks_path,
    text_path,
    with_journals,
)
from umbel.store.sqlite.files.stored_numbers import ENDED_FROM
from umbel.store.sqlite.text.text_filter import document_text
from umbel.store.sqlite.text.text_index import BLOCK, BLOCK_BITS, FIRST_LATER, last_dequeued
from umbel.store.sqlite.text.texts import texts

#: Tasks that are indexed in one transaction.
STEP_TASKS: Final = 4_096
_LATER_STEP: Final = 1_024
_MERGE_PAGES: Final = 256


class TextIndexWriter:
    """For one thread. Raises SQLite's errors with the index as they come,
    and `Damaged` when it is the tasks that cannot be read."""

    def __init__(self, directory: Path, number: int) -> None:
        self._number = number
        self._path = text_path(directory, number)
        self._text = open_writer(self._path, "text")
        try:
            self._open(tasks_path(directory, number))
        except BaseException:
            self._text.close()
            raise

    def _open(self, tasks: Path) -> None:
        with self._of_tasks():
            self._tasks = open_reader(tasks, "tasks")
        self._bodies = BodyCodec(self._dictionaries, lazy=True)
        self._merging = False
        self.upto: int
        #: Rows of the queue `retext` up to this number are in the index.
        self.dequeued: int
        self.upto, self.dequeued = only_row(self._text, "SELECT upto, retext FROM progress")
        if self.upto == 0:
            # A new index reads every task as it is now, so what left the queue before
            # concerns it no more.
            with self._of_tasks():
                self.dequeued = max(self.dequeued, last_dequeued(self._tasks))
            self._text.execute("UPDATE progress SET retext = ?", (self.dequeued,))

    @contextmanager
    def _of_tasks(self) -> Iterator[None]:
        """Damage found inside is that of the tasks."""
        try:
            yield
        except Exception as error:
            if is_damage(error):
                raise Damaged(self._number, error) from error
            raise

    def _task_rows(self, sql: str, parameters: tuple[int, ...] = ()) -> list[tuple[Any, ...]]:
        """Rows about the tasks."""
        with self._of_tasks():
            return self._tasks.execute(sql, parameters).fetchall()

    def is_inconsistent(self) -> bool:
        """Whether the index must be made anew: it lost its last transactions (see
        `last_dequeued`), or the tasks lost theirs, which a power failure or a file put back from
        a backup can do to either."""
        [(newest,)] = self._task_rows("SELECT ifnull(max(id), 0) FROM task")
        queued = self._task_rows("SELECT seq FROM sqlite_sequence WHERE name = 'retext'") or [(0,)]
        with self._of_tasks():
            left = last_dequeued(self._tasks)
        return (
            self.dequeued < left
            or self.dequeued > queued[0][0]
            or self.upto > (newest + BLOCK) >> BLOCK_BITS << BLOCK_BITS
        )

    def settled_end(self, before: int, *, sealed: bool) -> int:
        """The end of the tasks from `upto` on that are worth indexing now: those that have
        ended, those below `before` in any case, and in a sealed partition all. At a
        block's edge, and not too many at once."""
        [(newest,)] = self._task_rows("SELECT ifnull(max(id), 0) FROM task")
        [(open_,)] = self._task_rows(
            f"SELECT min(id) FROM task WHERE id >= ? AND state > 0 AND state < {ENDED_FROM}",
            (max(self.upto, before),),
        )
        end: int = newest + 1 if open_ is None else open_
        if sealed:
            end = newest + BLOCK
        end = min(end, self.upto + STEP_TASKS)
        return max(self.upto, end >> BLOCK_BITS << BLOCK_BITS)

    def index_tasks(self, upto: int) -> None:
        """Index the tasks from `self.upto` to `upto` (both at the edge of a block)."""
        documents: list[tuple[int, str]] = []
        found: set[str] = set()
        block = self.upto >> BLOCK_BITS
        for task_id, compressed in self._task_rows(
            "SELECT id, z FROM body WHERE id >= ? AND id < ? ORDER BY id", (self.upto, upto)
        ):
            if task_id >> BLOCK_BITS != block:
                documents.append((block, document_text(found)))
                block, found = task_id >> BLOCK_BITS, set()
            found |= self._texts(compressed)
        documents.append((block, document_text(found)))
        with self._text:
            self._insert(documents)
            self._text.execute("UPDATE progress SET upto = ?", (upto,))
        self.upto = upto

    def index_changes(self) -> bool:
        """Index what changed after it was indexed; whether there was anything."""
        rows = self._task_rows(
            "SELECT r.number, r.id, z FROM retext r JOIN body b ON b.id = r.id"
            " WHERE number > ? ORDER BY number LIMIT ?",
            (self.dequeued, _LATER_STEP),
        )
        if not rows:
            return False
        with self._text:
            for start in range(0, len(rows), BLOCK):
                part = rows[start : start + BLOCK]
                document = FIRST_LATER + part[-1][0]
                found = set().union(*(self._texts(compressed) for _, _, compressed in part))
                self._insert([(document, document_text(found))])
                self._text.execute(
                    "INSERT INTO later VALUES (?, ?)",
                    (document, array("I", {task_id for _, task_id, _ in part}).tobytes()),
                )
            self._text.execute("UPDATE progress SET retext = ?", (rows[-1][0],))
        self.dequeued = rows[-1][0]
        return True

    def _insert(self, documents: list[tuple[int, str]]) -> None:
        self._text.executemany("INSERT INTO document (rowid, text) VALUES (?, ?)", documents)

    def _texts(self, compressed: bytes) -> set[str]:
        """The texts of a body; none of one that cannot be read, which no search can give."""
        try:
            return texts(self._bodies.decompress(compressed))
        except (zstandard.ZstdError, msgspec.DecodeError, KeyError):
            return set()

    def _dictionaries(self) -> list[tuple[Any, ...]]:
        return self._task_rows("SELECT id, z FROM compression ORDER BY id")

    def merge_segments(self) -> bool:
        """Join some of the index's parts, since a sealed partition is only read from now
        on; whether there is more to join."""
        before = self._text.total_changes()
        pages = _MERGE_PAGES if self._merging else -_MERGE_PAGES
        self._merging = True
        self._text.execute("INSERT INTO document (document, rank) VALUES ('merge', ?)", (pages,))
        # By FTS5's manual, a merge that had nothing to do makes less than two changes.
        more = self._text.total_changes() - before >= 2
        if not more:
            checkpoint(self._text)
        return more

    def close(self) -> None:
        checkpoint(self._text)
        for connection in (self._text, self._tasks):
            connection.close()


def drop_index(directory: Path, number: int) -> None:
    """Remove an index; it is made again from the tasks."""
    for path in with_journals(text_path(directory, number)):
        path.unlink(missing_ok=True)
