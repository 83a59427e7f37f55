"""What tasks that are sent again were sent with: asked from the result backend and from the
queues, and judged by `services.fidelity`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from umbel.broker.base import Cluster, QueuedMessage
from umbel.cluster.task import PENDING, Task
from umbel.errors import BrokerError, ResultsUnavailable
from umbel.results.base import Result, ResultBackend
from umbel.services import fidelity
from umbel.services.control.choosing import Target
from umbel.services.control.values import Edit
from umbel.services.fidelity import Arguments

#: How many messages of a queue are looked at for tasks that still wait there, and in how
#: many queues at once.
_PEEKED: Final = 100
_QUEUES: Final = 4

NAMELESS: Final = "Nothing is known of these but their ids."


class Recalled(msgspec.Struct, frozen=True):
    """A task and what it would be sent with; `arguments.fidelity` is None where nothing
    good enough is known."""

    task: Task
    arguments: Arguments


class Recalling(msgspec.Struct, frozen=True):
    """Tasks in the order asked for, and why the result backend could not be asked, if so."""

    tasks: tuple[Recalled, ...]
    trouble: ResultsUnavailable | None = None


def recall(
    targets: Sequence[Target], edit: Edit | None, cluster: Cluster, results: ResultBackend | None
) -> Recalling:
    """What these tasks were sent with, or are to be with `edit`."""
    unneeded = edit is not None and edit.args is not None and edit.kwargs is not None
    asked = [t.uuid for t in targets if not unneeded or t.task is None or t.task.name is None]
    kept, trouble = _results(asked, results)
    waiting = {} if unneeded else _queued(targets, cluster)
    recalled = tuple(
        _recalled(target, kept.get(target.uuid), waiting.get(target.uuid), edit)
        for target in targets
    )
    return Recalling(recalled, trouble)


def _recalled(
    target: Target, result: Result | None, queued: QueuedMessage | None, edit: Edit | None
) -> Recalled:
    task = target.task or Task(uuid=target.uuid, state=PENDING, seen=0.0, timestamp=0.0)
    name = task.name or (queued and queued.name) or (result and result.name)
    if not name:
        return Recalled(task, Arguments(fidelity=None, why=NAMELESS))
    queue = task.queue or (result and result.queue) or None
    task = msgspec.structs.replace(task, name=name, queue=queue)
    return Recalled(task, fidelity.arguments(task, result=result, queued=queued, edit=edit))


def _results(
    ids: Sequence[str], results: ResultBackend | None
) -> tuple[Mapping[str, Result], ResultsUnavailable | None]:
    if results is None or not ids:
        return {}, None
    try:
        return results.get_many(ids), None
    except ResultsUnavailable as error:
        return {}, error


def _queued(targets: Sequence[Target], cluster: Cluster) -> Mapping[str, QueuedMessage]:
    """The messages of those that still wait, where queues can be looked into."""
    waiting = [t.task for t in targets if t.task is not None and t.task.state == PENDING]
    queues = list(dict.fromkeys(task.queue for task in waiting if task.queue))
    if not queues or not cluster.capabilities().can("peek"):
        return {}
    found: dict[str, QueuedMessage] = {}
    for queue in queues[:_QUEUES]:
        try:
            messages = cluster.peek(queue, _PEEKED)
        except BrokerError:
            # What events and the backend know is still there.
            return found
        found |= {message.task_id: message for message in messages if message.task_id}
    return found
