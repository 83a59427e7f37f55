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
from umbel.cluster.facts import Facts, join, repeated, unpack
from umbel.cluster.task_log import Key, LogPart, log_part
from umbel.store.sqlite.files.bloom_filter import hash_pair
from umbel.store.sqlite.files.damage import Damaged
from umbel.store.sqlite.files.row import COLUMNS, Id, id_value
from umbel.store.sqlite.files.stored_numbers import ENDED_FROM
from umbel.store.sqlite.write.batch import StoredTask
from umbel.store.sqlite.write.open_tasks_cache import LocatedTask, OpenTasksCache
from umbel.store.sqlite.write.write_partition import WritePartition
from umbel.store.stamps import Stamps

_log = logging.getLogger(__name__)

_STATE = COLUMNS.index("state")

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

    def add_logs(
        self, by_task: Mapping[str, list[Event]], changed: OpenTasks, again: list[Event]
    ) -> bool:
        """Give what is told of logs to the partitions of their tasks, where nothing is known of a
        task to the newest; whether a log grew. `changed` are the tasks that this batch changes, and
        to `again` is added what was known. Raises `Damaged`."""
        has_grown = False
        for uuid, events in by_task.items():
            parts = [(part, event) for event in events if (part := log_part(event)) is not None]
            known = self._add_log(uuid, [part for part, _ in parts], is_changed=uuid in changed)
            for part, event in parts:
                if part.piece.key in known:
                    again.append(event)
                else:
                    known.add(part.piece.key)
                    has_grown = True
        return has_grown

    def _add_log(self, uuid: str, parts: list[LogPart], *, is_changed: bool) -> set[Key]:
        identity = id_value(uuid)
        hashes = hash_pair(identity)
        located = self._open_tasks.get(uuid) or self.find(identity, hashes)
        if located is None:
            newest = self._partitions[-1]
            newest.bloom_filter.add(hashes)
            return newest.add_log(identity, parts)
        stored = None if is_changed else located.stored
        return located.partition.add_log(identity, parts, stored)

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
        partition = self._partitions[-1]
        stored = partition.insert(uuid, identity, hashes, facts, self._stamps.next())
        return None if _has_ended(stored) else LocatedTask(partition, stored)

    def _change(self, located: LocatedTask, uuid: str, facts: Facts) -> LocatedTask | None:
        stored = located.partition.change(located.stored, uuid, facts, self._stamps.next())
        return None if _has_ended(stored) else LocatedTask(located.partition, stored)


def _has_ended(stored: StoredTask) -> bool:
    return bool(stored.row[_STATE] >= ENDED_FROM)
