"""Remote control over Redis: answers in a list that nobody else sees and that cannot stay.

A worker pushes its answer to the lists that are bound to the reply exchange, a set that all
clients share. So a call adds one member to that set and removes it at its end: an answer
that comes later finds no list and makes no key. The list begins with a mark and a time to
live, and only its other end is read, so it keeps both, and Redis removes it even when the
caller is killed. The member that such a caller leaves carries the time at which it was to
go; any Umbel that asks later sweeps it.

Consuming from a list the way kombu does would put other people's messages back on their
queues (`passive_channel`), which is one more reason to read the list here.
"""

from __future__ import annotations

import contextlib
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Final
from uuid import uuid4

from umbel.broker.command_replies import REPLIES_BYTES, ReplyCollector
from umbel.broker.envelope import open_envelope
from umbel.broker.mailbox import Mailbox
from umbel.broker.pooled_connection import PooledConnection
from umbel.broker.redis_keys import RedisKeys
from umbel.broker.redis_memory import memory_bytes
from umbel.clock import Clock

#: A list lives this much longer than its call may take, in seconds.
_AFTER_S: Final = 30
#: A member is swept when it should have been gone for this long, in seconds; an answer to one that
#: was swept too early is missing.
_OVERDUE_S: Final = 10.0
#: Whoever asks sweeps so often, in seconds.
_SWEEP_EVERY_S: Final = 10.0
#: How long to wait between looks, in seconds: often at first, seldom later.
_FIRST_POLL_S: Final = 0.001
_LONGEST_POLL_S: Final = 0.02
_MARK: Final = b"umbel"
_OURS: Final = "umbel."
#: How many members one sweep looks at.
_SWEPT_MAX: Final = 20_000


class RedisMailbox:
    """The workers' mailboxes of one application on Redis."""

    def __init__(self, mailbox: Mailbox, clock: Clock, sleep: Callable[[float], object]) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._sleep = sleep
        # Lists of calls that somebody may have been answering as they ended.
        self._ended: deque[str] = deque(maxlen=64)
        self._sweep_at = -math.inf

    def broadcast(
        self,
        pooled: PooledConnection,
        command: str,
        arguments: Mapping[str, object],
        workers: Sequence[str] | None,
    ) -> None:
        """Publish a command."""
        self._mailbox.broadcast(pooled, command, arguments, workers)

    def ask(
        self,
        pooled: PooledConnection,
        command: str,
        arguments: Mapping[str, object],
        workers: Sequence[str] | None,
        answers: ReplyCollector,
        timeout_s: float,
    ) -> None:
        """Publish a command and collect what is answered until `answers` are complete or
        have had their time."""
        keys = RedisKeys.of(pooled.channel)
        now = _server_time(keys)
        self._sweep(keys, now)
        longest_s = answers.wait_s(timeout_s)
        gone_by = now + longest_s
        reply_to = f"{_OURS}{gone_by:.0f}.{uuid4().hex}"
        reply_list = _ReplyList(keys, self._mailbox.reply_exchange, reply_to)
        reply_list.open(round((longest_s + _AFTER_S) * 1000), self._forgotten())
        try:
            self._mailbox.publish(pooled, command, arguments, workers, reply_to)
            self._collect(reply_list, answers, timeout_s)
        finally:
            if answers.is_full or not answers.complete:
                self._ended.append(reply_list.list)
            # What came is true even if Redis is gone by now; the sweep finds what is left.
            with contextlib.suppress(Exception):
                reply_list.close()

    @property
    def has_ended(self) -> bool:
        """Whether late answers may have made a list."""
        return bool(self._ended)

    def tidy(self, pooled: PooledConnection) -> None:
        """Remove what late answers may have made since."""
        keys = RedisKeys.of(pooled.channel)
        if ended := self._forgotten():
            keys.client.delete(*ended)

    def _collect(self, reply_list: _ReplyList, answers: ReplyCollector, timeout_s: float) -> None:
        began = self._clock.monotonic()
        wait_s, seen = _FIRST_POLL_S, 0
        while not answers.complete:
            received = reply_list.since(seen)
            if received is None:
                answers.overflow()
                return
            for payload in received:
                answers.add(open_envelope(payload))
            longest_s = answers.wait_s(timeout_s)
            left_s = began + longest_s - self._clock.monotonic()
            if received and left_s > -longest_s:  # more may have come while these were read
                seen, wait_s = seen + len(received), _FIRST_POLL_S
                continue
            if left_s <= 0:
                return
            self._sleep(min(wait_s, left_s))
            wait_s = min(wait_s * 1.5, _LONGEST_POLL_S)

    def _forgotten(self) -> list[str]:
        ended: list[str] = []
        with contextlib.suppress(IndexError):
            while True:
                ended.append(self._ended.popleft())
        return ended

    def _sweep(self, keys: RedisKeys, now: float) -> None:
        if self._clock.monotonic() < self._sweep_at:
            return
        self._sweep_at = self._clock.monotonic() + _SWEEP_EVERY_S
        overdue = now - _OVERDUE_S
        exchange = self._mailbox.reply_exchange
        ours = keys.client.sscan_iter(keys.binding(exchange), f"{_OURS}*", count=500)
        for member in islice(ours, _SWEPT_MAX):
            reply_to = bytes(member).decode("utf-8", "replace").split(keys.separator)[0]
            gone_by = reply_to.split(".")[1]
            if gone_by.isdigit() and float(gone_by) < overdue:
                _ReplyList(keys, exchange, reply_to).close()


def _server_time(keys: RedisKeys) -> float:
    """Redis' own clock (Unix seconds), the one that all callers share."""
    seconds, _ = keys.client.time()
    return float(seconds)


class _ReplyList:
    """Where the answers to one call come."""

    def __init__(self, keys: RedisKeys, exchange: str, reply_to: str) -> None:
        self._keys = keys
        queue = f"{reply_to}.{exchange}"
        self.list = keys.queue(queue)
        self._member = keys.separator.join([reply_to, "", queue])
        self._sets = keys.bindings(exchange)

    def open(self, life_ms: int, others: Sequence[str]) -> None:
        with self._keys.client.pipeline() as pipe:
            pipe.rpush(self.list, _MARK)
            pipe.pexpire(self.list, life_ms)
            for table in self._sets:
                pipe.sadd(table, self._member)
            if others:
                pipe.delete(*others)
            pipe.execute()

    def since(self, seen: int) -> list[bytes] | None:
        """What has come after the first `seen` answers: the newest stand first, the mark
        last. None if all together are too large to be read."""
        client = self._keys.client
        length = client.llen(self.list)
        if length <= seen + 1:
            return []
        if memory_bytes(client, self.list, exactly=True) > REPLIES_BYTES:
            return None
        received: list[bytes] = client.lrange(self.list, -length, -(seen + 2))
        return received

    def close(self) -> None:
        with self._keys.client.pipeline() as pipe:
            for table in self._sets:
                pipe.srem(table, self._member)
            pipe.delete(self.list)
            pipe.execute()
