"""Dictionary encoding: values that many tasks of one partition share (names, states, workers,
queues, errors) are kept once, in the table `value`, and tasks have their numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final

import apsw

from umbel.cluster.task import UNKNOWN
from umbel.query.ast import Comparison
from umbel.query.fields import Field
from umbel.query.folding import TextTest, fold
from umbel.query.match import text_test
from umbel.store.sqlite.files.canvas import has_canvas
from umbel.store.sqlite.files.error_labels import ErrorLabels
from umbel.store.sqlite.files.error_progress import ErrorProgress, error_progress, note_crowded
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.files.stored_numbers import STATE_IDS

#: Values of each field that the writer of a partition remembers.
REMEMBERED: Final = 5_000
#: Different errors that are kept in one partition; messages may have ever new words.
ERRORS_MAX: Final = 10_000
#: So many counts are looked up one by one; for more all are read.
_FEW: Final = 100


class ValueDictionary:
    """What the table `value` holds, by kind. Values are only ever added, with a higher number
    than all before, so `refresh` reads those alone. Counts change with every batch, and are read
    where somebody asks for them."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._ids: dict[str, dict[str, int]] = defaultdict(dict)
        self._newest = 0
        self._counts: dict[int, int] | None = None
        self._error_labels = ErrorLabels()
        #: All values of a field, folded, in lines; of those that were asked for.
        self._lines: dict[str, str] = {}
        #: UNKNOWN comes later than other states did, and stands where no refresh looks.
        self._ids["state"][UNKNOWN] = STATE_IDS[UNKNOWN]
        self.texts: dict[int, str] = {STATE_IDS[UNKNOWN]: UNKNOWN}
        #: Whether the file has the table `canvas`.
        self.has_canvas = has_canvas(connection)
        #: How far the numbers of errors can be relied on.
        self.errors: ErrorProgress
        self.refresh()

    def refresh(self) -> None:
        """Take in what was written since."""
        self._counts = None
        self.errors = error_progress(self._connection)
        for number, kind, text in self._connection.execute(
            "SELECT id, kind, text FROM value WHERE id > ? ORDER BY id", (self._newest,)
        ):
            self._ids[kind][text] = number
            self.texts[number] = text
            self._newest = number
            self._lines.pop(kind, None)
            if kind == "error":
                self._error_labels.add(text, number)

    @property
    def counts(self) -> dict[int, int]:
        """How many tasks have each value, by its number."""
        if self._counts is None:
            self._counts = dict(self._connection.execute("SELECT id, n FROM value"))
        return self._counts

    def tasks(self, numbers: Collection[int]) -> int:
        """How many tasks have one of these values."""
        if self._counts is None and len(numbers) <= _FEW:
            found = (self._count(number) for number in numbers)
        else:
            found = (self.counts.get(number, 0) for number in numbers)
        return sum(max(0, n) for n in found)

    def _count(self, number: int) -> int:
        row = self._connection.execute("SELECT n FROM value WHERE id = ?", (number,)).fetchone()
        return 0 if row is None else int(row[0])

    def ids(self, field: str, test: TextTest) -> list[int]:
        """See `umbel.store.sqlite.search.conditions.SharedValues`."""
        return [number for text, number in self._ids[field].items() if test(text)]

    def containing(self, field: str, folded: str) -> list[int]:
        """See `umbel.store.sqlite.search.conditions.SharedValues`."""
        lines = self._lines.get(field)
        if lines is None:
            lines = self._lines[field] = "\n".join(map(fold, self._ids[field]))
        # Most texts stand in none, which this tells of thousands of errors at once.
        return self.ids(field, lambda text: folded in fold(text)) if folded in lines else []

    def matching(self, field: Field, how: Comparison, values: Sequence[str]) -> list[int]:
        """See `umbel.store.sqlite.search.conditions.SharedValues`."""
        test = text_test(field, how, values)
        if field.name == "error" and how is Comparison.EQUALS:
            candidates = self._error_labels.candidates(values)
            if candidates is not None:
                return [number for number in sorted(candidates) if test(self.texts[number])]
        return self.ids(field.name, test)

    def numbers_of(self, field: str) -> dict[str, int]:
        """The number of each value of `field`."""
        return self._ids[field]

    def column(self, field: str | None) -> str:
        """The column that has the numbers of `field`, NULL for a field that the file has not."""
        return field if field and (field != "error" or self.errors.has_column) else "NULL"

    def is_whole(self, field: str | None) -> bool:
        """Whether every task that has a value of `field` has its number."""
        return field != "error" or self.errors.is_whole


class ValueDictionaryWriter:
    """The writer's: gives numbers to new values, and counts. `save` writes what changed.

    Applications may have ever new names and queues, so only so many values of each field are
    remembered; others are looked up.
    """

    def __init__(self, connection: apsw.Connection, remembered: int = REMEMBERED) -> None:
        self._connection = connection
        self._remembered = remembered
        self._ids: dict[str, dict[str, int]] = defaultdict(dict)
        for kind, text, number in connection.execute(
            "SELECT kind, text, id FROM value WHERE kind IN ('state', 'key')"
        ):
            self._ids[kind][text] = number
        self._new: list[tuple[int, str, str]] = []
        if UNKNOWN not in self._ids["state"]:
            self._ids["state"][UNKNOWN] = STATE_IDS[UNKNOWN]
            self._new.append((STATE_IDS[UNKNOWN], "state", UNKNOWN))
        (newest,) = only_row(connection, "SELECT ifnull(max(id), 0) FROM value")
        self._next: int = newest + 1
        (errors,) = only_row(
            connection, "SELECT count(*) FROM value WHERE kind = 'error' AND n > 0"
        )
        # While errors are worked out by other rules, those by the earlier ones are there as well.
        most = ERRORS_MAX if error_progress(connection).since <= 1 else 2 * ERRORS_MAX
        self._room = most - int(errors)
        self._is_crowded = False
        self._deltas: dict[int, int] = defaultdict(int)

    def numbers_of(self, field: str) -> dict[str, int]:
        """The numbers of those values of `field` that are remembered: all, where they are
        few."""
        return self._ids[field]

    def shared(self, field: str, text: str | None) -> int | None:
        """The number of a value, a new one if need be; None for None, and for an error that
        there is no room for."""
        if text is None:
            return None
        cached = self._ids[field]
        number = cached.get(text)
        if number is None:
            number = self._stored(field, text)
            if number is None:
                if field == "error" and not self._has_room():
                    return None
                number = self._added(field, text)
            cached[text] = number
        return number

    def _has_room(self) -> bool:
        """Whether one more error is kept."""
        self._room -= 1
        if self._room < 0:
            self._is_crowded = True
        return self._room >= 0

    def _stored(self, field: str, text: str) -> int | None:
        found = self._connection.execute(
            "SELECT id FROM value WHERE kind = ? AND text = ?", (field, text)
        ).fetchone()
        return None if found is None else found[0]

    def _added(self, field: str, text: str) -> int:
        number = self._next
        self._next += 1
        self._new.append((number, field, text))
        return number

    def count(self, number: int | None, by: int) -> None:
        """`by` more tasks have this value."""
        if number is not None:
            self._deltas[number] += by

    def save(self, connection: apsw.Connection) -> None:
        if self._new:
            connection.executemany("INSERT INTO value (id, kind, text) VALUES (?,?,?)", self._new)
            self._new = []
        if self._is_crowded:
            note_crowded(connection)
            self._is_crowded = False
        changed = [(by, number) for number, by in self._deltas.items() if by]
        connection.executemany("UPDATE value SET n = n + ? WHERE id = ?", changed)
        self._deltas.clear()
        for cached in self._ids.values():
            excess = len(cached) - self._remembered
            if excess > 0:
                # Not before now: what is new can be looked up from here on.
                for text in list(cached)[:excess]:
                    del cached[text]
