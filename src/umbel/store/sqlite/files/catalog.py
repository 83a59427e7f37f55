"""umbel.db: which partitions there are, workers, and what collectors say of themselves.

The list of partitions is a list of files that are there anyway. So where they differ, the
files are right: what the list lacks is taken in, what it names in vain is struck out, and a
lost umbel.db is made anew.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import apsw
import msgspec
import zstandard

from umbel.cluster.losses import Losses
from umbel.cluster.worker import Worker
from umbel.store.base import COLLECTORS_MAX, CollectorStatus, KeptGap, MetricCounts
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.files.missed import forget_missed, put_gaps, put_losses
from umbel.store.sqlite.files.paths import OpenedFile, meta_path, only_row, open_writer

#: Workers beyond these are forgotten, those silent longest first.
WORKERS_MAX = 10_000

_encode: Final = msgspec.msgpack.Encoder().encode
_worker: Final = msgspec.msgpack.Decoder(Worker).decode
_collector: Final = msgspec.msgpack.Decoder(CollectorStatus).decode
_metric_counts: Final = msgspec.msgpack.Decoder(MetricCounts).decode
#: The first format of umbel.db that has a table for tallies.
_WITH_TALLIES: Final = 2


class Catalog:
    """The writer's hold of umbel.db."""

    def __init__(self, directory: Path) -> None:
        self.connection = open_writer(meta_path(directory), "meta")
        self.file = OpenedFile(meta_path(directory))

    def agree_with(self, files: set[int]) -> tuple[int, ...]:
        """List exactly the partitions of these numbers; those that were not listed."""
        listed = self.numbers()
        if listed != files:
            with self.connection:
                self.connection.executemany(
                    "DELETE FROM partition WHERE number = ?", ((n,) for n in listed - files)
                )
                self.connection.executemany(
                    "INSERT INTO partition (number) VALUES (?)", ((n,) for n in files - listed)
                )
                self.connection.execute(
                    "UPDATE partition SET sealed = number < (SELECT max(number) FROM partition)"
                )
        return tuple(sorted(files - listed))

    def numbers(self) -> set[int]:
        """The partitions that are listed."""
        return set(partitions(self.connection))

    def copy_from(self, damaged: Path) -> None:
        """Everything but the partitions from a damaged umbel.db, as far as it can be read."""
        tables = [
            str(name)
            for (name,) in self.connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'partition'"
                " AND name NOT LIKE 'sqlite%'"
            ).fetchall()
        ]
        with contextlib.suppress(Exception):
            source = apsw.Connection(str(damaged), flags=apsw.SQLITE_OPEN_READWRITE)
            for table in tables:
                self._copy_table(source, table)
            source.close()

    def _copy_table(self, source: apsw.Connection, table: str) -> None:
        rows: list[tuple[Any, ...]] = []
        with contextlib.suppress(Exception):
            for row in source.execute(f"SELECT * FROM {table}"):
                rows.append(row)  # noqa: PERF402  what was read before it fails is kept
        if not rows:
            return
        with contextlib.suppress(apsw.Error), self.connection:
            if table == "floor":
                self.connection.execute("UPDATE floor SET seq = max(seq, ?)", rows[0])
                return
            placeholders = ",".join("?" * len(rows[0]))
            self.connection.executemany(f"REPLACE INTO {table} VALUES ({placeholders})", rows)

    def raise_floor(self, seq: int) -> None:
        """Change numbers go on after `seq`."""
        with self.connection:
            self.connection.execute("UPDATE floor SET seq = max(seq, ?)", (seq,))

    def add_partition(self, number: int) -> None:
        """The partition exists, is the newest, and is the only one that takes new tasks."""
        with self.connection:
            self.connection.execute("UPDATE partition SET sealed = 1")
            self.connection.execute("INSERT INTO partition (number) VALUES (?)", (number,))

    def drop_partition(self, number: int, seq: int) -> None:
        """Forget a partition; change numbers go on after `seq`."""
        with self.connection:
            self.connection.execute("DELETE FROM partition WHERE number = ?", (number,))
            self.connection.execute("UPDATE floor SET seq = max(seq, ?)", (seq,))

    def floor(self) -> int:
        """A lower bound for the next change number: it is above this, and above all in partitions
        that are there."""
        return int(only_row(self.connection, "SELECT seq FROM floor")[0])

    def worker(self, hostname: str) -> Worker | None:
        """The worker of this node name, if it is known."""
        return worker(self.connection, hostname)

    def put_heard(self, workers: Iterable[Worker], losses: Losses | None) -> None:
        """Workers, and what their counts say, in one transaction."""
        with self.connection:
            if losses is not None:
                put_losses(self.connection, losses)
            self.connection.executemany(
                "REPLACE INTO worker VALUES (?, ?, ?)",
                ((each.hostname, each.last_heard, _encode(_fitting(each))) for each in workers),
            )

    def put_collector(self, status: CollectorStatus) -> None:
        with self.connection:
            self.connection.execute(
                "REPLACE INTO collector VALUES (?, ?, ?)",
                (status.collector, status.at, _encode(status)),
            )

    def end_collectors(self) -> None:
        """All that have reported have ended: whoever holds the lock writes alone."""
        for each in collectors(self.connection):
            if each.ended is None:
                self.put_collector(msgspec.structs.replace(each, ended=each.at))

    def put_gaps(self, gaps: Sequence[KeptGap]) -> None:
        with self.connection:
            put_gaps(self.connection, gaps)

    def forget_missed(self, before: float | None) -> None:
        """Keep counts, losses and gaps within their bounds, and no loss or gap that ended
        `before` (Unix seconds)."""
        with self.connection:
            forget_missed(self.connection, before)

    def put_metric_counts(self, metric_counts: MetricCounts, instead_of: Sequence[str]) -> None:
        packed = zstandard.ZstdCompressor(level=1).compress(_encode(metric_counts))
        with self.connection:
            self.connection.executemany(
                "DELETE FROM tally WHERE name = ?", [(name,) for name in instead_of]
            )
            self.connection.execute(
                "REPLACE INTO tally VALUES (?, ?)", (metric_counts.collector, packed)
            )

    def forget_silent(self) -> None:
        """Keep workers and collectors within their bounds."""
        for table, key, heard, most in (
            ("worker", "hostname", "heard", WORKERS_MAX),
            ("collector", "name", "at", COLLECTORS_MAX),
        ):
            self.connection.execute(
                f"DELETE FROM {table} WHERE {key} IN"
                f" (SELECT {key} FROM {table} ORDER BY {heard} DESC LIMIT -1 OFFSET ?)",
                (most,),
            )
        self.connection.execute("DELETE FROM tally WHERE name NOT IN (SELECT name FROM collector)")

    def close(self) -> None:
        self.connection.close()


def partitions(connection: apsw.Connection) -> tuple[int, ...]:
    """The numbers of all partitions, oldest first."""
    return tuple(
        number for (number,) in connection.execute("SELECT number FROM partition ORDER BY number")
    )


def worker(connection: apsw.Connection, hostname: str) -> Worker | None:
    """The worker of this node name, None if it is unknown."""
    found = connection.execute("SELECT body FROM worker WHERE hostname = ?", (hostname,)).fetchone()
    return None if found is None else _worker(found[0])


def workers(connection: apsw.Connection) -> tuple[Worker, ...]:
    """Every worker known, by name."""
    rows = connection.execute("SELECT body FROM worker ORDER BY hostname")
    return tuple(_worker(body) for (body,) in rows)


def mark_copied(connection: apsw.Connection) -> None:
    """What collectors said last is said in a copy."""
    for each in collectors(connection):
        body = _encode(msgspec.structs.replace(each, is_copied=True))
        connection.execute("UPDATE collector SET body = ? WHERE name = ?", (body, each.collector))


def collectors(connection: apsw.Connection) -> tuple[CollectorStatus, ...]:
    """What each collector said last, by name."""
    rows = connection.execute("SELECT body FROM collector ORDER BY name")
    return tuple(_collector(body) for (body,) in rows)


def metric_counts(connection: apsw.Connection) -> tuple[MetricCounts, ...]:
    """What each collector had counted last, by name; none in a file that no collector has
    brought to today's format yet."""
    if version(connection) < _WITH_TALLIES:
        return ()
    rows = connection.execute("SELECT body FROM tally ORDER BY name")
    opener = zstandard.ZstdDecompressor()
    return tuple(_metric_counts(opener.decompress(body)) for (body,) in rows)


def _fitting(worker: Worker) -> Worker:
    """The worker without numbers that MessagePack cannot hold."""
    too_large = {
        field: None
        for field in ("pid", "active", "processed")
        if abs(getattr(worker, field) or 0) >= 2**63
    }
    return msgspec.structs.replace(worker, **too_large) if too_large else worker
