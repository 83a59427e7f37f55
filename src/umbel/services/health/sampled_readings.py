"""What queues and workers were like before: what was sampled of them, by whichever server samples.

Theory of operation. The samples are the memory of health, so that it knows the same after a
restart, and on a server that samples nothing itself. Lines of 500 queues and 1,000 workers would
cost half a second each time, so of all that there are only the last samples are read, and one of
ten minutes ago; those that may be worth a sentence by that have their lines read, of an hour, and
some of the day before.

Where nobody samples (`samples.period = "none"`, or the one that does is gone), what health asks
itself is remembered (`recent_samples`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from umbel.cluster.worker import Worker
from umbel.services.cluster.queue_inspection import QueueList
from umbel.services.health.facts import QueueReading, WorkerReading
from umbel.services.health.recent_samples import RecentSamples
from umbel.services.samples.worker_samples import WorkerSampling, online
from umbel.store.sample_folds import bucket_of
from umbel.store.samples import LEVELS, SAMPLED_MAX, Kind, Samples, Values

#: A sample that is no older is one of now, seconds; with a long period so many of these,
YOUNG_S: Final = 30.0
YOUNG_PERIODS: Final = 2.5
#: and no more than so many.
YOUNG_MAX_S: Final = 60.0
#: How far back lines go, seconds: in steps of the finest samples, of minutes, of ten minutes.
FINE_S: Final = 600.0
LINE_S: Final = 3_600.0
LONG_LINE_S: Final = 86_400.0
#: With a longer hole between samples nothing is known of the time before it, seconds.
HOLE_S: Final = 120.0

Points = list[tuple[int, Values]]


class Depth(msgspec.Struct, frozen=True, kw_only=True):
    """A queue in the last samples, oldest first, and how much was in it ten minutes ago (None:
    unknown)."""

    readings: tuple[QueueReading, ...]
    before: int | None = None

    @property
    def now(self) -> QueueReading:
        return self.readings[-1]


class SampledReadings:
    """Reads samples. One thread at a time; raises `StoreError`."""

    def __init__(self, samples: Samples, period_s: float | None) -> None:
        self._samples = samples
        #: What was asked here, since nobody sampled it.
        self._own = RecentSamples()
        self._own_workers = WorkerSampling()
        self._young_s = min(YOUNG_MAX_S, max(YOUNG_S, YOUNG_PERIODS * (period_s or 0.0)))
        self._hole_s = max(HOLE_S, YOUNG_PERIODS * (period_s or 0.0))

    def keep(self, found: QueueList) -> None:
        """Remember what was asked just now."""
        seen: dict[str, Values] = {
            row.name: (row.ready, row.ready, row.unacknowledged, row.consumers, None)
            for row in found.items
            if row.ready is not None
        }
        self._own.keep("queue", found.at, seen)

    def keep_workers(self, workers: Sequence[Worker], now: float) -> None:
        """Remember what workers counted, where nobody samples them."""
        last = self._samples.size().last
        if last is None or not now - self._young_s <= last <= now + YOUNG_S:
            there = online(workers, now)
            self._own.keep("worker", now, self._own_workers.sample(there, {}))

    def depths(self, now: float) -> Mapping[str, Depth]:
        """All queues of the last sample, if that is young enough; else none."""
        late = self._points("queue", 0, now - self._young_s - LEVELS[0].step_s, now + 1)
        newest = max((points[-1][0] for points in late.values()), default=None)
        if newest is None or newest < now - self._young_s - LEVELS[0].step_s:
            return {}
        there = {name: points for name, points in late.items() if points[-1][0] == newest}
        minute = bucket_of(now - FINE_S, LEVELS[1].step_s)
        before = self._points("queue", 1, minute, minute + 1)
        return {
            name: Depth(readings=readings, before=_ready(before.get(name)))
            for name, points in there.items()
            if (readings := _queue_readings(points))
        }

    def queue_lines(
        self, names: Collection[str], now: float
    ) -> Mapping[str, tuple[QueueReading, ...]]:
        """The last hour of these, in minutes and at last in steps of the finest samples."""
        found = self._lines("queue", names, now)
        return {name: _queue_readings(points) for name, points in found.items()}

    def long_queue_lines(
        self, names: Collection[str], now: float
    ) -> Mapping[str, tuple[QueueReading, ...]]:
        """The day before that hour, in ten minutes."""
        found = self._points("queue", 2, now - LONG_LINE_S, _begin(now - LINE_S, 2), names)
        return {name: _queue_readings(points) for name, points in found.items()}

    def oldest(self, names: Sequence[str], start: float, end: float) -> Mapping[str, float]:
        """The age of the oldest message at most from `start` to `end` (Unix seconds), of those of
        which it was ever known, in seconds."""
        found = self._points("queue", 2, _begin(start, 2), end, names)
        ages = {
            name: [values[4] for _, values in points if values[4] is not None]
            for name, points in found.items()
        }
        return {name: max(each) for name, each in ages.items() if each}

    def worker_lines(
        self, names: Collection[str], now: float
    ) -> Mapping[str, tuple[WorkerReading, ...]]:
        """How many tasks these began in the last hour, in the same steps, as far as there is no
        hole in it."""
        found = self._lines("worker", names, now)
        return {
            name: unbroken(_worker_readings(points), self._hole_s) for name, points in found.items()
        }

    def long_worker_lines(
        self, names: Collection[str], now: float
    ) -> Mapping[str, tuple[WorkerReading, ...]]:
        """The same of the day before that hour, in ten minutes."""
        end = _begin(now - LINE_S, 2)
        found = self._points("worker", 2, now - LONG_LINE_S, end, names)
        step_s = LEVELS[2].step_s
        return {
            name: unbroken(_worker_readings(points), step_s + self._hole_s)
            for name, points in found.items()
            if points[-1][0] >= end - step_s
        }

    def worker_minutes(
        self, names: Collection[str], now: float
    ) -> Mapping[str, tuple[WorkerReading, ...]]:
        """The same of the last hour, in minutes alone, so that counts can be compared."""
        found = self._points("worker", 1, _begin(now - LINE_S, 1), now + 1, names)
        return {name: _worker_readings(points) for name, points in found.items()}

    def _lines(self, kind: Kind, names: Collection[str], now: float) -> dict[str, Points]:
        fine = _begin(now - FINE_S, 1)
        found = self._points(kind, 1, _begin(now - LINE_S, 2), fine, names)
        for name, points in self._points(kind, 0, fine, now + 1, names).items():
            found[name] = [*found.get(name, ()), *points]
        return found

    def _points(
        self,
        kind: Kind,
        level: int,
        since: float,
        until: float,
        names: Collection[str] | None = None,
    ) -> dict[str, Points]:
        found: dict[str, dict[int, Values]] = {}
        if names is not None and not names:
            return {}
        wanted = None if names is None else sorted(names)
        lines = self._samples.lines(kind, level, since, until, wanted, SAMPLED_MAX[kind])
        for line in lines.items:
            found[line.name] = dict(line.points)
        for name, points in self._own.points(kind, since, until, names).items():
            found.setdefault(name, {}).update(points)
        return {name: sorted(points.items()) for name, points in found.items()}


def unbroken(readings: tuple[WorkerReading, ...], hole_s: float) -> tuple[WorkerReading, ...]:
    """The readings behind the last hole that is longer."""
    first = 0
    for number, (earlier, later) in enumerate(pairwise(readings), 1):
        if later.at - earlier.at > hole_s:
            first = number
    return readings[first:]


def _begin(at: float, level: int) -> int:
    return bucket_of(at, LEVELS[level].step_s)


def _ready(points: Points | None) -> int | None:
    value = points[-1][1][0] if points else None
    return None if value is None else round(value)


def _queue_readings(points: Points) -> tuple[QueueReading, ...]:
    return tuple(
        QueueReading(
            float(at),
            round(values[0]),
            None if values[3] is None else int(values[3]),
            values[4],
        )
        for at, values in points
        if values[0] is not None
    )


def _worker_readings(points: Points) -> tuple[WorkerReading, ...]:
    return tuple(
        WorkerReading(
            float(at),
            None if values[3] is None else int(values[3]),
            None if values[1] is None else round(values[1]),
        )
        for at, values in points
    )
