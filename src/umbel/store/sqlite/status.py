"""`Store.status` of SQLite: counts, sizes, times, what is not indexed, and damaged parts."""

from __future__ import annotations

import apsw

from umbel.store.base import StoreStatus
from umbel.store.sqlite.files import damage
from umbel.store.sqlite.files.partition_files import size_bytes
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.files.zone_map import ZONE_BITS
from umbel.store.sqlite.search.changes import newest_seq
from umbel.store.sqlite.search.reader import Reader
from umbel.store.sqlite.text.text_index import coverage
from umbel.store.sqlite.write.retention import around_bytes


def status(reader: Reader) -> StoreStatus:
    """See `Store.status`."""
    numbers = reader.numbers()
    tasks = unindexed = 0
    oldest: list[float] = []
    newest: list[float] = []
    for number in numbers:
        with reader.partition(number) as partition:
            if partition is None:
                continue
            last = partition.newest_id()
            tasks += last
            covered = coverage(partition)
            if covered is None:
                unindexed += last
            else:
                unindexed += max(0, last + 1 - max(1, covered.upto)) + len(covered.stale)
            first, latest = _seen(partition.connection)
            oldest += [] if first is None else [first]
            newest += [] if latest is None else [latest]
    return StoreStatus(
        kind="sqlite",
        location=str(reader.directory),
        tasks=tasks,
        size_bytes=around_bytes(reader.directory)
        + sum(size_bytes(reader.directory, number) for number in numbers),
        seq=newest_seq(reader, numbers),
        oldest=min(oldest, default=None),
        newest=max(newest, default=None),
        unindexed=unindexed,
        partitions=len(numbers),
        damaged=(*damage.aside(reader.directory), *reader.unreadable()),
    )


def _seen(connection: apsw.Connection) -> tuple[float | None, float | None]:
    """The earliest and latest `seen`: of zones, and of the tasks in none yet."""
    (last,) = only_row(connection, "SELECT max(id) FROM zone")
    row = only_row(
        connection,
        "SELECT min(low), max(high) FROM (SELECT min(seen_min) low, max(seen_max) high FROM zone"
        " UNION ALL SELECT min(seen), max(seen) FROM task WHERE id >= ?)",
        (0 if last is None else (last + 1) << ZONE_BITS,),
    )
    return row[0], row[1]
