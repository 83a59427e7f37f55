"""Where events become rows. See `partition` for what one file does with them.

Theory of operation. `apply` groups a batch by task, finds what is known of each, joins,
and gives every task that really changed to its partition. A task lives in one partition for
its life: a known one is looked for in memory (tasks that have not ended), then in every
partition whose sieve lets its id through, the newest first; a new one goes to the newest.

Each partition's share is written in a transaction of its own. All of them are first
executed and pushed out to their files, then committed one after the other, oldest change
number first; a crash in between leaves each file whole, and the events that are delivered
again fill in the rest, since joining twice changes nothing. After an error everything in
memory is dropped and read again when needed, so that `apply` can simply be called again.

That is also what is done about a file that proves damaged (see `damage`): it is moved aside,
what was going on is done again with the others, and new tasks go to a new partition.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from umbel.clock import Clock
from umbel.cluster.events import TASK_RANK, WORKER_KINDS, Event
from umbel.cluster.facts import Facts, join, pack, unpack
from umbel.cluster.losses import Losses
from umbel.cluster.task import ENDED, project
from umbel.cluster.worker import Sign, Worker, observe, witness
from umbel.store.base import Applied, CollectorStatus, KeptGap, Tallies
from umbel.store.sqlite.files import catalog
from umbel.store.sqlite.files.bloom_filter import marks
from umbel.store.sqlite.files.damage import Damaged, is_damage, numbers_aside, set_aside
from umbel.store.sqlite.files.errors import failing_again, keep_errno, replaced, told
from umbel.store.sqlite.files.lock import WriterLock
from umbel.store.sqlite.files.partition_files import remove
from umbel.store.sqlite.files.paths import bound_checkpoints, checkpoint, numbers_in, tasks_path
from umbel.store.sqlite.files.row import Id, id_text, id_value
from umbel.store.sqlite.files.store_id import keep_id
from umbel.store.sqlite.write.open_tasks_cache import Place, Recent
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
        self.mended(lambda: None)

    def _open(self) -> None:
        self._recent = Recent()
        #: Those heard of last; the catalog has the others.
        self._workers: dict[str, Worker] = {}
        self._lock.hold()
        with told(self._directory):
            self.id = keep_id(self._directory, self.id)
            self.catalog = self._opened_catalog()
            for number in self._numbers():
                self._add(self._partition(number))
            newest_aside = max(numbers_aside(self._directory), default=0)
            if not self.partitions or newest_aside > self.hot.number:
                self._begin_partition(newest_aside + 1)
            self.hot.widen_sieve()
            self.seq = max(
                self.seq, self.catalog.floor(), *(each.last_seq for each in self.partitions)
            )
            latest = max(partition.latest("changed") for partition in self.partitions)
            self._stamps = Stamps(self._clock, latest)

    def _opened_catalog(self) -> catalog.Catalog:
        with self._of_catalog():
            return catalog.Catalog(self._directory)

    def _numbers(self) -> list[int]:
        files = numbers_in(self._directory)
        with self._of_catalog():
            strangers = self.catalog.agree_with(files)
            self.catalog.raise_floor(self.seq)
        if strangers:
            _log.warning("Files of tasks that umbel.db did not list are taken in: %s.", strangers)
        return sorted(files)

    def _partition(self, number: int) -> WritePartition:
        return WritePartition(self._directory, number, self._partition_tasks)

    @contextmanager
    def _of_catalog(self) -> Iterator[None]:
        """Damage found inside is umbel.db's."""
        try:
            yield
        except Exception as error:
            if hasattr(self, "catalog"):
                keep_errno(self.catalog.connection, error)
            if is_damage(error):
                raise Damaged(None, error) from error
            raise

    def mended(self, work: Callable[[], R]) -> R:
        """What `work` gives, done with all files open and in place; done again without each
        file that proves damaged meanwhile."""
        with self.lock:
            while True:
                try:
                    with self.whole():
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
            with told(self._directory):
                about = set_aside(self._directory, damaged, self._clock.now())
                if damaged.number is None:
                    self.catalog = catalog.Catalog(self._directory)
                    self.catalog.take_over(Path(about.path))
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
        signs: Iterable[Sign] = (),
    ) -> Applied:
        """See `Store.apply`."""
        by_task: dict[str, list[Event]] = defaultdict(list)
        of_workers: list[Event] = []
        for event in events:
            kind, uuid = event.type, event.uuid
            if uuid and (kind in TASK_RANK or event.is_task):
                by_task[uuid].append(event)
            elif kind in WORKER_KINDS:
                of_workers.append(event)
        given = tuple(signs)
        return self.mended(lambda: self._applied(by_task, of_workers, losses, given))

    def _applied(
        self,
        by_task: dict[str, list[Event]],
        of_workers: list[Event],
        losses: Losses | None,
        signs: Sequence[Sign],
    ) -> Applied:
        if self.hot.next_id > self._partition_tasks:
            self.seal()
        first_new = self.hot.next_id
        self._stamps.begin()
        places = self._gather(by_task)
        workers = self._observed(of_workers, signs)
        self._commit(workers, losses)
        self._recent.remember(places)
        new = self.hot.next_id - first_new
        return Applied(tasks=len(places), new=new, workers=len(workers), seq=self.seq)

    @contextmanager
    def whole(self) -> Iterator[None]:
        """All that is done inside, or nothing: after an error everything that is not in
        the files is forgotten, and read from them the next time."""
        try:
            if not self.partitions:
                self._open()
            with told(self._directory):
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

    def _gather(self, by_task: dict[str, list[Event]]) -> dict[str, Place | None]:
        """Give each task that really changes to its partition; where unfinished ones now
        are, None for the others."""
        places: dict[str, Place | None] = {}
        for uuid, more in by_task.items():
            try:
                self._join(places, uuid, more)
            except OverflowError as error:
                # Delivered again it would fail again, and stop all the others with it.
                _log.warning("Events of task %s cannot be stored: %s.", uuid, error)
        return places

    def _join(self, places: dict[str, Place | None], uuid: str, more: list[Event]) -> None:
        place = self._recent.get(uuid)
        if place is None:
            identity = id_value(uuid)
            hashes = marks(identity)
            place = self._find(identity, hashes)
            if place is None:
                places[uuid] = self._insert(uuid, identity, hashes, more)
                return
        try:
            facts = unpack(place.known.packed)
        except msgspec.DecodeError as error:
            raise Damaged(place.partition.number, error) from error
        joined = join(facts, more)
        if joined is not facts:
            places[uuid] = self._change(place, uuid, joined)

    def _find(self, identity: Id, hashes: tuple[int, int]) -> Place | None:
        for partition in reversed(self.partitions):
            if partition.may_hold(hashes):
                known = partition.find(identity)
                if known is not None:
                    return Place(partition, known)
        return None

    def _insert(
        self, uuid: str, identity: Id, hashes: tuple[int, int], more: list[Event]
    ) -> Place | None:
        facts = join((), more)
        task = project(uuid, facts, self._stamps.next())
        packed = pack(facts)
        known = self.hot.insert(identity, hashes, task, packed)
        return None if task.state in ENDED else Place(self.hot, known)

    def _change(self, place: Place, uuid: str, facts: Facts) -> Place | None:
        task = project(uuid, facts, self._stamps.next())
        known = place.partition.change(place.known, task, pack(facts))
        return None if task.state in ENDED else Place(place.partition, known)

    def _commit(self, workers: dict[str, Worker], losses: Losses | None) -> None:
        touched = [partition for partition in self.partitions if partition.changed]
        for partition in touched:
            self.seq += partition.changed
            partition.flush(self.seq)
        if workers or losses is not None:
            with self._of_catalog():
                self.catalog.put_heard(workers.values(), losses)
            self._remember(workers)
        for partition in touched:
            partition.commit()

    # -- workers and collectors ----------------------------------------------------------

    def _observed(self, events: list[Event], signs: Iterable[Sign]) -> dict[str, Worker]:
        """The workers that really change, as they become."""
        changed: dict[str, Worker] = {}

        def known(name: str) -> Worker | None:
            return changed.get(name) or self._workers.get(name) or self._kept(name)

        given = {sign.hostname: sign for sign in signs}
        for event in events:
            before = known(event.hostname)
            sign = given.get(event.hostname)
            after = observe(before, event, sign.heard if sign else None)
            if after is not before:
                changed[event.hostname] = after
        for name, sign in given.items():
            before = known(name)
            after = witness(before, sign)
            if after is not before:
                changed[name] = after
        return changed

    def _kept(self, name: str) -> Worker | None:
        with self._of_catalog():
            return self.catalog.worker(name)

    def _remember(self, workers: dict[str, Worker]) -> None:
        known = self._workers
        for hostname, worker in workers.items():
            known.pop(hostname, None)
            known[hostname] = worker
        for hostname in list(known)[: max(0, len(known) - catalog.WORKERS_MAX)]:
            del known[hostname]

    def report(self, status: CollectorStatus) -> None:
        """See `Store.report`."""
        self.mended(lambda: self._in_catalog(lambda: self.catalog.put_collector(status)))

    def keep_gaps(self, gaps: Sequence[KeptGap]) -> None:
        """See `Store.keep_gaps`."""
        self.mended(lambda: self._in_catalog(lambda: self.catalog.put_gaps(gaps)))

    def forget_missed(self, before: float | None) -> None:
        """See `Catalog.forget_missed`."""
        self.mended(lambda: self._in_catalog(lambda: self.catalog.forget_missed(before)))

    def keep_tallies(self, tallies: Tallies) -> None:
        """See `Store.keep_tallies`."""
        self.mended(lambda: self._in_catalog(lambda: self.catalog.put_tallies(tallies)))

    def _in_catalog(self, write: Callable[[], None]) -> None:
        with self._of_catalog():
            write()

    # -- partitions ----------------------------------------------------------------------

    def seal(self) -> None:
        """New tasks go to a new partition from now on."""
        full = self.hot
        full.save_sieve()
        full.checkpoint()
        self._begin_partition(full.number + 1)

    def _begin_partition(self, number: int) -> None:
        dictionary = self.hot.dictionary() if self.partitions else None
        partition = self._partition(number)
        if dictionary is not None and partition.dictionary() is None:
            partition.teach(1, dictionary)
        self._in_catalog(lambda: self.catalog.add_partition(number))
        self._add(partition)

    def drop_oldest(self) -> int:
        """Unlink the oldest partition, before anything is written about it; its number."""
        oldest = self.partitions.pop(0)
        self._recent.forget(oldest)
        remove(self._directory, oldest.number)
        oldest.abandon()
        return oldest.number

    def strike_out(self, numbers: Iterable[int]) -> None:
        """Let umbel.db list no more what was unlinked, once all that moves on from there has:
        who makes a copy sees by it that nothing is on its way."""
        for number in numbers:
            self._in_catalog(functools.partial(self.catalog.drop_partition, number, self.seq))

    def take_over(self, tasks: Sequence[Unfinished]) -> None:
        """Put tasks of partitions that were dropped into the oldest that is left, where their
        place in the order is nearly the same."""
        oldest = self.partitions[0]
        for each in tasks:
            uuid = id_text(each.uuid)
            if self._find(each.uuid, marks(each.uuid)) is None:
                task = project(uuid, unpack(each.packed), each.changed)
                oldest.insert(each.uuid, marks(each.uuid), task, each.packed)
        if oldest.changed:
            # Readers believe the file of a partition that takes no more tasks.
            oldest.forget_sieve()
            self._commit({}, None)
            if oldest is not self.hot:
                oldest.save_sieve()

    def take_in_strangers(self, now: float) -> None:
        """Open files of tasks that somebody put into the directory meanwhile, once they are
        no longer written to."""
        known = {each.number for each in self.partitions}
        for number in numbers_in(self._directory) - known:
            if now - tasks_path(self._directory, number).stat().st_mtime > _COPIED_S:
                self._close_files()
                self._open()
                return

    def bound_wals(self, size_bytes: int) -> None:
        """Cut WALs back when they are larger than this, or than usual."""
        for partition in self.partitions:
            bound_checkpoints(partition.connection, size_bytes)
        bound_checkpoints(self.catalog.connection, size_bytes)

    def forget_silent(self) -> None:
        """Keep workers and collectors within their bounds."""
        self._in_catalog(self.catalog.forget_silent)

    def close(self) -> None:
        """Keep what makes the next start fast, put all of it into the files themselves, and
        let go of them."""
        if self.partitions:
            self.hot.save_sieve()
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
