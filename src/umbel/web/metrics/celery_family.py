"""The metrics that celery-exporter has (danihodovic/celery-exporter), with its names, labels and
buckets. Nothing is asked of workers or broker for them: queues are as they were last sampled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from umbel.services.ingest.metric_pair import UNKNOWN_EXCEPTION
from umbel.store.base import TaskCounts
from umbel.web.metrics.exposition import Family, Histogram, HistogramSample, Metric, Sample
from umbel.web.metrics.labels import DEFAULT_QUEUE, Labels, hostnames, worked
from umbel.web.metrics.scrape import Scrape

#: The counters by the type of their events, but that of failures, which has a label more.
_COUNTERS: Final = {
    "task-sent": ("celery_task_sent", "Tasks that were sent."),
    "task-received": ("celery_task_received", "Tasks that a worker received."),
    "task-started": ("celery_task_started", "Tasks that a worker began."),
    "task-succeeded": ("celery_task_succeeded", "Tasks that succeeded."),
    "task-rejected": ("celery_task_rejected", "Tasks that a worker rejected."),
    "task-revoked": ("celery_task_revoked", "Tasks that were revoked."),
    "task-retried": ("celery_task_retried", "Tasks that failed and are tried again."),
}


def celery_family(scrape: Scrape) -> Iterator[Family]:
    """In the order in which celery-exporter tells them."""
    labels, counted = scrape.labels, scrape.counted
    hostname = hostnames({*worked(counted.items), *(each.name for each in scrape.workers)})

    def text(item: TaskCounts) -> str:
        return labels.text(
            ("task", "name", item.task),
            ("worker", "hostname", hostname(item.worker)),
            ("queue", "queue_name", item.queue or DEFAULT_QUEUE),
        )

    counts = labels.by(counted.items, text)
    workers = [
        (labels.text(("worker", "hostname", hostname(each.name))), each) for each in scrape.workers
    ]
    for kind, (name, summary) in _COUNTERS.items():
        yield Metric(name, "counter", summary, [
            Sample(labels_, each.events.get(kind, 0))
            for labels_, each in counts.items() if _has(each, kind)
        ])  # fmt: skip
    yield Metric("celery_task_failed", "counter", "Tasks that failed, by class of the exception.",
           [sample for labels_, each in counts.items() if _has(each, "task-failed")
            for sample in _failures(labels, labels_, each)])  # fmt: skip
    yield Histogram("celery_task_runtime", "How long tasks ran, seconds.", [
        HistogramSample(labels_, counted.bounds, each.runtimes, each.runtime_s,
                        examples=each.runtime_examples)
        for labels_, each in counts.items() if each.runtimes
    ])  # fmt: skip
    yield Histogram("celery_task_queue_wait_time",
              "From being sent, or from a later ETA, to the start, seconds.", [
        HistogramSample(labels_, counted.wait_bounds, each.waits, each.wait_s,
                        examples=each.wait_examples)
        for labels_, each in counts.items() if each.waits
    ])  # fmt: skip
    yield Metric("celery_worker_up", "gauge",
           "Whether heartbeats of the worker come in time (1) or not (0).",
           labels.summed((text_, float(each.is_online)) for text_, each in workers))  # fmt: skip
    yield Metric("celery_worker_tasks_active", "gauge", "Tasks that run at the worker now.",
           labels.summed((text_, each.active) for text_, each in workers
                         if each.active is not None))  # fmt: skip
    yield from _queues(scrape)


def _has(item: TaskCounts, kind: str) -> bool:
    """Whether a counter is told, also as 0: those who only send tasks have only that one."""
    return kind in item.events or item.events.keys() != {"task-sent"}


def _failures(labels: Labels, text: str, item: TaskCounts) -> Iterator[Sample]:
    """Also that there is none, so that the first failure is an increase."""
    failures = item.events.get("task-failed", 0)
    if "exception" in labels.without:
        yield Sample(text, failures)
        return
    begin = f"{text}," if text else ""
    yield Sample(f'{begin}exception=""', 0.0)
    named = {name: count for name, count in item.failures.items() if name}
    unnamed = failures - sum(named.values())
    if unnamed > 0:
        named[UNKNOWN_EXCEPTION] = named.get(UNKNOWN_EXCEPTION, 0) + unnamed
    for name, count in named.items():
        yield Sample(f'{begin}exception="{name}"', count)


def _queues(scrape: Scrape) -> Iterator[Metric]:
    labels = scrape.labels
    for name, summary, field in (
        ("celery_queue_length", "Messages that wait in the queue.", "depth"),
        ("celery_active_consumer_count", "Consumers of the queue.", "consumers"),
        ("celery_active_worker_count", "Workers that consume the queue.", "workers"),
        ("celery_active_process_count", "Processes of the workers that consume the queue.",
         "processes"),
    ):  # fmt: skip
        values = ((each.name, getattr(each, field)) for each in scrape.queues)
        samples = (
            (labels.text(("queue", "queue_name", queue)), value)
            for queue, value in values
            if value is not None
        )
        yield Metric(name, "gauge", summary, labels.summed(samples))
