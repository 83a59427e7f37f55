"""`Batch`: what changes in one file of tasks, gathered in memory and then written at once.

`write_partition` decides what goes in; here it becomes rows of `task`, `body`, `zone`, `retext` and
`change`, inside the transaction that the caller opened.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from array import array
from collections import defaultdict
from itertools import compress
from operator import ne
from typing import Final, NamedTuple

import apsw

from umbel.store.sqlite.files import zone_map
from umbel.store.sqlite.files.body import BodyCodec
from umbel.store.sqlite.files.row import COLUMNS, Row
from umbel.store.sqlite.write.bulk_insert import bulk_insert

_INDEXES: Final = range(len(COLUMNS))
_STATE: Final = COLUMNS.index("state")
_INTO_TASK: Final = f"INSERT INTO task (id, {', '.join(COLUMNS)})"
#: Changes that `follow` can go back.
CHANGES_MAX = 100_000


class StoredTask(NamedTuple):
    """A stored task: its id, its columns and its packed facts."""

    id: int
    row: Row
    packed: bytes


class Batch:
    """The tasks from `next_id` on are new in it, those from `rolled_up_since` on are rolled up by
    value."""

    def __init__(self, next_id: int, rolled_up_since: int) -> None:
        #: Rows of new tasks, and of others those that they had and have now.
        self.inserted: list[Row] = []
        self.before: list[Row] = []
        self.after: list[Row] = []
        #: Of the latter, the pairs of those that are rolled up by value.
        self.rolled_up: list[tuple[Row, Row]] = []
        #: Tasks whose texts the search index has to take up again.
        self.reindex: list[tuple[int]] = []
        self._inserts: list[tuple[object, ...]] = []
        self._packed: list[bytes] = []
        self._updates: dict[tuple[int, ...], list[tuple[object, ...]]] = defaultdict(list)
        self._canvas: list[tuple[object, ...]] = []
        self._widened: list[tuple[int, Row]] = []
        self._changed = array("I")
        #: The state that each of these had before; 0 for a new one.
        self._states = bytearray()
        #: Tasks of which only the log changes, with their states.
        self._grown = array("I")
        self._grown_states = bytearray()
        self._zoned = zone_map.zone_of(next_id)
        self._rolled_up_since = rolled_up_since

    def __len__(self) -> int:
        """How many changes it has."""
        return len(self._changed) + len(self._grown)

    def insert(self, number: int, columns: Row, packed: bytes) -> None:
        """A new task with the id `number`."""
        self._inserts.append((number, *columns))
        self._packed.append(packed)
        self._changed.append(number)
        self._states.append(0)
        self.inserted.append(columns)

    def change(self, stored: StoredTask, columns: Row, packed: bytes) -> None:
        """What became of a task of the file."""
        before = stored.row
        changed = tuple(compress(_INDEXES, map(ne, columns, before)))
        if changed:
            self._updates[changed].append((*(columns[index] for index in changed), stored.id))
            self._widened.append((stored.id, columns))
            self.before.append(before)
            self.after.append(columns)
            if stored.id >= self._rolled_up_since:
                self.rolled_up.append((before, columns))
        self._packed.append(packed)
        self._changed.append(stored.id)
        self._states.append(before[_STATE] & 0xFF)

    def add_canvas(self, canvas: tuple[object, ...]) -> None:
        """What was told of a task's group, chord and chain, as a row of `canvas`."""
        self._canvas.append(canvas)

    def grow(self, stored: StoredTask) -> None:
        """The log of a task of the file grew."""
        self._grown.append(stored.id)
        self._grown_states.append(stored.row[_STATE] & 0xFF)

    def write_tasks(self, connection: apsw.Connection, codec: BodyCodec, next_id: int) -> None:
        """Write rows, bodies, zones and the queue of the search index. `next_id` is that after
        the batch."""
        bulk_insert(connection, _INTO_TASK, self._inserts)
        bodies = codec.compress(self._packed)
        bulk_insert(connection, "REPLACE INTO body", list(zip(self._changed, bodies, strict=True)))
        for changed, rows in self._updates.items():
            assignments = ", ".join(f"{COLUMNS[index]} = ?" for index in changed)
            connection.executemany(f"UPDATE task SET {assignments} WHERE id = ?", rows)
        if self._canvas:
            bulk_insert(connection, "REPLACE INTO canvas", self._canvas)
        zone_map.widen(
            connection,
            [each for each in self._widened if each[0] >> zone_map.ZONE_BITS < self._zoned],
        )
        zone_map.measure(connection, range(self._zoned, zone_map.zone_of(next_id)))
        connection.executemany("INSERT INTO retext (id) VALUES (?)", self.reindex)

    def write_change(self, connection: apsw.Connection, seq: int) -> None:
        """Write the entry of the change log, of which `seq` is the number."""
        connection.execute(
            "INSERT INTO change VALUES (?, ?, ?)",
            (
                seq,
                (self._changed + self._grown).tobytes(),
                bytes(self._states + self._grown_states),
            ),
        )
        connection.execute("DELETE FROM change WHERE seq <= ?", (seq - CHANGES_MAX,))
