"""Runs: the ids of a partition in groups of 65,536 (`task.id >> 16`), which lead the indexes
over random values (task ids). See `schema/tasks-0001.sql`."""

from __future__ import annotations

from functools import lru_cache

RUN_BITS = 16


def runs(next_id: int) -> str:
    """Every run below `next_id`, the newest first, as a list in SQL."""
    return _list(next_id >> RUN_BITS)


@lru_cache(maxsize=1_024)
def _list(last: int) -> str:
    return ",".join(map(str, range(last, -1, -1)))
