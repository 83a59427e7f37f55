"""The table `task_log`: pieces of logs as its rows, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import apsw
import msgspec

from umbel.cluster.events import LogLine
from umbel.cluster.task_log import LogPart, LogPiece
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.files.row import Id

#: The columns that say where a piece stands and what it says, in the order of `LogPiece`.
_PIECE: Final = "retries, started, hostname, pid, first, written, left_out, count, size"
#: Files of fewer migrations have no logs.
_FORMAT: Final = 7
_INSERT: Final = (
    f"INSERT INTO task_log (uuid, {_PIECE}, z) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
)

pack_lines: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(tuple[LogLine, ...]).decode

#: A piece, and the number under which it was taken in.
NumberedPiece = tuple[int, LogPiece]


def has_table(connection: apsw.Connection) -> bool:
    """Whether the file may have logs; one of an earlier Umbel that is only read has none."""
    return version(connection) >= _FORMAT


def any_logs(connection: apsw.Connection) -> bool:
    """Whether the file has the log of a task."""
    if not has_table(connection):
        return False
    return connection.execute("SELECT 1 FROM task_log LIMIT 1").fetchone() is not None


def pieces(connection: apsw.Connection, uuid: Id) -> list[NumberedPiece]:
    """The pieces of one task's log, in the order in which they were taken in."""
    rows = connection.execute(
        f"SELECT id, {_PIECE} FROM task_log WHERE uuid = ? ORDER BY id",  # noqa: S608
        (uuid,),
    )
    return [(number, _piece(row)) for number, *row in rows]


def _piece(row: list[Any]) -> LogPiece:
    return LogPiece(**dict(zip(LogPiece.__struct_fields__, row, strict=True)))


def compressed_lines(connection: apsw.Connection, number: int) -> bytes:
    """The lines of the piece with this number, as they are stored."""
    found = connection.execute("SELECT z FROM task_log WHERE id = ?", (number,)).fetchone()
    return b"" if found is None else bytes(found[0])


def unpacked_lines(packed: bytes) -> tuple[LogLine, ...]:
    """The lines again. Raises `msgspec.DecodeError` for bytes that `pack_lines` did not give."""
    return _unpack(packed)


def insert(connection: apsw.Connection, rows: Iterator[tuple[Id, LogPiece, bytes]]) -> None:
    """Add pieces of these tasks, with their lines as they are stored."""
    connection.executemany(
        _INSERT, ((uuid, *msgspec.structs.astuple(piece), z) for uuid, piece, z in rows)
    )


def delete(connection: apsw.Connection, numbers: list[int]) -> None:
    """Remove the pieces with these numbers."""
    connection.executemany("DELETE FROM task_log WHERE id = ?", [(each,) for each in numbers])


def parts(
    connection: apsw.Connection, uuid: Id, decompress: Callable[[bytes], bytes]
) -> Iterator[LogPart]:
    """The whole log of a task, piece by piece."""
    for number, piece in pieces(connection, uuid):
        yield LogPart(piece, unpacked_lines(decompress(compressed_lines(connection, number))))
