"""When messages that wait in a queue were sent.

No message of Celery's says so by itself; its `task-sent` event does, and a sender may stamp it. Of
a task that is retried the event of the run that waits counts: an earlier one would make it older
than it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from umbel.broker.base import QueuedMessage
from umbel.cluster.task import Task
from umbel.store.base import Store


def with_times(messages: Sequence[QueuedMessage], store: Store) -> tuple[QueuedMessage, ...]:
    """The messages with the time of their event where they tell none. Raises `StoreError`."""
    ids = {each.task_id for each in messages if each.task_id and each.sent is None}
    tasks = store.tasks(sorted(ids)) if ids else {}
    return tuple(
        each
        if each.sent is not None
        else msgspec.structs.replace(each, sent=_sent(each, tasks.get(each.task_id or "")))
        for each in messages
    )


def _sent(message: QueuedMessage, task: Task | None) -> float | None:
    is_same_run = task is not None and (task.retries or 0) == (message.retries or 0)
    return task.sent if task is not None and is_same_run else None
