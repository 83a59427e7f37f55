"""The texts of a task that are searched.

They are read straight from the packed facts, which is many times faster than making the
task, and gives every text that the task can show: a field of the task is a text of some
event, or a part of one.
"""

from __future__ import annotations

from typing import Final

import msgspec


class _Texts(msgspec.Struct, gc=False):
    """The searched fields of an event; decoding skips the others."""

    hostname: str
    uuid: str = ""
    name: str | None = None
    queue: str | None = None
    args: str | None = None
    kwargs: str | None = None
    result: str | None = None
    exception: str | None = None
    traceback: str | None = None
    exchange: str | None = None
    routing_key: str | None = None


_decode: Final = msgspec.msgpack.Decoder(tuple[_Texts, ...]).decode


def texts(packed: bytes) -> set[str]:
    """Every searched text of a task's events, from what `cluster.facts.pack` gave."""
    found: set[str | None] = set()
    for event in _decode(packed):
        found.update(
            (
                event.hostname, event.uuid, event.name, event.queue, event.args, event.kwargs,
                event.result, event.exception, event.traceback, event.exchange,
                event.routing_key,
            )
        )  # fmt: skip
    found.discard(None)
    found.discard("")
    return found  # type: ignore[return-value]
