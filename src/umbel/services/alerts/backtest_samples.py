"""What samples tell of the past of queues and workers, for the back-test of a rule about them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Final

from umbel.cluster.gaps import Gap
from umbel.query.describe import spoken_duration
from umbel.query.globbing import glob
from umbel.services.alerts.backtest import Past, PastPoint
from umbel.services.alerts.condition import OnlineThreshold, QueueThreshold, WorkerSilence
from umbel.services.alerts.readings import QUEUE_COLUMNS
from umbel.services.samples.sample_lines import SampledLines, sampled_lines
from umbel.store.samples import SAMPLED_MAX, Kind, Samples

#: So many queues that fit a pattern are looked at.
LINES_MAX: Final = 50


class SampledPast:
    """Asks the samples. Any thread; raises `StoreError`."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    def queues(self, condition: QueueThreshold, start: float, now: float) -> Past:
        column = QUEUE_COLUMNS[condition.measure]
        fits = glob(condition.queue)
        is_pattern = bool({"*", "?"} & set(condition.queue))
        names = None if is_pattern else [condition.queue]
        found = self._lines("queue", start, now, names, SAMPLED_MAX["queue"])
        lines = [each for each in found.items if not is_pattern or fits(each.name)]
        step_s = float(found.bucket_s)
        width = max(1, math.ceil(condition.window_s / step_s))
        points: dict[str, list[PastPoint]] = {}
        for line in lines[:LINES_MAX]:
            values = {at: each[column] for at, each in line.points}
            points[line.name] = [
                PastPoint(at + step_s, _mean(values, at, step_s, width)) for at in sorted(values)
            ]
        is_complete = found.more == 0 and len(lines) <= LINES_MAX
        return _sampled(points, step_s, start, now, "queue", complete=is_complete)

    def workers(
        self,
        condition: WorkerSilence | OnlineThreshold,
        start: float,
        now: float,
        gaps: Sequence[Gap],
    ) -> Past:
        """`gaps` are times in which nobody could have been heard."""
        fits = glob(condition.worker)
        found = self._lines("worker", start, now, None, 5_000)
        step_s = float(found.bucket_s)
        if isinstance(condition, WorkerSilence) and condition.silent_s < step_s:
            return Past(
                why=f"Of so long ago there are samples of {spoken_duration(step_s)} alone, and the "
                f"rule asks about {spoken_duration(condition.silent_s)}. Test fewer days."
            )
        seen = {line.name: {at for at, _ in line.points} for line in found.items if fits(line.name)}
        anybody = {at for line in found.items for at, _ in line.points}
        # Queues show when a server sampled, though no worker was there.
        times = sorted(anybody | self._sampled_at("queue", anybody, now, step_s))
        unheard = {at for at in times if at not in anybody and _is_in(gaps, at, at + step_s)}
        if isinstance(condition, OnlineThreshold):
            online = [
                PastPoint(
                    at + step_s,
                    None if at in unheard else float(sum(at in each for each in seen.values())),
                )
                for at in times
            ]
            points: dict[str, list[PastPoint]] = {"": online} if online else {}
            return _sampled(points, step_s, start, now, "worker", complete=found.more == 0)
        points = {name: _silences(times, there, unheard, step_s) for name, there in seen.items()}
        return _sampled(points, step_s, start, now, "worker", complete=found.more == 0)

    def _sampled_at(self, kind: Kind, since: set[int], now: float, step_s: float) -> set[int]:
        """In which steps anything of a kind was sampled, from the first of others on."""
        if not since:
            return set()
        first = min(since)
        found = sampled_lines(
            self._samples, kind, since=first, until=now, now=now, bucket_s=step_s, limit=LINES_MAX
        )
        if found.bucket_s != step_s:
            return set()
        return {at for line in found.items for at, _ in line.points if at >= first}

    def _lines(
        self, kind: Kind, start: float, now: float, names: Sequence[str] | None, limit: int
    ) -> SampledLines:
        """What was sampled since, in steps as fine as there are for as long as there are any: of
        a day a week has but hours."""
        while True:
            found = sampled_lines(
                self._samples, kind, since=start, until=now, now=now, names=names, limit=limit
            )
            first = min((line.points[0][0] for line in found.items if line.points), default=start)
            if first < start + found.bucket_s:
                return found
            start = float(first)


def _mean(values: Mapping[int, float | None], at: int, step_s: float, width: int) -> float | None:
    some = [values.get(at - round(step_s) * each) for each in range(width)]
    given = [each for each in some if each is not None]
    return fmean(given) if given else None


def _silences(
    times: Sequence[int], there: set[int], unheard: set[int], step_s: float
) -> list[PastPoint]:
    """For how long a worker was not seen, while it would have been."""
    found, last = [], None
    for at in times:
        last = at if at in there else last
        if last is not None:
            found.append(PastPoint(at + step_s, None if at in unheard else float(at - last)))
    return found


def _is_in(gaps: Sequence[Gap], start: float, end: float) -> bool:
    return any(each.start < end and each.end > start for each in gaps)


def _sampled(
    points: Mapping[str, Sequence[PastPoint]],
    step_s: float,
    start: float,
    now: float,
    kind: Kind,
    *,
    complete: bool,
) -> Past:
    ends: list[float] = [each.at for some in points.values() for each in some[:1]]
    if not ends:
        return Past(why=f"No {kind} of this name was sampled in that time.")
    since = max(start, min(ends) - step_s)
    points = {name: _until(some, now) for name, some in points.items()}
    return Past(points=points, step_s=step_s, since=since, until=now, complete=complete)


def _until(points: Sequence[PastPoint], now: float) -> Sequence[PastPoint]:
    """The same, where the last one stands for a step that is not over: it is of now."""
    if not points or points[-1].at <= now:
        return points
    return (*points[:-1], PastPoint(now, points[-1].value))
