"""One partition as one thread reads it: connection, shared values, bodies, search index.

`Deadline` is how long its statements may run; `reader` opens partitions and lends them to threads.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw

from umbel.clock import Clock
from umbel.cluster.facts import Facts, unpack
from umbel.cluster.task import Task, project
from umbel.errors import StoreTooNew
from umbel.store.sqlite.costs import Costs
from umbel.store.sqlite.files import roll_up_levels
from umbel.store.sqlite.files.body import BodyCodec
from umbel.store.sqlite.files.damage import BODY_DAMAGE, is_damage
from umbel.store.sqlite.files.paths import (
    NotYetMade,
    identity,
    only_row,
    open_reader,
    tasks_path,
    text_path,
)
from umbel.store.sqlite.files.row import Id, id_text
from umbel.store.sqlite.files.value_dictionary import ValueDictionary
from umbel.store.sqlite.text.joined_bodies_cache import JoinedBodiesCache
from umbel.store.sqlite.text.text_filter import document_text
from umbel.store.sqlite.text.texts import texts


class Deadline:
    """A moment on the monotonic clock after which a question gives what it has."""

    def __init__(self, clock: Clock, budget_s: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + budget_s

    def passed(self) -> bool:
        return self._clock.monotonic() >= self._end


class ReadPartition:
    """One thread's view of one partition."""

    def __init__(
        self,
        directory: Path,
        number: int,
        costs: Costs,
        joined_bodies: JoinedBodiesCache | None = None,
        *,
        is_small: bool = False,
    ) -> None:
        self.number = number
        self.costs = costs
        self._directory = directory
        self._path = tasks_path(directory, number)
        #: Which file it is.
        self.file = identity(self._path)
        #: Bodies that were unpacked, for all who read this file.
        self.joined_bodies = joined_bodies or JoinedBodiesCache()
        self.connection = open_reader(self._path, "tasks", is_small=is_small)
        self._text: apsw.Connection | None = None
        self._text_file = 0
        self._bodies = BodyCodec(self._dictionaries, lazy=True)
        #: Gives a body as `cluster.facts.pack` gave it.
        self.packed: Callable[[bytes], bytes] = self._bodies.decompress
        self._value_dictionary: tuple[int, ValueDictionary] | None = None
        self._longest_s: int | None = None
        self._deadline: Deadline | None = None
        self._sample: tuple[str, int] = "", 0
        #: Why the body of some task could not be read, if one was passed over.
        self.unread: Exception | None = None

    def level(self, wanted_s: int) -> int:
        """The length of bucket of the roll-ups that say what those of `wanted_s` would, seconds."""
        if self._longest_s is None:
            self._longest_s = roll_up_levels.longest(self.connection)
        return min(wanted_s, self._longest_s)

    @property
    def counts_durations(self) -> bool:
        """Whether rows by value may say how many their histograms count."""
        return roll_up_levels.has_numbers(self.connection)

    @property
    def value_dictionary(self) -> ValueDictionary:
        """The shared values of this moment."""
        version = int(self.connection.pragma("data_version"))
        if self._value_dictionary is None:
            self._value_dictionary = version, ValueDictionary(self.connection)
        elif self._value_dictionary[0] != version:
            self._value_dictionary[1].refresh()
            self._value_dictionary = version, self._value_dictionary[1]
        return self._value_dictionary[1]

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
            self._watch(self._deadline)
            self._text.execute("BEGIN")
        except (FileNotFoundError, NotYetMade, StoreTooNew, apsw.CantOpenError):
            self.drop_text()
            return None
        except Exception as error:
            if not is_damage(error):
                raise
            # Whoever writes makes it anew.
            self.drop_text()
            return None
        return self._text

    @property
    def sample(self) -> tuple[str, int]:
        """The folded texts of a few tasks, the newest at the first use, and their number."""
        if self._sample[1] < self.costs.sample_tasks:
            rows = self.connection.execute(
                "SELECT z FROM body ORDER BY id DESC LIMIT ?", (self.costs.sample_tasks,)
            )
            found = [self._document_text(compressed) for (compressed,) in rows]
            self._sample = "".join(found), len(found)
        return self._sample

    def _document_text(self, compressed: bytes) -> str:
        try:
            return document_text(texts(self.packed(compressed)))
        except BODY_DAMAGE:
            return ""

    def body(self, task_id: int) -> bytes:
        """The compressed body of a task that exists."""
        return bytes(only_row(self.connection, "SELECT z FROM body WHERE id = ?", (task_id,))[0])

    def _dictionaries(self) -> list[tuple[int, bytes]]:
        rows: list[tuple[int, bytes]] = self.connection.execute(  # type: ignore[assignment]
            "SELECT id, z FROM compression ORDER BY id"
        ).fetchall()
        return rows

    def facts(self, compressed: bytes) -> Facts:
        return unpack(self.packed(compressed))

    def task(self, uuid: Id, changed: float, compressed: bytes) -> Task:
        """The task with this id, last change and body."""
        return project(id_text(uuid), self.facts(compressed), changed)

    def newest_id(self) -> int:
        """The highest task id; 0 in an empty partition."""
        return int(only_row(self.connection, "SELECT max(id) FROM task")[0] or 0)

    def is_in_place(self) -> bool:
        """Whether the file that is read is still the one in the directory."""
        return identity(self._path) == self.file

    def begin(self, deadline: Deadline | None) -> None:
        self.unread = None
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
                connection.set_progress_handler(handler, self.costs.steps_between_clock)

    def drop_text(self) -> None:
        """Let go of a search index that was damaged or replaced."""
        if self._text is not None:
            self._text.close()
            self._text = None

    def close(self) -> None:
        self.drop_text()
        self.connection.close()
