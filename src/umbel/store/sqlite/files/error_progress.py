"""How far the column `task.error` can be relied on.

Which error a task has is worked out when it fails. Tasks that an earlier Umbel stored, or one with
other rules (`error_fingerprint.VERSION`), get theirs later, the newest first
(`write/error_filler.py`); until then, questions read such tasks themselves. So do they where a
file has more different errors than are kept (`value_dictionary.ERRORS_MAX`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import apsw

from umbel.cluster.error_fingerprint import VERSION
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.files.stored_numbers import FLAG_BITS

#: Files of fewer migrations have no column `error`.
_FORMAT: Final = 3
#: More than any id.
_NOWHERE: Final = 1 << 62
#: What holds of every task that has an error.
MAY_HAVE_ERROR: Final = f"flags & {FLAG_BITS['exception'] | FLAG_BITS['traceback']} != 0"
_MAKE_INDEX: Final = "CREATE INDEX IF NOT EXISTS task_error ON task (error) WHERE error IS NOT NULL"


class ErrorProgress(NamedTuple):
    """`since`: tasks with ids from it on have their error in the column. `is_crowded`: but for
    some, whose column is NULL. `has_column` is False in a file of an earlier format."""

    since: int
    is_crowded: bool = False
    has_index: bool = False
    has_column: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether the column alone tells which error every task has."""
        return self.since <= 1 and not self.is_crowded


def error_progress(connection: apsw.Connection) -> ErrorProgress:
    """What holds of a file of tasks now."""
    if version(connection) < _FORMAT:
        return ErrorProgress(_NOWHERE, has_column=False)
    rules, since, crowded, index = _row(connection)
    if rules != VERSION:
        return ErrorProgress(_NOWHERE, has_index=index)
    return ErrorProgress(since, bool(crowded), index)


def _row(connection: apsw.Connection) -> tuple[int, int, int, bool]:
    found = connection.execute(
        "SELECT rules, since, crowded,"
        " EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'task_error') FROM error_progress"
    ).fetchone()
    if found is None:
        raise apsw.CorruptError(f"{connection.filename} lacks a row that must be there")
    return int(found[0]), int(found[1]), int(found[2]), bool(found[3])


def begin(connection: apsw.Connection, next_id: int) -> ErrorProgress:
    """What holds for the writer, whose next task has this id: errors by other rules are worked
    out anew, and a new file has its index at once."""
    rules, *_ = _row(connection)
    if rules != VERSION:
        connection.execute(
            "UPDATE error_progress SET rules = ?, since = ?, crowded = 0", (VERSION, next_id)
        )
    if next_id == 1:
        connection.execute(_MAKE_INDEX)
    return error_progress(connection)


def reach(connection: apsw.Connection, since: int) -> None:
    """Tasks from `since` on have their error now."""
    connection.execute("UPDATE error_progress SET since = min(since, ?)", (since,))


def make_index(connection: apsw.Connection) -> None:
    """Make the index, which reads the whole table once."""
    connection.execute(_MAKE_INDEX)


def note_crowded(connection: apsw.Connection) -> None:
    """Some task's error was not kept."""
    connection.execute("UPDATE error_progress SET crowded = 1")
