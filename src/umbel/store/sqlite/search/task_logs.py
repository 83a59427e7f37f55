"""The log of a task: see `Store.task_log`."""

from __future__ import annotations

from umbel.cluster.task_log import LogPart, LogPiece, runs
from umbel.store.base import LogPage
from umbel.store.log_cursors import read_log_cursor, write_log_cursor
from umbel.store.sqlite.files import task_log_table
from umbel.store.sqlite.files.damage import BODY_DAMAGE
from umbel.store.sqlite.files.row import Id, id_value
from umbel.store.sqlite.search.read_partition import ReadPartition
from umbel.store.sqlite.search.reader import Reader

#: Logs are looked for in so many of the newest partitions.
_NEWEST: int = 2


def task_log(reader: Reader, uuid: str, after: str, limit: int) -> LogPage:
    """See `Store.task_log`."""
    begin = read_log_cursor(after)
    page = _Page(begin, limit)
    identity = id_value(uuid)
    for number in sorted(reader.that_may_hold(identity)):
        with reader.partition(number) as partition:
            if partition is not None and task_log_table.has_table(partition.connection):
                page.add(partition, identity)
    return page.page()


def has_logs(reader: Reader) -> bool:
    """See `Store.has_logs`."""
    for number in reader.numbers()[:_NEWEST]:
        with reader.partition(number) as partition:
            if partition is not None and task_log_table.any_logs(partition.connection):
                return True
    return False


class _Page:
    """Fills with pieces after `begin`, partition by partition."""

    def __init__(self, begin: tuple[int, int], limit: int) -> None:
        self._reached = begin
        self._limit = limit
        self._lines = 0
        self._pieces: list[LogPiece] = []
        self._parts: list[LogPart] = []
        self._complete = True

    def add(self, partition: ReadPartition, identity: Id) -> None:
        stored = task_log_table.pieces(partition.connection, identity)
        self._pieces += [piece for _, piece in stored]
        for number, piece in stored:
            place = partition.number, number
            if place <= self._reached:
                continue
            if self._lines >= self._limit:
                self._complete = False
                return
            self._reached = place
            self._read(partition, number, piece)

    def _read(self, partition: ReadPartition, number: int, piece: LogPiece) -> None:
        compressed = task_log_table.compressed_lines(partition.connection, number)
        try:
            lines = task_log_table.unpacked_lines(partition.packed(compressed))
        except BODY_DAMAGE as error:
            partition.unread = error
            return
        self._parts.append(LogPart(piece, lines))
        self._lines += len(lines)

    def page(self) -> LogPage:
        return LogPage(
            parts=tuple(self._parts),
            runs=runs(self._pieces),
            cursor=write_log_cursor(*self._reached) if self._reached > (0, 0) else "",
            complete=self._complete,
        )
