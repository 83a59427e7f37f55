"""Zones cover the tasks that change in them."""

from __future__ import annotations

import apsw

from umbel.store.sqlite.files import zone_map
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.files.row import COLUMNS, Row

_ZONE = 1 << zone_map.ZONE_BITS


def _row(**numbers: float) -> Row:
    return tuple(numbers.get(column) for column in COLUMNS)


def _bounds(connection: apsw.Connection, zone: int, field: str) -> tuple[object, ...]:
    return only_row(
        connection,
        f"SELECT {field}_min, {field}_max FROM zone WHERE id = ?",  # noqa: S608
        (zone,),
    )


def test_changes_of_several_zones_widen_each_by_its_own() -> None:
    connection = apsw.Connection(":memory:")
    names = (f"{field}_{word}" for field in zone_map.ZONED for word in ("min", "max"))
    connection.execute(f"CREATE TABLE zone (id INTEGER PRIMARY KEY, {', '.join(names)})")
    connection.execute(
        "INSERT INTO zone (id, seen_min, seen_max, runtime_min, runtime_max)"
        " VALUES (0, 10, 20, 5, 6), (1, 30, 40, NULL, NULL), (2, 50, 60, NULL, NULL)"
    )

    changes = [
        (1, _row(seen=12, runtime=1, failed=14)),
        (_ZONE + 1, _row(seen=25, runtime=2)),
        (2, _row(seen=21, runtime=9)),
        (_ZONE + 2, _row(seen=35, runtime=3)),
        (_ZONE + 3, _row(seen=33)),
    ]
    zone_map.widen(connection, changes)

    assert _bounds(connection, 0, "seen") == (10, 21)
    assert _bounds(connection, 0, "runtime") == (1, 9)
    assert _bounds(connection, 0, "failed") == (14, 14)
    assert _bounds(connection, 1, "seen") == (25, 40)
    assert _bounds(connection, 1, "runtime") == (2, 3)
    assert _bounds(connection, 1, "failed") == (None, None)
    assert _bounds(connection, 2, "seen") == (50, 60)
