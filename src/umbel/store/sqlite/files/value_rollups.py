"""Roll-ups by one value: what tasks of one worker, one queue or one error are like over time.

They stand beside the roll-ups by name and state (`write/rollup.py`), each field for itself, so that
rows add up over fields instead of multiplying. Tasks without a value have no row: what they are is
what all tasks are, less those that have one. So are values beyond `VALUES_MAX` in an hour, which
keeps a file bounded where workers or queues come and go by thousands: the first ones of each hour
are kept, and an hour that was full takes no more (`value_roll_full`), so that a value is either
counted from its first task on, or not at all. Rows by minute have fewer of them (`BY_MINUTE_MAX`):
where many workers share few tasks, there would be a row for nearly each task.

A file that an earlier Umbel wrote gets its roll-ups behind the writes (`text/indexer.py`);
until then its tasks are counted themselves.
"""

from __future__ import annotations

from typing import Final

import apsw

from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.files.stored_numbers import ROLLED_UP_FIELDS

#: Values of one field that have rows in one hour.
VALUES_MAX: Final = 256
#: Those of them that have rows for each minute.
BY_MINUTE_MAX: Final = 32
#: Files of fewer migrations have no such roll-ups.
_FORMAT: Final = 4
#: More than any id.
_NOWHERE: Final = 1 << 62


def rolled_up_since(connection: apsw.Connection) -> int:
    """Tasks with ids from this one on are rolled up by value."""
    if version(connection) < _FORMAT:
        return _NOWHERE
    (since,) = only_row(connection, "SELECT since FROM value_roll_progress")
    return int(since)


def reach(connection: apsw.Connection, since: int) -> None:
    """Tasks from `since` on are rolled up now."""
    connection.execute("UPDATE value_roll_progress SET since = min(since, ?)", (since,))


def was_full(connection: apsw.Connection, field: str, level: int, first: int, last: int) -> bool:
    """Whether some hour that overlaps [first, last) had more values than are kept by minute
    (`level` 60), or at all (3600)."""
    return bool(
        only_row(
            connection,
            "SELECT EXISTS (SELECT 1 FROM value_roll_full"
            " WHERE field = ? AND level = ? AND start > ? AND start < ?)",
            (ROLLED_UP_FIELDS[field], level, first - 3_600, last),
        )[0]
    )
