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
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from umbel.clock import Clock
from umbel.cluster.events import TASK_RANK, WORKER_KINDS, Event
from umbel.cluster.facts import Facts, join, pack, unpack
from umbel.cluster.task import ENDED, project
from umbel.cluster.worker import Worker, observe
from umbel.store.base import Applied, CollectorStatus, Tallies
from umbel.store.sqlite import catalog
from umbel.store.sqlite.lock import WriterLock
from umbel.store.sqlite.partition import WritePartition
from umbel.store.sqlite.recent import Place, Recent
from umbel.store.sqlite.row import Id, id_value
from umbel.store.sqlite.sieve import marks
from umbel.store.sqlite.store_id import keep_id
from umbel.store.sqlite.troubles import replaced, told
from umbel.store.stamps import Stamps

_log = logging.getLogger(__name__)


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
        self._open()

    def _open(self) -> None:
        self._recent = Recent()
        self._lock.hold()
        with told(self._directory):
            self.id = keep_id(self._directory, self.id)
            self.catalog = catalog.Catalog(self._directory)
            numbers = catalog.partitions(self.catalog.connection)
            for number in numbers:
                self._add(self._partition(number))
            if not numbers:
                self._begin_partition(1)
            #: Those heard of last; the catalog has the others.
            self._workers: dict[str, Worker] = {}
            self.seq = max(
                self.catalog.floor(), *(partition.last_seq for partition in self.partitions)
            )
            latest = max(partition.latest("changed") for partition in self.partitions)
            self._stamps = Stamps(self._clock, latest)

    def _partition(self, number: int) -> WritePartition:
        return WritePartition(self._directory, number, self._partition_tasks)

    def _add(self, partition: WritePartition) -> None:
        self.partitions.append(partition)
        self.on_partition(partition)

    @property
    def hot(self) -> WritePartition:
        """The partition that takes new tasks."""
        return self.partitions[-1]

    # -- events --------------------------------------------------------------------------

    def apply(self, events: Sequence[Event]) -> Applied:
        """See `Store.apply`."""
        by_task: dict[str, list[Event]] = defaultdict(list)
        of_workers: list[Event] = []
        for event in events:
            kind, uuid = event.type, event.uuid
            if uuid and (kind in TASK_RANK or event.is_task):
                by_task[uuid].append(event)
            elif kind in WORKER_KINDS:
                of_workers.append(event)
        with self.lock, self.whole():
            if self.hot.next_id > self._partition_tasks:
                self.seal()
            first_new = self.hot.next_id
            self._stamps.begin()
            places = self._gather(by_task)
            workers = self._observed(of_workers)
            self._commit(workers)
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
        facts = unpack(place.known.packed)
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

    def _commit(self, workers: dict[str, Worker]) -> None:
        touched = [partition for partition in self.partitions if partition.changed]
        for partition in touched:
            self.seq += partition.changed
            partition.flush(self.seq)
        if workers:
            self.catalog.put_workers(workers.values())
            self._remember(workers)
        for partition in touched:
            partition.commit()

    # -- workers and collectors ----------------------------------------------------------

    def _observed(self, events: list[Event]) -> dict[str, Worker]:
        """The workers that really change, as they become."""
        changed: dict[str, Worker] = {}
        for event in events:
            name = event.hostname
            known = changed.get(name) or self._workers.get(name) or self.catalog.worker(name)
            after = observe(known, event)
            if after is not known:
                changed[name] = after
        return changed

    def _remember(self, workers: dict[str, Worker]) -> None:
        known = self._workers
        for hostname, worker in workers.items():
            known.pop(hostname, None)
            known[hostname] = worker
        for hostname in list(known)[: max(0, len(known) - catalog.WORKERS_MAX)]:
            del known[hostname]

    def report(self, status: CollectorStatus) -> None:
        """See `Store.report`."""
        with self.lock, self.whole():
            self.catalog.put_collector(status)

    def keep_tallies(self, tallies: Tallies) -> None:
        """See `Store.keep_tallies`."""
        with self.lock, self.whole():
            self.catalog.put_tallies(tallies)

    # -- partitions ----------------------------------------------------------------------

    def seal(self) -> None:
        """New tasks go to a new partition from now on."""
        full = self.hot
        full.save_sieve()
        self._begin_partition(full.number + 1)

    def _begin_partition(self, number: int) -> None:
        dictionary = self.hot.dictionary() if self.partitions else None
        partition = self._partition(number)
        if dictionary is not None and partition.dictionary() is None:
            partition.teach(1, dictionary)
        self.catalog.add_partition(number)
        self._add(partition)

    def drop_oldest(self) -> WritePartition:
        """Forget the oldest partition; its files are the caller's to remove."""
        oldest = self.partitions.pop(0)
        self.catalog.drop_partition(oldest.number, self.seq)
        self._recent.forget(oldest)
        oldest.close()
        return oldest

    def close(self) -> None:
        """Keep what makes the next start fast, and let go of the files."""
        if self.partitions:
            self.hot.save_sieve()
        self._close_files()

    def _close_files(self) -> None:
        for partition in self.partitions:
            partition.close()
        self.partitions = []
        self.catalog.close()
