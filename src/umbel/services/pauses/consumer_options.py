"""What a worker says that it consumes, and what it must be sent to consume that again.

Source: kombu/entity.py (`Queue.as_dict` is what workers answer, `Queue.from_dict` reads what
`add_consumer` gives), celery/worker/consumer/consumer.py (`add_task_queue`: a worker that has a
queue of this name takes its own declaration).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from umbel.errors import UmbelError
from umbel.services.jsonable import jsonable

#: Options that are larger are not kept, bytes of JSON: they come from a worker.
OPTIONS_MAX: Final = 16 * 1024
#: What `Queue.from_dict` calls the attributes of a queue, and of its exchange.
_OF_QUEUE: Final[Mapping[str, str]] = {
    "routing_key": "routing_key", "durable": "queue_durable", "auto_delete": "queue_auto_delete",
    "queue_arguments": "queue_arguments", "binding_arguments": "binding_arguments",
    "consumer_arguments": "consumer_arguments", "exclusive": "exclusive", "no_ack": "no_ack",
}  # fmt: skip
_OF_EXCHANGE: Final[Mapping[str, str]] = {
    "name": "exchange", "type": "exchange_type", "durable": "exchange_durable",
    "auto_delete": "exchange_auto_delete", "arguments": "exchange_arguments",
}  # fmt: skip


def consumed_queues(answer: object) -> dict[str, dict[str, object]]:
    """By queue what `add_consumer` takes beside its name, of a worker's answer to
    `active_queues`; what is no answer to that names none."""
    return {
        each["name"]: _options(each)
        for each in (answer if isinstance(answer, list) else ())
        if isinstance(each, Mapping) and isinstance(each.get("name"), str)
    }


def _options(queue: Mapping[str, object]) -> dict[str, object]:
    exchange = queue.get("exchange")
    found = {
        option: queue[attribute]
        for attribute, option in _OF_QUEUE.items()
        if queue.get(attribute) is not None
    }
    if isinstance(exchange, Mapping):
        found |= {
            option: exchange[attribute]
            for attribute, option in _OF_EXCHANGE.items()
            if exchange.get(attribute) is not None
        }
    try:
        options = jsonable(found)
        size = len(msgspec.json.encode(options))
    except (TypeError, ValueError, RecursionError, UmbelError):
        return {}
    return options if isinstance(options, dict) and size <= OPTIONS_MAX else {}
