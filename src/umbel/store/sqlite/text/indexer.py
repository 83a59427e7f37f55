"""The thread that keeps the search indexes up with the tasks, and gives tasks of an earlier Umbel
what they were stored without: errors (`write/error_filler.py`) and roll-ups by value.

It works at low priority, in steps of a few thousand tasks, and takes the writer's lock only
to say how far it is about to read. While the writer is busy all the time the index waits, up
to a number of tasks that searches can look at without it. Whatever goes wrong with an index,
the tasks are safe: a damaged one is removed and made again, a full disk is waited for.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import sys
import threading
from pathlib import Path

import apsw

from umbel.clock import Clock
from umbel.errors import StoreError, StoreTooNew
from umbel.store.sqlite.costs import Costs
from umbel.store.sqlite.files.damage import Damaged, is_damage
from umbel.store.sqlite.files.looks import is_looked_at
from umbel.store.sqlite.files.paths import numbers_in
from umbel.store.sqlite.text.text_index_writer import TextIndexWriter, drop_index
from umbel.store.sqlite.write.error_filler import ErrorFiller
from umbel.store.sqlite.write.write_partition import WritePartition
from umbel.store.sqlite.write.writer import Writer
from umbel.store.sqlite.write.writer_load import WriterLoad

_log = logging.getLogger(__name__)

#: Tasks that have not ended are indexed when they are this old, or when so many came after them,
#: and again when they change. A search reads those that are not indexed: 2,000 take it 20 ms.
_SETTLED_AFTER_S = 4.0
_SETTLED_BEHIND = 2_048
#: A step costs as much as some hundred tasks, however few it has.
_PAUSE_S = 1.0
#: The same while so many tasks come between two steps and nobody looks: more of them have ended
#: when they are indexed, and are not indexed again.
_UNSEEN_PAUSE_S = 3.0
_STEADY_TASKS = 256
#: Behind the writer and the readers, but not so far that the tail of unindexed tasks grows.
_NICENESS = 5
_RETRY_S = 5.0
#: Tasks of an earlier Umbel that are rolled up by value at a time, while the writer waits.
_ROLLED_UP_TOGETHER = 2_048


def pause_s(came: float, *, is_looked_at: bool) -> float:
    """How long the index rests after `came` tasks since its last rest."""
    return _UNSEEN_PAUSE_S if came >= _STEADY_TASKS and not is_looked_at else _PAUSE_S


class Indexer:
    """Start it after the writer; stop it before."""

    def __init__(
        self,
        directory: Path,
        writer: Writer,
        writer_load: WriterLoad,
        clock: Clock,
        costs: Costs,
    ) -> None:
        self._costs = costs
        self._directory = directory
        self._writer = writer
        self._writer_load = writer_load
        self._clock = clock
        self._indexes: dict[int, TextIndexWriter] = {}
        self._upto: dict[int, int] = {}
        #: The file of tasks that each index is of, and indexes whose file was replaced.
        self._files: dict[int, object] = {}
        self._orphaned: set[int] = set()
        self._error_filler = ErrorFiller(directory, writer, costs)
        self._mark = (0, 0, 0.0)  # partition, id, when the id was given out
        self._settled = (0, 0)  # partition, tasks below are old enough
        #: The next id of the newest partition, now and at the last pause.
        self._next_id = self._paused_at = math.inf
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="umbel-indexer", daemon=True)
        with writer.lock:
            writer.on_partition = self._adopt
            for partition in writer.partitions:
                self._adopt(partition)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        for index in self._indexes.values():
            index.close()
        self._indexes.clear()

    def _adopt(self, partition: WritePartition) -> None:
        """Tell the partition how far its index goes; under the writer's lock."""
        file = partition.file.identity
        if self._files.setdefault(partition.number, file) != file:
            # The indexing thread may be at it, so it is left to that.
            self._files[partition.number] = file
            self._orphaned.add(partition.number)
            self._upto[partition.number] = 0
        upto = self._upto.get(partition.number)
        if upto is None:
            index = self._opened_index(partition.number)
            upto = self._upto[partition.number] = index.upto
            partition.index_progress.dequeue(index.dequeued, rest=False)
        partition.index_progress.announce(upto)

    def _opened_index(self, number: int) -> TextIndexWriter:
        index = self._indexes.get(number)
        if index is None:
            try:
                index = TextIndexWriter(self._directory, number)
                if index.is_inconsistent():
                    index.close()
                    raise apsw.CorruptError("transactions are missing")
            except Exception as error:
                if not (is_damage(error) or isinstance(error, StoreTooNew)):
                    raise
                index = self._recreated(number, error)
            self._indexes[number] = index
        return index

    def _recreated(self, number: int, reason: object) -> TextIndexWriter:
        _log.warning("The search index of partition %d is made again (%s).", number, reason)
        index = self._indexes.pop(number, None)
        if index is not None:
            index.close()
        drop_index(self._directory, number)
        return TextIndexWriter(self._directory, number)

    # -- the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
        while not self._stopping.is_set():
            pause = _PAUSE_S
            try:
                pause = 0.0 if self._work() else self._rest_s()
            except Damaged as damaged:
                self._set_tasks_aside(damaged)
            except (apsw.Error, OSError, StoreError) as error:
                _log.warning("The search index waits: %s.", error)
                pause = _RETRY_S
            self._stopping.wait(pause)

    def _rest_s(self) -> float:
        """How long nothing is done now that nothing is left to do."""
        came = self._next_id - self._paused_at
        self._paused_at = self._next_id
        return pause_s(came, is_looked_at=is_looked_at(self._directory, self._clock.now()))

    def _work(self) -> bool:
        """One step for each partition that needs it; whether there may be more to do."""
        with self._writer.lock:
            partitions = list(self._writer.partitions)
            if not partitions:
                # The writer holds nothing, and what was removed takes room while it is open.
                self._close_removed(numbers_in(self._directory))
                return False
            self._note_time(partitions[-1])
            while self._orphaned:
                self._recreate(self._orphaned.pop(), "its tasks were replaced")
        if (
            self._writer_load.is_busy()
            and self._waiting(partitions) < self._costs.unindexed_while_busy
        ):
            return False
        more = False
        # The newest first: it is where most searches end, and where the tail grows.
        for partition in reversed(partitions):
            if self._stopping.is_set():
                return False
            # Tidying waits until there is nothing left to index.
            sealed = partition is not partitions[-1]
            try:
                more |= self._step(partition, sealed=sealed, idle=not more)
                if not self._writer_load.is_busy():
                    more |= self._error_filler.step(partition) or self._roll_up(partition)
            except Exception as error:
                if not is_damage(error):
                    raise
                self._rebuild(partition, error)
        with self._writer.lock:
            self._close_removed({each.number for each in self._writer.partitions})
        return more

    def _waiting(self, partitions: list[WritePartition]) -> int:
        """How many tasks are not indexed."""
        return sum(max(0, each.next_id - self._upto[each.number]) for each in partitions)

    def _note_time(self, hot: WritePartition) -> None:
        self._next_id = hot.next_id
        number, task_id, when = self._mark
        now = self._clock.monotonic()
        if number != hot.number or now - when >= _SETTLED_AFTER_S:
            self._settled = (number, task_id)
            self._mark = (hot.number, hot.next_id, now)

    def _step(self, partition: WritePartition, *, sealed: bool, idle: bool) -> bool:
        number = partition.number
        more = False
        index = self._index_of(partition)
        if index is None:
            return False
        if index.upto < partition.next_id:
            before = self._settled[1] if self._settled[0] == number else 0
            before = max(before, partition.next_id - _SETTLED_BEHIND)
            upto = index.settled_end(before, sealed=sealed)
            if upto > index.upto:
                self._announce(number, upto)
                index.index_tasks(upto)
                more = True
        if partition.index_progress.take_queue() and index.index_changes():
            partition.index_progress.dequeue(index.dequeued, rest=True)
            more = True
        if sealed and idle and not more:
            more = index.merge_segments()
            if not more:
                self._indexes.pop(number).close()
        return more

    def _roll_up(self, partition: WritePartition) -> bool:
        """Roll up by value some tasks of an earlier Umbel; whether there may be more of them."""
        with self._writer.lock:
            since = partition.rolled_up_since
            if since <= 1 or partition not in self._writer.partitions:
                return False
            self._writer.roll_up(partition, max(1, since - _ROLLED_UP_TOGETHER))
        return True

    def _index_of(self, partition: WritePartition) -> TextIndexWriter | None:
        """The partition's index, if there is anything to do for it."""
        number = partition.number
        with self._writer.lock:
            if partition not in self._writer.partitions:
                return None
            if self._upto[number] < partition.next_id or partition.index_progress.has_queue:
                return self._opened_index(number)
            return self._indexes.get(number)

    def _announce(self, number: int, upto: int) -> None:
        with self._writer.lock:
            self._upto[number] = upto
            for partition in self._writer.partitions:
                if partition.number == number:
                    partition.index_progress.announce(upto)

    def _rebuild(self, partition: WritePartition, error: Exception) -> None:
        with self._writer.lock:
            if partition in self._writer.partitions:
                self._recreate(partition.number, error)

    def _set_tasks_aside(self, damaged: Damaged) -> None:
        """The tasks cannot be read, so they are set aside, and the index with them."""
        index = self._indexes.pop(damaged.number or 0, None)
        if index is not None:
            index.close()
        try:
            self._writer.set_aside(damaged)
        except StoreError as error:
            _log.error("%s", error)
            self._stopping.wait(_RETRY_S)

    def _recreate(self, number: int, reason: object) -> None:
        self._indexes[number] = index = self._recreated(number, reason)
        self._upto[number] = index.upto

    def _close_removed(self, there: set[int]) -> None:
        """Forget the indexes of partitions that were removed."""
        if not there:
            return
        for number in [number for number in self._upto if number not in there]:
            del self._upto[number]
            self._files.pop(number, None)
            index = self._indexes.pop(number, None)
            if index is not None:
                index.close()
