"""One file of tasks, as its writer sees it.

A batch is first gathered in memory (`batch`), then written by `flush` in one
transaction with everything that follows from it: bodies, shared values, roll-ups, zones,
the queue of the search index and the change log. What is in memory besides the batch can be
read again from the file, so after an error the whole object is thrown away.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Concatenate, Final, Literal, NamedTuple, ParamSpec, TypeVar

import apsw

from umbel.cluster.facts import Facts, pack
from umbel.cluster.task import Task, project
from umbel.cluster.task_log import Key, LogPart
from umbel.query.arguments import keys
from umbel.store.sqlite.files import error_progress, task_log_table, value_rollups, zone_map
from umbel.store.sqlite.files.body import SAMPLES_WANTED, BodyCodec, train
from umbel.store.sqlite.files.canvas import canvas_row
from umbel.store.sqlite.files.damage import Damaged, is_damage
from umbel.store.sqlite.files.errors import keep_errno
from umbel.store.sqlite.files.id_runs import RUN_BITS, runs
from umbel.store.sqlite.files.paths import (
    OpenedFile,
    bound_wal,
    checkpoint,
    keep_little,
    only_row,
    open_writer,
    tasks_path,
)
from umbel.store.sqlite.files.row import CHANGED, COLUMNS, Id, Row, row
from umbel.store.sqlite.files.stored_numbers import ENDED_FROM, SUCCESS_ID
from umbel.store.sqlite.files.value_dictionary import ValueDictionaryWriter
from umbel.store.sqlite.text.texts import texts
from umbel.store.sqlite.write.batch import Batch, StoredTask
from umbel.store.sqlite.write.index_progress import IndexProgress
from umbel.store.sqlite.write.log_batch import LogBatch
from umbel.store.sqlite.write.partition_bloom_filter import PartitionBloomFilter
from umbel.store.sqlite.write.rollup import RollUp
from umbel.store.sqlite.write.simple_row import simple_row
from umbel.store.sqlite.write.value_rollup import ValueRollUp

#: Names of keyword arguments are read from every task at first, then from one in so many.
_KEYS_EVERY = 32
_KEYS_ALWAYS = 500
_KEYS_MAX = 1_000
#: How much of their logs moves with tasks that move to another partition.
_MOVED_LOG_BYTES = 16 * 2**20


class Unfinished(NamedTuple):
    """A task that moves to another partition: its id, the time of its last event, when it
    changed last, its facts, its log."""

    uuid: Id
    timestamp: float
    changed: float
    packed: bytes
    log: tuple[LogPart, ...] = ()


P = ParamSpec("P")
R = TypeVar("R")

_ERROR: Final = COLUMNS.index("error")
_SHARED_COLUMNS: Final = tuple(map(COLUMNS.index, ("name", "state", "worker", "queue", "error")))


def _raising_damaged(
    method: Callable[Concatenate[WritePartition, P], R],
) -> Callable[Concatenate[WritePartition, P], R]:
    """The method, with `Damaged` for what says that the file is not what it was."""

    def call(self: WritePartition, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except Exception as error:
            keep_errno(self.connection, error)
            if is_damage(error):
                raise Damaged(self.number, error) from error
            raise

    call.__doc__ = method.__doc__
    return call


class WritePartition:
    """`tasks` is what the file is meant to hold. Raises `Damaged` when the file is, and
    SQLite's other errors as they come."""

    def __init__(self, directory: Path, number: int, tasks: int) -> None:
        self.number = number
        try:
            self._open(directory, number, tasks)
        except Exception as error:
            if hasattr(self, "connection"):
                self.close()
            if is_damage(error):
                raise Damaged(number, error) from error
            raise

    def _open(self, directory: Path, number: int, tasks: int) -> None:
        self.connection = open_writer(tasks_path(directory, number), "tasks")
        self.file = OpenedFile(tasks_path(directory, number))
        self.bodies = BodyCodec(self._dictionaries)
        self.next_id = 1 + (self._value("SELECT max(id) FROM task") or 0)
        #: Tasks with lower ids have no error yet (see `error_filler`).
        self.errors_since = error_progress.begin(self.connection, self.next_id).since
        #: Tasks with lower ids are not rolled up by value yet (see `text/indexer.py`).
        self.rolled_up_since = value_rollups.rolled_up_since(self.connection)
        self.value_dictionary = ValueDictionaryWriter(self.connection)
        self.last_seq: int = self._value("SELECT max(seq) FROM change") or 0
        queued = self._value("SELECT max(number) FROM retext")
        self.index_progress = IndexProgress(has_queue=queued is not None)
        self.bloom_filter = PartitionBloomFilter(
            directory, number, self.connection, tasks, self.next_id
        )
        self._rollup = RollUp()
        self._value_rollup = ValueRollUp(self.connection)
        self._samples: list[bytes] = []
        self._batch = Batch(self.next_id, self.rolled_up_since)
        self._logs = LogBatch(self.connection)

    def _value(self, sql: str) -> int | None:
        found = self.connection.execute(sql).fetchone()
        return None if found is None else found[0]

    # -- looking up ----------------------------------------------------------------------

    @_raising_damaged
    def find(self, uuid: Id) -> StoredTask | None:
        """A task that is in the file."""
        found = self.connection.execute(
            f"SELECT t.id, z, {', '.join(COLUMNS)} FROM task t JOIN body b ON b.id = t.id"
            f" WHERE t.id >> {RUN_BITS} IN ({runs(self.next_id)}) AND uuid = ?",
            (uuid,),
        ).fetchone()
        if found is None:
            return None
        try:
            packed = self.bodies.decompress(found[1])
        except KeyError as error:
            raise apsw.CorruptError("a task's body cannot be read") from error
        return StoredTask(found[0], found[2:], packed)

    @_raising_damaged
    def oldest_seen(self) -> float:
        """When the first task of the file was first seen; infinity if it is empty."""
        found = self.connection.execute("SELECT seen FROM task ORDER BY id LIMIT 1").fetchone()
        return math.inf if found is None else float(found[0])

    @_raising_damaged
    def latest(self, field: Literal["timestamp", "changed", "seen"]) -> float:
        """The latest such time of all tasks; 0 if there are none."""
        found = only_row(
            self.connection,
            f"SELECT max(ifnull((SELECT max({field}_max) FROM zone), 0),"
            f" ifnull((SELECT max({field}) FROM task WHERE id >= ?), 0))",
            (zone_map.zone_of(self.next_id) << zone_map.ZONE_BITS,),
        )
        return float(found[0])

    @_raising_damaged
    def unfinished(self, since: float, most: int) -> list[Unfinished]:
        """Tasks that have not ended and changed since then, those that changed last first."""
        rows = self.connection.execute(
            f"SELECT uuid, timestamp, {CHANGED}, z FROM task JOIN body ON body.id = task.id"
            f" WHERE state < {SUCCESS_ID} AND state > 0 AND state < {ENDED_FROM} AND timestamp >= ?"
            " ORDER BY timestamp DESC LIMIT ?",
            (since, most),
        )
        found = [
            Unfinished(uuid, at, changed, self.bodies.decompress(compressed))
            for uuid, at, changed, compressed in rows
        ]
        return self._with_logs(found) if task_log_table.any_logs(self.connection) else found

    def _with_logs(self, tasks: list[Unfinished]) -> list[Unfinished]:
        """The same with their logs, as long as these are no more than moves at once."""
        left = _MOVED_LOG_BYTES
        found: list[Unfinished] = []
        for task in tasks:
            log: tuple[LogPart, ...] = ()
            if left > 0:
                parts = task_log_table.parts(self.connection, task.uuid, self.bodies.decompress)
                log = tuple(parts)
                left -= sum(part.piece.size_bytes for part in log)
            found.append(task._replace(log=log))
        return found

    # -- gathering a batch ---------------------------------------------------------------

    def insert(
        self, uuid: str, identity: Id, hashes: tuple[int, int], facts: Facts, changed: float
    ) -> StoredTask:
        """Take in a task that no partition has. Raises `OverflowError`, and nothing changes."""
        packed = pack(facts)
        number = self.next_id
        self.next_id += 1
        columns = self._columns(number, uuid, identity, facts, changed)
        self._batch.insert(number, columns, packed)
        if self.index_progress.covers(number):
            # The index of a partition that was sealed once went to the end of its last block.
            self._batch.reindex.append((number,))
        self.bloom_filter.add(hashes)
        self._sample(number, uuid, facts, packed)
        return StoredTask(number, columns, packed)

    def change(self, stored: StoredTask, uuid: str, facts: Facts, changed: float) -> StoredTask:
        """Take in what became of a task of this partition. Raises `OverflowError`, and nothing
        changes."""
        packed = pack(facts)
        columns = self._columns(stored.id, uuid, stored.row[0], facts, changed)
        self._batch.change(stored, columns, packed)
        if self.index_progress.covers(stored.id) and not texts(packed) <= texts(stored.packed):
            self._batch.reindex.append((stored.id,))
        return StoredTask(stored.id, columns, packed)

    def _columns(self, number: int, uuid: str, identity: Id, facts: Facts, changed: float) -> Row:
        shared = self.value_dictionary.shared
        columns = simple_row(uuid, identity, facts, changed, shared)
        if columns is not None:
            return columns
        task = project(uuid, facts, changed)
        self._add_canvas(number, task)
        return row(task, identity, shared)

    def _add_canvas(self, number: int, task: Task) -> None:
        canvas = canvas_row(number, task)
        if canvas is not None:
            self._batch.add_canvas(canvas)

    def add_log(
        self, uuid: Id, parts: Sequence[LogPart], stored: StoredTask | None = None
    ) -> set[Key]:
        """Take in what was told of the log of a task; the keys of the pieces that were known.
        `stored` is the task, where nothing but its log changes."""
        known = self._logs.add(uuid, parts)
        if stored is not None and not known.issuperset(part.piece.key for part in parts):
            self._batch.grow(stored)
        return known

    def _sample(self, number: int, uuid: str, facts: Facts, packed: bytes) -> None:
        if len(self._samples) < SAMPLES_WANTED and number <= 4 * SAMPLES_WANTED:
            self._samples.append(packed)
        often = number <= _KEYS_ALWAYS
        if not (often or number % _KEYS_EVERY == 0):
            return
        for key in keys(project(uuid, facts).kwargs or ""):
            if (
                key in self.value_dictionary.numbers_of("key")
                or len(self.value_dictionary.numbers_of("key")) < _KEYS_MAX
            ):
                self.value_dictionary.count(
                    self.value_dictionary.shared("key", key), 1 if often else _KEYS_EVERY
                )

    # -- writing it ----------------------------------------------------------------------

    @property
    def changed(self) -> int:
        """How many tasks the batch touches."""
        return len(self._batch)

    @property
    def has_batch(self) -> bool:
        """Whether there is anything to be written."""
        return bool(self._batch or self._logs)

    @_raising_damaged
    def flush(self, seq: int) -> None:
        """Write the batch, whose last change has number `seq`; `commit` makes it stand."""
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        self._count(self._batch.before, -1)
        self._count([*self._batch.inserted, *self._batch.after], 1)
        self.value_dictionary.save(connection)
        self._batch.write_tasks(connection, self.bodies, self.next_id)
        if self._logs:
            self._logs.write(self.bodies)
        connection.execute("DELETE FROM retext WHERE number <= ?", (self.index_progress.dequeued,))
        self._rollup.save(connection)
        self._value_rollup.add(self._batch.inserted, 1)
        self._value_rollup.change(self._batch.rolled_up)
        self._value_rollup.save()
        if self._batch:
            self._batch.write_change(connection, seq)
        if self.bodies.newest < 2 and len(self._samples) >= SAMPLES_WANTED:
            self._train()
        # Nearly all that can fail for want of space fails here, before any file commits.
        connection.cache_flush()

    def _count(self, rows: list[Row], by: int) -> None:
        """Count tasks with these rows in (`by` 1) or out (-1)."""
        for index in _SHARED_COLUMNS:
            for number, n in Counter([each[index] for each in rows]).items():
                self.value_dictionary.count(number, n * by)
        self._rollup.add(rows, by)

    @_raising_damaged
    def commit(self) -> None:
        self.connection.execute("COMMIT")
        if self._batch.reindex:
            self.index_progress.queued()
        self.bloom_filter.committed(self.next_id - 1)
        self._batch = Batch(self.next_id, self.rolled_up_since)
        self._logs = LogBatch(self.connection)
        bound_wal(self.connection)

    def _train(self) -> None:
        dictionary = train(self._samples)
        if dictionary is not None:
            self.add_dictionary(2, dictionary)
        self._samples = []

    def add_dictionary(self, number: int, dictionary: bytes) -> None:
        """Compress with this dictionary from now on."""
        self.connection.execute("INSERT INTO compression VALUES (?, ?)", (number, dictionary))
        self.bodies.add_dictionary(number, dictionary)

    def _dictionaries(self) -> list[tuple[int, bytes]]:
        rows: list[tuple[int, bytes]] = self.connection.execute(  # type: ignore[assignment]
            "SELECT id, z FROM compression ORDER BY id"
        ).fetchall()
        return rows

    @_raising_damaged
    def dictionary(self) -> bytes | None:
        """The newest trained dictionary."""
        found = self.connection.execute(
            "SELECT z FROM compression ORDER BY id DESC LIMIT 1"
        ).fetchone()
        return None if found is None else found[0]

    @_raising_damaged
    def fill_errors(
        self, since: int, found: Iterable[tuple[int, float | None, str | None]]
    ) -> None:
        """Write the errors of tasks as (id, last change, error), of those that have not changed
        since; then all tasks from `since` on have theirs."""
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        for task_id, changed, error in found:
            before: Row | None = connection.execute(
                f"SELECT {', '.join(COLUMNS)} FROM task WHERE id = ? AND changed IS ?",
                (task_id, changed),
            ).fetchone()
            number = self.value_dictionary.shared("error", error)
            if before is not None and before[_ERROR] != number:
                connection.execute("UPDATE task SET error = ? WHERE id = ?", (number, task_id))
                self.value_dictionary.count(before[_ERROR], -1)
                self.value_dictionary.count(number, 1)
                if task_id >= self.rolled_up_since:
                    after = (*before[:_ERROR], number, *before[_ERROR + 1 :])
                    self._value_rollup.change([(before, after)])
        self.value_dictionary.save(connection)
        self._value_rollup.save()
        error_progress.reach(connection, since)
        if since <= 1:
            error_progress.make_index(connection)
        connection.execute("COMMIT")
        self.errors_since = since

    @_raising_damaged
    def roll_up(self, since: int) -> None:
        """Roll up by value the tasks with ids from `since` on that are not yet."""
        connection = self.connection
        connection.execute("BEGIN IMMEDIATE")
        rows = connection.execute(
            f"SELECT {', '.join(COLUMNS)} FROM task WHERE id >= ? AND id < ?",
            (since, self.rolled_up_since),
        )
        self._value_rollup.add(rows, 1)
        self._value_rollup.save()
        value_rollups.reach(connection, since)
        connection.execute("COMMIT")
        self.rolled_up_since = since
        self._batch = Batch(self.next_id, since)

    def rest(self) -> None:
        """New tasks go elsewhere from now on, between two batches: of a long history little is
        kept in memory, and what still changes is read again."""
        self._rollup = RollUp()
        self._value_rollup = ValueRollUp(self.connection)
        self._samples = []
        self.bodies.rest()
        keep_little(self.connection)

    def checkpoint(self) -> None:
        """See `files.checkpoint`."""
        checkpoint(self.connection)

    def abandon(self) -> None:
        """Close a file that was unlinked, without putting it in order."""
        with contextlib.suppress(apsw.Error):
            self.connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        self.close()

    def close(self) -> None:
        """Give up an open batch, if there is one, and the file."""
        with contextlib.suppress(apsw.Error):
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
        with contextlib.suppress(apsw.Error):
            self.connection.close()
