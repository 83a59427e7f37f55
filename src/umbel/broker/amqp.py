"""Events from RabbitMQ: a durable queue of our own, read in bulk, acknowledged after commit.

kombu and py-amqp connect, authenticate, declare and begin to consume; then this session
reads py-amqp's socket itself, and hands every frame that is no delivery back to py-amqp.
Writing (acknowledgements, heartbeats) stays py-amqp's. Only the reading thread touches the
connection.

What is read and not yet settled is bounded in messages (`PREFETCH`) by the broker, and in
bytes (`HELD_BYTES`) by not reading the socket: the rest waits in the queue, where it is safe.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from amqp.exceptions import NotFound
from celery.events.event import get_exchange
from kombu.entity import Queue

from umbel.broker.base import Frame
from umbel.broker.deliveries import Deliveries
from umbel.broker.link import REPLY_TIMEOUT_S, Link
from umbel.broker.wire import Wakeup, Wire
from umbel.clock import Clock

_Queue: Any = Queue

#: How many messages the broker hands out before the first of them is acknowledged.
PREFETCH: Final = 20_000
#: How many bytes of unsettled bodies are held before the socket is left alone.
HELD_BYTES: Final = 24 * 1024 * 1024
#: How often heartbeats are thought of.
_TICK_S: Final = 1.0


def is_fast(connection: Any) -> bool:
    """Whether py-amqp has the parts that the fast path takes over."""
    transport = connection.transport
    return getattr(transport, "driver_name", "") == "py-amqp" and all(
        hasattr(transport.Connection, part)
        for part in ("on_inbound_frame", "heartbeat_tick", "blocking_read", "transport")
    )


class AmqpSession:
    """One consuming connection."""

    def __init__(self, link: Link, clock: Clock, base: int, wakeup: Wakeup) -> None:
        self._clock = clock
        self._base = base
        self._wakeup = wakeup
        self._connection = link.dial()
        try:
            self._begin(link)
        except BaseException:
            self.close()
            raise

    def _begin(self, link: Link) -> None:
        self._driver = self._connection.connection
        self._driver.transport.sock.settimeout(REPLY_TIMEOUT_S)
        self._channel, self.missed = open_queue(self._connection, link)
        self._channel.basic_qos(0, PREFETCH, False)
        self._channel.basic_consume(link.queue_name, no_ack=False)
        transport = self._driver.transport
        self._wire = Wire(transport.sock, self._wakeup)
        self._deliveries = Deliveries(
            self._channel.channel_id, self._base, self._driver.on_inbound_frame
        )
        self._deliveries.buffer += transport._read_buffer
        self._held: deque[tuple[int, int]] = deque()
        self._held_bytes = 0
        self._ticked_at = self.heard_at = self._clock.monotonic()

    def read(self, timeout_s: float) -> Sequence[Frame]:
        if self._held_bytes > HELD_BYTES:
            # RabbitMQ's heartbeats wait unread in the socket; that is not its silence.
            self._driver.bytes_recv += 1
            self._tick()
            self._wakeup.wait(min(timeout_s, _TICK_S))
            return ()
        self._tick()
        deliveries = self._deliveries
        if not self._wire.read_into(deliveries.buffer, timeout_s):
            return ()
        # py-amqp's heartbeat check looks at this counter for a sign of life.
        self._driver.bytes_recv += 1
        self.heard_at = self._clock.monotonic()
        frames = deliveries.take()
        if frames:
            self._hold(frames)
        return frames

    def settle(self, tag: int) -> None:
        self._channel.basic_ack(tag - self._base, multiple=True)
        held = self._held
        while held and held[0][0] <= tag:
            self._held_bytes -= held.popleft()[1]

    def close(self) -> None:
        # Unsettled messages go back to the queue when the connection ends.
        with contextlib.suppress(Exception):
            self._connection.collect()

    def _hold(self, frames: list[Frame]) -> None:
        size = sum([len(frame.body) for frame in frames])
        self._held_bytes += size
        self._held.append((frames[-1].tag, size))

    def _tick(self) -> None:
        now = self._clock.monotonic()
        if now - self._ticked_at >= _TICK_S:
            self._ticked_at = now
            self._driver.heartbeat_tick()


def open_queue(connection: Any, link: Link) -> tuple[Any, bool]:
    """A channel with our queue declared and bound, and whether the queue is new.

    The exchange is declared as Celery does, so that it does not matter who comes first.
    """
    channel = connection.channel()
    is_new = False
    try:
        channel.queue_declare(link.queue_name, passive=True)
    except NotFound:
        is_new = True
        channel = connection.channel()
    queue = _Queue(
        link.queue_name,
        exchange=get_exchange(connection, name=link.exchange),
        routing_key="#",
        durable=True,
        auto_delete=False,
        queue_arguments=link.queue.arguments(),
    )
    queue(channel).declare()
    return channel, is_new
