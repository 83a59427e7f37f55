"""Buckets of a series, worked out from whole tasks (see `memory` for the rules)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from umbel.cluster.task import ENDED, Task
from umbel.query.ast import Node
from umbel.query.fields import fields_used
from umbel.store.base import Bucket, Measure

#: The group of `count` under which a task stands when it is first seen.
SEEN = "SEEN"
MINUTE_S = 60.0


def whole_minutes(bucket_s: float) -> float:
    """The length of bucket that is given when `bucket_s` is asked for: whole minutes."""
    if not 0 < bucket_s < math.inf:
        raise ValueError(f"a bucket has a length in seconds, not {bucket_s}")
    return math.ceil(bucket_s / MINUTE_S) * MINUTE_S


def buckets_of(
    tasks: Iterable[Task],
    query: Node,
    measure: Measure,
    start: float,
    end: float,
    bucket_s: float,
) -> tuple[Bucket, ...]:
    """Every bucket that overlaps [start, end) and has something in it, oldest first."""
    if measure == "count":
        values = _counts(tasks, bucket_s, seen="state" not in fields_used(query))
    else:
        values = _durations(tasks, measure, bucket_s)
    first = math.floor(start / bucket_s) * bucket_s
    return tuple(Bucket(at, values[at]) for at in sorted(values) if first <= at < end)


def _counts(tasks: Iterable[Task], bucket_s: float, *, seen: bool) -> dict[float, dict[str, float]]:
    counted: Counter[tuple[float, str]] = Counter()
    for task in tasks:
        if seen:
            counted[_bucket(task.seen, bucket_s), SEEN] += 1
        if task.finished is not None and task.state in ENDED:
            counted[_bucket(task.finished, bucket_s), task.state] += 1
    values: dict[float, dict[str, float]] = {}
    for (at, group), count in counted.items():
        values.setdefault(at, {})[group] = float(count)
    return values


def _durations(
    tasks: Iterable[Task], measure: Measure, bucket_s: float
) -> dict[float, dict[str, float]]:
    measured: dict[float, list[float]] = {}
    for task in tasks:
        at, took = (
            (task.finished, task.runtime) if measure == "runtime" else (task.started, task.wait)
        )
        if at is not None and took is not None:
            measured.setdefault(_bucket(at, bucket_s), []).append(took)
    return {at: _summary(sorted(took)) for at, took in measured.items()}


def _bucket(moment: float, bucket_s: float) -> float:
    return math.floor(moment / bucket_s) * bucket_s


def _summary(ascending: Sequence[float]) -> dict[str, float]:
    n = len(ascending)
    return {
        "n": float(n),
        "mean": math.fsum(ascending) / n,
        "p50": _percentile(ascending, 0.50),
        "p95": _percentile(ascending, 0.95),
        "p99": _percentile(ascending, 0.99),
    }


def _percentile(ascending: Sequence[float], share: float) -> float:
    """Nearest rank: the smallest value with at least `share` of all values up to it."""
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)]
