"""What changed after a number: the change logs of all partitions as one.

The writer commits change numbers in growing order. So everything up to the highest number
that can be seen anywhere can already be seen everywhere, if the highest is looked for first
and the changes afterwards.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from array import array
from collections.abc import Iterable
from itertools import repeat
from typing import NamedTuple

import apsw

from umbel.cluster.task import Task
from umbel.store.base import Change, Changes
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.files.row import CHANGED
from umbel.store.sqlite.files.stored_numbers import STATE_OF_BYTE
from umbel.store.sqlite.search.reader import Reader
from umbel.store.sqlite.write.batch import CHANGES_MAX

#: In the log of an earlier Umbel.
_UNKNOWN_STATE = -1


class _Entry(NamedTuple):
    """Task `id` of `partition` had change `seq`, and before it the state with number
    `state_before`: 0 if it is a new task, `_UNKNOWN_STATE` if the log does not tell."""

    seq: int
    partition: int
    id: int
    state_before: int


def newest_seq(reader: Reader, numbers: Iterable[int]) -> int:
    """The number of the latest change in these partitions, or before them."""
    newest = reader.of_meta(_floor, 0)
    for number in numbers:
        with reader.partition(number) as partition:
            if partition is not None:
                (last,) = only_row(partition.connection, "SELECT max(seq) FROM change")
                newest = max(newest, last or 0)
    return newest


def _floor(connection: apsw.Connection) -> int:
    return int(only_row(connection, "SELECT seq FROM floor")[0])


def follow(reader: Reader, after: int, limit: int) -> Changes:
    """See `Store.follow`."""
    numbers = reader.numbers()
    newest = newest_seq(reader, numbers)
    if newest == after:
        return Changes((), newest)
    if not 0 <= after <= newest:
        # A number of another directory, or of this one before it was restored.
        return Changes((), newest, skipped=None)
    is_logged = newest - CHANGES_MAX <= after
    since = after if is_logged else max(0, newest - limit)
    entries = _latest(_entries(reader, numbers, since, newest))
    latest = entries[max(0, len(entries) - limit) :]
    return Changes(
        items=_tasks(reader, latest),
        seq=newest,
        skipped=len(entries) - len(latest) if is_logged else None,
    )


def _entries(reader: Reader, numbers: Iterable[int], after: int, upto: int) -> list[_Entry]:
    found: list[_Entry] = []
    for number in numbers:
        with reader.partition(number) as partition:
            if partition is None:
                continue
            for last, blob, states in partition.connection.execute(
                "SELECT seq, ids, states FROM change WHERE seq > ? AND seq <= ?", (after, upto)
            ):
                ids = array("I", blob)
                first = last - len(ids) + 1
                before = states if states is not None else repeat(_UNKNOWN_STATE)
                found += [
                    _Entry(seq, number, task_id, state_before)
                    for seq, (task_id, state_before) in enumerate(
                        zip(ids, before, strict=False), first
                    )
                    if seq > after
                ]
    return found


def _latest(entries: list[_Entry]) -> list[_Entry]:
    """The last change of each task, oldest first, with what it was before its first."""
    last: dict[tuple[int, int], _Entry] = {}
    for entry in sorted(entries):
        key = entry.partition, entry.id
        first = last.get(key)
        last[key] = entry if first is None else entry._replace(state_before=first.state_before)
    return sorted(last.values())


def _tasks(reader: Reader, entries: list[_Entry]) -> tuple[Change, ...]:
    changes: list[Change] = []
    for wanted in {entry.partition for entry in entries}:
        with reader.partition(wanted) as partition:
            if partition is None:
                continue
            for entry in entries:
                if entry.partition != wanted:
                    continue
                found = partition.connection.execute(
                    f"SELECT uuid, {CHANGED}, z FROM task JOIN body ON body.id = task.id"
                    " WHERE task.id = ?",
                    (entry.id,),
                ).fetchone()
                if found is not None:
                    task = partition.task(*found)
                    changes.append(Change(entry.seq, task, _state_before(entry, task)))
    changes.sort(key=lambda change: change.seq)
    return tuple(changes)


def _state_before(entry: _Entry, task: Task) -> str | None:
    if entry.state_before == _UNKNOWN_STATE:
        return task.state
    return STATE_OF_BYTE[entry.state_before] if entry.state_before else None
