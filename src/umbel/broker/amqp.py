"""Events from RabbitMQ: a durable queue of our own, read in bulk, acknowledged after commit.

kombu and py-amqp connect, authenticate, declare and begin to consume (see `event_queue`);
then this session reads py-amqp's socket itself, and hands every frame that is no delivery
back to py-amqp. Writing (acknowledgements, heartbeats) stays py-amqp's. Only the reading
thread touches the connection, and it never publishes on it.

What is read and not yet settled is bounded in messages (`PREFETCH`) by the broker, and in
bytes (`HELD_BYTES`) by not reading the socket: the rest waits in the queue, where it is safe.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from amqp import spec

from umbel.broker.base import Frame, Missed
from umbel.broker.deliveries import Deliveries
from umbel.broker.event_queue import (
    BIND_EVERY_S,
    OpenedQueue,
    bind_again,
    consume,
    consumers_in,
    is_exclusive,
    missed,
    open_queue,
    shared,
)
from umbel.broker.link import REPLY_TIMEOUT_S, Link
from umbel.broker.wire import Wakeup, Wire, finish_sending
from umbel.clock import Clock

#: How many messages the broker hands out before the first of them is acknowledged.
PREFETCH: Final = 20_000
#: How many bytes of unsettled bodies are held before the socket is left alone.
HELD_BYTES: Final = 24 * 1024 * 1024
#: How often heartbeats are thought of.
_TICK_S: Final = 1.0
#: How often other consumers are looked for, where RabbitMQ keeps none away, seconds.
COUNT_EVERY_S: Final = 10.0
_DECLARE_OK: Final = b"\x00\x32\x00\x0b"
_METHOD: Final = 1


def is_fast(connection: Any) -> bool:
    """Whether py-amqp has the parts that the fast path takes over."""
    transport = connection.transport
    return getattr(transport, "driver_name", "") == "py-amqp" and all(
        hasattr(transport.Connection, part)
        for part in ("on_inbound_frame", "heartbeat_tick", "blocking_read", "transport")
    )


class AmqpSession:
    """One consuming connection."""

    missed: Missed | None

    def __init__(self, link: Link, clock: Clock, base: int, wakeup: Wakeup) -> None:
        self._clock = clock
        self._base = base
        self._wakeup = wakeup
        self._connection = link.connect()
        try:
            self._begin(link)
        except BaseException:
            self.close()
            raise

    def _begin(self, link: Link) -> None:
        self._link = link
        self._driver = self._connection.connection
        self._driver.transport.sock.settimeout(REPLY_TIMEOUT_S)
        opened = open_queue(self._connection, link, self._wakeup.wait)
        self._channel = opened.channel
        self._channel.basic_qos(0, PREFETCH, False)
        consume(self._channel, link)
        transport = self._driver.transport
        self._wire = Wire(transport.sock, self._wakeup)
        self._deliveries = Deliveries(self._channel.channel_id, self._base, self._take_other)
        self._deliveries.buffer += transport._read_buffer
        self._held: deque[tuple[int, int]] = deque()
        self._held_bytes = 0
        self._bookmark = self._base
        self._ticked_at = self._counted_at = self.heard_at = self._clock.monotonic()
        #: When the last message came, or the queue was bound since.
        self._bound_at = self.heard_at
        self._early = self._first_frames(opened)
        first = self._deliveries.first_redelivered
        self.missed = missed(opened, link, first, self._early)

    def _first_frames(self, opened: OpenedQueue) -> list[Frame]:
        """What comes first of what had waited."""
        deliveries = self._deliveries
        frames = deliveries.take()
        deadline = self._clock.monotonic() + REPLY_TIMEOUT_S
        while opened.waiting and deliveries.first_redelivered is None:
            left_s = deadline - self._clock.monotonic()
            if left_s <= 0:
                raise TimeoutError("it did not give out what waits in the queue")
            self._wire.read_into(deliveries.buffer, left_s)
            frames += deliveries.take()
        return frames

    stream: None = None
    unkept_at: float | None = None

    def resume(self, position: str) -> None:
        """There is no stream."""

    def read(self, timeout_s: float) -> Sequence[Frame]:
        if self._early:
            early, self._early = self._early, []
            self._hold(early)
            return early
        self._tick()
        if self._held_bytes > HELD_BYTES:
            # RabbitMQ's heartbeats wait unread in the socket; that is not its silence.
            self._driver.bytes_recv += 1
            self._wakeup.wait(min(timeout_s, _TICK_S))
            return ()
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

    def rest(self) -> Sequence[Frame]:
        return ()

    def settle(self, tag: int) -> None:
        # The last one stays in the queue as the bookmark.
        if tag - 1 > self._bookmark:
            self._channel.basic_ack(tag - 1 - self._base, multiple=True)
        self._bookmark = tag
        held = self._held
        while held and held[0][0] <= tag:
            self._held_bytes -= held.popleft()[1]

    def close(self) -> None:
        # Unsettled messages go back to the queue when the connection ends.
        with contextlib.suppress(Exception):
            finish_sending(self._driver.transport.sock)
        with contextlib.suppress(Exception):
            self._connection.collect()

    def _hold(self, frames: list[Frame]) -> None:
        self._bound_at = self._clock.monotonic()
        size = sum([len(frame.body) for frame in frames])
        self._held_bytes += size
        self._held.append((frames[-1].tag, size))

    def _tick(self) -> None:
        now = self._clock.monotonic()
        if now - self._ticked_at < _TICK_S:
            return
        self._ticked_at = now
        self._driver.heartbeat_tick()
        if now - self._bound_at >= BIND_EVERY_S:
            self._bound_at = now
            bind_again(self._channel, self._link)
        if not is_exclusive(self._link) and now - self._counted_at >= COUNT_EVERY_S:
            self._counted_at = now
            # Its answer comes between the deliveries.
            self._channel.send_method(
                spec.Queue.Declare,
                "BsbbbbbF",
                (0, self._link.queue_name, True, False, False, False, False, None),
            )

    def _take_other(self, frame: tuple[int, int, bytes]) -> None:
        kind, channel, payload = frame
        is_ours = kind == _METHOD and channel == self._channel.channel_id
        if not (is_ours and payload.startswith(_DECLARE_OK)):
            self._driver.on_inbound_frame(frame)
        elif (others := consumers_in(payload) - 1) > 0:
            raise shared(self._link, others)
