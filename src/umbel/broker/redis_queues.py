"""Queues in Redis: lists, one for each priority step, read from their right end.

What workers hold is in one hash for all queues, with the messages themselves, so it is
counted by queue only while it is small.
Source: kombu/transport/redis.py (`_q_for_pri`, `_brpop_start`, `QoS.append`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from umbel.broker.base import (
    PEEKED_BYTES,
    Declaration,
    QueueDepth,
    QueuedMessage,
    QueueHead,
)
from umbel.broker.errors import translated
from umbel.broker.pooled_connection import PooledConnection
from umbel.broker.queued_messages import queued
from umbel.broker.redis_bindings import RedisBindings
from umbel.broker.redis_keys import RedisKeys
from umbel.broker.redis_memory import memory_bytes
from umbel.errors import BrokerUnreachable

#: More unacknowledged messages than this are not told apart by queue ...
UNACKED_MAX: Final = 5_000
#: ... nor more bytes of them.
_UNACKED_BYTES: Final = 16 * 1024 * 1024
_CHUNK: Final = 10
#: For who asks often, unacknowledged messages are told apart only while they are as few ...
_UNACKED_OFTEN_MAX: Final = 1_000
#: ... and as small, bytes.
_UNACKED_OFTEN_BYTES: Final = 1024 * 1024
#: Messages at the head of queues are read from so many queues at once, until so many bytes came.
_HEADS_AT_ONCE: Final = 50
_HEADS_BYTES: Final = 4 * 1024 * 1024
#: A queue whose first message is larger is not looked into again for a while, bytes and seconds.
_HEAD_MAX: Final = 256 * 1024
_LARGE_FOR_S: Final = 600.0
#: One whose messages are larger on average is not looked into at all, bytes.
_HEAVY: Final = 1024 * 1024

#: What a key takes in memory, as Redis estimates it, may be so many times what it holds.
_ROUGHLY: Final = 3

_held: Final = msgspec.json.Decoder(tuple[msgspec.Raw, str | None, str | None]).decode


class RedisQueues:
    """Queues of one Redis, in the layout of its transport options."""

    def __init__(self) -> None:
        self._bindings = RedisBindings()
        #: Until when queues are let alone whose first message is large, on the monotonic clock.
        self._large: dict[str, float] = {}
        #: Until when it is known of queues that their messages are none such on average.
        self._small: dict[str, float] = {}

    def bound(self, pooled: PooledConnection) -> tuple[str, ...]:
        return self._bindings.queues(RedisKeys.of(pooled.channel))

    def depths(
        self, pooled: PooledConnection, names: Sequence[str], *, often: bool = False
    ) -> tuple[QueueDepth, ...]:
        keys = RedisKeys.of(pooled.channel)
        with keys.client.pipeline(transaction=False) as pipe:
            for name in names:
                for key in keys.lists(name).values():
                    pipe.llen(key)
            pipe.hlen(keys.unacked)
            described: list[object] = pipe.execute(raise_on_error=False)
        held = self._unacknowledged(keys, described.pop(), often=often)
        width = len(keys.steps)
        return tuple(
            _depth(pooled, name, keys, described[index * width : (index + 1) * width], held)
            for index, name in enumerate(names)
        )

    def heads(
        self, pooled: PooledConnection, names: Sequence[str]
    ) -> Mapping[str, tuple[QueueHead, ...]]:
        keys, now = RedisKeys.of(pooled.channel), time.monotonic()
        self._large = {name: until for name, until in self._large.items() if until > now}
        self._small = {name: until for name, until in self._small.items() if until > now}
        self._weigh(keys, [name for name in names if name not in self._small], now)
        names = [name for name in names if name not in self._large]
        found: dict[str, tuple[QueueHead, ...]] = {}
        left_bytes = _HEADS_BYTES
        for begin in range(0, len(names), _HEADS_AT_ONCE):
            if left_bytes <= 0:
                break
            several = self._first_messages(keys, names[begin : begin + _HEADS_AT_ONCE])
            for name, messages in several.items():
                sizes = [len(message) for message in messages]
                left_bytes -= sum(sizes)
                if max(sizes, default=0) > _HEAD_MAX:
                    self._large[name] = now + _LARGE_FOR_S
                found[name] = tuple(map(_head, messages))
        return found

    def _weigh(self, keys: RedisKeys, names: Sequence[str], now: float) -> None:
        """Find those that are not looked into: the messages of fifty would be read at once."""
        lists = [(name, key) for name in names for key in keys.lists(name).values()]
        with keys.client.pipeline(transaction=False) as pipe:
            for _, key in lists:
                pipe.llen(key)
                pipe.memory_usage(key)
            answers: list[object] = pipe.execute(raise_on_error=False)
        for (name, _), count, size in zip(lists, answers[::2], answers[1::2], strict=True):
            known = self._large if _mean(count, size) > _HEAVY else self._small
            if name not in self._large:
                known[name] = now + _LARGE_FOR_S

    def _first_messages(self, keys: RedisKeys, names: Sequence[str]) -> dict[str, list[bytes]]:
        """The next to be delivered of each priority; nothing of what is no queue."""
        with keys.client.pipeline(transaction=False) as pipe:
            for name in names:
                for key in keys.lists(name).values():
                    pipe.lindex(key, -1)
            messages: list[object] = pipe.execute(raise_on_error=False)
        width = len(keys.steps)
        return {
            name: [
                message
                for message in messages[index * width : (index + 1) * width]
                if isinstance(message, bytes)
            ]
            for index, name in enumerate(names)
        }

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

    def _unacknowledged(
        self, keys: RedisKeys, total: object, *, often: bool
    ) -> Counter[str] | None:
        """How many messages workers hold by queue; None when that is not cheap to tell."""
        most = _UNACKED_OFTEN_MAX if often else UNACKED_MAX
        most_bytes = _UNACKED_OFTEN_BYTES if often else _UNACKED_BYTES
        if not isinstance(total, int) or total > most:
            return None
        if total and memory_bytes(keys.client, keys.unacked) > _ROUGHLY * most_bytes:
            return None
        held: Counter[str] = Counter()
        size = 0
        for _, value in keys.client.hscan_iter(keys.unacked, count=100) if total else ():
            size += len(value)
            queue = _queue_of(value)
            if queue is None or size > most_bytes or held.total() > most:
                return None
            held[queue] += 1
        return held


def _mean(count: object, size: object) -> float:
    """Bytes of one message, about; 0 where Redis does not tell."""
    return size / count if isinstance(count, int) and isinstance(size, int) and count else 0.0


def _head(payload: bytes) -> QueueHead:
    return QueueHead(task_id=queued(payload).task_id)


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
    left_bytes = PEEKED_BYTES
    for key in keys.lists(name).values():
        passed = 0
        at_once = _at_once(keys, key)
        while len(found) < limit and left_bytes > 0:
            count = min(at_once, limit - len(found))
            # The next to be delivered stands last.
            part = keys.client.lrange(key, -(passed + count), -(passed + 1))
            for payload in reversed(part):
                left_bytes -= len(payload)
                found.append(queued(payload))
            passed += len(part)
            if len(part) < count:
                break
    return tuple(found)


def _at_once(keys: RedisKeys, key: str) -> int:
    """How many messages of a list may be read at once, so that they are not too many bytes."""
    count = keys.client.llen(key)
    mean = _mean(count, memory_bytes(keys.client, key)) if count else 0.0
    return max(1, min(_CHUNK, int(PEEKED_BYTES // mean) if mean else _CHUNK))
