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
from umbel.broker.link import Link
from umbel.broker.message_batch import MessageBatch, ReaderStart, batch_of
from umbel.broker.reader_process import (
    ReaderEnded,
    ReaderProcess,
    ReaderProcesses,
    can_be_read,
)
from umbel.broker.redis_replay import POLL_S, StreamReplay
from umbel.broker.resp import RespParser
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
    """One subscribed connection, read by the thread that calls, or by one of `processes` while
    very much comes."""

    missed: Missed | None = Missed("broker-away")

    def __init__(
        self, link: Link, clock: Clock, base: int, wakeup: Wakeup, processes: ReaderProcesses
    ) -> None:
        self._clock = clock
        self._wakeup = wakeup
        self._processes = processes
        self._process: ReaderProcess | None = None
        self._tag = base
        self._wants_stream = False
        self._begin_at = float("-inf")
        #: When somebody was heard last who writes no stream, on the monotonic clock.
        self.unkept_at: float | None = None
        self._connection = link.connect()
        try:
            self._subscribe(link)
            processes.begin()
        except BaseException:
            self.close()
            raise

    def _subscribe(self, link: Link) -> None:
        channel = self._connection.channel()
        topics = _topics(channel, link.exchange)
        self._stream = StreamReplay(channel, link.exchange)
        subscriber = channel.subclient
        subscriber.psubscribe(*topics)
        prefix = getattr(channel, "global_keyprefix", "") or ""
        self._patterns = [(prefix + topic).encode() for topic in topics]
        self._replies = RespParser(self._patterns)
        self._wire = Wire(subscriber.connection._sock, self._wakeup)
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
        if self._process is not None:
            # What the stream has as well is found in messages that are not open yet.
            self._take_back()
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
        self._processes.note(len(frames))
        self._choose_reader()
        self._check_life()
        return [*replayed, *frames] if replayed else frames

    def rest(self) -> Sequence[Frame]:
        if self._process is not None:
            self._take_back()
        early, self._early = self._early, []
        return early

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
        if self._process is not None:
            self._process.kill()
        with contextlib.suppress(Exception):
            self._connection.release()

    def _receive(self, timeout_s: float) -> tuple[list[Frame], list[object]]:
        """What has come, by this thread or by the process that reads; of the latter without values
        that are no messages."""
        if self._process is not None and self._process.reads:
            try:
                batch = self._process.read(timeout_s)
            except ReaderEnded as error:
                self._processes.failed(error)
                raise
            return ([], []) if batch is None else (self._taken(batch), [])
        if not self._wire.read_into(self._replies.buffer, timeout_s):
            return [], []
        payloads, others = self._replies.take()
        if self._is_replaying:
            payloads = self._stream.without_replayed(payloads)
        marks = self._stream.marks if self._wants_stream else None
        return self._taken(batch_of(payloads, others, self._tag, marks)), others

    def _taken(self, batch: MessageBatch) -> list[Frame]:
        self._received_at = self._clock.monotonic()
        if batch.frames:
            self._tag = batch.frames[-1].tag
            if self._wants_stream:
                self._note_senders(batch)
        if batch.is_pong and self._has_pinged:
            self._has_pinged = False
            self.heard_at = self._pinged_at
            self._stream.heard_all(self._tag)
        if batch.refusal is not None:
            raise BrokerRefused(
                f"Redis refused to hand out Celery's events: {batch.refusal}.",
                remedy="Its user needs the command PSUBSCRIBE and the channels of the "
                "event exchange (ACL SETUSER ... +psubscribe +ping allchannels).",
            )
        return batch.frames

    def _note_senders(self, batch: MessageBatch) -> None:
        """Whether all that comes is in the stream, too; and whether there is one now."""
        if not batch.is_kept:
            self.unkept_at = self._received_at
        may_begin = self._received_at >= self._begin_at and not self._stream.is_there
        if may_begin and batch.any_kept:
            self._begin_at = self._received_at + BEGIN_EVERY_S
            self._stream.begin_live()

    def _choose_reader(self) -> None:
        """Hand the connection to a process when very much comes, and take it back when not."""
        process = self._process
        wanted = self._processes.wanted(has_one=process is not None) and not self._is_replaying
        try:
            if process is None:
                if wanted and can_be_read(self._wire.sock):
                    self._process = ReaderProcess(self._wire.sock, self._wakeup, self._clock)
            elif not wanted:
                self._take_back()
            elif not process.reads and process.is_ready():
                marks = self._stream.marks if self._wants_stream else None
                rest = bytes(self._replies.buffer)
                process.begin(ReaderStart(self._patterns, self._tag, rest, marks))
                self._replies = RespParser(self._patterns)
        except OSError as error:
            self._processes.failed(error)
            if process is not None and process.reads:
                raise
            self._process = None
            if process is not None:
                process.kill()

    def _take_back(self) -> None:
        """From here on this thread reads."""
        process, self._process = self._process, None
        if process is None:
            return
        if not process.reads:
            process.kill()
            return
        try:
            batch = process.stop()
        finally:
            process.kill()
        self._replies.buffer += batch.rest or b""
        self._early += self._taken(batch)
        self._processes.begin()

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


def _topics(channel: Any, exchange: str) -> list[str]:
    """The patterns that hold all events of `exchange`, in every layout kombu publishes."""
    escaped = "".join(f"\\{sign}" if sign in "*?[]\\" else sign for sign in exchange)
    if hasattr(channel, "_get_publish_topics"):
        topics = channel._get_publish_topics(escaped, "")
    else:
        topics = [channel._get_publish_topic(escaped, "")]
    return [topic + ending for topic in topics for ending in ("", "/*")]
