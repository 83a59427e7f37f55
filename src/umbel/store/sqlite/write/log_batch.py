"""`LogBatch`: what changes in the logs of one file, gathered in memory and then written at once.

Without log lines it is empty, and costs nothing but the question whether it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from umbel.cluster.task_log import Key, LogPart, bounded
from umbel.store.sqlite.files import task_log_table
from umbel.store.sqlite.files.body import BodyCodec
from umbel.store.sqlite.files.row import Id


class LogBatch:
    """In one batch the log of a task is added to once."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._added: list[tuple[Id, LogPart]] = []
        self._removed: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._added or self._removed)

    def add(self, uuid: Id, parts: Sequence[LogPart]) -> set[Key]:
        """Add these to the log of a task; the keys of those that it had before."""
        stored = task_log_table.pieces(self._connection, uuid)
        known = {piece.key for _, piece in stored}
        new = {part.piece.key: part for part in parts if part.piece.key not in known}
        if not new:
            return known
        sizes = {piece.key: piece.size_bytes for _, piece in stored}
        sizes |= {key: part.piece.size_bytes for key, part in new.items()}
        staying = bounded(sizes)
        self._added += [(uuid, part) for key, part in new.items() if key in staying]
        self._removed += [number for number, piece in stored if piece.key not in staying]
        return known

    def write(self, codec: BodyCodec) -> None:
        """Write it, inside the transaction that the caller opened."""
        packed = codec.compress([task_log_table.pack_lines(part.lines) for _, part in self._added])
        rows = ((uuid, part.piece, z) for (uuid, part), z in zip(self._added, packed, strict=True))
        task_log_table.insert(self._connection, rows)
        task_log_table.delete(self._connection, self._removed)
