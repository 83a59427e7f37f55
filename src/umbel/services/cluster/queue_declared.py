"""What queues were declared with, as workers, the application or RabbitMQ tell it.

Pure. Workers and the application tell kombu's words (kombu/entity.py, `Queue.as_dict`), in which
some arguments have a name and a unit of their own; RabbitMQ's management API tells its own, with
those of policies. Here they are one: RabbitMQ's names (rabbitmq.com/docs/queues).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from umbel.services.jsonable import bounded

#: kombu's names, and by how much their values are multiplied (kombu/transport/pyamqp.py).
_KOMBUS: Final[Mapping[str, tuple[str, int]]] = {
    "expires": ("x-expires", 1_000),
    "message_ttl": ("x-message-ttl", 1_000),
    "max_length": ("x-max-length", 1),
    "max_length_bytes": ("x-max-length-bytes", 1),
    "max_priority": ("x-max-priority", 1),
}
#: The most bytes of arguments that are shown, as JSON.
ARGUMENTS_MAX: Final = 16 * 1024

#: `paused`: a worker that consumed it until somebody paused it.
DeclaredBy = Literal["broker", "worker", "application", "paused"]


class DeclaredQueue(msgspec.Struct, frozen=True, kw_only=True):
    """How a queue was declared, by the words of its `source`. `exchange` (of `exchange_type`) and
    `routing_key` are what tasks reach it by; empty is the broker's own exchange. `arguments` are in
    RabbitMQ's words (`x-message-ttl`, in ms), those of the `policy` that holds for it without `x-`.
    Null is unknown."""

    source: DeclaredBy
    exchange: str | None = None
    exchange_type: str | None = None
    routing_key: str | None = None
    durable: bool | None = None
    exclusive: bool | None = None
    auto_delete: bool | None = None
    arguments: dict[str, object] = {}
    policy: str | None = None
    policy_arguments: dict[str, object] = {}

    def argument(self, name: str) -> object:
        """An argument by its name without `x-`: that of the queue goes before the policy's."""
        own = self.arguments.get(f"x-{name}")
        return self.policy_arguments.get(name) if own is None else own

    def text(self, name: str) -> str | None:
        """The same, if it is a text."""
        value = self.argument(name)
        return value if isinstance(value, str) else None


def declared_in_kombu(described: Mapping[str, object], source: DeclaredBy) -> DeclaredQueue:
    """By what a worker consumes, or by a queue of the application."""
    exchange = described.get("exchange")
    exchange = exchange if isinstance(exchange, Mapping) else {}
    own = described.get("queue_arguments")
    arguments = dict(_converted(described))
    arguments |= dict(own) if isinstance(own, Mapping) else {}
    return DeclaredQueue(
        source=source,
        exchange=_text(exchange.get("name")),
        exchange_type=_text(exchange.get("type")),
        routing_key=_text(described.get("routing_key")),
        durable=_flag(described.get("durable")),
        exclusive=_flag(described.get("exclusive")),
        auto_delete=_flag(described.get("auto_delete")),
        arguments=_shown_arguments(arguments),
    )


def declared_before_pause(options: Mapping[str, object]) -> DeclaredQueue:
    """By what `add_consumer` takes, so that a worker consumes a paused queue again as before."""
    described = {
        **{name.removeprefix("queue_"): value for name, value in options.items()},
        "queue_arguments": options.get("queue_arguments"),
        "exchange": {"name": options.get("exchange"), "type": options.get("exchange_type")},
    }
    return declared_in_kombu(described, "paused")


def declared_at_broker(
    described: Mapping[str, object], other: DeclaredQueue | None
) -> DeclaredQueue:
    """By RabbitMQ's management API, with the exchange that an `other` source names."""
    own, policy = described.get("arguments"), described.get("effective_policy_definition")
    return DeclaredQueue(
        source="broker",
        exchange=other.exchange if other else None,
        exchange_type=other.exchange_type if other else None,
        routing_key=other.routing_key if other else None,
        durable=_flag(described.get("durable")),
        exclusive=_flag(described.get("exclusive")),
        auto_delete=_flag(described.get("auto_delete")),
        arguments=_shown_arguments(own if isinstance(own, Mapping) else {}),
        policy=_text(described.get("policy")),
        policy_arguments=_shown_arguments(policy if isinstance(policy, Mapping) else {}),
    )


def priority_lengths(described: Mapping[str, object]) -> dict[int, int]:
    """How many messages wait at each priority, where the management API tells that: of classic
    queues with `x-max-priority` (rabbit_priority_queue.erl)."""
    status = described.get("backing_queue_status")
    lengths = status.get("priority_lengths") if isinstance(status, Mapping) else None
    if not isinstance(lengths, Mapping):
        return {}
    return {
        int(step): count
        for step, count in lengths.items()
        if str(step).isdigit() and len(str(step)) <= 3 and isinstance(count, int)
    }


def idle_since(described: Mapping[str, object]) -> float | None:
    """Since when nothing came to it, left it or consumed it (Unix seconds), by the management API's
    text in UTC; None while it is in use, and where that is not told."""
    text = described.get("idle_since")
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _converted(described: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, (argument, factor) in _KOMBUS.items():
        value = described.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield argument, round(value * factor)


def _shown_arguments(arguments: Mapping[str, object]) -> dict[str, object]:
    shown, cut = bounded(arguments, ARGUMENTS_MAX)
    return shown if cut is None and isinstance(shown, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
