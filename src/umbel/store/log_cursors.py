"""How far a task's log was read: the part of the store and the number of the piece there."""

from __future__ import annotations

import re
from typing import Final

from umbel.errors import CursorError

_CURSOR: Final = re.compile(r"([0-9]{1,9})\.([0-9]{1,18})").fullmatch


def write_log_cursor(part: int, number: int) -> str:
    """The cursor that goes on after this piece."""
    return f"{part}.{number}"


def read_log_cursor(cursor: str) -> tuple[int, int]:
    """Part and number; before all of them if the cursor is empty. Raises `CursorError`."""
    if not cursor:
        return 0, 0
    found = _CURSOR(cursor)
    if found is None:
        raise CursorError("This is no place in a log.", remedy="Read it from its beginning.")
    return int(found[1]), int(found[2])
