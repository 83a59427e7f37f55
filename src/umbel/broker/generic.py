"""Events over any transport that kombu knows, message by message.

Slower than the fast paths and always right: the memory, filesystem and database transports,
librabbitmq, and Redis or AMQP when their drivers no longer look as the fast paths expect.
Nothing is decoded here, so no serializer ever runs by a message's own choice.

Virtual transports get a queue of this session's own that leaves with it; over AMQP it is the
durable one. Where an exchange broadcasts (Redis, GC Pub/Sub) nothing is acknowledged, since
kombu would keep the unacknowledged in the shared `unacked` hash.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

from celery.events.event import get_exchange
from kombu.entity import Queue

from umbel.broker.base import Frame, Missed
from umbel.broker.deliveries import properties_of
from umbel.broker.event_queue import (
    BIND_EVERY_S,
    BOOKMARK,
    bind_again,
    consume,
    is_exclusive,
    missed,
    open_queue,
    shared,
)
from umbel.broker.link import REPLY_TIMEOUT_S, Link
from umbel.broker.wire import Wakeup
from umbel.clock import Clock

_Queue: Any = Queue

PREFETCH: Final = 2_000
#: Redis confirms a subscription within this, or is found silent by the probe.
SUBSCRIBE_S: Final = 1.0
#: How often a broker without heartbeats is asked for a sign of life.
PROBE_EVERY_S: Final = 5.0
_READ_MAX: Final = 2_000
_TICK_S: Final = 1.0
#: How often other consumers are looked for, where RabbitMQ keeps none away, seconds.
COUNT_EVERY_S: Final = 10.0


class GenericSession:
    """One consuming connection, driven by kombu."""

    missed: Missed | None = Missed("broker-away")

    def __init__(self, link: Link, clock: Clock, base: int, wakeup: Wakeup) -> None:
        self._link = link
        self._clock = clock
        self._wakeup = wakeup
        self._base = base
        self._received: list[Frame] = []
        self._waiting: deque[tuple[int, Any]] = deque()
        self._number = 0
        self._first_redelivered: bool | None = None
        self._is_amqp = link.transport == "amqp"
        self._counted_at = self._bound_at = clock.monotonic()
        self._ticked_at = self._probed_at = self.heard_at = clock.monotonic()
        self._connection = link.connect()
        try:
            self._begin(link)
        except BaseException:
            self.close()
            raise

    def _begin(self, link: Link) -> None:
        exchange = get_exchange(self._connection, name=link.exchange)
        self._broadcast = exchange.type == "fanout"
        if self._is_amqp:
            self._begin_amqp(link)
            return
        self._channel = self._connection.channel()
        self._queue = f"{link.queue_name}.{uuid4().hex}"
        _Queue(self._queue, exchange=exchange, routing_key="#", durable=False, auto_delete=True)(
            self._channel
        ).declare()
        if not self._broadcast:
            self._channel.basic_qos(0, PREFETCH, False)
        self._channel.basic_consume(
            self._queue, no_ack=self._broadcast, callback=self._on_message, consumer_tag="umbel"
        )
        if self._broadcast:
            # kombu subscribes with the first wait, which ends when that is confirmed.
            with contextlib.suppress(TimeoutError):
                self._connection.drain_events(timeout=SUBSCRIBE_S)

    def _begin_amqp(self, link: Link) -> None:
        # A handshake with a broker that went silent must end.
        sock = getattr(getattr(self._connection.connection, "transport", None), "sock", None)
        if sock is not None:
            sock.settimeout(REPLY_TIMEOUT_S)
        opened = open_queue(self._connection, link, self._wakeup.wait)
        self._channel, self._queue = opened.channel, link.queue_name
        self._channel.basic_qos(0, PREFETCH, False)
        consume(self._channel, link, callback=self._on_message, consumer_tag="umbel")
        while opened.waiting and not self._number:
            self._connection.drain_events(timeout=REPLY_TIMEOUT_S)
        self.missed = missed(opened, link, self._first_redelivered, self._received)

    def _on_message(self, message: Any) -> None:
        self._number += 1
        tag = self._base + self._number
        if not self._broadcast:
            self._waiting.append((tag, message.delivery_tag))
        if self._number == 1:
            self._first_redelivered = bool((message.delivery_info or {}).get("redelivered"))
        if message.content_type != BOOKMARK:
            self._received.append(frame_of(message, tag))

    stream: None = None
    unkept_at: float | None = None

    def resume(self, position: str) -> None:
        """There is no stream."""

    def read(self, timeout_s: float) -> Sequence[Frame]:
        self._tick()
        wait_s = max(timeout_s, 0.001)
        while len(self._received) < _READ_MAX:
            try:
                self._connection.drain_events(timeout=wait_s)
            except (TimeoutError, BlockingIOError):
                # Only what is found empty has been read to its end.
                self.heard_at = self._clock.monotonic()
                break
            wait_s = 0.001
        received, self._received = self._received, []
        if received:
            self._bound_at = self._clock.monotonic()
        return received

    def rest(self) -> Sequence[Frame]:
        return ()

    def settle(self, tag: int) -> None:
        # On AMQP the last one stays in the queue as the bookmark.
        bound = tag - 1 if self._is_amqp else tag
        while self._waiting and self._waiting[0][0] <= bound:
            _, delivery = self._waiting.popleft()
            self._channel.basic_ack(delivery)

    def close(self) -> None:
        if self._is_amqp:
            # Without the closing handshake, for which a silent broker would be waited for.
            with contextlib.suppress(Exception):
                self._connection.collect()
            return
        with contextlib.suppress(Exception):
            self._channel.queue_delete(self._queue)
        with contextlib.suppress(Exception):
            self._connection.release()

    def _tick(self) -> None:
        now = self._clock.monotonic()
        if now - self._ticked_at >= _TICK_S:
            self._ticked_at = now
            self._connection.heartbeat_check()
        if self._is_amqp:
            self._count(now)
            if now - self._bound_at >= BIND_EVERY_S:
                self._bound_at = now
                bind_again(self._channel, self._link)
        if not hasattr(self._channel, "conn_or_acquire"):
            # There is nothing to ask; what is lost raises.
            self.heard_at = now
        elif now - self._probed_at >= PROBE_EVERY_S:
            with self._channel.conn_or_acquire() as client:
                client.ping()
            self._probed_at = now

    def _count(self, now: float) -> None:
        """Look for other consumers, where RabbitMQ keeps none away."""
        if is_exclusive(self._link) or now - self._counted_at < COUNT_EVERY_S:
            return
        self._counted_at = now
        found = self._channel.queue_declare(self._queue, passive=True)
        if found.consumer_count > 1:
            raise shared(self._link, found.consumer_count - 1)


def frame_of(message: Any, tag: int) -> Frame:
    """kombu's or py-amqp's message, undecoded. Neither has looked into the body yet."""
    body = message.body
    if isinstance(body, str):
        body = body.encode("utf-8", "replace")
    if hasattr(message, "compression"):
        headers = {"compression": message.compression} if message.compression else None
        content_type, encoding = message.content_type, message.content_encoding
    else:
        found = properties_of(message.properties)
        headers, content_type, encoding = (
            found.headers,
            found.content_type,
            found.content_encoding,
        )
    return Frame(
        bytes(body or b""),
        tag,
        None,
        content_type or "application/json",
        encoding or "utf-8",
        headers,
    )
