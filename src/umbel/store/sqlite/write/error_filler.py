"""`ErrorFiller`: works out which error each task has that was stored without it.

Such are tasks of an earlier Umbel, or of one with other rules (see `files/error_progress.py`). It
goes from the newest to the oldest, in steps: a step reads some thousand tasks with a connection of
its own, while the writer goes on, and takes the writer's lock to write what it found. A task that
was changed in between has its error from the writer, and is left alone. At the end the index is
made, which reads the table once.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final, NamedTuple

from umbel.store.sqlite.costs import Costs
from umbel.store.sqlite.files.damage import BODY_DAMAGE, is_damage
from umbel.store.sqlite.files.error_progress import MAY_HAVE_ERROR
from umbel.store.sqlite.search.read_partition import ReadPartition
from umbel.store.sqlite.write.write_partition import WritePartition
from umbel.store.sqlite.write.writer import Writer

_log = logging.getLogger(__name__)

#: Tasks that one step looks at, and of which it reads those with an error.
_STEP_IDS: Final = 8_192
_STEP_ERRORS: Final = 1_000


class StoredError(NamedTuple):
    """The error of a task, as it was when the task had last changed at `changed`."""

    id: int
    changed: float | None
    error: str | None


class ErrorFiller:
    """For the thread that works behind the writes."""

    def __init__(self, directory: Path, writer: Writer, costs: Costs) -> None:
        self._directory = directory
        self._writer = writer
        self._costs = costs
        self._given_up: set[object] = set()

    def step(self, partition: WritePartition) -> bool:
        """Do a step for this partition, if it needs one; whether it may need more. Raises
        `Damaged` for what shows while it writes, and SQLite's other errors as they come."""
        since = partition.errors_since
        if since <= 1 or partition.file.identity in self._given_up:
            return False
        try:
            low, found = self._read(partition.number, since)
        except Exception as error:
            if not is_damage(error):
                raise
            # Questions read the tasks that are left themselves, and tell of the damage.
            _log.warning("Errors of partition %d are not worked out: %s.", partition.number, error)
            self._given_up.add(partition.file.identity)
            return False
        with self._writer.lock:
            if partition not in self._writer.partitions:
                return False
            self._writer.fill_errors(partition, low, found)
        return True

    def _read(self, number: int, since: int) -> tuple[int, list[StoredError]]:
        """Errors of tasks below `since`, and the id down to which these are all."""
        low = max(1, since - _STEP_IDS)
        reading = ReadPartition(self._directory, number, self._costs)
        found: list[StoredError] = []
        try:
            rows = reading.connection.execute(
                "SELECT task.id, uuid, task.changed, z FROM task JOIN body ON body.id = task.id"
                f" WHERE task.id BETWEEN ? AND ? AND {MAY_HAVE_ERROR}"
                " ORDER BY task.id DESC LIMIT ?",
                (low, since - 1, _STEP_ERRORS),
            )
            for task_id, uuid, changed, body in rows:
                try:
                    error = reading.task(uuid, changed or 0.0, body).error
                except (*BODY_DAMAGE, KeyError):
                    continue  # the question that comes upon it tells of it
                found.append(StoredError(task_id, changed, error))
                if len(found) == _STEP_ERRORS:
                    low = task_id
        finally:
            reading.close()
        return low, found
