"""Whether workers that are told to consume a queue can, and what they must be told with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from umbel.broker.base import Cluster, Declaration
from umbel.services.control.on_tasks import ANSWER_S
from umbel.services.control.wording import listed, verb


def consumable(queue: str, workers: Sequence[str], cluster: Cluster) -> Declaration:
    """How `workers` (empty: all) have to declare a queue. Raises `BrokerError`."""
    found = cluster.declaration(queue)
    if found.impossible is not None or not _is_quorum(found.options):
        return found
    replies = cluster.ask("active_queues", workers=workers or None, timeout_s=ANSWER_S)
    said = {reply.worker: reply.value for reply in replies if reply.error is None}
    ending = sorted({*workers, *said} - {name for name, value in said.items() if _counts(value)})
    if not ending and said:
        return found
    who = listed(ending) if ending else "no worker that answers"
    return msgspec.structs.replace(
        found,
        impossible=f"{queue} is a quorum queue. RabbitMQ gives its messages to workers alone that "
        f"count what they fetch by queue, as those do that were started with a quorum queue: "
        f"{who} {verb(len(ending), 'is', 'are') if ending else 'is'} not known to, and a worker "
        f"that does not ends. Start {verb(len(ending), 'it', 'them')} with this queue instead.",
    )


def _counts(consumed: object) -> bool:
    """Whether a worker consumes a quorum queue already, and so has no global QoS
    (celery/worker/consumer/tasks.py, `qos_global`)."""
    return isinstance(consumed, list) and any(
        isinstance(each, Mapping) and _is_quorum(each) for each in consumed
    )


def _is_quorum(options: Mapping[object, object] | Mapping[str, object]) -> bool:
    arguments = options.get("queue_arguments")
    return isinstance(arguments, Mapping) and arguments.get("x-queue-type") == "quorum"
