"""The Bloom filter of a partition that is written to: in memory, and in its file beside it."""

from __future__ import annotations

from pathlib import Path

import apsw

from umbel.store.sqlite.files.bloom_filter import BloomFilter, hash_pair, load
from umbel.store.sqlite.files.paths import bloom_filter_path


class PartitionBloomFilter:
    """Knows every task of the file, and those of the batch. `tasks` is what the partition is
    meant to hold, `next_id` the id of its next task."""

    def __init__(
        self, directory: Path, number: int, connection: apsw.Connection, tasks: int, next_id: int
    ) -> None:
        self._path = bloom_filter_path(directory, number)
        self._connection = connection
        self._tasks = tasks
        loaded = load(self._path, tasks)
        if loaded.upto >= next_id:
            loaded = BloomFilter(tasks)
        self._filter = self._filled(loaded)

    def _filled(self, loaded: BloomFilter) -> BloomFilter:
        for uuid, number in self._connection.execute(
            "SELECT uuid, id FROM task WHERE id > ? ORDER BY id", (loaded.upto,)
        ):
            loaded.add(hash_pair(uuid))
            loaded.upto = number
        return loaded

    def may_hold(self, hashes: tuple[int, int]) -> bool:
        """Whether the partition may have the task with these hashes."""
        return self._filter.may_hold(hashes)

    def add(self, hashes: tuple[int, int]) -> None:
        """A task of the batch."""
        self._filter.add(hashes)

    def committed(self, upto: int) -> None:
        """The file has all tasks up to this id."""
        self._filter.upto = upto

    def grow(self) -> None:
        """Make room for as many tasks as the partition is meant to hold."""
        if not self._filter.is_large_enough(self._tasks):
            self._filter = self._filled(BloomFilter(self._tasks))

    def save(self) -> None:
        """Keep it in its file, as small as the tasks allow."""
        self._filter.shrunk().save(self._path)

    def remove(self) -> None:
        """Take the file away, since it will not know all tasks."""
        self._path.unlink(missing_ok=True)
