"""Read-only connections, shared by the threads of a process.

Each thread borrows a partition's connections for the length of one question and sees one
moment of the file meanwhile (a read transaction). Connections are kept for the next who
asks, a few for each file, since opening one costs more than most questions.

Partitions come and go while this process runs: the list in umbel.db is read anew for every
question, and a file that was removed in between is simply not there any more; one that is
open stays readable to its end.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from umbel.clock import Clock
from umbel.cluster.facts import Facts, unpack
from umbel.cluster.task import Task, project
from umbel.store.sqlite import catalog
from umbel.store.sqlite.body import Bodies
from umbel.store.sqlite.files import (
    NotYetMade,
    identity,
    meta_path,
    only_row,
    open_reader,
    sieve_path,
    tasks_path,
    text_path,
)
from umbel.store.sqlite.need import indexed
from umbel.store.sqlite.row import Id, id_text
from umbel.store.sqlite.sieve import SieveFile, marks
from umbel.store.sqlite.texts import texts
from umbel.store.sqlite.troubles import missing, told
from umbel.store.sqlite.vocabulary import Vocabulary

#: Idle connections that are kept for each file, and for umbel.db.
_IDLE_MAX = 3
#: Virtual machine steps between two looks at the clock.
_STEPS = 4_000
#: Tasks by which a search judges what is rare.
_SAMPLE_TASKS = 128


class Deadline:
    """A moment on the monotonic clock after which a question gives what it has."""

    def __init__(self, clock: Clock, budget_s: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + budget_s

    def passed(self) -> bool:
        return self._clock.monotonic() >= self._end


class ReadPartition:
    """One thread's view of one partition."""

    def __init__(self, directory: Path, number: int) -> None:
        self.number = number
        self._directory = directory
        self._path = tasks_path(directory, number)
        self._file = identity(self._path)
        self.connection = open_reader(self._path, "tasks")
        self._text: apsw.Connection | None = None
        self._text_file = 0
        self._bodies = Bodies()
        self._vocabulary: tuple[int, Vocabulary] | None = None
        self._deadline: Deadline | None = None
        self._sample: tuple[str, int] = "", 0

    @property
    def vocabulary(self) -> Vocabulary:
        """The shared values of this moment."""
        version = int(self.connection.pragma("data_version"))
        if self._vocabulary is None or self._vocabulary[0] != version:
            self._vocabulary = version, Vocabulary(self.connection)
        return self._vocabulary[1]

    @property
    def text(self) -> apsw.Connection | None:
        """The search index as it is at the first use, or None as long as there is none."""
        if self._text is not None and self._text.in_transaction:
            return self._text
        path = text_path(self._directory, self.number)
        try:
            # An index that was made anew is another file.
            file = path.stat().st_ino
            if self._text is None or file != self._text_file:
                self.drop_text()
                self._text, self._text_file = open_reader(path, "text"), file
                # Belongs to this connection alone, so a file that is only read can have it.
                self._text.execute(
                    "CREATE VIRTUAL TABLE temp.token USING fts5vocab(main, document, row)"
                )
        except (FileNotFoundError, NotYetMade, apsw.CantOpenError):
            self.drop_text()
            return None
        self._watch(self._deadline)
        self._text.execute("BEGIN")
        return self._text

    @property
    def sample(self) -> tuple[str, int]:
        """The folded texts of a few tasks, the newest at the first use, and their number."""
        if self._sample[1] < _SAMPLE_TASKS:
            rows = self.connection.execute(
                "SELECT z FROM body ORDER BY id DESC LIMIT ?", (_SAMPLE_TASKS,)
            )
            found = [indexed(texts(self.packed(z))) for (z,) in rows]
            self._sample = "".join(found), len(found)
        return self._sample

    def body(self, task_id: int) -> bytes:
        """The compressed body of a task that exists."""
        return bytes(only_row(self.connection, "SELECT z FROM body WHERE id = ?", (task_id,))[0])

    def packed(self, z: bytes) -> bytes:
        """A body as `cluster.facts.pack` gave it."""
        try:
            return self._bodies.packed(z)
        except KeyError:
            for number, dictionary in self.connection.execute(
                "SELECT id, z FROM compression ORDER BY id"
            ):
                self._bodies.learn(number, dictionary)
            return self._bodies.packed(z)

    def facts(self, z: bytes) -> Facts:
        return unpack(self.packed(z))

    def task(self, uuid: Id, changed: float, z: bytes) -> Task:
        """The task with this id, last change and body."""
        return project(id_text(uuid), self.facts(z), changed)

    def newest_id(self) -> int:
        """The highest task id; 0 in an empty partition."""
        return int(only_row(self.connection, "SELECT max(id) FROM task")[0] or 0)

    def is_in_place(self) -> bool:
        """Whether the file that is read is still the one in the directory."""
        return identity(self._path) == self._file

    def begin(self, deadline: Deadline | None) -> None:
        self.connection.execute("BEGIN")
        self._watch(deadline)

    def end(self) -> None:
        self._watch(None)
        for connection in (self.connection, self._text):
            if connection is not None and connection.in_transaction:
                connection.execute("ROLLBACK")

    def _watch(self, deadline: Deadline | None) -> None:
        self._deadline = deadline
        handler = None if deadline is None else deadline.passed
        for connection in (self.connection, self._text):
            if connection is not None:
                connection.set_progress_handler(handler, _STEPS)

    def drop_text(self) -> None:
        """Let go of a search index that was damaged or replaced."""
        if self._text is not None:
            self._text.close()
            self._text = None

    def close(self) -> None:
        self.drop_text()
        self.connection.close()


class Reader:
    """All partitions, for reading, from any thread."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._lock = threading.Lock()
        self._idle: dict[int, list[ReadPartition]] = defaultdict(list)
        self._idle_meta: list[apsw.Connection] = []
        self._meta_file: tuple[int, int] | None = None
        self._sieves: dict[int, SieveFile] = {}
        self._closed = False

    @contextmanager
    def meta(self) -> Iterator[apsw.Connection]:
        """A connection to umbel.db."""
        path = meta_path(self.directory)
        with told(self.directory):
            file = identity(path)
            connection = self._idle_meta_of(file)
            if connection is None:
                if file is None:
                    raise missing(self.directory)
                connection = self._open_meta(path)
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

    def _open_meta(self, path: Path) -> apsw.Connection:
        try:
            return open_reader(path, "meta")
        except NotYetMade as error:
            raise missing(self.directory) from error

    def numbers(self) -> tuple[int, ...]:
        """The partitions that exist now, the newest first."""
        with self.meta() as connection:
            numbers = catalog.partitions(connection)
        self._let_go(set(numbers))
        return numbers[::-1]

    def _let_go(self, existing: set[int]) -> None:
        with self._lock:
            gone = [self._idle.pop(number) for number in set(self._idle) - existing]
            self._sieves = {n: each for n, each in self._sieves.items() if n in existing}
        for partitions in gone:
            for partition in partitions:
                partition.close()

    def that_may_hold(self, uuid: Id) -> Iterator[int]:
        """The partitions that may have this task, the newest first."""
        hashes = marks(uuid)
        numbers = self.numbers()
        # The newest still takes tasks, so no file knows them all.
        yield from numbers[:1]
        for number in numbers[1:]:
            sieve = self._sieves.get(number) or self._sieve(number)
            if sieve is None or sieve.may_hold(hashes):
                yield number

    def _sieve(self, number: int) -> SieveFile | None:
        """The sieve of a partition that takes no new tasks; None unless it has them all."""
        try:
            sieve = SieveFile(sieve_path(self.directory, number))
        except (OSError, ValueError):
            return None
        with self.partition(number) as partition:
            if partition is None or sieve.upto != partition.newest_id():
                return None
        with self._lock:
            self._sieves[number] = sieve
        return sieve

    @contextmanager
    def partition(
        self, number: int, deadline: Deadline | None = None
    ) -> Iterator[ReadPartition | None]:
        """Partition `number` as it is now; None if it was removed. With a deadline, a
        statement that runs into it raises `apsw.InterruptError`."""
        with told(self.directory):
            partition = self._borrow(number)
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
                sound = True
            except apsw.InterruptError:
                sound = True
                raise
            finally:
                self._give_back(partition, keep=sound)

    def _borrow(self, number: int) -> ReadPartition | None:
        with self._lock:
            idle = self._idle.get(number)
            known = idle.pop() if idle else None
        if known is not None:
            if known.is_in_place():
                return known
            known.close()
        try:
            return ReadPartition(self.directory, number)
        except NotYetMade:
            return None
        except apsw.CantOpenError:
            if tasks_path(self.directory, number).exists():
                raise
            return None

    def _give_back(self, partition: ReadPartition, *, keep: bool) -> None:
        with self._lock:
            idle = self._idle[partition.number]
            keep = keep and not self._closed and len(idle) < _IDLE_MAX
            if keep:
                idle.append(partition)
        if not keep:
            partition.close()

    def close(self) -> None:
        """Close what is idle now, and the rest as it comes back."""
        with self._lock:
            self._closed = True
            partitions = [each for idle in self._idle.values() for each in idle]
            connections = self._idle_meta
            self._idle, self._idle_meta = defaultdict(list), []
        for partition in partitions:
            partition.close()
        for connection in connections:
            connection.close()
