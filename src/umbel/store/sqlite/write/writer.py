"""The writer: where events become rows. See `write_partition` for what one file does with them.

Theory of operation. `apply` groups a batch by task, and `task_joiner` finds the stored facts of
each, joins, and gives every task that really changed to its partition. A task lives in one
partition for its life: a stored one is looked for in the cache of open tasks, then in every
partition whose Bloom filter says "perhaps", the newest first; a new one goes to the newest.

Each partition's share is written in a transaction of its own. All of them are first
executed and pushed out to their files, then committed one after the other, oldest change
number first; a crash in between leaves each file whole, and the events that are delivered
again fill in the rest, since joining twice changes nothing. After an error everything in
memory is dropped and read again when needed, so that `apply` can simply be called again.

That is also what is done about a file that proves damaged (see `damage`): it is moved aside,
what was going on is done again with the others, and new tasks go to a new partition.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from umbel.clock import Clock
from umbel.cluster.events import LOG_LINES, TASK_RANK, WORKER_KINDS, Event
from umbel.cluster.facts import unpack
from umbel.cluster.losses import Losses
from umbel.cluster.worker import SignOfLife, Worker
from umbel.store.base import Applied
from umbel.store.sqlite.files.bloom_filter import hash_pair
from umbel.store.sqlite.files.catalog import Catalog
from umbel.store.sqlite.files.damage import (
    Damaged,
    is_damage,
    note_removed,
    numbers_aside,
    set_aside,
)
from umbel.store.sqlite.files.errors import failing_again, keep_errno, replaced, translated
from umbel.store.sqlite.files.lacking_files import EMPTY, is_empty, removed_by_others
from umbel.store.sqlite.files.lock import WriterLock
from umbel.store.sqlite.files.partition_files import remove
from umbel.store.sqlite.files.paths import bound_checkpoints, checkpoint, numbers_in, tasks_path
from umbel.store.sqlite.files.row import id_text
from umbel.store.sqlite.files.store_id import keep_id
from umbel.store.sqlite.write.task_joiner import TaskJoiner
from umbel.store.sqlite.write.workers_cache import WorkersCache
from umbel.store.sqlite.write.write_partition import Unfinished, WritePartition
from umbel.store.stamps import Stamps

_log = logging.getLogger(__name__)

R = TypeVar("R")
#: When so many files prove damaged within this time, it is not the files that are at fault.
_ASIDE_MAX: Final = 12
_ASIDE_SPAN_S: Final = 3_600.0
#: A file that was not written to for so long has been copied to its end.
_COPIED_S: Final = 10.0


class Writer:
    """The writing half of the store, for one thread. `lock` is held while partitions
    change, for others who must not see half a batch."""

    def __init__(
        self, directory: Path, partition_tasks: int, lock: WriterLock, clock: Clock
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._lock = lock
        self._partition_tasks = partition_tasks
        self.lock = threading.RLock()
        self.partitions: list[WritePartition] = []
        #: See `Store.id`.
        self.id = ""
        #: Called with each partition when it is opened, under the lock.
        self.on_partition: Callable[[WritePartition], None] = lambda _: None
        self.seq = 0
        self._set_aside_at: list[float] = []
        self.without_damaged(lambda: None)

    def _open(self) -> None:
        self._workers = WorkersCache(self._stored_worker)
        self._lock.hold()
        with translated(self._directory):
            self.id = keep_id(self._directory, self.id)
            self.catalog = self._opened_catalog()
            for number in self._numbers():
                self._add(self._partition(number))
            newest_aside = max(numbers_aside(self._directory), default=0)
            if not self.partitions or newest_aside > self.hot.number:
                self._begin_partition(newest_aside + 1)
            self.hot.bloom_filter.grow()
            for partition in self.partitions[:-1]:
                partition.rest()
            self.seq = max(
                self.seq, self.catalog.floor(), *(each.last_seq for each in self.partitions)
            )
            latest = max(partition.latest("changed") for partition in self.partitions)
            self._joiner = TaskJoiner(self.partitions, Stamps(self._clock, latest))

    def _opened_catalog(self) -> Catalog:
        with self._raising_catalog_damage():
            return Catalog(self._directory)

    def _numbers(self) -> list[int]:
        files = numbers_in(self._directory)
        with self._raising_catalog_damage():
            listed = self.catalog.numbers()
        self._must_have_tables(listed & files)
        removed = removed_by_others(listed, files)
        with self._raising_catalog_damage():
            unlisted = self.catalog.agree_with(files)
            self.catalog.raise_floor(self.seq)
        if unlisted:
            _log.warning("Files of tasks that umbel.db did not list are taken in: %s.", unlisted)
        for number in removed - numbers_aside(self._directory):
            about = note_removed(self._directory, number, self._clock.now())
            _log.error("%s %s", about.sentence, about.remedy)
        return sorted(files)

    def _must_have_tables(self, listed: set[int]) -> None:
        """An empty file would become a new one, and nobody would hear of the tasks it had."""
        for number in sorted(listed):
            if is_empty(tasks_path(self._directory, number), "tasks"):
                raise Damaged(number, ValueError(f"it {EMPTY}"))

    def _partition(self, number: int) -> WritePartition:
        return WritePartition(self._directory, number, self._partition_tasks)

    @contextmanager
    def _raising_catalog_damage(self) -> Iterator[None]:
        """Raise what shows inside that umbel.db is damaged as `Damaged`."""
        try:
            yield
        except Exception as error:
            if hasattr(self, "catalog"):
                keep_errno(self.catalog.connection, error)
            if is_damage(error):
                raise Damaged(None, error) from error
            raise

    def without_damaged(self, work: Callable[[], R]) -> R:
        """Run `work` with all files open and in place, and give its result. When a file proves
        damaged meanwhile, it is set aside, and `work` is run again without it."""
        with self.lock:
            while True:
                try:
                    with self.all_or_nothing():
                        return work()
                except Damaged as damaged:
                    self.set_aside(damaged)

    def set_aside(self, damaged: Damaged) -> None:
        """Move a damaged file out of the way; the others are opened when they are needed.
        Any thread. Raises `StoreError` when it cannot be moved, or when too many had to be."""
        now = self._clock.monotonic()
        with self.lock:
            self._close_files()
            recently = [at for at in self._set_aside_at if now - at < _ASIDE_SPAN_S]
            if len(recently) >= _ASIDE_MAX:
                raise failing_again(self._directory, damaged.reason)
            self._set_aside_at = [*recently, now]
            with translated(self._directory):
                about = set_aside(self._directory, damaged, self._clock.now())
                if damaged.number is None:
                    self.catalog = Catalog(self._directory)
                    self.catalog.copy_from(Path(about.path))
                    self.catalog.close()
                else:
                    remove(self._directory, damaged.number)
        _log.error("%s %s", about.sentence, about.remedy)

    def _add(self, partition: WritePartition) -> None:
        self.partitions.append(partition)
        self.on_partition(partition)

    @property
    def hot(self) -> WritePartition:
        """The partition that takes new tasks."""
        return self.partitions[-1]

    # -- events --------------------------------------------------------------------------

    def apply(
        self,
        events: Sequence[Event],
        losses: Losses | None = None,
        signs: Iterable[SignOfLife] = (),
    ) -> Applied:
        """See `Store.apply`."""
        by_task: dict[str, list[Event]] = defaultdict(list)
        of_workers: list[Event] = []
        of_logs: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            kind, uuid = event.type, event.uuid
            if uuid and (kind in TASK_RANK or event.is_task):
                by_task[uuid].append(event)
            elif kind in WORKER_KINDS:
                of_workers.append(event)
            elif kind == LOG_LINES and uuid:
                of_logs[uuid].append(event)
        given = tuple(signs)
        return self.without_damaged(
            lambda: self._applied(by_task, of_logs, of_workers, losses, given)
        )

    def _applied(
        self,
        by_task: dict[str, list[Event]],
        of_logs: dict[str, list[Event]],
        of_workers: list[Event],
        losses: Losses | None,
        signs: Sequence[SignOfLife],
    ) -> Applied:
        if self.hot.next_id > self._partition_tasks:
            self.seal()
        open_tasks, again = self._joiner.join(by_task)
        workers = self._workers.changed(of_workers, signs)
        has_grown = self._joiner.add_logs(of_logs, open_tasks, again) if of_logs else False
        self._commit(workers, losses)
        self._joiner.committed(open_tasks)
        return Applied(bool(open_tasks or workers or has_grown), again)

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """All that is done inside, or nothing: after an error everything that is not in
        the files is forgotten, and read from them the next time."""
        try:
            if not self.partitions:
                self._open()
            with translated(self._directory):
                yield
                self._must_be_in_place()
        except BaseException:
            self._close_files()
            raise

    def _must_be_in_place(self) -> None:
        """SQLite would write on, into files that nobody can read any more."""
        files = [self.catalog.file, *(partition.file for partition in self.partitions)]
        if not (self._lock.is_held() and all(file.is_in_place() for file in files)):
            raise replaced(self._directory)

    def _commit(self, workers: dict[str, Worker], losses: Losses | None) -> None:
        touched = [partition for partition in self.partitions if partition.has_batch]
        for partition in touched:
            self.seq += partition.changed
            partition.flush(self.seq)
        if workers or losses is not None:
            with self._raising_catalog_damage():
                self.catalog.put_heard(workers.values(), losses)
            self._workers.update(workers)
        for partition in touched:
            partition.commit()

    # -- workers and collectors ----------------------------------------------------------

    def _stored_worker(self, name: str) -> Worker | None:
        with self._raising_catalog_damage():
            return self.catalog.worker(name)

    def write_catalog(self, write: Callable[[Catalog], None]) -> None:
        """Run `write` on the catalog, again on another one if this proves damaged."""
        self.without_damaged(lambda: self.in_catalog(write))

    def in_catalog(self, write: Callable[[Catalog], None]) -> None:
        """The same inside of `without_damaged`."""
        with self._raising_catalog_damage():
            write(self.catalog)

    # -- partitions ----------------------------------------------------------------------

    def seal(self) -> None:
        """New tasks go to a new partition from now on."""
        full = self.hot
        full.bloom_filter.save()
        full.checkpoint()
        self._begin_partition(full.number + 1)
        full.rest()

    def _begin_partition(self, number: int) -> None:
        dictionary = self.hot.dictionary() if self.partitions else None
        partition = self._partition(number)
        if dictionary is not None and partition.dictionary() is None:
            partition.add_dictionary(1, dictionary)
        self.in_catalog(lambda meta: meta.add_partition(number))
        self._add(partition)

    def drop_oldest(self) -> int:
        """Unlink the oldest partition, before anything is written about it; its number."""
        oldest = self.partitions.pop(0)
        self._joiner.forget(oldest)
        remove(self._directory, oldest.number)
        oldest.abandon()
        return oldest.number

    def unlist(self, numbers: Iterable[int]) -> None:
        """Let umbel.db list no more what was unlinked, once all that moves on from there has:
        who makes a copy sees by it that nothing is on its way."""
        for number in numbers:
            with self._raising_catalog_damage():
                self.catalog.drop_partition(number, self.seq)

    def take_over(self, tasks: Sequence[Unfinished]) -> None:
        """Put tasks of partitions that were dropped into the oldest that is left, where their
        place in the order is nearly the same."""
        oldest = self.partitions[0]
        for each in tasks:
            hashes = hash_pair(each.uuid)
            if self._joiner.find(each.uuid, hashes) is None:
                facts = unpack(each.packed)
                oldest.insert(id_text(each.uuid), each.uuid, hashes, facts, each.changed)
                oldest.add_log(each.uuid, each.log)
        if oldest.changed:
            # Readers believe the file of a partition that takes no more tasks.
            oldest.bloom_filter.remove()
            self._commit({}, None)
            if oldest is not self.hot:
                oldest.bloom_filter.save()

    def fill_errors(
        self,
        partition: WritePartition,
        since: int,
        found: Iterable[tuple[int, float | None, str | None]],
    ) -> None:
        """See `WritePartition.fill_errors`; for the thread that works behind the writes, under
        the lock."""
        with self.all_or_nothing():
            partition.fill_errors(since, found)
            # What is remembered of its tasks lacks their errors.
            self._joiner.forget(partition)

    def roll_up(self, partition: WritePartition, since: int) -> None:
        """See `WritePartition.roll_up`; for the thread that works behind the writes, under the
        lock."""
        with self.all_or_nothing():
            partition.roll_up(since)

    def open_added_files(self, now: float) -> None:
        """Open files of tasks that somebody put into the directory meanwhile, once they are
        no longer written to."""
        opened = {each.number for each in self.partitions}
        for number in numbers_in(self._directory) - opened:
            if now - tasks_path(self._directory, number).stat().st_mtime > _COPIED_S:
                self._close_files()
                self._open()
                return

    def bound_wals(self, size_bytes: int) -> None:
        """Cut WALs back when they are larger than this, or than usual."""
        for partition in self.partitions:
            bound_checkpoints(partition.connection, size_bytes)
        bound_checkpoints(self.catalog.connection, size_bytes)

    def close(self) -> None:
        """Keep what makes the next start fast, put all of it into the files themselves, and
        let go of them."""
        if self.partitions:
            self.hot.bloom_filter.save()
            for partition in self.partitions:
                partition.checkpoint()
            checkpoint(self.catalog.connection)
        self._close_files()

    def _close_files(self) -> None:
        for partition in self.partitions:
            partition.close()
        self.partitions = []
        if hasattr(self, "catalog"):
            self.catalog.close()
