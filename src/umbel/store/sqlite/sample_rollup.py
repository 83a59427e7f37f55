"""Rolling up what is over, and removing what is too old or too much, as a sample is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import apsw

from umbel.store.sample_folds import bucket_of, folded, folded_columns
from umbel.store.samples import AHEAD_MAX_S, LEVELS, Kind, Values
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.sample_chunks import ChunkCodec, SampleChunk

_DONE: Final = "SELECT max(begin) FROM bucket WHERE kind = ? AND level = ? AND begin < ?"
_FINER: Final = """
    SELECT begin, chunk, content FROM bucket
    WHERE kind = ? AND level = ? AND begin >= ? AND begin < ? ORDER BY begin
"""
PUT: Final = (
    "INSERT OR REPLACE INTO bucket (kind, level, begin, chunk, content) VALUES (?, ?, ?, ?, ?)"
)
_TRIM: Final = "DELETE FROM bucket WHERE kind = ? AND level = ? AND (begin < ? OR begin > ?)"
_OLDEST: Final = "SELECT min(begin), max(begin) FROM bucket WHERE kind = ? AND level = ?"
#: The part of the widest level that goes when there is too much.
_SHARE: Final = 8


class SampleRollup:
    """Within the transaction of `Samples.keep`; one thread at a time."""

    def __init__(self, codec: ChunkCodec, keep_s: float, size_max: int) -> None:
        self._codec = codec
        self._keep_s = keep_s
        self._size_max = size_max
        #: Up to where each level is done, while this process alone keeps samples.
        self._ends: dict[tuple[Kind, int], int] = {}

    def run(
        self, connection: apsw.Connection, kind: Kind, at: float, doubted_s: float = 0.0
    ) -> None:
        """Roll up all buckets that are over at this moment; what only the last `doubted_s` made old
        stays."""
        is_due = [
            bucket_of(at, level.step_s) != self._ends.get((kind, index))
            for index, level in enumerate(LEVELS[1:], 1)
        ]
        if not any(is_due):
            return
        for index, level in enumerate(LEVELS[1:], 1):
            self._roll_up(connection, kind, index, bucket_of(at, level.step_s))
        self._trim(connection, kind, at, doubted_s)
        # Tried again if this transaction fails: what is done is read from the file.
        self._ends |= {
            (kind, index): bucket_of(at, level.step_s) for index, level in enumerate(LEVELS[1:], 1)
        }

    def _roll_up(self, connection: apsw.Connection, kind: Kind, index: int, end: int) -> None:
        step_s = LEVELS[index].step_s
        last = only_row(connection, _DONE, (kind, index, end))[0]
        done = 0 if last is None else last + step_s
        several: dict[tuple[int, int], list[SampleChunk]] = {}
        rows: list[Any] = connection.execute(_FINER, (kind, index - 1, done, end)).fetchall()
        for begin, chunk, content in rows:
            found = several.setdefault((bucket_of(begin, step_s), chunk), [])
            found.append(self._codec.chunk(content))
        connection.executemany(
            PUT,
            (
                (kind, index, begin, chunk, self._codec.packed(_rolled_up(kind, found)))
                for (begin, chunk), found in sorted(several.items())
            ),
        )

    def _trim(self, connection: apsw.Connection, kind: Kind, at: float, doubted_s: float) -> None:
        for index, level in enumerate(LEVELS):
            keep_s = self._keep_s if level.keep_s is None else min(level.keep_s, self._keep_s)
            first = at - doubted_s - keep_s - level.step_s
            connection.execute(_TRIM, (kind, index, first, at + AHEAD_MAX_S))
        pages = int(connection.pragma("page_count")) - int(connection.pragma("freelist_count"))
        if pages * int(connection.pragma("page_size")) > self._size_max:
            widest = len(LEVELS) - 1
            oldest, newest = only_row(connection, _OLDEST, (kind, widest))
            if oldest is not None and newest > oldest:
                first = oldest + max(LEVELS[-1].step_s, (newest - oldest) / _SHARE)
                connection.execute(_TRIM, (kind, widest, first, at + AHEAD_MAX_S))


def _rolled_up(kind: Kind, several: Sequence[SampleChunk]) -> SampleChunk:
    positions = several[0].positions
    if all(each.positions == positions for each in several):
        return SampleChunk(positions, folded_columns(kind, [each.columns for each in several]))
    found: dict[int, list[Values]] = {}
    for each in several:
        for position, values in each.values().items():
            found.setdefault(position, []).append(values)
    return SampleChunk.of({position: folded(kind, values) for position, values in found.items()})
