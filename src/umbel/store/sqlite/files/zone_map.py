"""Zone maps: the least and the greatest of every number in 1,024 neighbouring tasks (the table
`zone`), so that a scan skips zones that cannot match.

A zone is measured once, when the id it ends with has been given out; from then on changes
of its tasks widen it. So it always covers its tasks, perhaps too widely. Tasks above the
last zone are not covered, and are always looked at.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import apsw

from umbel.store.sqlite.files.row import CHANGED, COLUMNS, Row

ZONE_BITS = 10
#: Fields with bounds: one slice of a row. Another column in it is another in the table `zone`.
_FIRST: Final = COLUMNS.index("seen")
_LAST: Final = COLUMNS.index("changed") + 1
ZONED: Final = COLUMNS[_FIRST:_LAST]

_BOUNDS: Final = [(f"{field}_{word}", word, field) for field in ZONED for word in ("min", "max")]
_MEASURE: Final = (
    f"INSERT OR REPLACE INTO zone (id, {', '.join(name for name, _, _ in _BOUNDS)}) SELECT ?, "
    + ", ".join(f"{word}({CHANGED if field == 'changed' else field})" for _, word, field in _BOUNDS)
    + " FROM task WHERE id BETWEEN ? AND ?"
)
# Two-argument min and max are NULL if either is, so unknown bounds are filled first.
_WIDEN: Final = (
    "UPDATE zone SET "
    + ", ".join(
        f"{field}_min = min(ifnull({field}_min, ?{number}), ifnull(?{number}, {field}_min))"
        for number, field in enumerate(ZONED, 1)
    )
    + ", "
    + ", ".join(
        f"{field}_max = max(ifnull({field}_max, ?{number}), ifnull(?{number}, {field}_max))"
        for number, field in enumerate(ZONED, 1)
    )
    + f" WHERE id = ?{len(ZONED) + 1}"
)


def zone_of(task_id: int) -> int:
    return task_id >> ZONE_BITS


def measure(connection: apsw.Connection, zones: Iterable[int]) -> None:
    """Take the bounds of whole zones from the table."""
    size = 1 << ZONE_BITS
    connection.executemany(
        _MEASURE, ((zone, zone << ZONE_BITS, (zone << ZONE_BITS) + size - 1) for zone in zones)
    )


def widen(connection: apsw.Connection, rows: Iterable[tuple[int, Row]]) -> None:
    """Make the zones of changed tasks (id, row) cover them as well."""
    zones: dict[int, list[Row]] = defaultdict(list)
    for task_id, row in rows:
        zones[zone_of(task_id)].append(row[_FIRST:_LAST])
    # Few zones have many changes each, and a statement costs more than what it compares.
    connection.executemany(
        _WIDEN,
        (
            (*bounds, zone)
            for zone, numbers in zones.items()
            for bounds in zip(*map(_bounds, zip(*numbers, strict=True)), strict=True)
        ),
    )


def _bounds(numbers: Row) -> tuple[float | None, float | None]:
    """The least and the greatest of a column, None if there are none."""
    told = [number for number in numbers if number is not None]
    return (min(told), max(told)) if told else (None, None)
