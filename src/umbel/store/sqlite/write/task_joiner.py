"""`TaskJoiner`: from the events of a batch to changed tasks in their partitions.

The stored facts of each task are found (in the cache of open tasks, or by the Bloom filters), the
new events are joined into them, and a task that really changed is given to its partition, which
writes it later (`write_partition`).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import msgspec

from umbel.cluster.events import Event
from umbel.cluster.facts import Facts, join, pack, repeated, unpack
from umbel.cluster.task import ENDED, project
from umbel.store.sqlite.files.bloom_filter import hash_pair
from umbel.store.sqlite.files.damage import Damaged
from umbel.store.sqlite.files.row import Id, id_value
from umbel.store.sqlite.write.open_tasks_cache import LocatedTask, OpenTasksCache
from umbel.store.sqlite.write.write_partition import WritePartition
from umbel.store.stamps import Stamps

_log = logging.getLogger(__name__)

#: Where tasks of a batch that have not ended now are, None for those that have.
OpenTasks = dict[str, LocatedTask | None]


class TaskJoiner:
    """`partitions` are the writer's own list, oldest first: new tasks go to the last one, whichever
    that is by then."""

    def __init__(self, partitions: Sequence[WritePartition], stamps: Stamps) -> None:
        self._partitions = partitions
        self._stamps = stamps
        self._open_tasks = OpenTasksCache()

    def join(self, by_task: Mapping[str, list[Event]]) -> tuple[OpenTasks, list[Event]]:
        """Give each task that really changes to its partition; also gives the events that were
        known. Raises `Damaged`."""
        self._stamps.begin()
        open_tasks: OpenTasks = {}
        again: list[Event] = []
        for uuid, more in by_task.items():
            try:
                self._join(open_tasks, again, uuid, more)
            except OverflowError as error:
                # Delivered again it would fail again, and stop all the others with it.
                _log.warning("Events of task %s cannot be stored: %s.", uuid, error)
        return open_tasks, again

    def committed(self, open_tasks: OpenTasks) -> None:
        """These are in their files now."""
        self._open_tasks.update(open_tasks)

    def forget(self, partition: WritePartition) -> None:
        """This partition was removed, or changed by others."""
        self._open_tasks.forget(partition)

    def find(self, identity: Id, hashes: tuple[int, int]) -> LocatedTask | None:
        """The task, if a file has it."""
        for partition in reversed(self._partitions):
            if partition.bloom_filter.may_hold(hashes):
                stored = partition.find(identity)
                if stored is not None:
                    return LocatedTask(partition, stored)
        return None

    def _join(
        self, open_tasks: OpenTasks, again: list[Event], uuid: str, more: list[Event]
    ) -> None:
        located = self._open_tasks.get(uuid)
        if located is None:
            identity = id_value(uuid)
            hashes = hash_pair(identity)
            located = self.find(identity, hashes)
            if located is None:
                open_tasks[uuid] = self._insert(again, uuid, identity, hashes, more)
                return
        try:
            facts = unpack(located.stored.packed)
        except msgspec.DecodeError as error:
            raise Damaged(located.partition.number, error) from error
        joined = join(facts, more)
        if len(joined) != len(facts) + len(more):
            again += repeated(facts, more)
        if joined is not facts:
            open_tasks[uuid] = self._change(located, uuid, joined)

    def _insert(
        self,
        again: list[Event],
        uuid: str,
        identity: Id,
        hashes: tuple[int, int],
        more: list[Event],
    ) -> LocatedTask | None:
        facts = join((), more)
        if len(facts) != len(more):
            again += repeated((), more)
        task = project(uuid, facts, self._stamps.next())
        partition = self._partitions[-1]
        stored = partition.insert(identity, hashes, task, pack(facts))
        return None if task.state in ENDED else LocatedTask(partition, stored)

    def _change(self, located: LocatedTask, uuid: str, facts: Facts) -> LocatedTask | None:
        task = project(uuid, facts, self._stamps.next())
        stored = located.partition.change(located.stored, task, pack(facts))
        return None if task.state in ENDED else LocatedTask(located.partition, stored)
