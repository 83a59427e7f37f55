"""Which tasks of a workflow wait because somebody paused their queue. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from umbel.cluster.task import PENDING
from umbel.services.workflows.rows import ExpectedTask, WorkflowPause
from umbel.store.queue_pauses import QueuePause
from umbel.store.workflows import WorkflowTask


def waiting_in_paused(
    tasks: Sequence[WorkflowTask],
    expected: Sequence[ExpectedTask],
    pauses: Mapping[str, QueuePause],
) -> tuple[WorkflowPause, ...]:
    """The paused queues in which tasks wait that no worker has received, those with most first. A
    task that a worker holds runs also when its queue is paused."""
    if not pauses:
        return ()
    queues = [task.queue for task in tasks if task.state == PENDING]
    queues += [each.queue for each in expected if each.state == "queued"]
    counts = Counter(queue for queue in queues if queue is not None and queue in pauses)
    return tuple(
        WorkflowPause(
            queue=queue,
            tasks=count,
            by=pauses[queue].actor,
            since=pauses[queue].at,
            reason=pauses[queue].reason,
        )
        for queue, count in sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    )
