"""The contract between a broker and the collector.

A source is read by one thread, which never waits for the disk: `read` gives what has come,
`settle` is told (from any thread) what has been committed, and the source acknowledges it
the next time it is read. Connecting, reconnecting with backoff and noticing dead
connections are the source's own business; it raises nothing for a broker that is away, and
tells it in `health`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One message as it came. `tag` is the source's own handle for `settle`."""

    body: bytes
    tag: int = 0
    content_type: str = "application/json"
    content_encoding: str = "utf-8"
    headers: dict[str, object] | None = None


class Health(msgspec.Struct, frozen=True):
    """How the connection is. `state` is `connecting`, `connected` or `refused`;
    `trouble` is the sentence that says why not connected and what to do. `gaps` are the
    last spans (Unix seconds, from, to) in which events may have passed unseen. `lossless`:
    the broker keeps what comes while nobody reads."""

    state: str
    transport: str
    since: float | None = None
    trouble: str | None = None
    reconnections: int = 0
    gaps: tuple[tuple[float, float], ...] = ()
    lossless: bool = False


class EventSource(Protocol):
    """Messages of Celery's event exchange."""

    def read(self, timeout_s: float) -> Sequence[Frame]:
        """What has come, at most a few thousand frames; empty after `timeout_s`."""

    def settle(self, tag: int) -> None:
        """Every frame up to `tag` is committed. Thread-safe, returns at once."""

    def health(self) -> Health:
        """How the connection is. Thread-safe."""

    def close(self) -> None:
        """Leave the broker, giving back what is not settled, and leave no keys behind."""
