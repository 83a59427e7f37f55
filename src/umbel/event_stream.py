"""Names of the stream of events in Redis, which workers write and collectors read.

Theory of operation. Redis keeps nothing of what it publishes for who is away. An application with
`Celery(events='umbel.worker:StreamEvents')` therefore adds each message of events to a capped
stream as well, beside the publish. A message that is surely in the stream, too, bears a mark, and
one of a sender that does not know it yet (its first, or the first after an error) bears another.
So a collector knows which events it can still get after a gap.

An entry of the stream has the message's body as it is (`BODY`) and, only where these are not JSON
in UTF-8 and plain, its content type, encoding and compression.
"""

from __future__ import annotations

import json
from typing import Any, Final

#: The header of a published message that is in the stream as well.
MARK: Final = "umbel-stream"
#: Fields of an entry.
BODY: Final = "b"
CONTENT_TYPE: Final = "t"
ENCODING: Final = "e"
COMPRESSION: Final = "c"

_KEY: Final = "umbel.events.stream"
_USUAL_EXCHANGE: Final = "celeryev"


def stream_key(exchange: str, prefix: str = "") -> str:
    """The stream of the events of `exchange`; `prefix` is kombu's `global_keyprefix`."""
    return prefix + _KEY + ("" if exchange == _USUAL_EXCHANGE else f".{exchange}")


def stream_of_channel(channel: Any, exchange: str) -> tuple[str, str]:
    """The stream of a kombu channel's database, and what marks a message that is in it too."""
    key = stream_key(exchange, str(getattr(channel, "global_keyprefix", "") or ""))
    database = channel.pool.connection_kwargs.get("db") or 0
    return key, f"{database}/{key}"


def unproven(mark: str) -> str:
    """The mark of a message that its sender adds to the stream for the first time."""
    return f"{mark}?"


def mark_in_json(mark: str) -> bytes:
    """The mark as it stands in a published message: nothing else in one can look like it, since
    quotes within texts are escaped."""
    return f"{json.dumps(MARK)}: {json.dumps(mark)}".encode()
