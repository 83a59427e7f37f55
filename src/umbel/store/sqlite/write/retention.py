"""Removing the oldest tasks, whole partitions at a time: unlinking a file costs nothing.

Theory of operation. A partition goes as a whole, so it is judged as a whole: by age when the
last of its tasks was first seen too long ago, however often one of them still speaks. Tasks of
it that have not ended move to the next partition, within bounds, so that what runs keeps its
name. Partitions that were set aside as damaged have their place in the row: they are counted,
and removed when their turn comes.

On a full disk nothing can be written, but files can be unlinked. So files go first, and what
is recorded about them afterwards; where not even the files can be opened, they are judged by
their sizes alone, and a reserve is given back to the disk.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from umbel.errors import StoreFull
from umbel.store.base import Retention
from umbel.store.sqlite.files import damage
from umbel.store.sqlite.files.catalog import Catalog
from umbel.store.sqlite.files.disk_reserve import DiskReserve
from umbel.store.sqlite.files.partition_files import remove, size_bytes
from umbel.store.sqlite.files.paths import ledger_path, meta_path, numbers_in, with_journals
from umbel.store.sqlite.write.write_partition import Unfinished, WritePartition
from umbel.store.sqlite.write.writer import Writer

#: A partition is sealed when it alone makes up this part of what may stay, so that there is
#: something to remove before the bound is passed by far.
_SHARE: Final = 0.1
#: Fewer tasks are not worth a partition of their own.
_WORTH_SEALING: Final = 1_000
#: Of the tasks of a partition that goes, so many move on: a tenth, but no more than these.
_CARRIED_SHARE: Final = 10
_CARRIED_MAX: Final = 2_000
#: Where tasks may stay for ever, one that has not spoken for so long is taken for lost.
_CARRIED_FOR_S: Final = 7 * 86_400.0
#: WALs are cut back when they make up this part of what may stay.
_WAL_SHARE: Final = 0.01


class _Removed(NamedTuple):
    tasks: int
    size_bytes: int


class Trimmer:
    """One directory's retention, for the thread that writes."""

    def __init__(self, directory: Path, writer: Writer) -> None:
        self._directory = directory
        self._writer = writer
        self._reserve = DiskReserve(directory)

    def trim(self, retention: Retention, now: float) -> int:
        """See `Store.trim`."""
        writer = self._writer
        with writer.lock:
            trimmed = self._trimmed_somehow(retention, now)
            self._reserve.keep()
        return trimmed.tasks

    def _trimmed_somehow(self, retention: Retention, now: float) -> _Removed:
        removed = _Removed(0, 0)
        try:
            return self._trimmed(retention, now)
        except StoreFull:
            removed = self._by_size_alone(retention)
            if not self._reserve.release() and not removed.size_bytes:
                raise
        after = self._trimmed(retention, now)
        return _Removed(removed.tasks + after.tasks, removed.size_bytes + after.size_bytes)

    def _trimmed(self, retention: Retention, now: float) -> _Removed:
        return self._writer.without_damaged(lambda: self._trim(retention, now))

    def _trim(self, retention: Retention, now: float) -> _Removed:
        writer = self._writer
        writer.open_added_files(now)
        if retention.max_bytes is not None:
            writer.bound_wals(int(retention.max_bytes * _WAL_SHARE))
        first = self._dropped(retention, now)
        if self._is_worth_sealing(retention, now):
            writer.seal()
        then = self._dropped(retention, now)
        writer.in_catalog(Catalog.forget_silent)
        return _Removed(first.tasks + then.tasks, first.size_bytes + then.size_bytes)

    # -- what goes -----------------------------------------------------------------------

    def _dropped(self, retention: Retention, now: float) -> _Removed:
        writer = self._writer
        tasks = size = 0
        dropped: list[int] = []
        carried: list[Unfinished] = []
        while (number := self._oldest()) is not None and self._is_beyond(number, retention, now):
            if number < writer.partitions[0].number:
                size += damage.drop_aside(self._directory, number)
                continue
            oldest = writer.partitions[0]
            carried = _best(carried + _carried(oldest, retention, now), oldest)
            tasks += oldest.next_id - 1
            size += size_bytes(self._directory, number)
            dropped.append(writer.drop_oldest())
        if dropped:
            writer.take_over(carried)
            writer.unlist(dropped)
        return _Removed(tasks - len(carried), size)

    def _oldest(self) -> int | None:
        """The partition whose turn it is, set aside or not; the newest is never."""
        partitions = self._writer.partitions
        numbers = damage.numbers_aside(self._directory)
        numbers |= {each.number for each in partitions[:-1]}
        return min((n for n in numbers if n < partitions[-1].number), default=None)

    def _is_beyond(self, number: int, retention: Retention, now: float) -> bool:
        partitions = self._writer.partitions
        age, size, tasks = retention.max_age_s, retention.max_bytes, retention.max_tasks
        is_aside = number < partitions[0].number
        if age is not None:
            newest = (
                damage.newest_aside(self._directory, number)
                if is_aside
                else partitions[0].latest("seen")
            )
            if newest < now - age:
                return True
        if tasks is not None and not is_aside:
            held = sum(partition.next_id - 1 for partition in partitions)
            if held > tasks:
                return True
        return size is not None and self._size_bytes() > size

    def _size_bytes(self) -> int:
        """What the history takes on the disk."""
        numbers = numbers_in(self._directory)
        total = sum(size_bytes(self._directory, number) for number in numbers)
        return total + around_bytes(self._directory)

    def _by_size_alone(self, retention: Retention) -> _Removed:
        """Unlink the oldest files beyond the bound, opening none."""
        if retention.max_bytes is None:
            return _Removed(0, 0)
        size = 0
        numbers = sorted(numbers_in(self._directory))
        for number in numbers[:-1]:
            if self._size_bytes() <= retention.max_bytes:
                break
            size += size_bytes(self._directory, number)
            remove(self._directory, number)
        return _Removed(0, size)

    # -- what stays ----------------------------------------------------------------------

    def _is_worth_sealing(self, retention: Retention, now: float) -> bool:
        partitions = self._writer.partitions
        hot = partitions[-1]
        tasks = hot.next_id - 1
        if tasks < _WORTH_SEALING:
            return False
        age, size, most = retention.max_age_s, retention.max_bytes, retention.max_tasks
        if most is not None and tasks >= most * _SHARE:
            return True
        if size is not None and size_bytes(self._directory, hot.number) >= size * _SHARE:
            return True
        if age is None:
            return False
        # Not its own oldest task, which may have moved here.
        begun = partitions[-2].latest("seen") if len(partitions) > 1 else hot.oldest_seen()
        return begun < now - age * _SHARE


def around_bytes(directory: Path) -> int:
    """What stands beside the partitions: umbel.db, the ledger, the reserve, what was set
    aside."""
    total = damage.size_bytes(directory) + DiskReserve(directory).size_bytes()
    for path in (*with_journals(meta_path(directory)), *with_journals(ledger_path(directory))):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


def _carried(oldest: WritePartition, retention: Retention, now: float) -> list[Unfinished]:
    """Tasks of a partition that move on, those that spoke last first."""
    since = now - (_CARRIED_FOR_S if retention.max_age_s is None else retention.max_age_s)
    return oldest.unfinished(since, _most(oldest))


def _most(partition: WritePartition) -> int:
    return min(_CARRIED_MAX, (partition.next_id - 1) // _CARRIED_SHARE)


def _best(carried: list[Unfinished], oldest: WritePartition) -> list[Unfinished]:
    carried.sort(key=lambda each: -each.timestamp)
    return carried[: _most(oldest)]
