"""The metrics that Flower has (flower/events.py, 2.2.0), with its names, labels and buckets."""

from __future__ import annotations

from collections.abc import Iterator

from umbel.store.base import TaskCounts
from umbel.web.metrics.exposition import Family, Histogram, HistogramSample, Metric, Sample
from umbel.web.metrics.labels import Labels
from umbel.web.metrics.scrape import Scrape


def flower_family(scrape: Scrape) -> Iterator[Family]:
    """In the order in which Flower tells them."""
    labels = scrape.labels
    counts = labels.by(scrape.counted.items, lambda each: _pair(labels, each))
    bounds = scrape.counted.bounds
    workers = [(labels.text(("worker", "worker", each.name)), each) for each in scrape.workers]
    yield Metric("flower_events", "counter", "Task events, each counted once.",
           list(_events(scrape)))  # fmt: skip
    yield Histogram("flower_task_runtime_seconds", "How long tasks ran, seconds.", [
        HistogramSample(text, bounds, each.runtimes, each.runtime_s, each.since,
                        each.runtime_examples)
        for text, each in counts.items() if each.runtimes
    ])  # fmt: skip
    yield Metric("flower_task_prefetch_time_seconds", "gauge",
           "How long the task that began last waited at its worker; 0 when one has ended.",
           [Sample(text, each.waited_s) for text, each in counts.items()
            if each.waited_s is not None])  # fmt: skip
    yield Metric("flower_worker_prefetched_tasks", "gauge",
           "Tasks that the worker has received and not begun, but those with an ETA.",
           labels.summed(
               (labels.text(("task", "task", task), ("worker", "worker", worker)), count)
               for worker, task, count in scrape.prefetched))  # fmt: skip
    yield Metric("flower_worker_online", "gauge",
           "Whether heartbeats of the worker come in time (1) or not (0).",
           labels.summed((text, float(each.is_online)) for text, each in workers))  # fmt: skip
    yield Metric("flower_worker_number_of_currently_executing_tasks", "gauge",
           "Tasks that run at the worker now, by its last heartbeat.",
           labels.summed((text, each.active) for text, each in workers
                         if each.active is not None))  # fmt: skip


def _events(scrape: Scrape) -> Iterator[Sample]:
    found: dict[str, tuple[int, float]] = {}
    for item in scrape.counted.items:
        pair = _pair(scrape.labels, item)
        for kind, count in item.events.items():
            text = f'{pair},type="{kind}"' if pair else f'type="{kind}"'
            before, since = found.get(text, (0, item.since))
            found[text] = (before + count, min(since, item.since))
    for text, (count, since) in found.items():
        yield Sample(text, count, since)


def _pair(labels: Labels, item: TaskCounts) -> str:
    return labels.text(("task", "task", item.task), ("worker", "worker", item.worker))
