"""How long the store took to answer, by what it was asked: for `/metrics`."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import msgspec

from umbel.clock import Clock
from umbel.store.base import Store

#: The upper ends of the buckets, seconds.
LATENCY_BOUNDS: Final = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
#: What is measured of a store: reads that people wait for.
TIMED: Final = (
    "search", "count", "series", "task", "tasks", "suggest", "workflow",
    "workflow_tasks", "workflows", "follow",
)  # fmt: skip


class LatencyCounts(msgspec.Struct, frozen=True):
    """How many took how long, by the bucket of `LATENCY_BOUNDS`, and all of them together."""

    buckets: tuple[int, ...]
    total_s: float


class Latencies:
    """Counts of durations by a key. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[str, list[int]] = {}
        self._total_s: dict[str, float] = {}

    def add(self, key: str, seconds: float) -> None:
        bucket = bisect_left(LATENCY_BOUNDS, seconds)
        with self._lock:
            buckets = self._buckets.setdefault(key, [0] * (len(LATENCY_BOUNDS) + 1))
            buckets[bucket] += 1
            self._total_s[key] = self._total_s.get(key, 0.0) + seconds

    def counts(self) -> Mapping[str, LatencyCounts]:
        with self._lock:
            return {
                key: LatencyCounts(tuple(buckets), self._total_s[key])
                for key, buckets in self._buckets.items()
            }


class TimedStore:
    """A store all of whose answers to `TIMED` are measured, those that raise included."""

    def __init__(self, store: Store, latencies: Latencies, clock: Clock) -> None:
        self._store = store
        self._latencies = latencies
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return self._timed(name, found) if name in TIMED else found

    def _timed(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            began = self._clock.monotonic()
            try:
                return call(*args, **options)
            finally:
                self._latencies.add(name, self._clock.monotonic() - began)

        return timed


def timed_store(store: Store, latencies: Latencies, clock: Clock) -> Store:
    """The same store, measured."""
    return cast("Store", TimedStore(store, latencies, clock))
