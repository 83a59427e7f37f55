"""What a Redis collector missed, from the stream that `umbel.worker:StreamEvents` writes.

Theory of operation. Events are heard by subscription, as without a stream; the stream is read for
what came while nobody heard. Each message is published before it is added, so this holds: when the
stream's last id is asked for, and then a PING on the subscribed connection is answered, everything
in the stream up to that id has been heard. Once that is stored, the id is the *position* from which
the next collector reads. The store keeps it, beside what it is the position of: nothing is written
to Redis, and any number of collectors read one stream.

After a connection the stream is read from the position to its end (*replay*). Messages that are
heard meanwhile and bear the stream's mark are dropped, since the stream has them; so the order is
that of the stream. At its end, heard messages are held for `OVERLAP_S` while the stream is read on,
and then handed out: what comes twice is joined once.

What is still there is all that came if the stream's first id is not beyond the position. Otherwise
the oldest messages had to make room, and up to when is the first id's time. Messages without a mark
come from who writes no stream: while there are such, an interruption is a gap as it was before.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final

import msgspec

from umbel.broker.base import Frame, Missed
from umbel.broker.message_batch import opened
from umbel.cluster.gaps import Cause
from umbel.event_stream import (
    BODY,
    COMPRESSION,
    CONTENT_TYPE,
    ENCODING,
    mark_in_json,
    stream_of_channel,
    unproven,
)

#: So many messages are read at once.
READ_MAX: Final = 1_000
#: For so long both ways are read, before the replay ends, seconds.
OVERLAP_S: Final = 1.0
#: How long a read waits for live messages while the stream is read on, seconds.
POLL_S: Final = 0.05
_START: Final = "0-0"


class StreamInfo(msgspec.Struct, frozen=True):
    """The ids of the stream's first message that is there and of the last there ever was, how many
    messages there are, and whether these are known to be all that ever were."""

    first: str
    last: str
    length: int
    is_untrimmed: bool = False


def id_order(stream_id: str) -> tuple[int, int]:
    """What sorts ids of a stream (`1690000000000-3`)."""
    milliseconds, _, number = stream_id.partition("-")
    return int(milliseconds), int(number or 0)


class StreamReplay:
    """The stream beside one subscribed connection, of the kombu channel `channel`. One thread.

    `position` is up to where everything has been stored; empty while nothing is known. `behind`
    is how many messages are still to be read, at least; `missed` what the stream had no more."""

    def __init__(self, channel: Any, exchange: str) -> None:
        from redis import Redis

        self._client = Redis(connection_pool=channel.pool)
        self.key, mark = stream_of_channel(channel, exchange)
        self._mark = mark_in_json(mark)
        self._unproven = mark_in_json(unproven(mark))
        #: Whether there is a stream, and it may be read.
        self.is_there = False
        #: Whether everything after the position that the replay began with was there.
        self.is_whole = False
        self.missed: Missed | None = None
        self.position = ""
        self.behind = 0
        self._read_until: str | None = None
        self._held_since: float | None = None
        self._held: list[bytes] = []
        self._last_id = ""
        #: Positions that hold once the frames up to a tag are stored.
        self._waiting: deque[tuple[int, str]] = deque()
        self._settled = 0

    def has(self, payload: bytes) -> bool:
        """Whether a published message is in the stream as well."""
        return self._mark in payload

    @property
    def marks(self) -> tuple[bytes, bytes]:
        """One of these is in each message whose sender writes the stream."""
        return self._mark, self._unproven

    # -- beginning ---------------------------------------------------------------------------

    def begin(self, position: str) -> None:
        """Read on from `position`; from the beginning if it is empty. Raises what the driver raises
        for a connection that is gone."""
        info = self._info()
        self.is_there = info is not None
        self._held_since, self._held = None, []
        self._waiting.clear()
        if info is None:
            self.is_whole, self._read_until, self.behind = False, None, 0
            self._hang_up()
            return
        self.missed, self.is_whole = missed_of(info, position)
        is_another = bool(position) and id_order(position) > id_order(info.last)
        self._read_until = _START if is_another or not position else position
        self.position = "" if is_another else position
        self.behind = info.length

    def begin_live(self) -> None:
        """A stream has begun while everything was heard."""
        self.is_there = self._info() is not None
        if not self.is_there:
            self._hang_up()

    def _hang_up(self) -> None:
        """No connection is held for a stream that is not there."""
        self._client.connection_pool.disconnect(inuse_connections=False)

    def _info(self) -> StreamInfo | None:
        """None if there is no stream, or it may not be read."""
        from redis.exceptions import ResponseError

        try:
            found: Any = self._client.xinfo_stream(self.key)
        except ResponseError:
            return None
        first = found.get("first-entry")
        last = _text(found["last-generated-id"])
        length = int(found["length"])
        # Redis 7 and later count them.
        is_untrimmed = found.get("entries-added") == length
        return StreamInfo(_text(first[0]) if first else last, last, length, is_untrimmed)

    # -- replay ------------------------------------------------------------------------------

    @property
    def is_replaying(self) -> bool:
        return self._read_until is not None

    def take(self, tag: int, now: float) -> list[Frame]:
        """The next messages of the stream, with tags after `tag`, at `now` (monotonic seconds); at
        its end also those that were held, and the replay is over."""
        if self._read_until is None:
            return []
        from redis.exceptions import ResponseError

        try:
            frames, is_end = self._read(tag)
        except ResponseError:
            # It may not be read, so what is heard is all there is.
            held, self._held = self._held, []
            self.is_there, self._read_until, self.behind = False, None, 0
            return opened(held, tag)
        if not is_end:
            self._held_since, self._held = None, []
        elif self._held_since is None:
            self._held_since = now
        elif now - self._held_since >= OVERLAP_S:
            held, self._held = self._held, []
            frames += opened(held, tag + len(frames))
            self._read_until = None
        return frames

    def _read(self, tag: int) -> tuple[list[Frame], bool]:
        """Messages after those read so far, and whether these are all."""
        milliseconds, number = id_order(self._read_until or _START)
        found: Any = self._client.xrange(
            self.key, min=f"{milliseconds}-{number + 1}", count=READ_MAX
        )
        frames = [
            _frame(fields or {}, tag + position) for position, (_, fields) in enumerate(found, 1)
        ]
        if found:
            self._read_until = _text(found[-1][0])
            self._wait_for(tag + len(found), self._read_until)
        self.behind = max(0, self.behind - len(found)) if len(found) == READ_MAX else 0
        return frames, len(found) < READ_MAX

    def without_replayed(self, payloads: list[bytes]) -> list[bytes]:
        """Of what is heard during the replay, what does not come by it."""
        if self._held_since is not None:
            self._held += [each for each in payloads if self.has(each)]
        return [each for each in payloads if not self.has(each)]

    # -- position ----------------------------------------------------------------------------

    def ask_last(self) -> None:
        """Before a PING: the last id."""
        self._last_id = ""
        if self.is_there and not self.is_replaying:
            info = self._info()
            self.is_there = info is not None
            self._last_id = info.last if info is not None else ""

    def heard_all(self, tag: int) -> None:
        """The PING has been answered, and everything before it has a tag up to `tag`."""
        if self._last_id and not self.is_replaying:
            self._wait_for(tag, self._last_id)

    def settle(self, tag: int) -> None:
        """Everything up to `tag` is stored."""
        self._settled = max(self._settled, tag)
        while self._waiting and self._waiting[0][0] <= self._settled:
            self.position = self._waiting.popleft()[1]

    def _wait_for(self, tag: int, stream_id: str) -> None:
        if not self._waiting or self._waiting[-1][1] != stream_id:
            self._waiting.append((tag, stream_id))
        self.settle(self._settled)


def missed_of(info: StreamInfo, position: str) -> tuple[Missed | None, bool]:
    """What is not in the stream any more of what came after `position`, and whether everything else
    is there."""
    if not position:
        return None, False
    if id_order(info.first) <= id_order(position) <= id_order(info.last):
        return None, True
    is_another = info.is_untrimmed or id_order(position) > id_order(info.last)
    cause: Cause = "broker-restarted" if is_another else "queue-full"
    return Missed(cause, id_order(info.first)[0] / 1000), True


def _frame(fields: dict[bytes, bytes], tag: int) -> Frame:
    if len(fields) == 1 and (body := fields.get(BODY.encode())) is not None:
        return Frame(body, tag)
    texts = {_text(name): _text(value) for name, value in fields.items() if name != BODY.encode()}
    compression = texts.get(COMPRESSION)
    return Frame(
        fields.get(BODY.encode(), b""),
        tag,
        None,
        texts.get(CONTENT_TYPE) or "application/json",
        texts.get(ENCODING) or "utf-8",
        {"compression": compression} if compression else None,
    )


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
