"""From where the stream of events is read on: what collectors of the store have said of it.

The store has everything up to a position, whichever collector said so, so the latest one counts.
"""

from __future__ import annotations

from collections.abc import Sequence

from umbel.broker.base import EventSource, StreamHealth
from umbel.store.base import CollectorStatus, StreamStatus


def resume(source: EventSource, collectors: Sequence[CollectorStatus]) -> None:
    """Have `source` read on from where these collectors left off. Whether all that came was in the
    stream is said by the last of them that was connected."""
    positions = [each.stream.position for each in collectors if each.stream is not None]
    connected = [each for each in collectors if each.stream or each.broker == "connected"]
    last = max(connected, key=lambda each: each.at, default=None)
    is_whole = last is None or (last.stream is not None and last.stream.is_whole)
    source.resume(max(filter(None, positions), key=_order, default=""), is_whole=is_whole)


def stream_status(stream: StreamHealth | None) -> StreamStatus | None:
    """What is reported of a stream."""
    if stream is None:
        return None
    return StreamStatus(
        key=stream.key,
        position=stream.position,
        behind=stream.behind,
        is_whole=stream.is_whole,
    )


def _order(position: str) -> tuple[int, int]:
    """What sorts ids of a Redis stream (`1690000000000-3`)."""
    milliseconds, _, number = position.partition("-")
    return int(milliseconds), int(number)
