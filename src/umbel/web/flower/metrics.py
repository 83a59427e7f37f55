"""`GET /metrics`: Flower's metrics in Prometheus' text format, worked out when asked.

Counters, runtimes and waits are what collectors have counted
(`services/ingest/metric_counter.py`); what is now is read from the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Final

import msgspec
from starlette.responses import Response

from umbel.cluster.task import RECEIVED
from umbel.cluster.worker import OFFLINE, Worker
from umbel.errors import StoreError
from umbel.query.ast import And, Comparison, Has, Matches, Node, Not
from umbel.services.cluster_services import ClusterServices
from umbel.services.collectors import metric_counts
from umbel.services.ingest.metric_counter import GONE_AFTER_S
from umbel.services.metric_sums import merged
from umbel.store.base import MetricCounts, TaskCounts
from umbel.web.flower.arguments import FlowerRequest
from umbel.web.flower.exposition import MEDIA_TYPE, Labels, Sample, family, histogram

#: How many workers are told of, those heard last; how many waiting tasks are counted for
#: each.
_WORKERS_MAX: Final = 500
_WAITING_MAX: Final = 10_000
#: How long counting may take in all, seconds.
_BUDGET_S: Final = 1.0

#: Tasks without an ETA: others wait on purpose.
_DUE: Final = Not(Has("eta"))


class Scrape(msgspec.Struct, frozen=True):
    """All that metrics have of one cluster; `labels` name it where there are several."""

    labels: Labels
    counted: MetricCounts
    prefetched: Sequence[Sample]
    online: Sequence[Sample]
    executing: Sequence[Sample]


def metrics(services: ClusterServices, _: FlowerRequest) -> object:
    return _response(_exposition([scrape(services, {})]))


def metrics_of(scrapes: Mapping[str, Scrape | StoreError]) -> Response:
    """The metrics of several clusters by their name, each with a label `cluster`; of one that
    could not be read, that and why."""
    reasons = [
        f"# {name}: {' '.join(str(error).split())}\n"
        for name, error in scrapes.items()
        if isinstance(error, StoreError)
    ]
    readable = [
        ({"cluster": name}, float(not isinstance(each, StoreError)))
        for name, each in scrapes.items()
    ]
    whether = family("umbel_cluster_readable", "gauge",
                     "Whether the history of the cluster could be read (1) or not (0).",
                     readable)  # fmt: skip
    read = [each for each in scrapes.values() if not isinstance(each, StoreError)]
    return _response([*reasons, *whether, *_exposition(read)])


def scrape(services: ClusterServices, labels: Labels) -> Scrape:
    """The metrics of one cluster. Raises `StoreError`."""
    now = services.clock.now()
    counted = _without_gone(services, metric_counts(services.store), now)
    workers = _workers(services, now)
    names = [each.hostname for each in workers]
    return Scrape(
        labels=labels,
        counted=counted,
        prefetched=tuple(_prefetched(services, names, counted.items, now)),
        online=tuple(_online(services, workers, now)),
        executing=tuple(_executing(workers, now)),
    )


def _response(lines: Iterable[str]) -> Response:
    return Response("".join(lines), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


def _exposition(scrapes: Sequence[Scrape]) -> list[str]:
    def of_each(samples: Callable[[Scrape], Iterable[Sample]]) -> Iterator[Sample]:
        for each in scrapes:
            for labels, value in samples(each):
                yield {**each.labels, **labels}, value

    return [
        *family("flower_events_total", "counter", "Task events, each counted once.",
                of_each(lambda each: _events(each.counted.items))),
        *family("flower_events_created", "gauge", "When counting began, Unix seconds.",
                of_each(lambda each: _events_created(each.counted.items))),
        *histogram("flower_task_runtime_seconds", "Runtimes of tasks, in seconds.",
                   ((each.counted.bounds, _runtimes(each)) for each in scrapes)),
        *family("flower_task_runtime_seconds_created", "gauge",
                "When counting began, Unix seconds.",
                of_each(lambda each: _runtimes_created(each.counted.items))),
        *family("flower_task_prefetch_time_seconds", "gauge",
                "How long the task that began last waited at its worker; 0 when one has ended.",
                of_each(lambda each: _waited(each.counted.items))),
        *family("flower_worker_prefetched_tasks", "gauge",
                "Tasks that the worker has received and not begun, but those with an ETA.",
                of_each(lambda each: each.prefetched)),
        *family("flower_worker_online", "gauge",
                "Whether heartbeats of the worker come in time (1) or not (0).",
                of_each(lambda each: each.online)),
        *family("flower_worker_number_of_currently_executing_tasks", "gauge",
                "Tasks that run at the worker now, by its last heartbeat.",
                of_each(lambda each: each.executing)),
    ]  # fmt: skip


# -- what was counted ----------------------------------------------------------------------


def _without_gone(services: ClusterServices, counted: MetricCounts, now: float) -> MetricCounts:
    """Without the workers that are listed no more (clients that send tasks never were), and all
    queues together."""
    listed = {each.hostname for each in services.workers.listed(now)}
    gone = {each.hostname for each in services.store.workers()} - listed
    staying = (each for each in counted.items if each.worker not in gone)
    items = merged(staying, lambda each: (each.worker, each.task))
    return msgspec.structs.replace(counted, items=tuple(items.values()))


def _events(items: Iterable[TaskCounts]) -> Iterator[Sample]:
    for item in items:
        for kind, count in item.events.items():
            yield {"task": item.task, "type": kind, "worker": item.worker}, float(count)


def _events_created(items: Iterable[TaskCounts]) -> Iterator[Sample]:
    for item in items:
        for kind in item.events:
            yield {"task": item.task, "type": kind, "worker": item.worker}, item.since


def _runtimes(of: Scrape) -> Iterator[tuple[Labels, Sequence[int], float]]:
    for item in of.counted.items:
        if item.runtimes:
            yield {**of.labels, **_labels(item)}, item.runtimes, item.runtime_s


def _runtimes_created(items: Iterable[TaskCounts]) -> Iterator[Sample]:
    return ((_labels(item), item.since) for item in items if item.runtimes)


def _waited(items: Iterable[TaskCounts]) -> Iterator[Sample]:
    return ((_labels(item), item.waited_s) for item in items if item.waited_s is not None)


def _labels(item: TaskCounts) -> Labels:
    return {"task": item.task, "worker": item.worker}


# -- what is now ---------------------------------------------------------------------------


def _workers(services: ClusterServices, now: float) -> list[Worker]:
    """Those that were heard lately, the last one first."""
    lately = [
        each for each in services.workers.listed(now) if now - each.last_heard <= GONE_AFTER_S
    ]
    return sorted(lately, key=attrgetter("last_heard"), reverse=True)[:_WORKERS_MAX]


def _online(services: ClusterServices, workers: Iterable[Worker], now: float) -> Iterator[Sample]:
    """While Umbel itself hears nothing, as it was when it last did: no worker fell silent."""
    alive = {worker.hostname: float(is_alive) for worker, is_alive in services.workers.alive(now)}
    return (({"worker": w.hostname}, alive.get(w.hostname, 0.0)) for w in workers)


def _executing(workers: Iterable[Worker], now: float) -> Iterator[Sample]:
    for worker in workers:
        if worker.status(now) == OFFLINE:
            yield {"worker": worker.hostname}, 0.0
        elif worker.active is not None:
            yield {"worker": worker.hostname}, float(worker.active)


def _prefetched(
    services: ClusterServices, workers: Iterable[str], items: Iterable[TaskCounts], now: float
) -> Iterator[Sample]:
    """Also that none wait any more, of tasks that a worker has had since the start, where all
    that wait could be counted."""
    due: dict[str, set[str]] = {}
    for item in items:
        if item.is_due:
            due.setdefault(item.worker, set()).add(item.task)
    until = services.clock.monotonic() + _BUDGET_S
    for worker in workers:
        left_s = until - services.clock.monotonic()
        if left_s <= 0:
            return
        waiting = And((_is("worker", worker), _is("state", RECEIVED), _DUE))
        found = services.store.count(waiting, now=now, by="name", cap=_WAITING_MAX, budget_s=left_s)
        is_all = found.complete and sum(found.groups.values()) == found.total
        none_left = due.get(worker, set()) if is_all else set()
        for name in sorted(none_left | found.groups.keys()):
            yield {"task": name, "worker": worker}, float(found.groups.get(name, 0))


def _is(field: str, value: str) -> Node:
    return Matches(field, Comparison.EQUALS, (value,))
