"""Which queues and workers samples are of: each name has a number, which is never another's."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import apsw

from umbel.store.samples import NAMES_MAX, Kind
from umbel.store.sqlite.files.paths import only_row

#: How often it is noted that a subject is still there, seconds.
_SEEN_EVERY_S: Final = 3_600.0
_ALL: Final = "SELECT number, name, seen FROM subject WHERE kind = ?"
_NEW: Final = "INSERT INTO subject (kind, name, seen) VALUES (?, ?, ?) RETURNING number"
_SEEN: Final = "UPDATE subject SET seen = ? WHERE number = ?"
#: Those that are gone, and beyond the bound those that were seen least recently.
_FORGET: Final = """
    DELETE FROM subject WHERE kind = ?1 AND (seen < ?2 OR number NOT IN (
      SELECT number FROM subject WHERE kind = ?1 ORDER BY seen DESC, number DESC LIMIT ?3))
"""


class SampleSubjects:
    """One for each opened file; `numbers` for one thread at a time."""

    def __init__(self, keep_s: float) -> None:
        self._keep_s = keep_s
        self._version: tuple[apsw.Connection, int] | None = None
        #: Number and when it was last noted, by kind and name.
        self._numbers: dict[Kind, dict[str, tuple[int, float]]] = {}

    def names(self, connection: apsw.Connection, kind: Kind) -> dict[int, str]:
        """Names by number."""
        rows: list[Any] = connection.execute(_ALL, (kind,)).fetchall()
        return {number: name for number, name, _ in rows}

    def forget(self) -> None:
        """Read them anew: what was written since was not committed."""
        self._version = None

    def numbers(
        self, connection: apsw.Connection, kind: Kind, names: Collection[str], at: float
    ) -> dict[str, int]:
        """The numbers of these names, which were seen at `at`; within a transaction."""
        # Another process may have written since.
        version = connection, int(connection.pragma("data_version"))
        if self._version != version:
            self._numbers = {}
            self._version = version
        before = self._numbers.pop(kind, None)
        if before is None:
            rows: list[Any] = connection.execute(_ALL, (kind,)).fetchall()
            before = {name: (number, seen) for number, name, seen in rows}
        found = dict(before)
        for name in names:
            if name not in before:
                found[name] = only_row(connection, _NEW, (kind, name, int(at)))[0], at
            elif abs(at - before[name][1]) > _SEEN_EVERY_S:
                number = before[name][0]
                connection.execute(_SEEN, (int(at), number))
                found[name] = number, at
        if len(found) > len(before) or len(found) > NAMES_MAX:
            connection.execute(_FORGET, (kind, int(at - self._keep_s), NAMES_MAX))
            if connection.changes():
                return {name: found[name][0] for name in names}  # the rest is read next time
        self._numbers[kind] = found
        return {name: found[name][0] for name in names}
