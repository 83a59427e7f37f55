"""Whether workers that are told to consume a queue can, and what they must be told with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from umbel.broker.base import Cluster, Declaration
from umbel.services.control.phrases import listed, verb
from umbel.services.control.task_actions import ANSWER_S

#: An exchange as a worker declares it that is told nothing of it.
_DEFAULT_EXCHANGE: Final[Mapping[str, object]] = {
    "exchange_type": "direct", "exchange_durable": True, "exchange_auto_delete": False,
    "exchange_arguments": None,
}  # fmt: skip


def consumer_declaration(queue: str, workers: Sequence[str], cluster: Cluster) -> Declaration:
    """How `workers` (empty: all) have to declare a queue. Raises `BrokerError`."""
    found = cluster.declaration(queue)
    # RabbitMQ knows its exchanges; of other brokers each worker has a notion of its own.
    is_amqp = cluster.capabilities().transport == "amqp"
    if found.impossible is not None or (is_amqp and not _is_quorum(found.options)):
        return found
    replies = cluster.ask("active_queues", workers=workers or None, timeout_s=ANSWER_S)
    answers = {reply.worker: reply.value for reply in replies if reply.error is None}
    return (
        _of_quorum(queue, workers, found, answers)
        if is_amqp
        else _of_exchange(queue, found, answers)
    )


def _of_exchange(queue: str, found: Declaration, answers: Mapping[str, object]) -> Declaration:
    """A worker that knows an exchange of this name ends when it declares it otherwise
    (kombu/transport/virtual/base.py, `NotEquivalentError`)."""
    declared = [each for value in answers.values() for each in _exchanges(value, queue)]
    if not declared:
        return found
    if any(each != declared[0] for each in declared):
        return msgspec.structs.replace(
            found,
            impossible=f"Workers know the exchange {queue} in different ways, and one that "
            "declares it otherwise ends. Name the workers one by one.",
        )
    options = {
        name: value for name, value in declared[0].items() if value != _DEFAULT_EXCHANGE[name]
    }
    differences = [f"{name.replace('_', ' ')}: {value}" for name, value in options.items()]
    return Declaration(
        options=found.options | options, differences=(*found.differences, *differences)
    )


def _exchanges(consumed: object, name: str) -> Iterator[dict[str, object]]:
    """The exchanges of that name in what a worker consumes, as `add_consumer` takes them."""
    for each in consumed if isinstance(consumed, list) else ():
        exchange = each.get("exchange") if isinstance(each, Mapping) else None
        if isinstance(exchange, Mapping) and exchange.get("name") == name:
            yield {
                "exchange_type": exchange.get("type") or "direct",
                "exchange_durable": exchange.get("durable") is not False,
                "exchange_auto_delete": bool(exchange.get("auto_delete")),
                "exchange_arguments": exchange.get("arguments") or None,
            }


def _of_quorum(
    queue: str, workers: Sequence[str], found: Declaration, answers: Mapping[str, object]
) -> Declaration:
    ending = sorted(
        {*workers, *answers} - {name for name, value in answers.items() if _counts(value)}
    )
    if not ending and answers:
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
