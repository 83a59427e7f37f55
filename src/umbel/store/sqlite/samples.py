"""Samples in an SQLite file of their own, `umbel-samples.db`, beside the history.

Theory of operation. A sample is one row for each chunk of 64 subjects, so 5,000 workers are 79
rows, written side by side. When a wider bucket is over its rows are made from those of the finer
level; which ones are done already is read from the file, so it does not matter who wrote before or
when it stopped. Reading takes the level that fits, and for its end, which is not rolled up yet,
the finer ones.

A file that proves damaged, to who keeps a sample or who reads any, is moved aside by whoever keeps
a sample next in that process, and begun anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import apsw

from umbel.clock import Clock, SystemClock
from umbel.clock_leaps import RemovalTime
from umbel.errors import StoreCorrupt
from umbel.store.sample_folds import RANKING_MAX, bounded, bucket_of, joined, most, widened
from umbel.store.samples import KEEP_S, LEVELS, SIZE_MAX, Kind, Line, Lines, SamplesSize, Values
from umbel.store.sqlite.files.damage import BODY_DAMAGE, set_samples_aside
from umbel.store.sqlite.files.errors import translated
from umbel.store.sqlite.files.paths import only_row, samples_path
from umbel.store.sqlite.sample_chunks import WIDTH, ChunkCodec, SampleChunk
from umbel.store.sqlite.sample_rollup import PUT, SampleRollup
from umbel.store.sqlite.sample_subjects import SampleSubjects
from umbel.store.sqlite.shared_file import SharedFile

_IN_BUCKET: Final = "SELECT chunk, content FROM bucket WHERE kind = ? AND level = ? AND begin = ?"
#: The chunk that is wanted is found without reading the others of its bucket.
_CHUNK_BY_STEPS: Final = """
    WITH RECURSIVE step (begin) AS (
      SELECT ?3 UNION ALL SELECT begin + ?5 FROM step WHERE begin + ?5 < ?4)
    SELECT bucket.begin, content FROM step CROSS JOIN bucket
    ON kind = ?1 AND level = ?2 AND bucket.begin = step.begin AND chunk = ?6
"""
_LAST_OF: Final = "SELECT max(begin) FROM bucket WHERE kind = ? AND level = ?"
_LAST: Final = "SELECT max(begin) FROM bucket WHERE kind IN ('queue', 'worker') AND level = 0"
_NEXT: Final = (
    "SELECT min(begin) FROM bucket WHERE kind = ? AND level = ? AND begin >= ? AND begin < ?"
)
_PREVIOUS: Final = (
    "SELECT max(begin) FROM bucket WHERE kind = ? AND level = ? AND begin >= ? AND begin < ?"
)
_FIRST_OF: Final = "SELECT min(begin) FROM bucket WHERE kind = ? AND level = ?"

Points = list[tuple[int, Values]]


class SqliteSamples:
    """See `store.samples.Samples`."""

    def __init__(
        self,
        directory: Path,
        *,
        keep_s: float = KEEP_S,
        size_max: int = SIZE_MAX,
        clock: Clock | None = None,
    ) -> None:
        self._directory = directory
        self._path = samples_path(directory)
        self._file = SharedFile(self._path, "samples", durable=False)
        self._clock = clock or SystemClock()
        self._removal = RemovalTime(self._clock)
        self._writing, self._reading = ChunkCodec(), ChunkCodec()
        #: The file in which damage was met while it was read, and what was said of it.
        self._damaged: tuple[int, str] | None = None
        self._subjects = SampleSubjects(keep_s)
        self._rollup = SampleRollup(self._writing, keep_s, size_max)

    def keep(self, kind: Kind, at: float, seen: Mapping[str, Values]) -> None:
        if self._damaged is not None and self._damaged[0] == self._inode():
            self._set_aside(self._damaged[1])
        self._damaged = None
        try:
            self._keep(kind, at, seen)
        except StoreCorrupt as error:
            self._set_aside(error.message)
            self._keep(kind, at, seen)

    def _set_aside(self, reason: str) -> None:
        self._subjects.forget()
        with translated(self._directory):
            set_samples_aside(self._directory, reason, self._clock.now())

    def _inode(self) -> int | None:
        try:
            return self._path.stat().st_ino
        except OSError:
            return None

    @contextmanager
    def _reading_file(self) -> Iterator[apsw.Connection | None]:
        try:
            with self._file.reading() as connection, _damage_shown():
                yield connection
        except StoreCorrupt as error:
            if (inode := self._inode()) is not None:
                self._damaged = inode, error.message
            raise

    def _keep(self, kind: Kind, at: float, seen: Mapping[str, Values]) -> None:
        begin = bucket_of(at, LEVELS[0].step_s)
        try:
            with self._file.writing() as connection, _damage_shown():
                chunks = self._new_chunks(connection, kind, at, bounded(kind, seen))
                stored: list[Any] = connection.execute(_IN_BUCKET, (kind, 0, begin)).fetchall()
                for chunk, content in stored:
                    self._join(kind, chunks.setdefault(chunk, {}), content)
                rows = (
                    (kind, 0, begin, chunk, self._writing.packed(SampleChunk.of(values)))
                    for chunk, values in sorted(chunks.items())
                )
                connection.executemany(PUT, rows)
                self._rollup.run(connection, kind, at, self._removal.doubted_s())
        except BaseException:
            self._subjects.forget()
            raise

    def _new_chunks(
        self, connection: apsw.Connection, kind: Kind, at: float, seen: Mapping[str, Values]
    ) -> dict[int, dict[int, Values]]:
        """By number of the chunk and position within."""
        chunks: dict[int, dict[int, Values]] = {}
        for name, number in self._subjects.numbers(connection, kind, seen, at).items():
            chunks.setdefault(number // WIDTH, {})[number % WIDTH] = seen[name]
        return chunks

    def _join(self, kind: Kind, new: dict[int, Values], content: bytes) -> None:
        """Put what was kept in this bucket before into what is new."""
        for position, earlier in self._writing.chunk(content).values().items():
            later = new.get(position)
            new[position] = earlier if later is None else joined(kind, earlier, later)

    def lines(
        self,
        kind: Kind,
        level: int,
        since: float,
        until: float,
        names: Sequence[str] | None = None,
        limit: int = 20,
    ) -> Lines:
        with self._reading_file() as connection:
            if connection is None:
                return Lines(())
            connection.execute("BEGIN")
            try:
                return self._lines(connection, kind, level, since, until, names, limit)
            finally:
                with suppress(apsw.SQLError):
                    connection.execute("ROLLBACK")

    def _lines(
        self,
        connection: apsw.Connection,
        kind: Kind,
        level: int,
        since: float,
        until: float,
        names: Sequence[str] | None,
        limit: int,
    ) -> Lines:
        parts = self._parts(connection, kind, level, since, until)
        subjects = self._subjects.names(connection, kind)
        more = 0
        if names is None:
            found = self._ranked(connection, kind, parts)
            named = {subjects[each]: values for each, values in found.items() if each in subjects}
            names = most(kind, named, limit)
            more = len(named) - len(names)
        wanted = set(names)
        numbers = {number: name for number, name in subjects.items() if name in wanted}
        points = self._points(connection, kind, level, parts, sorted(numbers), (since, until))
        lines = (Line(name, tuple(points[number])) for number, name in numbers.items())
        return Lines(
            tuple(sorted((line for line in lines if line.points), key=lambda line: line.name)), more
        )

    def _parts(
        self, connection: apsw.Connection, kind: Kind, level: int, since: float, until: float
    ) -> list[tuple[int, float, float]]:
        """Levels and spans that together are what is asked for, in the order of time."""
        parts: list[tuple[int, float, float]] = []
        stored = [only_row(connection, _FIRST_OF, (kind, index))[0] for index in range(level + 1)]
        # Nothing is from before, so not so many buckets need be looked for.
        since = max(since, min((each for each in stored if each is not None), default=until))
        for index in range(level, -1, -1):
            end = until
            if index:
                last = only_row(connection, _LAST_OF, (kind, index))[0]
                step_s = LEVELS[index].step_s
                end = min(until, last + step_s) if last is not None else since
            if end > since:
                parts.append((index, since, end))
                since = end
            if index == level:
                # What is rolled up from here on begins in this span, and may end after it.
                until = bucket_of(until - 1e-6, LEVELS[level].step_s) + LEVELS[level].step_s
        return parts

    def _ranked(
        self, connection: apsw.Connection, kind: Kind, parts: Sequence[tuple[int, float, float]]
    ) -> dict[int, list[Values]]:
        """Values by number of some buckets of the span."""
        begins: set[tuple[int, int]] = set()
        step_s = max(1.0, sum(until - since for _, since, until in parts) / RANKING_MAX)
        for level, since, until in parts:
            times = range(int(since), math.ceil(until), math.ceil(step_s))
            spans = [(_NEXT, float(each)) for each in times] + [(_PREVIOUS, since)]
            for sql, first in spans:
                begin = only_row(connection, sql, (kind, level, first, until))[0]
                if begin is not None:
                    begins.add((level, begin))
        found: dict[int, list[Values]] = {}
        for level, begin in sorted(begins):
            rows: list[Any] = connection.execute(_IN_BUCKET, (kind, level, begin)).fetchall()
            for chunk, content in rows:
                for position, values in self._reading.chunk(content).values().items():
                    found.setdefault(chunk * WIDTH + position, []).append(values)
        return found

    def _points(
        self,
        connection: apsw.Connection,
        kind: Kind,
        level: int,
        parts: Sequence[tuple[int, float, float]],
        numbers: Sequence[int],
        span: tuple[float, float],
    ) -> dict[int, Points]:
        positions: dict[int, set[int]] = {}
        for number in numbers:
            positions.setdefault(number // WIDTH, set()).add(number % WIDTH)
        found: dict[int, Points] = {number: [] for number in numbers}
        for part, since, until in parts:
            finer: dict[int, Points] = {number: [] for number in numbers}
            step_s = LEVELS[part].step_s
            first = -(-int(since) // step_s) * step_s
            for chunk, wanted in positions.items():
                rows = connection.execute(
                    _CHUNK_BY_STEPS, (kind, part, first, until, step_s, chunk)
                )
                for begin, content in rows:
                    for position, values in self._reading.chunk(content).values(wanted).items():
                        finer[chunk * WIDTH + position].append((begin, values))
            for number, points in finer.items():
                found[number] += points
        step_s = LEVELS[level].step_s
        return {
            number: [each for each in widened(kind, points, step_s) if span[0] <= each[0] < span[1]]
            for number, points in found.items()
        }

    def size(self) -> SamplesSize:
        with self._reading_file() as connection:
            if connection is None:
                return SamplesSize(0, None)
            pages, page_bytes = connection.pragma("page_count"), connection.pragma("page_size")
            return SamplesSize(pages * page_bytes, only_row(connection, _LAST)[0])

    def close(self) -> None:
        self._file.close()


@contextmanager
def _damage_shown() -> Iterator[None]:
    """A chunk that cannot be read is damage of the file."""
    try:
        yield
    except BODY_DAMAGE as error:
        raise apsw.CorruptError(str(error)) from error
