"""The reader: pools of read-only connections, shared by the threads of a process.

Each thread borrows a partition's connections for the length of one question and sees one
moment of the file meanwhile (a read transaction). Connections are kept for the next who
asks, a few for each file, since opening one costs more than most questions.

Partitions come and go while this process runs: the list in umbel.db is read anew for every
question, and a file that was removed in between is simply not there any more; one that is
open stays readable to its end. So is a file that cannot be read: the question goes on without
the rest of it, and `unreadable` tells which it was.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import apsw

from umbel.clock import Clock
from umbel.errors import StoreCorrupt
from umbel.store.base import DamagedPart
from umbel.store.sqlite.costs import COSTS, Costs
from umbel.store.sqlite.files import catalog
from umbel.store.sqlite.files.bloom_filter import BloomFilterFile, hash_pair
from umbel.store.sqlite.files.damage import is_damage, unreadable
from umbel.store.sqlite.files.errors import missing, translated
from umbel.store.sqlite.files.paths import (
    NotYetMade,
    bloom_filter_path,
    identity,
    meta_path,
    numbers_in,
    open_reader,
    tasks_path,
)
from umbel.store.sqlite.files.row import Id
from umbel.store.sqlite.search.lacking_parts import LackingParts
from umbel.store.sqlite.search.read_partition import Deadline as Deadline
from umbel.store.sqlite.search.read_partition import ReadPartition as ReadPartition
from umbel.store.sqlite.text.joined_bodies_cache import JoinedBodiesCache

_log = logging.getLogger(__name__)

R = TypeVar("R")
#: Idle connections that are kept for each file, and for umbel.db; and for all files of tasks.
_IDLE_MAX = 3
_IDLE_OF_ALL_MAX = 48


class Reader:
    """All partitions, for reading, from any thread."""

    def __init__(
        self, directory: Path, clock: Clock, costs: Costs = COSTS, *, is_small: bool = False
    ) -> None:
        self.directory = directory
        self._is_small = is_small
        self.costs = costs
        self._clock = clock
        #: Files that could not be read, by partition (None for umbel.db), and which file it was.
        self._unreadable: dict[int | None, tuple[tuple[int, int] | None, DamagedPart]] = {}
        self._lacking = LackingParts(directory, clock)
        self._lock = threading.Lock()
        #: By partition, those last that were used last.
        self._idle: OrderedDict[int, list[ReadPartition]] = OrderedDict()
        self._idle_meta: list[apsw.Connection] = []
        self._meta_file: tuple[int, int] | None = None
        self._bloom_filters: dict[int, tuple[tuple[int, int] | None, BloomFilterFile]] = {}
        self._joined_bodies = JoinedBodiesCache()
        self._closed = False

    @contextmanager
    def meta(self) -> Iterator[apsw.Connection]:
        """A connection to umbel.db. Raises `NotYetMade` if there is none, or an empty one."""
        path = meta_path(self.directory)
        with translated(path):
            file = identity(path)
            connection = self._idle_meta_of(file)
            if connection is None:
                if file is None:
                    raise NotYetMade(str(path))
                connection = open_reader(path, "meta")
            try:
                yield connection
            finally:
                with self._lock:
                    keep = not self._closed and len(self._idle_meta) < _IDLE_MAX
                    keep = keep and file == self._meta_file
                    if keep:
                        self._idle_meta.append(connection)
                if not keep:
                    connection.close()

    def _idle_meta_of(self, file: tuple[int, int] | None) -> apsw.Connection | None:
        """An idle connection to this file; those to one that was replaced are let go."""
        with self._lock:
            if file == self._meta_file:
                return self._idle_meta.pop() if self._idle_meta else None
            replaced, self._idle_meta, self._meta_file = self._idle_meta, [], file
        for connection in replaced:
            connection.close()
        return None

    def of_meta(self, read: Callable[[apsw.Connection], R], otherwise: R) -> R:
        """What `read` finds in umbel.db; something else while the file is damaged, or away from
        tasks that are there."""
        try:
            with self.meta() as connection:
                return read(connection)
        except NotYetMade:
            if not numbers_in(self.directory):
                raise missing(self.directory) from None
            self._note_lacking(None)
            return otherwise
        except StoreCorrupt as error:
            self.note(None, error.__cause__ or error)
            return otherwise

    def numbers(self) -> tuple[int, ...]:
        """The partitions that exist now, the newest first. The files are there also where
        umbel.db cannot be read, or was taken away and is not made anew yet."""
        numbers = self.of_meta(catalog.partitions, None)
        if numbers is None:
            numbers = tuple(sorted(numbers_in(self.directory)))
        self._close_removed(set(numbers))
        return numbers[::-1]

    def note(self, number: int | None, error: BaseException) -> None:
        """Remember that a file cannot be read."""
        path = meta_path(self.directory) if number is None else tasks_path(self.directory, number)
        file = identity(path)
        with self._lock:
            noted = self._unreadable.get(number)
            if noted is None or noted[0] != file:
                part = unreadable(self.directory, number, error, self._clock.now())
                self._unreadable[number] = file, part
                _log.error("%s %s", part.sentence, part.remedy)

    def unreadable(self) -> tuple[DamagedPart, ...]:
        """The files that could not be read and are still the same."""
        with self._lock:
            for number, (file, part) in list(self._unreadable.items()):
                if file is None or identity(Path(part.path)) != file:
                    del self._unreadable[number]
            noted = [part for _, part in self._unreadable.values()]
        lacking = (self._note_lacking(number) for number in self._lacking.noted)
        return (*noted, *(part for part in lacking if part is not None))

    def _note_lacking(self, number: int | None) -> DamagedPart | None:
        if number is None:
            return self._lacking.note(None, set())
        listed = self.of_meta(catalog.partitions, None)
        return self._lacking.note(number, set(listed or ()))

    def _close_removed(self, existing: set[int]) -> None:
        with self._lock:
            gone = [self._idle.pop(number) for number in set(self._idle) - existing]
            self._bloom_filters = {
                n: each for n, each in self._bloom_filters.items() if n in existing
            }
        if gone:
            self._joined_bodies.clear()
        for partitions in gone:
            for partition in partitions:
                partition.close()

    def that_may_hold(self, uuid: Id) -> Iterator[int]:
        """The partitions that may have this task, the newest first."""
        hashes = hash_pair(uuid)
        numbers = self.numbers()
        # The newest still takes tasks, so no file knows them all.
        yield from numbers[:1]
        for number in numbers[1:]:
            bloom_filter = self._bloom_filter_of(number)
            if bloom_filter is None or bloom_filter.may_hold(hashes):
                yield number

    def _bloom_filter_of(self, number: int) -> BloomFilterFile | None:
        """The Bloom filter in the file that is there now: tasks may have moved into a partition
        that takes no new ones."""
        file = identity(bloom_filter_path(self.directory, number))
        with self._lock:
            cached = self._bloom_filters.get(number)
        if cached is not None and cached[0] == file:
            return cached[1]
        return self._opened_bloom_filter(number, file)

    def _opened_bloom_filter(
        self, number: int, file: tuple[int, int] | None
    ) -> BloomFilterFile | None:
        """The Bloom filter of a partition that takes no new tasks; None unless it has them all."""
        try:
            bloom_filter = BloomFilterFile(bloom_filter_path(self.directory, number))
        except (OSError, ValueError):
            return None
        with self.partition(number) as partition:
            if partition is None or bloom_filter.upto != partition.newest_id():
                return None
        with self._lock:
            self._bloom_filters[number] = file, bloom_filter
        return bloom_filter

    @contextmanager
    def partition(
        self, number: int, deadline: Deadline | None = None
    ) -> Iterator[ReadPartition | None]:
        """Partition `number` as it is now; None if it was removed or is damaged. With a
        deadline, a statement that runs into it raises `apsw.InterruptError`.

        When the file proves damaged in the middle, what is done inside ends there, and what
        comes after goes on.
        """
        with translated(tasks_path(self.directory, number)):
            partition = self._readable(number)
            if partition is None:
                yield None
                return
            sound = False
            try:
                partition.begin(deadline)
                try:
                    yield partition
                finally:
                    partition.end()
                if partition.unread is not None:
                    self.note(number, partition.unread)
                sound = True
            except (apsw.InterruptError, GeneratorExit):  # time was up, or a page was full
                sound = True
                raise
            except Exception as error:
                if not is_damage(error):
                    raise
                self.note(number, error)
            finally:
                self._give_back(partition, keep=sound)

    def _readable(self, number: int) -> ReadPartition | None:
        try:
            return self._borrow(number)
        except Exception as error:
            if not is_damage(error):
                raise
            self.note(number, error)
            return None

    def _borrow(self, number: int) -> ReadPartition | None:
        with self._lock:
            idle = self._idle.get(number)
            partition = idle.pop() if idle else None
        if partition is not None:
            if partition.is_in_place():
                return partition
            self._joined_bodies.clear()
            partition.close()
        try:
            return ReadPartition(
                self.directory, number, self.costs, self._joined_bodies, is_small=self._is_small
            )
        except NotYetMade:
            pass
        except apsw.CantOpenError:
            if tasks_path(self.directory, number).exists():
                raise
        self._note_lacking(number)
        return None

    def _give_back(self, partition: ReadPartition, *, keep: bool) -> None:
        with self._lock:
            idle = self._idle.setdefault(partition.number, [])
            keep = keep and not self._closed and len(idle) < _IDLE_MAX
            if keep:
                idle.append(partition)
                self._idle.move_to_end(partition.number)
            crowded_out = self._crowded_out()
        if not keep:
            partition.close()
        if crowded_out is not None:
            crowded_out.close()

    def _crowded_out(self) -> ReadPartition | None:
        """One that nobody used for longest, if there are too many."""
        if sum(map(len, self._idle.values())) <= _IDLE_OF_ALL_MAX:
            return None
        return next(idle.pop() for idle in self._idle.values() if idle)

    def close(self) -> None:
        """Close what is idle now, and the rest as it comes back."""
        with self._lock:
            self._closed = True
            partitions = [each for idle in self._idle.values() for each in idle]
            connections = self._idle_meta
            self._idle, self._idle_meta = OrderedDict(), []
        for partition in partitions:
            partition.close()
        for connection in connections:
            connection.close()
