"""The values that many tasks of one partition share, as numbers."""

from __future__ import annotations

from collections import defaultdict

import apsw

from umbel.query.folding import TextTest


class Vocabulary:
    """What the table `value` holds, by kind; a new one is as cheap as reading the table."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._ids: dict[str, dict[str, int]] = defaultdict(dict)
        self.counts: dict[int, int] = {}
        self.texts: dict[int, str] = {}
        for number, kind, text, n in connection.execute("SELECT id, kind, text, n FROM value"):
            self._ids[kind][text] = number
            self.texts[number] = text
            self.counts[number] = n

    def ids(self, field: str, test: TextTest) -> list[int]:
        """See `umbel.query.sql.Vocabulary`."""
        return [number for text, number in self._ids[field].items() if test(text)]

    def of(self, field: str) -> dict[str, int]:
        """The number of each value of `field`."""
        return self._ids[field]


class GrowingVocabulary(Vocabulary):
    """The writer's: gives numbers to new values, and counts. `save` writes what changed."""

    def __init__(self, connection: apsw.Connection) -> None:
        super().__init__(connection)
        self._next = max(self.texts, default=0) + 1
        self._new: list[tuple[int, str, str]] = []
        self._deltas: dict[int, int] = defaultdict(int)

    def shared(self, field: str, text: str | None) -> int | None:
        """The number of a value, a new one if need be; None for None."""
        if text is None:
            return None
        number = self._ids[field].get(text)
        if number is None:
            number = self._next
            self._next += 1
            self._ids[field][text] = number
            self.texts[number] = text
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
        changed = [(by, number) for number, by in self._deltas.items() if by]
        connection.executemany("UPDATE value SET n = n + ? WHERE id = ?", changed)
        self._deltas.clear()
