"""A process that only writes, for tests that kill it.

    python -m tests.faults.store_writer DIRECTORY FIRST_BATCH

Prints the number of each batch once `apply` has returned. Every batch begins tasks, ends
those of the batch before, and changes one old task, so that several partitions are written.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.contract.stories import BASE, begun, heartbeat, succeeded, uuid_of
from umbel.cluster.events import Event
from umbel.store.sqlite import SqliteStore

#: New tasks in each batch.
TASKS = 40
PARTITION_TASKS = 500


def batch(number: int) -> list[Event]:
    """The events of one batch."""
    events: list[Event] = [heartbeat("celery@eu-1", BASE + number)]
    for task in range(number * TASKS, (number + 1) * TASKS):
        events += begun(uuid_of(task), BASE + task)
    for task in range((number - 1) * TASKS, number * TASKS):
        if task >= 0:
            events.append(succeeded(uuid_of(task), BASE + task, result=f"'of {number}'")[-1])
    old = number // 2 * TASKS
    progress = Event(
        type="task-progress", timestamp=BASE + old + 2 + number / 1e3, hostname="celery@eu-1",
        uuid=uuid_of(old), detail=f'{{"step": {number}}}',
    )  # fmt: skip
    return [*events, progress]


def main() -> None:
    store = SqliteStore(Path(sys.argv[1]), write=True, partition_tasks=PARTITION_TASKS)
    number = int(sys.argv[2])
    while True:
        store.apply(batch(number))
        print(number, flush=True)  # noqa: T201  this is what the test reads
        number += 1


if __name__ == "__main__":
    main()
