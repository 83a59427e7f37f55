"""Events from Redis: kombu's own connection, read in bulk.

Celery publishes events to `{prefix}{exchange}/{routing key}` (or without the key, where
`fanout_patterns` is off). kombu makes the connection (TLS, Sentinel, credentials, key
prefix), we subscribe on it to both and read its socket. Nothing is consumed from a list,
nothing bound and nothing restored: watching leaves no key behind. Redis keeps nothing for a
subscriber that is away, so every new connection ends a gap.

A gap begins with the last moment up to which everything is known to have come. That is not the
last read: what Redis has for a reader that was slow or stood still waits in two buffers, and is
thrown away when the second is full. Redis answers in order, so when it answers a PING, all that
it published before the PING was sent has come.

Applications may have their events kept in a stream as well; `redis_replay` reads what was missed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Final

from umbel.broker.base import Frame, Missed
from umbel.broker.envelope import UNREADABLE
from umbel.broker.link import Link
from umbel.broker.redis_replay import POLL_S, StreamReplay, opened
from umbel.broker.resp import ErrorReply, RespParser, is_notice, is_pong
from umbel.broker.wire import Wakeup, Wire
from umbel.clock import Clock
from umbel.errors import BrokerRefused

#: How often Redis is asked for an answer, seconds.
PING_S: Final = 1.0
#: A connection that was silent for so long is given up, seconds.
SILENT_S: Final = 12.0
#: A subscription is confirmed within this, seconds.
ANSWER_S: Final = 7.0
#: How often a stream of which messages are heard is looked for, seconds.
BEGIN_EVERY_S: Final = 10.0
_PING: Final = b"*1\r\n$4\r\nPING\r\n"


def is_fast(connection: Any) -> bool:
    """Whether kombu and redis-py have the parts that the fast path takes over."""
    channel = getattr(connection.transport, "Channel", None)
    return connection.transport.driver_type == "redis" and all(
        hasattr(channel, part) for part in ("subclient", "_get_publish_topic", "keyprefix_fanout")
    )


class RedisSession:
    """One subscribed connection."""

    missed: Missed | None = Missed("broker-away")

    def __init__(self, link: Link, clock: Clock, base: int, wakeup: Wakeup) -> None:
        self._clock = clock
        self._tag = base
        self._wants_stream = False
        self._begin_at = float("-inf")
        #: When somebody was heard last who writes no stream, on the monotonic clock.
        self.unkept_at: float | None = None
        self._connection = link.connect()
        try:
            self._subscribe(link, wakeup)
        except BaseException:
            self.close()
            raise

    def _subscribe(self, link: Link, wakeup: Wakeup) -> None:
        channel = self._connection.channel()
        topics = _topics(channel, link.exchange)
        self._stream = StreamReplay(channel, link.exchange)
        subscriber = channel.subclient
        subscriber.psubscribe(*topics)
        prefix = getattr(channel, "global_keyprefix", "") or ""
        self._replies = RespParser([(prefix + topic).encode() for topic in topics])
        self._wire = Wire(subscriber.connection._sock, wakeup)
        self.heard_at = self._received_at = self._pinged_at = self._clock.monotonic()
        self._has_pinged = False
        self._early: list[Frame] = []
        self._confirm(len(topics))

    def _confirm(self, count: int) -> None:
        """Wait until Redis has confirmed `count` subscriptions: only then is a gap over."""
        while count:
            frames, others = self._receive(ANSWER_S)
            self._early += frames
            if not frames and not others:
                raise TimeoutError("it did not confirm the subscription")
            count -= sum(isinstance(one, list) and one[:1] == [b"psubscribe"] for one in others)
        self.heard_at = self._clock.monotonic()

    @property
    def stream(self) -> StreamReplay | None:
        """The stream beside what is published, if it is read."""
        return self._stream if self._wants_stream and self._stream.is_there else None

    def resume(self, position: str) -> None:
        self._wants_stream = True
        self.unkept_at = None
        self._stream.begin(position)
        if self._stream.is_there and self._stream.is_whole:
            self.missed = self._stream.missed

    def read(self, timeout_s: float) -> Sequence[Frame]:
        if self._early:
            early, self._early = self._early, []
            return early
        replayed = self._replayed()
        frames, _ = self._receive(min(timeout_s, POLL_S) if self._is_replaying else timeout_s)
        self._check_life()
        return [*replayed, *frames] if replayed else frames

    def settle(self, tag: int) -> None:
        """Redis waits for no acknowledgement, but the next collector asks up to where the stream
        is stored."""
        self._stream.settle(tag)

    @property
    def _is_replaying(self) -> bool:
        return self._wants_stream and self._stream.is_replaying

    def _replayed(self) -> list[Frame]:
        if not self._is_replaying:
            return []
        frames = self._stream.take(self._tag, self._clock.monotonic())
        self._tag += len(frames)
        return frames

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._connection.release()

    def _receive(self, timeout_s: float) -> tuple[list[Frame], list[object]]:
        if not self._wire.read_into(self._replies.buffer, timeout_s):
            return [], []
        self._received_at = self._clock.monotonic()
        payloads, others = self._replies.take()
        frames = self._opened(payloads)
        for other in others:
            if self._has_pinged and is_pong(other):
                self._has_pinged = False
                self.heard_at = self._pinged_at
                self._stream.heard_all(self._tag)
            if isinstance(other, ErrorReply):
                raise BrokerRefused(
                    f"Redis refused to hand out Celery's events: {other}.",
                    remedy="Its user needs the command PSUBSCRIBE and the channels of the "
                    "event exchange (ACL SETUSER ... +psubscribe +ping allchannels).",
                )
        frames += [unreadable(other) for other in others if not is_notice(other)]
        return frames, others

    def _opened(self, payloads: list[bytes]) -> list[Frame]:
        if self._wants_stream and payloads:
            self._note_senders(payloads)
        if self._is_replaying:
            payloads = self._stream.without_replayed(payloads)
        frames = opened(payloads, self._tag)
        self._tag += len(frames)
        return frames

    def _note_senders(self, payloads: list[bytes]) -> None:
        """Whether all that comes is in the stream, too; and whether there is one now."""
        in_stream = [self._stream.is_of_stream(payload) for payload in payloads]
        if not all(in_stream):
            self.unkept_at = self._received_at
        may_begin = self._received_at >= self._begin_at and not self._stream.is_there
        if may_begin and any(in_stream):
            self._begin_at = self._received_at + BEGIN_EVERY_S
            self._stream.begin_live()

    def _check_life(self) -> None:
        now = self._clock.monotonic()
        silent_s = now - self._received_at
        if silent_s > SILENT_S:
            raise TimeoutError(f"nothing came for {silent_s:.0f} s, not even an answer to PING")
        if not self._has_pinged and now - self._pinged_at >= PING_S:
            if self._wants_stream:
                self._stream.ask_last()
            self._wire.sock.sendall(_PING)
            self._pinged_at, self._has_pinged = now, True


def unreadable(value: object) -> Frame:
    """Something was pushed that is not understood. It may have been an event, so it is counted
    and shown as one that could not be read, never dropped."""
    return Frame(repr(value).encode(), content_type=UNREADABLE)


def _topics(channel: Any, exchange: str) -> list[str]:
    """The patterns that hold all events of `exchange`, in every layout kombu publishes."""
    escaped = "".join(f"\\{sign}" if sign in "*?[]\\" else sign for sign in exchange)
    if hasattr(channel, "_get_publish_topics"):
        topics = channel._get_publish_topics(escaped, "")
    else:
        topics = [channel._get_publish_topic(escaped, "")]
    return [topic + ending for topic in topics for ending in ("", "/*")]
