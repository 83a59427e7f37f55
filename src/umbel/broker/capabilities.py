"""What can be done with each kind of broker (broadcast, count, purge, peek, ...).

Where something cannot, a sentence says why; the page of queues and plans of actions show it.
"""

from __future__ import annotations

from typing import Any, Final

from kombu.transport import virtual

from umbel.broker.base import Ability, Capabilities
from umbel.broker.link import Link

_NAMES: Final = {
    "amqp": "RabbitMQ",
    "redis": "Redis",
    "sqs": "Amazon SQS",
    "gcpubsub": "Google Pub/Sub",
    "kafka": "Kafka",
}


def capabilities_of(link: Link, *, management: bool) -> Capabilities:
    """What can be done with the broker at `link`. Asks nobody."""
    transport = link.template.transport
    name = _NAMES.get(link.transport.lower(), f"The transport {link.transport}")
    missing: dict[Ability, str] = {}
    if "fanout" not in transport.implements.exchange_type:
        missing["control"] = (
            f"{name} has no broadcasts, so Celery's workers cannot be told or asked anything "
            "over it. RabbitMQ and Redis have them."
        )
    if link.transport == "amqp":
        missing |= _amqp(management=management)
    elif link.transport == "redis":
        missing["consumers"] = "Redis does not know who reads a list; ask the workers."
    else:
        missing |= _virtual(name, transport)
    return Capabilities(link.transport, missing)


def _amqp(*, management: bool) -> dict[Ability, str]:
    missing: dict[Ability, str] = {
        "peek": "RabbitMQ shows a message only by delivering it, which marks it as delivered "
        "before and can move it, so its queues cannot be looked into without touching them."
    }
    if not management:
        missing["unacknowledged"] = (
            "RabbitMQ tells what workers hold by its management API alone, whose address is "
            "not configured."
        )
    return missing


def _virtual(name: str, transport: Any) -> dict[Ability, str]:
    missing: dict[Ability, str] = {
        "peek": f"{name} does not show a message without handing it out.",
        "unacknowledged": f"Through kombu, {name} does not tell what workers hold.",
        "consumers": f"Through kombu, {name} does not tell who reads a queue.",
    }
    if not isinstance(transport, virtual.Transport) or transport.driver_type == "kafka":
        missing["depth"] = f"Through kombu, {name} does not tell how many messages wait."
        missing["purge"] = f"Through kombu, {name} cannot empty a queue."
    return missing
