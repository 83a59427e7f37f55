"""Queues in Redis: lists, one for each priority step, read from their right end.

What workers hold is in one hash for all queues, with the messages themselves, so it is
counted by queue only while it is small.
Source: kombu/transport/redis.py (`_q_for_pri`, `_brpop_start`, `QoS.append`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from umbel.broker.base import Declaration, QueueDepth, QueuedMessage
from umbel.broker.errors import translated
from umbel.broker.pooled_connection import PooledConnection
from umbel.broker.queued_messages import queued
from umbel.broker.redis_bindings import RedisBindings
from umbel.broker.redis_keys import RedisKeys
from umbel.errors import BrokerUnreachable

#: More unacknowledged messages than this are not told apart by queue ...
UNACKED_MAX: Final = 5_000
#: ... nor more bytes of them.
_UNACKED_BYTES: Final = 16 * 1024 * 1024
#: A look into a queue takes no more bytes than this (and at least one message).
_PEEKED_BYTES: Final = 16 * 1024 * 1024
_CHUNK: Final = 10

_held: Final = msgspec.json.Decoder(tuple[msgspec.Raw, str | None, str | None]).decode


class RedisQueues:
    """Queues of one Redis, in the layout of its transport options."""

    def __init__(self) -> None:
        self._bindings = RedisBindings()

    def bound(self, pooled: PooledConnection) -> tuple[str, ...]:
        return self._bindings.queues(RedisKeys.of(pooled.channel))

    def depths(self, pooled: PooledConnection, names: Sequence[str]) -> tuple[QueueDepth, ...]:
        keys = RedisKeys.of(pooled.channel)
        with keys.client.pipeline(transaction=False) as pipe:
            for name in names:
                for key in keys.lists(name).values():
                    pipe.llen(key)
            pipe.hlen(keys.unacked)
            described: list[object] = pipe.execute(raise_on_error=False)
        held = self._unacknowledged(keys, described.pop())
        width = len(keys.steps)
        return tuple(
            _depth(pooled, name, keys, described[index * width : (index + 1) * width], held)
            for index, name in enumerate(names)
        )

    def purge(self, pooled: PooledConnection, name: str) -> int:
        keys = RedisKeys.of(pooled.channel)
        with keys.client.pipeline() as pipe:
            for key in keys.lists(name).values():
                pipe.llen(key).unlink(key)
            return sum(pipe.execute()[::2])

    def declaration(self, pooled: PooledConnection, name: str, definition: Any) -> Declaration:  # noqa: ARG002
        keys = RedisKeys.of(pooled.channel)
        with keys.client.pipeline(transaction=False) as pipe:
            for key in keys.lists(name).values():
                pipe.type(key)
            kinds = [_text(kind) for kind in pipe.execute()]
        for key, kind in zip(keys.lists(name).values(), kinds, strict=True):
            if kind not in {"none", "list"}:
                return Declaration(
                    impossible=f"The key {key} is there in Redis and no queue (its type is "
                    f"{kind}); a worker that is told to consume it ends."
                )
        return Declaration()

    def _unacknowledged(self, keys: RedisKeys, total: object) -> Counter[str] | None:
        """How many messages workers hold by queue; None when that is not cheap to tell."""
        if not isinstance(total, int) or total > UNACKED_MAX:
            return None
        held: Counter[str] = Counter()
        size = 0
        for _, value in keys.client.hscan_iter(keys.unacked, count=100) if total else ():
            size += len(value)
            queue = _queue_of(value)
            if queue is None or size > _UNACKED_BYTES or held.total() > UNACKED_MAX:
                return None
            held[queue] += 1
        return held


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _queue_of(value: bytes) -> str | None:
    """The queue of one unacknowledged message; None when it went through an exchange."""
    try:
        _, exchange, routing_key = _held(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return routing_key if not exchange else None


def _depth(
    pooled: PooledConnection,
    name: str,
    keys: RedisKeys,
    described: Sequence[Any],
    held: Counter[str] | None,
) -> QueueDepth:
    for one in described:
        if isinstance(one, Exception):
            explained = translated(one, pooled.link, f"the queue {name}")
            if isinstance(explained, BrokerUnreachable):
                raise explained
            return QueueDepth(name=name, trouble=str(explained))
    return QueueDepth(
        name=name,
        ready=sum(described),
        unacknowledged=held[name] if held is not None else None,
        priorities=dict(zip(keys.steps, described, strict=True)),
    )


def peek(pooled: PooledConnection, name: str, limit: int) -> tuple[QueuedMessage, ...]:
    """The next `limit` messages in the order in which workers get them. Only looks."""
    keys = RedisKeys.of(pooled.channel)
    found: list[QueuedMessage] = []
    left_bytes = _PEEKED_BYTES
    for key in keys.lists(name).values():
        passed = 0
        while len(found) < limit and left_bytes > 0:
            count = min(_CHUNK, limit - len(found))
            # The next to be delivered stands last.
            part = keys.client.lrange(key, -(passed + count), -(passed + 1))
            for payload in reversed(part):
                left_bytes -= len(payload)
                found.append(queued(payload))
            passed += len(part)
            if len(part) < count:
                break
    return tuple(found)
