"""Redis' pub/sub messages, parsed in bulk (RESP2 and RESP3).

Theory of operation. A subscribed connection carries almost nothing but pattern messages,
each an array of four texts whose first two never change for one pattern. So the parser
compares a ready-made prefix, skips the channel's name by its length, and cuts the payload
out. Whatever does not begin with a known prefix (confirmations, pongs, errors, RESP3's
other pushes) is read by the full grammar, which is rare, and a message is a message there
too: the prefixes make it quick, they do not decide what is heard. Bytes of an incomplete message
stay in `buffer` until the rest has come; `_require` remembers how many that takes, so that a
message of megabytes is not looked at again with each read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_END: Final = b"\r\n"
_AGGREGATES: Final = {b"*": 1, b">": 1, b"~": 1, b"%": 2, b"|": 2}
_TEXTS: Final = (b"$", b"=", b"!")
#: Deeper or longer than anything that Redis sends to a subscriber.
_DEPTH_MAX: Final = 8
#: Pushes that carry a payload, as their last part, and how many parts they have.
_MESSAGES: Final[dict[object, int]] = {b"pmessage": 4, b"message": 3, b"smessage": 3}
#: What a subscribed connection is told besides messages: confirmations, answers to PING, and
#: notices of servers that are moved or lost a cached key.
_NOTICES: Final = frozenset(
    b"psubscribe punsubscribe subscribe unsubscribe pong invalidate moving migrating migrated "
    b"smigrating smigrated failing_over failed_over".split()
)


class MalformedReply(ConnectionError):
    """The bytes are not RESP; the connection cannot be used any more."""


class _Truncated(Exception):
    """The rest of the value has not come yet; `needed_bytes` bytes of the buffer would do."""

    def __init__(self, needed_bytes: int) -> None:
        self.needed_bytes = needed_bytes


class RespParser:
    """What a subscribed connection said. `buffer` is filled by the caller; messages of
    `patterns` are read fastest."""

    def __init__(self, patterns: Sequence[bytes]) -> None:
        self.buffer = bytearray()
        self._require = 0
        self._prefixes = [
            b"%s4\r\n$8\r\npmessage\r\n$%d\r\n%s\r\n$" % (sign, len(pattern), pattern)
            for sign in (b">", b"*")
            for pattern in patterns
        ]

    def take(self) -> tuple[list[bytes], list[object]]:
        """The payloads of all complete messages, and all other values (lists, texts, numbers,
        `ErrorReply`). Raises `MalformedReply`."""
        payloads: list[bytes] = []
        others: list[object] = []
        if len(self.buffer) < self._require:
            return payloads, others
        # One copy of all makes each part below one copy instead of two.
        received = bytes(self.buffer)
        position = self._require = 0
        try:
            while position < len(received):
                position = self._messages(received, position, payloads)
                if position < len(received):
                    value, position = _value(received, position, 0)
                    payload = _payload(value)
                    if payload is None:
                        others.append(value)
                    else:
                        payloads.append(payload)
        except _Truncated as more:
            self._require = more.needed_bytes - position
        del self.buffer[:position]
        return payloads, others

    def _messages(self, received: bytes, position: int, payloads: list[bytes]) -> int:
        """Cut pattern messages from `position` on; return where the first other value is."""
        began = -1
        while position > began:
            began = position
            for prefix in self._prefixes:
                position = _cut(received, position, prefix, payloads)
        return position


def _cut(received: bytes, position: int, prefix: bytes, payloads: list[bytes]) -> int:
    """Cut the messages that begin with `prefix`, one after another, as far as they are whole."""
    size, width = len(received), len(prefix)
    while received.startswith(prefix, position):
        end = received.find(_END, position + width)
        if end < 0:
            break
        # Past the channel's name, its line's end and the payload's "$".
        at = end + 5 + int(received[position + width : end])
        end = received.find(_END, at)
        if end < 0:
            break
        start = end + 2
        stop = start + int(received[at:end])
        if stop + 2 > size:
            break
        payloads.append(received[start:stop])
        position = stop + 2
    return position


def _payload(value: object) -> bytes | None:
    """The payload of a message that came by the full grammar; None if it is something else."""
    if not isinstance(value, list) or not value or not isinstance(value[0], bytes):
        return None
    payload = value[-1]
    is_message = _MESSAGES.get(value[0].lower()) == len(value)
    return payload if is_message and isinstance(payload, bytes) else None


def is_notice(value: object) -> bool:
    """Whether a value that is no message was none for certain."""
    if not isinstance(value, list):
        return True
    return bool(value) and isinstance(value[0], bytes) and value[0].lower() in _NOTICES


def is_pong(value: object) -> bool:
    """Whether it answers a PING, which a subscribed connection does in two forms."""
    if isinstance(value, list):
        return bool(value) and isinstance(value[0], bytes) and value[0].lower() == b"pong"
    return value in ("PONG", b"PONG")


class ErrorReply(str):
    """Redis said no."""

    __slots__ = ()


def _value(buffer: bytes, position: int, depth: int) -> tuple[object, int]:
    """One value of any type at `position`, and where it ends."""
    end = buffer.find(_END, position)
    if end < 0:
        raise _Truncated(len(buffer) + 1)
    sign, pooled = buffer[position : position + 1], buffer[position + 1 : end]
    after = end + 2
    if sign in _TEXTS:
        return _text(buffer, after, _number(pooled), sign == b"!")
    if sign in _AGGREGATES:
        if depth >= _DEPTH_MAX:
            raise MalformedReply("Redis sent something nested too deeply.")
        return _list(buffer, after, _number(pooled) * _AGGREGATES[sign], depth)
    if sign == b"-":
        return ErrorReply(pooled.decode("utf-8", "replace")), after
    if sign == b":":
        return _number(pooled), after
    if sign in (b"+", b"_", b"#", b",", b"("):
        return pooled.decode("utf-8", "replace"), after
    raise MalformedReply(
        f"Redis sent something that is not its protocol: {buffer[position:end][:80]!r}"
    )


def _text(buffer: bytes, start: int, size: int, is_error: bool) -> tuple[object, int]:
    if size < 0:
        return None, start
    if len(buffer) < start + size + 2:
        raise _Truncated(start + size + 2)
    raw = buffer[start : start + size]
    return (ErrorReply(raw.decode("utf-8", "replace")) if is_error else raw), start + size + 2


def _list(buffer: bytes, position: int, size: int, depth: int) -> tuple[object, int]:
    items: list[object] = []
    for _ in range(size):
        item, position = _value(buffer, position, depth + 1)
        items.append(item)
    return items, position


def _number(pooled: bytes) -> int:
    try:
        return int(pooled)
    except ValueError:
        raise MalformedReply(f"Redis sent {pooled[:40]!r} where a number belongs.") from None
