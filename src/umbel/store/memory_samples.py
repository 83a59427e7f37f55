"""Samples in memory: the oracle of the contract tests."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from umbel.store.sample_folds import bounded, bucket_of, folded, joined, most, ranking_buckets
from umbel.store.samples import AHEAD_MAX_S, KEEP_S, LEVELS, Kind, Line, Lines, SamplesSize, Values

#: A bucket: what of each name was in it.
_Bucket = dict[str, Values]


class MemorySamples:
    """See `store.samples.Samples`."""

    def __init__(self, *, keep_s: float = KEEP_S) -> None:
        self._keep_s = keep_s
        self._lock = threading.Lock()
        self._last: float | None = None
        self._levels: dict[Kind, list[dict[int, _Bucket]]] = {
            kind: [{} for _ in LEVELS] for kind in ("queue", "worker")
        }

    def keep(self, kind: Kind, at: float, seen: Mapping[str, Values]) -> None:
        with self._lock:
            self._last = at
            finest = self._levels[kind][0]
            bucket = finest.setdefault(bucket_of(at, LEVELS[0].step_s), {})
            for name, values in bounded(kind, seen).items():
                bucket[name] = joined(kind, bucket[name], values) if name in bucket else values
            self._roll_up(kind, at)
            for level, buckets in zip(LEVELS, self._levels[kind], strict=True):
                keep_s = self._keep_s if level.keep_s is None else min(level.keep_s, self._keep_s)
                first, last = at - keep_s - level.step_s, at + AHEAD_MAX_S
                for begin in [b for b in buckets if not first <= b <= last]:
                    del buckets[begin]

    def _roll_up(self, kind: Kind, at: float) -> None:
        for index, level in enumerate(LEVELS[1:], 1):
            wider = self._levels[kind][index]
            end = bucket_of(at, level.step_s)
            before = (begin for begin in wider if begin < end)
            done = max(before, default=-level.step_s) + level.step_s
            for begin, bucket in self._widened(kind, index, done, end).items():
                wider[begin] = bucket

    def _widened(self, kind: Kind, index: int, since: float, until: float) -> dict[int, _Bucket]:
        """Buckets of a level, from those of the one before it."""
        step_s = LEVELS[index].step_s
        several: dict[int, dict[str, list[Values]]] = {}
        for begin, bucket in sorted(self._levels[kind][index - 1].items()):
            if since <= begin < until:
                names = several.setdefault(bucket_of(begin, step_s), {})
                for name, values in bucket.items():
                    names.setdefault(name, []).append(values)
        return {
            begin: {name: folded(kind, values) for name, values in names.items()}
            for begin, names in several.items()
        }

    def lines(
        self,
        kind: Kind,
        level: int,
        since: float,
        until: float,
        names: Sequence[str] | None = None,
        limit: int = 20,
    ) -> Lines:
        with self._lock:
            buckets = self._read(kind, level, since, until)
        more = 0
        if names is None:
            found: dict[str, list[Values]] = {}
            for begin in ranking_buckets(sorted(buckets)):
                for name, values in buckets[begin].items():
                    found.setdefault(name, []).append(values)
            names = most(kind, found, limit)
            more = len(found) - len(names)
        lines = (
            Line(name, tuple((b, buckets[b][name]) for b in sorted(buckets) if name in buckets[b]))
            for name in sorted(set(names))
        )
        return Lines(tuple(line for line in lines if line.points), more)

    def _read(self, kind: Kind, index: int, since: float, until: float) -> dict[int, _Bucket]:
        stored = self._levels[kind][index]
        found = {begin: bucket for begin, bucket in stored.items() if since <= begin < until}
        if index == 0:
            return found
        step_s = LEVELS[index].step_s
        done = max(stored, default=-step_s) + step_s
        several: dict[int, dict[str, list[Values]]] = {}
        for begin, bucket in sorted(self._read(kind, index - 1, done, float("inf")).items()):
            names = several.setdefault(bucket_of(begin, step_s), {})
            for name, values in bucket.items():
                names.setdefault(name, []).append(values)
        for begin, names in several.items():
            if since <= begin < until:
                found[begin] = {name: folded(kind, values) for name, values in names.items()}
        return found

    def size(self) -> SamplesSize:
        return SamplesSize(0, self._last)

    def close(self) -> None:
        """Nothing is held."""
