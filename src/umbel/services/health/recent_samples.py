"""What health asked broker and workers itself, in the form of samples and in memory: where nobody
samples, it still knows what was before, since somebody looked first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from itertools import islice
from typing import Final

from umbel.store.sample_folds import bucket_of
from umbel.store.samples import LEVELS, Kind, Values

#: How far back it is remembered, seconds, and of how many queues or workers of each time.
REMEMBERED_S: Final = 3_600.0
SUBJECTS_MAX: Final = 1_000


class RecentSamples:
    """Samples of the finest level alone. One thread at a time."""

    def __init__(self) -> None:
        self._buckets: dict[Kind, deque[tuple[int, Mapping[str, Values]]]] = {
            "queue": deque(),
            "worker": deque(),
        }

    def keep(self, kind: Kind, at: float, seen: Mapping[str, Values]) -> None:
        """Remember what was seen at this time (Unix seconds); of two in one bucket the later."""
        buckets, begin = self._buckets[kind], bucket_of(at, LEVELS[0].step_s)
        while buckets and buckets[0][0] < begin - REMEMBERED_S:
            buckets.popleft()
        # A clock that was set back begins anew.
        if buckets and buckets[-1][0] > begin:
            buckets.clear()
        if buckets and buckets[-1][0] == begin:
            buckets.pop()
        buckets.append((begin, dict(islice(seen.items(), SUBJECTS_MAX))))

    def points(
        self, kind: Kind, since: float, until: float, names: Collection[str] | None
    ) -> dict[str, dict[int, Values]]:
        """By name and beginning of the bucket, from `since` up to before `until`."""
        found: dict[str, dict[int, Values]] = {}
        for begin, seen in self._buckets[kind]:
            if since <= begin < until:
                for name in seen if names is None else seen.keys() & set(names):
                    found.setdefault(name, {})[begin] = seen[name]
        return found
