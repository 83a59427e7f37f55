"""What the ledger has of paused queues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import apsw
import msgspec

from umbel.errors import StoreCorrupt
from umbel.store.queue_pauses import QueuePause, StoppedConsumer, refuse_more_pauses
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.ledger_file import PAUSES_FORMAT, LedgerFile

T = TypeVar("T")


class LedgerPauses:
    """The part of `SqliteLedger` that pauses need: see `store.queue_pauses.PauseLedger`."""

    _file: LedgerFile

    def keep_pause(self, pause: QueuePause, *, instead_of: QueuePause | None) -> bool:
        with self._file.writing() as connection:
            if _one(connection, pause.queue) != instead_of:
                return False
            count = int(only_row(connection, "SELECT count(*) FROM queue_pause")[0])
            refuse_more_pauses(pause, count, is_new=instead_of is None)
            connection.execute(
                "INSERT OR REPLACE INTO queue_pause VALUES (?, ?)",
                (pause.queue, msgspec.json.encode(pause)),
            )
            return True

    def drop_pause(self, pause: QueuePause) -> bool:
        with self._file.writing() as connection:
            if _one(connection, pause.queue) != pause:
                return False
            for table in ("queue_pause", "stopped_consumer"):
                connection.execute(
                    f"DELETE FROM {table} WHERE queue = ?",  # noqa: S608
                    (pause.queue,),
                )
            return True

    def pauses(self) -> Mapping[str, QueuePause]:
        with self._file.reading() as connection:
            # A file of an older Umbel gets the table when this one first writes to it.
            if connection is None or version(connection) < PAUSES_FORMAT:
                return {}
            rows = connection.execute("SELECT pause FROM queue_pause ORDER BY queue").fetchall()
        return {each.queue: each for each in (_pause(row[0]) for row in rows)}

    def keep_stopped(self, pause: QueuePause, consumers: Sequence[StoppedConsumer]) -> bool:
        rows = [(pause.queue, each.worker, msgspec.json.encode(each)) for each in consumers]
        with self._file.writing() as connection:
            if _one(connection, pause.queue) != pause:
                return False
            connection.executemany("INSERT OR REPLACE INTO stopped_consumer VALUES (?, ?, ?)", rows)
            return True

    def drop_stopped(self, queue: str, workers: Sequence[str]) -> None:
        with self._file.writing() as connection:
            connection.executemany(
                "DELETE FROM stopped_consumer WHERE queue = ? AND worker = ?",
                [(queue, worker) for worker in workers],
            )

    def stopped_at(self, worker: str) -> tuple[str, ...]:
        with self._file.reading() as connection:
            if connection is None or version(connection) < PAUSES_FORMAT:
                return ()
            sql = "SELECT queue FROM stopped_consumer WHERE worker = ? ORDER BY queue"
            rows = connection.execute(sql, (worker,)).fetchall()
        return tuple(str(row[0]) for row in rows)

    def stopped(self, queue: str) -> tuple[StoppedConsumer, ...]:
        with self._file.reading() as connection:
            if connection is None or version(connection) < PAUSES_FORMAT:
                return ()
            sql = "SELECT consumer FROM stopped_consumer WHERE queue = ? ORDER BY worker"
            rows = connection.execute(sql, (queue,)).fetchall()
        return tuple(_decoded(row[0], StoppedConsumer) for row in rows)


def _one(connection: apsw.Connection, queue: str) -> QueuePause | None:
    row = connection.execute("SELECT pause FROM queue_pause WHERE queue = ?", (queue,)).fetchone()
    return None if row is None else _pause(row[0])


def _pause(value: object) -> QueuePause:
    return _decoded(value, QueuePause)


def _decoded(value: Any, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(bytes(value), type=type_)
    except (msgspec.MsgspecError, TypeError) as error:
        raise StoreCorrupt(
            f"A pause of a queue in the ledger cannot be read ({error}).",
            remedy="It was written by another version of Umbel.",
        ) from error
