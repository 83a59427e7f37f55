"""What changed after a number: the change logs of all partitions as one.

The writer commits change numbers in growing order. So everything up to the highest number
that can be seen anywhere can already be seen everywhere, if the highest is looked for first
and the changes afterwards.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from umbel.store.base import Change, Changes
from umbel.store.sqlite.files import only_row
from umbel.store.sqlite.partition import CHANGES_KEPT
from umbel.store.sqlite.reader import Reader

#: Task `id` of `partition` had change `seq`.
_Entry = tuple[int, int, int]  # seq, partition, id


def newest_seq(reader: Reader, numbers: Iterable[int]) -> int:
    """The number of the latest change in these partitions, or before them."""
    with reader.meta() as connection:
        newest = int(only_row(connection, "SELECT seq FROM floor")[0])
    for number in numbers:
        with reader.partition(number) as partition:
            if partition is not None:
                (last,) = only_row(partition.connection, "SELECT max(seq) FROM change")
                newest = max(newest, last or 0)
    return newest


def follow(reader: Reader, after: int, limit: int) -> Changes:
    """See `Store.follow`."""
    numbers = reader.numbers()
    newest = newest_seq(reader, numbers)
    if newest == after:
        return Changes((), newest)
    if not 0 <= after <= newest:
        # A number of another directory, or of this one before it was restored.
        return Changes((), newest, skipped=None)
    known = newest - CHANGES_KEPT <= after
    since = after if known else max(0, newest - limit)
    entries = _latest(_entries(reader, numbers, since, newest))
    kept = entries[max(0, len(entries) - limit) :]
    return Changes(
        items=_tasks(reader, kept),
        seq=newest,
        skipped=len(entries) - len(kept) if known else None,
    )


def _entries(reader: Reader, numbers: Iterable[int], after: int, upto: int) -> list[_Entry]:
    found: list[_Entry] = []
    for number in numbers:
        with reader.partition(number) as partition:
            if partition is None:
                continue
            for last, blob in partition.connection.execute(
                "SELECT seq, ids FROM change WHERE seq > ? AND seq <= ?", (after, upto)
            ):
                ids = array("I", blob)
                first = last - len(ids) + 1
                found += [
                    (seq, number, task_id) for seq, task_id in enumerate(ids, first) if seq > after
                ]
    return found


def _latest(entries: list[_Entry]) -> list[_Entry]:
    """The last change of each task, oldest first."""
    last = {(number, task_id): seq for seq, number, task_id in sorted(entries)}
    return sorted((seq, number, task_id) for (number, task_id), seq in last.items())


def _tasks(reader: Reader, entries: list[_Entry]) -> tuple[Change, ...]:
    changes: list[Change] = []
    for wanted in {number for _, number, _ in entries}:
        with reader.partition(wanted) as partition:
            if partition is None:
                continue
            for seq, number, task_id in entries:
                if number != wanted:
                    continue
                found = partition.connection.execute(
                    "SELECT uuid, z FROM task t JOIN body b ON b.id = t.id WHERE t.id = ?",
                    (task_id,),
                ).fetchone()
                if found is not None:
                    changes.append(Change(seq, partition.task(*found)))
    changes.sort(key=lambda change: change.seq)
    return tuple(changes)
