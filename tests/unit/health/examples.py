"""Facts of a cluster that is well, to be changed by one thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from umbel.services.health.assessment import assess
from umbel.services.health.facts import (
    CountFact,
    DurationFact,
    HealthFacts,
    QueueFact,
    QueueReading,
    WorkerFact,
    WorkerReading,
)
from umbel.services.health.health_finding import HealthFinding
from umbel.services.health.liveness import Liveness
from umbel.store.series import Counts, Durations

NOW = 1_795_344_600.0
LIVE = Liveness("live", 0.3, "What you see is live.")


def worker(name: str = "celery@eu-1", **changes: Any) -> WorkerFact:
    well = WorkerFact(
        name=name, status="online", heard=NOW - 1, began=NOW - 90_000, active=1,
        queues=("celery",),
    )  # fmt: skip
    return msgspec.structs.replace(well, **changes)


def depths(*ready: int, every_s: float = 10.0, consumers: int | None = 2) -> list[QueueReading]:
    """Readings that end now."""
    first = NOW - every_s * (len(ready) - 1)
    return [QueueReading(first + n * every_s, each, consumers) for n, each in enumerate(ready)]


def queue(name: str, readings: Sequence[QueueReading], **changes: Any) -> QueueFact:
    return QueueFact(name=name, readings=tuple(readings), **changes)


def begun(*counts: int | None, every_s: float = 10.0, active: int = 0) -> tuple[WorkerReading, ...]:
    """Readings that end now, of a worker that began so many tasks in each step."""
    first = NOW - every_s * (len(counts) - 1)
    return tuple(WorkerReading(first + n * every_s, c, active) for n, c in enumerate(counts))


def counts(ended: int, failed: int) -> Counts:
    return Counts(seen=ended, succeeded=ended - failed, failed=failed)


def count(name: str, recent: Counts, *usual: Counts) -> CountFact:
    return CountFact(
        name=name, recent=recent, steps=((NOW - 120, counts(1, 0)), (NOW - 60, recent)), usual=usual
    )


def durations(n: int, p95: float) -> Durations:
    return Durations(n=n, mean=p95 / 2, p50=p95 / 2, p95=p95, p99=p95)


def duration(name: str, recent: Durations, *usual: Durations) -> DurationFact:
    return DurationFact(
        name=name,
        recent=recent,
        steps=((NOW - 120, durations(1, 0.0)), (NOW - 60, recent)),
        usual=usual,
    )


def facts(**changes: Any) -> HealthFacts:
    """Everything is well, unless changed."""
    all_well = HealthFacts(
        now=NOW,
        live=LIVE,
        since=NOW - 3_600,
        workers=(worker(),),
        queues=(queue("celery", depths(0, 3, 0)),),
        total=counts(780, 2),
        total_wait=durations(700, 0.4),
    )
    return msgspec.structs.replace(all_well, **changes)


def found(rule: str, **changes: Any) -> tuple[HealthFinding, ...]:
    """What the rule finds of these facts."""
    return tuple(each for each in assess(facts(**changes)) if each.rule == rule)


def only(rule: str, **changes: Any) -> HealthFinding:
    """The one thing that it finds."""
    (one,) = found(rule, **changes)
    return one
