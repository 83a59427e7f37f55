"""Counts of several collectors as one.

Each event is counted by the one collector that stored it first (`Applied.repeated`), so the counts
of all are added, whichever brokers they read from, and whoever of them still runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from umbel.store.base import MetricCounts, TaskCounts, TaskExample


def metric_sum(parts: Sequence[MetricCounts]) -> MetricCounts | None:
    """The counts of all; None of none. Histograms whose buckets are not those of the part that
    began last are left out."""
    if len(parts) < 2:
        return parts[0] if parts else None
    newest = max(parts, key=lambda each: each.started)
    items: dict[tuple[str, str, str], TaskCounts] = {}
    totals: dict[str, int] = {}
    for part in parts:
        for item in part.items:
            fitting = with_bounds(item, part, newest.bounds, newest.wait_bounds)
            key = item.worker, item.task, item.queue
            items[key] = both(items[key], fitting) if key in items else fitting
        totals = added(totals, part.totals)
    return msgspec.structs.replace(newest, items=tuple(items.values()), totals=totals)


def merged(
    items: Iterable[TaskCounts], key: Callable[[TaskCounts], tuple[str, ...]]
) -> dict[tuple[str, ...], TaskCounts]:
    """The items of one collector, those with the same key as one."""
    found: dict[tuple[str, ...], TaskCounts] = {}
    for item in items:
        name = key(item)
        found[name] = both(found[name], item) if name in found else item
    return found


def with_bounds(
    item: TaskCounts, of: MetricCounts, bounds: Sequence[float], wait_bounds: Sequence[float]
) -> TaskCounts:
    """An item of `of` without the histograms that have other buckets than these."""
    if of.bounds != tuple(bounds):
        item = msgspec.structs.replace(item, runtimes=(), runtime_s=0.0, runtime_examples={})
    if of.wait_bounds != tuple(wait_bounds):
        item = msgspec.structs.replace(item, waits=(), wait_s=0.0, wait_examples={})
    return item


def both(one: TaskCounts, other: TaskCounts) -> TaskCounts:
    """The sum of two, under the names of the first."""
    waits = [each.waited_s for each in (one, other) if each.waited_s is not None]
    return TaskCounts(
        one.worker,
        one.task,
        min(one.since, other.since),
        added(one.events, other.events),
        _buckets(one.runtimes, other.runtimes),
        one.runtime_s + other.runtime_s,
        max(waits, default=None),
        one.is_due or other.is_due,
        one.queue,
        _buckets(one.waits, other.waits),
        one.wait_s + other.wait_s,
        added(one.failures, other.failures),
        _examples(one.runtime_examples, other.runtime_examples),
        _examples(one.wait_examples, other.wait_examples),
    )


def added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Both counts, by what was counted."""
    found = dict(one)
    for key, count in other.items():
        found[key] = found.get(key, 0) + count
    return found


def _buckets(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    if one and other:
        return tuple(map(sum, zip(one, other, strict=True)))
    return one or other


def _examples(
    one: Mapping[int, TaskExample], other: Mapping[int, TaskExample]
) -> dict[int, TaskExample]:
    """The later one of each bucket."""
    return {
        bucket: max(_of(bucket, (one, other)), key=lambda each: each.at)
        for bucket in one.keys() | other.keys()
    }


def _of(bucket: int, several: Iterable[Mapping[int, TaskExample]]) -> list[TaskExample]:
    return [each[bucket] for each in several if bucket in each]
