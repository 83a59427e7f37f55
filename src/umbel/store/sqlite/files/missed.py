"""Gaps, losses and the counts of worker processes, in umbel.db: see `services/ingest/loss.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import apsw
import msgspec

from umbel.cluster.losses import Loss, Losses, ProcessCount
from umbel.store.base import KeptGap
from umbel.store.missed import GAPS_MAX, LOSSES_MAX, NEAR_S, PROCESSES_MAX, merged
from umbel.store.sqlite.files.migrations import version

#: The first format of umbel.db that has these tables.
WITH_LOSSES: Final = 3
_encode: Final = msgspec.msgpack.Encoder().encode
_process: Final = msgspec.msgpack.Decoder(ProcessCount).decode
_HUGE: Final = 1e300
_NEAR: Final = """
    SELECT begin_at, end_at, cause, collector FROM gap
    WHERE collector = ? AND cause = ? AND begin_at <= ? AND end_at >= ?
"""
_FORGET_NEAR: Final = """
    DELETE FROM gap WHERE collector = ? AND cause = ? AND begin_at <= ? AND end_at >= ?
"""


def put_losses(connection: apsw.Connection, changed: Losses) -> None:
    """Keep what changed. Belongs into the caller's transaction."""
    connection.executemany(
        "REPLACE INTO process VALUES (?, ?, ?, ?)",
        ((each.hostname, each.pid, each.at, _encode(each)) for each in changed.processes),
    )
    connection.executemany(
        "DELETE FROM loss WHERE hostname = ? AND pid = ? AND end_at = ?",
        ((each.hostname, each.pid, each.end) for each in changed.losses if not each.count),
    )
    connection.executemany(
        "REPLACE INTO loss VALUES (?, ?, ?, ?, ?)",
        (
            (each.hostname, each.pid, each.start, each.end, each.count)
            for each in changed.losses
            if each.count
        ),
    )


def put_gaps(connection: apsw.Connection, gaps: Sequence[KeptGap]) -> None:
    """Keep gaps; those that overlap become one. Belongs into the caller's transaction."""
    for gap in gaps:
        near = (gap.collector, gap.cause, gap.end + NEAR_S, gap.start - NEAR_S)
        stored = connection.execute(_NEAR, near).fetchall()
        connection.execute(_FORGET_NEAR, near)
        connection.executemany(
            "INSERT INTO gap (begin_at, end_at, cause, collector) VALUES (?, ?, ?, ?)",
            (
                (each.start, each.end, each.cause, each.collector)
                for each in merged([gap, *map(_gap, stored)])
            ),
        )


def forget_missed(connection: apsw.Connection, before: float | None) -> None:
    """Keep these within their bounds, and nothing that ended `before` (Unix seconds)."""
    for table, key, moment, most in (
        ("process", "hostname, pid", "at", PROCESSES_MAX),
        ("loss", "hostname, pid, end_at", "end_at", LOSSES_MAX),
        ("gap", "collector, cause, end_at", "end_at", GAPS_MAX),
    ):
        connection.execute(
            f"DELETE FROM {table} WHERE ({key}) IN"  # noqa: S608
            f" (SELECT {key} FROM {table} ORDER BY {moment} DESC LIMIT -1 OFFSET ?)",
            (most,),
        )
    if before is not None:
        connection.execute("DELETE FROM loss WHERE end_at < ?", (before,))
        connection.execute("DELETE FROM gap WHERE end_at < ?", (before,))


def processes(connection: apsw.Connection) -> tuple[ProcessCount, ...]:
    """Every process stored, by worker and pid."""
    if version(connection) < WITH_LOSSES:
        return ()
    rows = connection.execute("SELECT body FROM process ORDER BY hostname, pid")
    return tuple(_process(body) for (body,) in rows)


def losses(connection: apsw.Connection, start: float | None, end: float | None) -> tuple[Loss, ...]:
    """Those of which a part lies in the span, by worker, pid and time."""
    if version(connection) < WITH_LOSSES:
        return ()
    rows = connection.execute(
        "SELECT * FROM loss WHERE begin_at <= ? AND end_at >= ? ORDER BY hostname, pid, end_at",
        _span(start, end),
    )
    return tuple(
        Loss(hostname=hostname, pid=pid, start=begin_at, end=end_at, count=count)
        for hostname, pid, begin_at, end_at, count in rows
    )


def gaps(
    connection: apsw.Connection, start: float | None, end: float | None
) -> tuple[KeptGap, ...]:
    """Those of which a part lies in the span, by their start."""
    if version(connection) < WITH_LOSSES:
        return ()
    rows = connection.execute(
        "SELECT begin_at, end_at, cause, collector FROM gap"
        " WHERE begin_at <= ? AND end_at >= ? ORDER BY begin_at, end_at",
        _span(start, end),
    )
    return tuple(map(_gap, rows))


def _span(start: float | None, end: float | None) -> tuple[float, float]:
    return _HUGE if end is None else end, -_HUGE if start is None else start


def _gap(row: tuple[apsw.SQLiteValue, ...]) -> KeptGap:
    start, end, cause, collector = row
    return msgspec.convert(
        {"start": start, "end": end, "cause": cause, "collector": collector}, KeptGap
    )
