"""The queue to which workers send the results of tasks that were sent with it as `reply_to`:
what the result backend rpc:// is (celery/backends/rpc.py).

On AMQP the queue is exclusive: the broker removes it with the connection, however that ends.
On Redis it is a list, which any late reply would make anew. So it begins with a mark and a time
to live, which a list that is not emptied keeps, and reading never takes the mark.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import uuid4

import msgspec
from kombu.entity import Queue

from umbel.broker.base import ANSWER_S, Frame
from umbel.broker.compression import unpacked
from umbel.broker.envelope import open_envelope
from umbel.broker.errors import translated
from umbel.broker.generic import frame_of
from umbel.broker.link import link_to_cluster
from umbel.broker.pooled_connection import ConnectThread, PooledConnection
from umbel.broker.redis_keys import RedisKeys
from umbel.errors import EventError

if TYPE_CHECKING:
    from celery import Celery

_Queue: Any = Queue

#: A queue that nobody reads any more is removed by the broker after this, in seconds.
_EXPIRES_S: Final = 60
#: The same for a list on Redis: replies that come later than this stay there.
_LIFE_S: Final = 3_600
#: How often the broker is asked whether the queue is still there, seconds.
_PROBE_EVERY_S: Final = 10.0
#: How long to wait between looks at Redis, in seconds: often at first, seldom later.
_FIRST_POLL_S: Final = 0.005
_LONGEST_POLL_S: Final = 0.2
_MARK: Final = b"umbel"

#: A task id, and what its worker sent: a meta in bytes, or why it cannot be opened.
Answer = tuple[str, bytes | str]


class ReplyQueue(Protocol):
    """A queue of this process's own. One thread; raises `BrokerError`."""

    @property
    def name(self) -> str:
        """What tasks are sent with as `reply_to`."""

    def read(self, timeout_s: float) -> Sequence[Answer]:
        """What has come, waited for so long."""

    def close(self, *, expects_more: bool) -> None:
        """Remove it. `expects_more`: replies may still come, so that on Redis it goes by itself."""


def open_reply_queue(app: Celery) -> ReplyQueue:
    """A new queue at the broker of `app`. Raises `BrokerError`."""
    link = link_to_cluster(app)
    name = f"umbel.reply.{uuid4().hex}"
    try:
        pooled = PooledConnection(ConnectThread(link, ANSWER_S).connection(), link)
        kind = _RedisReplies if link.transport == "redis" else _ConsumedReplies
        return kind(pooled, name)
    except Exception as error:
        raise translated(error, link, "the queue of replies") from error


class _ConsumedReplies:
    """Over AMQP, and any transport that consumes as kombu does."""

    def __init__(self, pooled: PooledConnection, name: str) -> None:
        self.name = name
        self._line = pooled
        self._received: list[Any] = []
        self._probed_at = time.monotonic()
        self._queue = _Queue(
            name, durable=False, exclusive=True, auto_delete=True, expires=_EXPIRES_S
        )(pooled.channel)
        self._queue.queue_declare()
        pooled.channel.basic_consume(
            name, no_ack=True, callback=self._received.append, consumer_tag=name
        )

    def read(self, timeout_s: float) -> Sequence[Answer]:
        try:
            self._probe()
            if not self._received:
                with contextlib.suppress(TimeoutError, BlockingIOError):
                    self._line.connection.drain_events(timeout=timeout_s)
        except Exception as error:
            raise translated(error, self._line.link, f"the queue {self.name}") from error
        received = self._received[:]
        del self._received[: len(received)]
        return [_answer(_correlation_id(each), frame_of(each, 0)) for each in received]

    def close(self, *, expects_more: bool) -> None:  # noqa: ARG002  it goes with the connection
        with contextlib.suppress(Exception):
            self._line.channel.basic_cancel(self.name)
            self._line.channel.queue_delete(self.name)
        self._line.leave()

    def _probe(self) -> None:
        """A connection that went silent, and a queue that somebody removed, raise."""
        now = time.monotonic()
        if now - self._probed_at >= _PROBE_EVERY_S:
            self._probed_at = now
            self._queue.queue_declare(passive=True)


class _RedisReplies:
    """Over Redis, where kombu's consuming would touch others' messages (`passive_channel`)."""

    def __init__(self, pooled: PooledConnection, name: str) -> None:
        self.name = name
        self._line = pooled
        self._keys = RedisKeys.of(pooled.channel)
        self._list = self._keys.queue(name)
        self._mark()

    def read(self, timeout_s: float) -> Sequence[Answer]:
        until, wait_s = time.monotonic() + timeout_s, _FIRST_POLL_S
        try:
            while not (received := self._taken()):
                left_s = until - time.monotonic()
                if left_s <= 0:
                    return []
                time.sleep(min(wait_s, left_s))
                wait_s = min(wait_s * 1.5, _LONGEST_POLL_S)
        except Exception as error:
            raise translated(error, self._line.link, f"the queue {self.name}") from error
        return [_answer(_id_in(payload), open_envelope(payload)) for payload in reversed(received)]

    def close(self, *, expects_more: bool) -> None:
        if not expects_more:
            with contextlib.suppress(Exception):
                self._keys.client.delete(self._list)
        self._line.leave()

    def _taken(self) -> list[bytes]:
        """What has come, the newest first; only the mark stays."""
        with self._keys.client.pipeline() as pipe:
            pipe.lrange(self._list, 0, -1)
            pipe.ltrim(self._list, -1, -1)
            pipe.expire(self._list, _LIFE_S)
            received: list[bytes] = pipe.execute()[0]
        if not received or received[-1] != _MARK:  # Redis forgot it
            self._mark()
        return [each for each in received if each != _MARK]

    def _mark(self) -> None:
        with self._keys.client.pipeline() as pipe:
            pipe.rpush(self._list, _MARK)
            pipe.expire(self._list, _LIFE_S)
            pipe.execute()


class _Properties(msgspec.Struct):
    correlation_id: str = ""


class _Envelope(msgspec.Struct):
    properties: _Properties = msgspec.field(default_factory=_Properties)


def _id_in(payload: bytes) -> str:
    try:
        return msgspec.json.decode(payload, type=_Envelope).properties.correlation_id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""


def _correlation_id(message: Any) -> str:
    return str((message.properties or {}).get("correlation_id") or "")


def _answer(task_id: str, frame: Frame) -> Answer:
    try:
        return task_id, unpacked(frame.body, (frame.headers or {}).get("compression"))
    except EventError as error:
        return task_id, str(error)
