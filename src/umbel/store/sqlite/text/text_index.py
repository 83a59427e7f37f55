"""The search index of one partition (FTS5, trigrams): which blocks of tasks have certain texts.

Theory of operation. Tasks are indexed by blocks of 8 neighbours, since trigrams of single
tasks would cost several times the space; whoever reads verifies the tasks of a block. The index
follows the tasks: blocks below `progress.upto` are in it, and a task below that gets a
change of its text is put into the table `retext` in the very transaction that changes it,
to be taken up as a "later" document. So at any moment the tasks at or above `upto`, and
those in `retext` beyond `progress.retext`, are exactly those that must be looked at without
the index, and a search is exact however far the index is behind.

For this, `IndexProgress.announce` is called under the writer's lock before a block is read.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw
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
from umbel.store.sqlite.search.id_ranges import Range
from umbel.store.sqlite.search.reader import ReadPartition
from umbel.store.sqlite.text.text_filter import document_text
from umbel.store.sqlite.text.texts import texts

BLOCK_BITS: Final = 3
_BLOCK: Final = 1 << BLOCK_BITS
_FIRST_LATER: Final = 1 << 40
#: Tasks that are indexed in one transaction.
STEP_TASKS: Final = 4_096
_LATER_STEP: Final = 1_024
_MERGE_PAGES: Final = 256


class Coverage(msgspec.Struct, frozen=True):
    """Tasks below `upto` are indexed, except for those in `stale`."""

    upto: int
    stale: tuple[int, ...]


# -- reading -----------------------------------------------------------------------------


def _last_dequeued(tasks: apsw.Connection) -> int:
    """The highest number that was removed from the queue. An index that has not come so
    far lost its last transactions (a power failure): it would miss what changed."""
    (first,) = only_row(tasks, "SELECT min(number) FROM retext")
    if first is not None:
        return int(first) - 1
    row = tasks.execute("SELECT seq FROM sqlite_sequence WHERE name = 'retext'").fetchone()
    return 0 if row is None else int(row[0])


def coverage(partition: ReadPartition) -> Coverage | None:
    """How far the index of a partition goes; None if it has none that can be used.

    The partition's moment must have been fixed by an earlier question, so that the index's
    is not before it: then nothing falls between them.
    """
    queue: list[tuple[int, int]] = partition.connection.execute(  # type: ignore[assignment]
        "SELECT number, id FROM retext"
    ).fetchall()
    left = _last_dequeued(partition.connection)
    text = partition.text
    if text is None:
        return None
    try:
        upto, done = only_row(text, "SELECT upto, retext FROM progress")
    except Exception as error:
        if not is_damage(error):
            raise
        partition.drop_text()
        return None
    if done < left:
        return None
    return Coverage(upto, tuple({task_id for number, task_id in queue if number > done}))


class PartitionTokens:
    """Statistics of the tokens of a partition's index, for `text_filter.index_query`."""

    def __init__(self, partition: ReadPartition) -> None:
        self._partition = partition
        self.costs = partition.costs
        self._counted: dict[str, int] = {}

    def starting_with(self, text: str) -> list[str] | None:
        """See `text_filter.TokenStatistics`."""
        index = self._partition.text
        if index is None or not text:
            return None
        found: list[tuple[str]] = index.execute(  # type: ignore[assignment]
            "SELECT term FROM temp.token WHERE term >= ? AND term < ? LIMIT ?",
            (text, text + "\U0010ffff", self.costs.prefix_tokens + 1),
        ).fetchall()
        return None if len(found) > self.costs.prefix_tokens else [term for (term,) in found]

    def share(self, token: str) -> float:
        """See `text_filter.TokenStatistics`: estimated from a sample of tasks, as if each token
        stood anywhere. Tokens of one query beyond the first hundreds are taken to be rare."""
        sample, tasks = self._partition.sample
        count = self._counted.get(token)
        if count is None:
            count = sample.count(token) if len(self._counted) < self.costs.sampled_tokens else 0
            self._counted[token] = count
        each = min(1.0, (count + self.costs.sample_unseen) / (tasks + 1))
        return 1.0 - (1.0 - each) ** _BLOCK


class Hits(NamedTuple):
    """What the index finds: blocks in order, and tasks that were taken up later."""

    blocks: Iterator[int]
    changed: tuple[int, ...]


def hits(partition: ReadPartition, expression: str, span: Range, *, descending: bool) -> Hits:
    """Where, within the ids of `span`, what `expression` asks for may be."""
    text = partition.text
    if text is None:
        return Hits(iter(()), ())
    low, high = span
    rows = text.execute(
        "SELECT rowid FROM document WHERE document MATCH ? AND rowid BETWEEN ? AND ?"
        f" ORDER BY rowid {'DESC' if descending else 'ASC'}",
        (expression, low >> BLOCK_BITS, high >> BLOCK_BITS),
    )
    changed: set[int] = set()
    if text.execute("SELECT 1 FROM later LIMIT 1").fetchone() is not None:
        later = text.execute(
            "SELECT ids FROM later WHERE document IN"
            " (SELECT rowid FROM document WHERE document MATCH ? AND rowid >= ?)",
            (expression, _FIRST_LATER),
        )
        changed.update(task_id for (ids,) in later for task_id in array("I", ids))
    return Hits((number for (number,) in rows), tuple(changed))


def first_of(number: int) -> int:
    """The first id of this block."""
    return number << BLOCK_BITS


def expanded(numbers: Iterable[int], span: Range, *, descending: bool) -> Iterator[int]:
    """The ids of these blocks that lie within `span`."""
    for number in numbers:
        first = max(span[0], number << BLOCK_BITS)
        last = min(span[1], (number << BLOCK_BITS) + _BLOCK - 1)
        ids = range(first, last + 1)
        yield from reversed(ids) if descending else ids


# -- writing -----------------------------------------------------------------------------


class TextIndex:
    """The writing side, for one thread. Raises SQLite's errors with the index as they come,
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
        self._bodies = BodyCodec()
        self._merging = False
        self.upto: int
        #: Rows of the queue `retext` up to this number are in the index.
        self.dequeued: int
        self.upto, self.dequeued = only_row(self._text, "SELECT upto, retext FROM progress")
        if self.upto == 0:
            # A new index reads every task as it is now, so what left the queue before
            # concerns it no more.
            with self._of_tasks():
                self.dequeued = max(self.dequeued, _last_dequeued(self._tasks))
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
        `_last_dequeued`), or the tasks lost theirs, which a power failure or a file put back from
        a backup can do to either."""
        [(newest,)] = self._task_rows("SELECT ifnull(max(id), 0) FROM task")
        queued = self._task_rows("SELECT seq FROM sqlite_sequence WHERE name = 'retext'") or [(0,)]
        with self._of_tasks():
            left = _last_dequeued(self._tasks)
        return (
            self.dequeued < left
            or self.dequeued > queued[0][0]
            or self.upto > (newest + _BLOCK) >> BLOCK_BITS << BLOCK_BITS
        )

    def settled_end(self, before: int, *, sealed: bool) -> int:
        """The end of the tasks from `upto` on that are worth indexing now: those that have
        ended, those below `before` in any case, and in a sealed partition all. At a
        block's edge, and not too many at once."""
        [(newest,)] = self._task_rows("SELECT ifnull(max(id), 0) FROM task")
        [(open_,)] = self._task_rows(
            f"SELECT min(id) FROM task WHERE id >= ? AND state < {ENDED_FROM}",
            (max(self.upto, before),),
        )
        end: int = newest + 1 if open_ is None else open_
        if sealed:
            end = newest + _BLOCK
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
            for start in range(0, len(rows), _BLOCK):
                part = rows[start : start + _BLOCK]
                document = _FIRST_LATER + part[-1][0]
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
            return texts(self._packed(compressed))
        except (zstandard.ZstdError, msgspec.DecodeError, KeyError):
            return set()

    def _packed(self, compressed: bytes) -> bytes:
        try:
            return self._bodies.decompress(compressed)
        except KeyError:
            for number, dictionary in self._task_rows("SELECT id, z FROM compression ORDER BY id"):
                self._bodies.add_dictionary(number, dictionary)
            return self._bodies.decompress(compressed)

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


def drop(directory: Path, number: int) -> None:
    """Remove an index; it is made again from the tasks."""
    for path in with_journals(text_path(directory, number)):
        path.unlink(missing_ok=True)
