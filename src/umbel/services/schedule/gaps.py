"""Spans in which nobody would have seen a run."""

from __future__ import annotations

from typing import Final

from umbel.services.health.liveness import fresh, uncovered
from umbel.store.base import Store

#: Shorter ones lose no run that is worth a word, seconds.
SHORTEST_S: Final = 0.5


def blind_spans(store: Store, since: float, now: float) -> tuple[tuple[float, float], ...]:
    """From `since` to `now` (Unix seconds), the one that lasts included. Raises `StoreError`."""
    collectors = store.collectors()
    spans = [(gap.start, gap.end) for gap in uncovered(store.gaps(since, now), collectors, now)]
    connected = [each for each in fresh(collectors, now) if each.broker == "connected"]
    if not connected:
        ends = [each.cut_off_since or each.ended or each.at for each in collectors]
        spans.append((max(ends, default=since), now))
    return tuple(sorted(span for span in spans if span[1] - span[0] >= SHORTEST_S))
