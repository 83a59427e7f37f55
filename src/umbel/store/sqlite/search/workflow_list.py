"""The newest workflows, without reading tasks that belong to none.

A workflow begins with the first task that another one sent: where that task stands in the order of
arrival is where the workflow stands, which later tasks never change. The index `task_root` holds
such tasks alone, by runs of 65,536 ids, so a run without workflows costs one look into it, and ten
million tasks are 160 runs. Groups without a common root are found in the same way in `canvas`.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import apsw
from msgspec.structs import replace

from umbel.store.sqlite.files.canvas import has_canvas
from umbel.store.sqlite.files.id_runs import RUN_BITS
from umbel.store.sqlite.files.row import Id, id_text
from umbel.store.sqlite.search.position import Position, position_of
from umbel.store.sqlite.search.reader import Deadline, Reader, ReadPartition
from umbel.store.workflows import WorkflowPage, read_cursor, write_cursor

#: Children whose roots are in the same run, the usual case, by root, from the newest beginning.
_ROOTS: Final = (
    f"SELECT root, min(id) AS first FROM task INDEXED BY task_root"
    f" WHERE id >> {RUN_BITS} = ? AND root IS NOT NULL GROUP BY root"
    " HAVING first < ? ORDER BY first DESC"
)
#: Groups whose members have no root but themselves; one member stands for each.
_GROUPS: Final = (
    f"SELECT group_id, min(c.id) AS first FROM canvas c INDEXED BY canvas_group"
    f" JOIN task t ON t.id = c.id WHERE c.id >> {RUN_BITS} = ? AND group_id IS NOT NULL"
    " AND t.root IS NULL GROUP BY group_id HAVING first < ? ORDER BY first DESC"
)
#: Past any id.
_END: Final = 1 << 40


class _Begun(NamedTuple):
    """A workflow that has its first task in a run: of a root, or of a group."""

    first: int
    key: Id
    is_group: bool


def workflows(reader: Reader, cursor: str | None, limit: int, deadline: Deadline) -> WorkflowPage:
    """See `Store.workflows`."""
    after = None if cursor is None else position_of(read_cursor(cursor))
    return _Listing(reader, deadline, limit).page(after)


class _Listing:
    def __init__(self, reader: Reader, deadline: Deadline, limit: int) -> None:
        self._reader = reader
        self._deadline = deadline
        self._limit = limit
        self._numbers = reader.numbers()

    def page(self, after: Position | None) -> WorkflowPage:
        found: list[tuple[str, Position]] = []
        reached = after
        for number in self._numbers:
            if after is not None and number > after.partition:
                continue
            before = after.id if after is not None and number == after.partition else _END
            for workflow, position in self._of_partition(number, before):
                reached = position
                if workflow is not None:
                    found.append((workflow, position))
                if len(found) > self._limit:
                    return _page(found, self._limit)
                if self._deadline.passed():
                    break
            if self._deadline.passed():
                cursor = None if reached is None else write_cursor(reached.arrival)
                return replace(_page(found, self._limit), cursor=cursor, complete=False)
        return _page(found, self._limit)

    def _of_partition(self, number: int, before: int) -> Iterator[tuple[str | None, Position]]:
        """Workflows that began in this partition; None for what turns out to be none, by which
        is known how far was looked."""
        try:
            with self._reader.partition(number, self._deadline) as partition:
                if partition is None:
                    return
                newest = min(partition.newest_id(), before)
                for run in range(newest >> RUN_BITS, -1, -1):
                    for begun in _begun(partition, run, before):
                        yield self._workflow(partition, begun), Position(number, begun.first)
                    yield None, Position(number, run << RUN_BITS)
        except apsw.InterruptError:
            return

    def _workflow(self, partition: ReadPartition, begun: _Begun) -> str | None:
        """The id of this workflow, None if it began earlier or is listed as a group."""
        run = begun.first >> RUN_BITS
        if begun.is_group:
            if run and _has_group(partition, begun.key, run - 1):
                return None
            return _uuid(partition, begun.first)
        root = _find(partition, begun.key)
        if root is not None and _is_in_group(partition, root):
            return None
        oldest = 0 if root is None else max(0, (root >> RUN_BITS) - 1)
        if _has_root(partition, begun.key, range(oldest, run)):
            return None
        if root is None and self._began_in_older(partition.number, begun.key):
            return None
        return id_text(begun.key)

    def _began_in_older(self, number: int, root: Id) -> bool:
        """Whether the partition before has tasks of this root; one that lies further back than a
        million tasks counts as begun again."""
        older = [each for each in self._numbers if each < number][:1]
        for each in older:
            with self._reader.partition(each, self._deadline) as partition:
                if partition is not None:
                    every = range((partition.newest_id() >> RUN_BITS) + 1)
                    return _has_root(partition, root, every)
        return False


def _page(found: list[tuple[str, Position]], limit: int) -> WorkflowPage:
    cursors = tuple(write_cursor(position.arrival) for _, position in found[:limit])
    following = cursors[-1] if len(found) > limit else None
    return WorkflowPage(tuple(each for each, _ in found[:limit]), cursors, following)


def _begun(partition: ReadPartition, run: int, before: int) -> list[_Begun]:
    connection = partition.connection
    found = [_Begun(first, key, False) for key, first in connection.execute(_ROOTS, (run, before))]
    if has_canvas(connection):
        rows = connection.execute(_GROUPS, (run, before))
        found += [_Begun(first, key, True) for key, first in rows]
    return sorted(found, reverse=True, key=lambda each: each.first)


def _find(partition: ReadPartition, uuid: Id) -> int | None:
    """The id in the file of the task `uuid`."""
    every = ",".join(map(str, range(partition.newest_id() >> RUN_BITS, -1, -1)))
    row = partition.connection.execute(
        f"SELECT id FROM task WHERE id >> {RUN_BITS} IN ({every}) AND uuid = ?", (uuid,)
    ).fetchone()
    return None if row is None else int(row[0])


def _uuid(partition: ReadPartition, task_id: int) -> str | None:
    row = partition.connection.execute("SELECT uuid FROM task WHERE id = ?", (task_id,)).fetchone()
    return None if row is None else id_text(row[0])


def _has_root(partition: ReadPartition, root: Id, runs: range) -> bool:
    statement = f"SELECT 1 FROM task WHERE id >> {RUN_BITS} = ? AND root = ? LIMIT 1"
    return any(partition.connection.execute(statement, (run, root)).fetchone() for run in runs)


def _has_group(partition: ReadPartition, group: Id, run: int) -> bool:
    statement = (
        f"SELECT 1 FROM canvas INDEXED BY canvas_group WHERE id >> {RUN_BITS} = ?"
        " AND group_id = ? AND group_id IS NOT NULL LIMIT 1"
    )
    return partition.connection.execute(statement, (run, group)).fetchone() is not None


def _is_in_group(partition: ReadPartition, root: int) -> bool:
    if not has_canvas(partition.connection):
        return False
    return (
        partition.connection.execute(
            "SELECT 1 FROM canvas WHERE id = ? AND group_id IS NOT NULL", (root,)
        ).fetchone()
        is not None
    )
