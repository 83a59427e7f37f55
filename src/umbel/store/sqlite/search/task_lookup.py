"""Tasks by their ids, and the tasks of one workflow."""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Final

from umbel.cluster.task import Task
from umbel.query.ast import Comparison, Matches
from umbel.store.base import Workflow
from umbel.store.sqlite.files.id_runs import RUN_BITS, runs
from umbel.store.sqlite.files.row import CHANGED, Id, id_value
from umbel.store.sqlite.search.page_rows import without_details
from umbel.store.sqlite.search.read_partition import ReadPartition
from umbel.store.sqlite.search.reader import Deadline, Reader
from umbel.store.sqlite.search.scan import Scan

#: So many times the limit are read before they are sorted and cut.
_READ_PER_LIMIT: Final = 4
#: How many ids a statement names.
_NAMED: Final = 500


def task(reader: Reader, uuid: str) -> Task | None:
    """See `Store.task`."""
    identity = id_value(uuid)
    for number in reader.that_may_hold(identity):
        with reader.partition(number) as partition:
            if partition is None:
                continue
            row = partition.connection.execute(
                f"SELECT {CHANGED}, z FROM task JOIN body b ON b.id = task.id"
                f" WHERE task.id >> {RUN_BITS} IN ({runs(partition.newest_id())}) AND uuid = ?",
                (identity,),
            ).fetchone()
            if row is not None:
                return partition.task(identity, *row)
    return None


def tasks(reader: Reader, uuids: Iterable[str]) -> Mapping[str, Task]:
    """See `Store.tasks`."""
    identities = {uuid: id_value(uuid) for uuid in uuids}
    candidates: dict[int, list[Id]] = defaultdict(list)
    for identity in identities.values():
        for number in reader.that_may_hold(identity):
            candidates[number].append(identity)
    found: dict[Id, Task] = {}
    for number in sorted(candidates, reverse=True):
        wanted = [each for each in candidates[number] if each not in found]
        with reader.partition(number) as partition:
            if partition is not None:
                found |= _named(partition, wanted)
    return {uuid: found[each] for uuid, each in identities.items() if each in found}


def _named(partition: ReadPartition, wanted: list[Id]) -> dict[Id, Task]:
    """Those of these tasks that the partition has."""
    found: dict[Id, Task] = {}
    for start in range(0, len(wanted), _NAMED):
        some = wanted[start : start + _NAMED]
        rows = partition.connection.execute(
            f"SELECT uuid, {CHANGED}, z FROM task JOIN body b ON b.id = task.id"
            f" WHERE task.id >> {RUN_BITS} IN ({runs(partition.newest_id())})"
            f" AND uuid IN ({','.join('?' * len(some))})",
            some,
        )
        found |= {identity: partition.task(identity, *rest) for identity, *rest in rows}
    return found


def workflow(reader: Reader, root_id: str, limit: int, deadline: Deadline) -> Workflow[Task]:
    """See `Store.workflow`."""
    scan = Scan(
        reader, Matches("root", Comparison.EQUALS, (root_id,)), 0.0, deadline, descending=False
    )
    tasks: list[Task] = []
    with closing(scan.matches()) as matching:
        for found in matching:
            tasks.append(without_details(found.task))
            if len(tasks) > limit * _READ_PER_LIMIT:
                break
    if all(each.uuid != root_id for each in tasks):
        # The root of a workflow may itself have been sent by a task of another.
        root = task(reader, root_id)
        tasks += [] if root is None else [without_details(root)]
    tasks.sort(key=lambda each: each.seen)
    complete = len(tasks) <= limit and not scan.timed_out
    return Workflow(root_id=root_id, tasks=tuple(tasks[:limit]), complete=complete)
