"""Where dead letters of a queue go: messages that RabbitMQ takes out of it because a worker refused
them, because they expired or because the queue was full.

Pure. They are published to the queue's dead-letter exchange, with its dead-letter routing key or
else the key that they came with (rabbitmq.com/docs/dlx). Which queues that reaches is told by the
bindings of the exchange, or as far as workers and application name them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from umbel.broker.base import Binding, ExchangeBindings
from umbel.services.cluster.queue_declared import DeclaredQueue


class DeadLetterQueue(msgspec.Struct, frozen=True):
    """A queue that gets dead letters, in which so many messages are `ready`; null is unknown."""

    name: str
    ready: int | None = None


class DeadLetters(msgspec.Struct, frozen=True, kw_only=True):
    """Dead letters are published to this `exchange` (empty: the broker's own) with `routing_key`
    (null: the one that each came with), and arrive in `queues`. `note` says in a sentence what
    becomes of them otherwise, or what is not known."""

    exchange: str
    routing_key: str | None
    queues: tuple[DeadLetterQueue, ...]
    note: str | None = None


def dead_letters(
    name: str,
    declared: DeclaredQueue | None,
    bindings: ExchangeBindings | None,
    others: Mapping[str, DeclaredQueue],
) -> DeadLetters | None:
    """Those of the queue `name`; None if it has none. `bindings` are those of its dead-letter
    exchange, None if the broker does not tell; `others` are queues that somebody declares."""
    exchange = declared.text("dead-letter-exchange") if declared else None
    if declared is None or exchange is None:
        return None
    key = declared.text("dead-letter-routing-key")
    used = key if key is not None else declared.routing_key or name
    note = None
    if exchange == "":
        found: Iterable[str] = [used]
    elif bindings is not None:
        found = reached(bindings, used)
        note = _lost(exchange, used, bindings, is_reached=bool(found))
    else:
        found = reached(_named_bindings(exchange, others), used)
        note = (
            f"Which queues are bound to {exchange} RabbitMQ tells by its management API alone "
            "(broker_api)"
            + ("; these are the ones that workers or the application name." if found else ".")
        )
    queues = tuple(DeadLetterQueue(each) for each in dict.fromkeys(found))
    return DeadLetters(exchange=exchange, routing_key=key, queues=queues, note=note)


def sources(name: str, others: Mapping[str, DeclaredQueue]) -> tuple[str, ...]:
    """The queues whose dead letters arrive in this one, as far as somebody declares them."""
    found = []
    for other, declared in others.items():
        letters = dead_letters(other, declared, None, others)
        if other != name and letters and any(each.name == name for each in letters.queues):
            found.append(other)
    return tuple(sorted(found))


def reached(exchange: ExchangeBindings, key: str) -> tuple[str, ...]:
    """The queues to which an exchange hands a message of this routing key; none where that depends
    on more than the key."""
    kind = exchange.kind
    return tuple(
        each.queue
        for each in exchange.bindings
        if kind == "fanout"
        or (kind == "direct" and each.routing_key == key)
        or (kind == "topic" and _is_topic_of(each.routing_key, key))
    )


def _is_topic_of(pattern: str, key: str) -> bool:
    """`*` is one word, `#` any number (AMQP 0-9-1, 3.1.3.3)."""
    words = key.split(".")
    #: So many words of the key are matched.
    matched = {0}
    for word in pattern.split("."):
        if word == "#":
            matched = set(range(min(matched), len(words) + 1))
        else:
            matched = {n + 1 for n in matched if n < len(words) and word in {"*", words[n]}}
        if not matched:
            return False
    return len(words) in matched


def _lost(exchange: str, key: str, bindings: ExchangeBindings, *, is_reached: bool) -> str | None:
    if bindings.kind is None:
        return f"The exchange {exchange} is not there, so RabbitMQ drops dead letters."
    if bindings.kind not in {"direct", "fanout", "topic"}:
        return (
            f"The exchange {exchange} is of the type {bindings.kind}: where it leads depends on "
            "more than a routing key."
        )
    if not is_reached:
        return (
            f"No queue is bound to {exchange} with the key {key}, so RabbitMQ drops dead letters."
        )
    return None


def _named_bindings(exchange: str, others: Mapping[str, DeclaredQueue]) -> ExchangeBindings:
    bound = {name: each for name, each in others.items() if each.exchange == exchange}
    kinds = {each.exchange_type for each in bound.values()}
    return ExchangeBindings(
        kinds.pop() if len(kinds) == 1 else None,
        tuple(Binding(name, each.routing_key or "") for name, each in bound.items()),
    )
