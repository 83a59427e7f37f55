"""Load shedding: what live streams hold for readers who do not read is bounded in bytes.

Two hundred streams of different queries, each with the largest deltas that there are, would hold
some hundred megabytes. What was taken to be sent cannot be taken back, what is buffered can: so
the stream that holds most, of the person who holds most, has its own only counted, and is told so
(`skipped`), on which a page asks for its rows again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from umbel.services.live.streams import Stream

#: The most bytes that streams hold together, and those of one person.
HELD_MAX: Final = 64 * 1024 * 1024
HELD_EACH: Final = 32 * 1024 * 1024


def shed(
    streams: Iterable[tuple[str, Stream]], most: int = HELD_MAX, each: int = HELD_EACH
) -> None:
    """Make streams, given with who reads them, hold no more than that."""
    held = Counter[str]()
    unread: dict[str, list[Stream]] = {}
    for who, stream in streams:
        held[who] += stream.held_bytes
        if stream.unread_bytes:
            unread.setdefault(who, []).append(stream)
    for of_one in unread.values():
        of_one.sort(key=lambda stream: stream.held_bytes)
    while unread:
        greediest = max(unread, key=lambda who: held[who])
        if held[greediest] <= each and held.total() <= most:
            return
        held[greediest] -= unread[greediest].pop().shed()
        if not unread[greediest]:
            del unread[greediest]
