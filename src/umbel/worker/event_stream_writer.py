"""Adds what kombu publishes on Redis to a stream, in the same round trip.

Theory of operation. kombu's Redis channel publishes a message of a fanout exchange in
`_put_fanout`. That method is wrapped once, and while a dispatcher of ours publishes (a context
variable says so), PUBLISH and XADD leave in one pipeline: the socket is written and read once, as
before. Whatever else a process publishes goes through kombu's method untouched.

The publish is what counts. Its errors are raised as kombu would raise them, and those of the
stream are counted, logged once for each kind, and end its use for `RETRY_S`. Messages that are
surely in the stream as well bear its mark; the first after a start or an error bears another.

The stream's length is bounded in messages (`MAXLEN ~`, as Redis can trim cheaply), which are
chosen so that it takes `max_bytes`: every `REFRESH_S` Redis is asked, in the same round trip, how
many bytes the messages take that are there. Then its expiry is set anew, too, so that a stream
that nobody writes any more leaves by itself.
"""

from __future__ import annotations

import base64
import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, Final

from umbel.event_stream import (
    BODY,
    COMPRESSION,
    CONTENT_TYPE,
    ENCODING,
    MARK,
    stream_of_channel,
    unproven,
)

log = logging.getLogger("umbel.worker")

#: How often the stream's size is asked for and its expiry set, seconds.
REFRESH_S: Final = 30.0
#: After Redis refused to add to it, the stream is not tried for so long, seconds.
RETRY_S: Final = 60.0
#: What a message takes in Redis until that is known, bytes.
USUAL_BYTES: Final = 500
#: With fewer messages than this, their mean says little; and so many are always kept, so none
#: that takes more than such a part of all bytes is added.
FEW: Final = 100
_TRANSPORT: Final = "kombu.transport.redis"
_HEADS: Final = ("application/json", "utf-8")

#: The stream of the dispatcher that publishes now, in this thread or greenlet.
_current: ContextVar[EventStreamWriter | None] = ContextVar("umbel-event-stream", default=None)


class EventStreamWriter:
    """One for each application and process; any thread. `failed` counts messages that Redis did not
    add to the stream."""

    MAX_BYTES: Final = 64 * 1024 * 1024
    EXPIRES_S: Final = 86_400

    def __init__(self, *, max_bytes: int = MAX_BYTES, expires_s: int = EXPIRES_S) -> None:
        self._max_bytes = max_bytes
        self._expires_s = expires_s
        self.max_messages = max(FEW, max_bytes // USUAL_BYTES)
        self.failed = 0
        self._logged: set[str] = set()
        self._is_proven = False
        self._refresh_at = self._retry_at = float("-inf")

    def publish(
        self, channel: Any, exchange: str, message: dict[str, Any], routing_key: str
    ) -> bool:
        """Publish as kombu's channel does, and add to the stream. False if nothing was done, and
        kombu has to. Raises what the publish raises."""
        now = time.monotonic()
        if now < self._retry_at:
            return False
        try:
            entry = _entry(message)
            if len(entry[1]) > self._max_bytes // FEW:
                return False
            topics = _topics(channel, exchange, routing_key)
            pipe = self._commands(channel, exchange, message, entry, topics, now)
        except Exception as error:
            self._fail(error, now)
            return False
        replies = pipe.execute(raise_on_error=False)
        for reply in replies[: len(topics)]:
            if isinstance(reply, Exception):
                raise reply
        added, *rest = replies[len(topics) :]
        if isinstance(added, Exception):
            self._fail(added, now)
        else:
            self._is_proven = True
            self._fit(rest)
        return True

    def _commands(
        self,
        channel: Any,
        exchange: str,
        message: dict[str, Any],
        entry: list[Any],
        topics: list[str],
        now: float,
    ) -> Any:
        key, mark = stream_of_channel(channel, exchange)
        mark = mark if self._is_proven else unproven(mark)
        headers = {**(message.get("headers") or {}), MARK: mark}
        payload = _dumps({**message, "headers": headers})
        pipe = _client(channel).pipeline(transaction=False)
        prefix = getattr(channel, "global_keyprefix", "") or ""
        for topic in topics:
            pipe.execute_command("PUBLISH", prefix + topic, payload)
        pipe.execute_command("XADD", key, "MAXLEN", "~", self.max_messages, "*", *entry)
        if now >= self._refresh_at:
            self._refresh_at = now + REFRESH_S
            pipe.execute_command("EXPIRE", key, self._expires_s)
            pipe.execute_command("XLEN", key)
            pipe.execute_command("MEMORY USAGE", key)
        return pipe

    def _fit(self, replies: list[Any]) -> None:
        """As many messages as take the bytes that the stream may."""
        if len(replies) == 3:
            _, length, size = replies
            if isinstance(length, int) and isinstance(size, int) and length >= FEW and size:
                self.max_messages = max(FEW, self._max_bytes * length // size)

    def _fail(self, error: Exception, now: float) -> None:
        self.failed += 1
        self._is_proven = False
        self._retry_at = now + RETRY_S
        self._refresh_at = float("-inf")
        reason = str(error).split(" ")[0] if str(error) else ""
        kind = f"{type(error).__name__} {reason}"
        if kind not in self._logged and len(self._logged) < FEW:
            self._logged.add(kind)
            log.warning(
                "Events are published, and not added to the stream for Umbel: %s. "
                "An Umbel that is away misses them. This is tried again every minute and not "
                "logged again; docs/no-loss-on-redis.md says what the stream needs.",
                error,
            )


@contextlib.contextmanager
def streamed(stream: EventStreamWriter) -> Iterator[None]:
    """What is published inside the block, in this thread, goes to `stream` as well."""
    _wrap_transport()
    token = _current.set(stream)
    try:
        yield
    finally:
        _current.reset(token)


def _wrap_transport() -> None:
    """Wrap kombu's method once it is loaded, which it is where the broker is Redis."""
    module = sys.modules.get(_TRANSPORT)
    channel_class = getattr(module, "Channel", None)
    original = getattr(channel_class, "_put_fanout", None)
    if original is None or hasattr(original, "umbel_original"):
        return
    channel_class._put_fanout = _wrapped(original)  # type: ignore[union-attr]


def _wrapped(original: Callable[..., Any]) -> Callable[..., Any]:
    def _put_fanout(
        channel: Any, exchange: str, message: dict[str, Any], routing_key: str, **options: Any
    ) -> Any:
        stream = _current.get()
        if stream is not None and stream.publish(channel, exchange, message, routing_key):
            return None
        return original(channel, exchange, message, routing_key, **options)

    _put_fanout.umbel_original = original  # type: ignore[attr-defined]
    return _put_fanout


def _topics(channel: Any, exchange: str, routing_key: str) -> list[str]:
    # kombu 5.7 has several layouts of Sentinel's channels.
    if hasattr(channel, "_get_publish_topics"):
        return list(channel._get_publish_topics(exchange, routing_key))
    return [channel._get_publish_topic(exchange, routing_key)]


def _client(channel: Any) -> Any:
    """A client on the channel's own connections that takes names of keys as they are."""
    client = channel.__dict__.get("_umbel_client")
    if client is None or client.connection_pool is not channel.pool:
        from redis import Redis

        client = channel._umbel_client = Redis(connection_pool=channel.pool)
    return client


def _entry(message: dict[str, Any]) -> list[Any]:
    """Fields and values of the stream's entry."""
    properties = message.get("properties") or {}
    body = message["body"]
    if properties.get("body_encoding") == "base64":
        body = base64.b64decode(body)
    entry = [BODY, body]
    head = (message.get("content-type"), message.get("content-encoding"))
    if head != _HEADS:
        entry += [CONTENT_TYPE, head[0] or "", ENCODING, head[1] or ""]
    compression = (message.get("headers") or {}).get("compression")
    return [*entry, COMPRESSION, compression] if compression else entry


def _dumps(message: dict[str, Any]) -> str:
    # As `kombu.transport.redis` does.
    dumps: Callable[..., str] = sys.modules[_TRANSPORT].dumps
    return dumps(message)
