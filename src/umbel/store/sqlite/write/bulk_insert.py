"""Bulk inserts: many rows a statement.

What a statement costs, and that it lets other threads take the interpreter's lock and waits
to get it back, is paid per statement; so rows go in by dozens.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

import apsw

#: Rows of one statement. Those left over go in one by one.
_ROWS: Final = 64


def bulk_insert(connection: apsw.Connection, into: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put `rows`, all of one width, in their order. `into` is the statement's beginning:
    `INSERT INTO ...` or `REPLACE INTO ...`."""
    if not rows:
        return
    one = f"({', '.join('?' * len(rows[0]))})"
    whole = len(rows) - len(rows) % _ROWS
    if whole:
        many = f"{into} VALUES {', '.join([one] * _ROWS)}"
        for start in range(0, whole, _ROWS):
            connection.execute(many, tuple(chain.from_iterable(rows[start : start + _ROWS])))
    connection.executemany(f"{into} VALUES {one}", rows[whole:])
