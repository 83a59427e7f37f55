"""What one cluster has to tell a scraper, read when it asks.

Counts are those that collectors keep (`services/ingest/metric_counter.py`); what is now comes from
the history, and queues from the last sample. Neither workers nor the broker are asked for anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from umbel.cluster.task import RECEIVED
from umbel.cluster.worker import OFFLINE, Worker
from umbel.query.ast import And, Comparison, Has, Matches, Node, Not
from umbel.services.alerts.alert_counts import AlertCounts, alert_counts
from umbel.services.cluster_services import ClusterServices
from umbel.services.collectors import metric_counts
from umbel.services.health.health import Status
from umbel.services.ingest.metric_pair import OTHER
from umbel.services.ledger_beside import beside
from umbel.services.pauses.paused_queues import paused_queues
from umbel.services.query_times import LatencyCounts
from umbel.store.base import MetricCounts, TaskCounts
from umbel.store.samples import SamplesSize
from umbel.web.metrics.labels import Labels, worked

#: How many workers are told of, those heard last; the others are `other` together.
WORKERS_MAX: Final = 5_000
#: How many waiting tasks are counted in all, and for each worker, and how long that may take,
#: seconds. Beyond it the tasks of a worker are told together, as the task `other`.
_WAITING_MAX: Final = 100_000
_OF_WORKER_MAX: Final = 10_000
_BUDGET_S: Final = 0.1
#: How far back the last sample of a queue is looked for, in periods, and at least, seconds.
_PERIODS: Final = 3
_SAMPLED_S: Final = 60.0
#: Tasks that wait and have no ETA: others wait on purpose.
_WAITING: Final = And((Matches("state", Comparison.EQUALS, (RECEIVED,)), Not(Has("eta"))))


class WorkerNow(msgspec.Struct, frozen=True, gc=False):
    """A worker as it is now. `active` is how many tasks it runs, None where it does not tell."""

    name: str
    is_online: bool
    active: int | None = None


class QueueNow(msgspec.Struct, frozen=True):
    """A queue as it was at the last sample; None where nobody can tell."""

    name: str
    depth: float | None = None
    consumers: float | None = None
    workers: int | None = None
    processes: int | None = None


class Scrape(msgspec.Struct, frozen=True):
    """`prefetched` has worker, task and number; `gaps` are the lengths of all, seconds; `alerts` is
    None where the ledger cannot be read;
    `totals_since` is when the oldest count began, Unix seconds."""

    labels: Labels
    counted: MetricCounts
    workers: Sequence[WorkerNow]
    queues: Sequence[QueueNow]
    paused_queues: Sequence[str]
    alerts: AlertCounts | None
    prefetched: Sequence[tuple[str, str, int]]
    status: Status
    gaps: Sequence[float]
    samples: SamplesSize
    query_times: Mapping[str, LatencyCounts]
    totals_since: float


def scrape(services: ClusterServices, cluster: str | None = None) -> Scrape:
    """All metrics of one cluster, with its name where there are several. Raises `StoreError`."""
    options = services.metric_options
    now = services.clock.now()
    alive = services.workers.alive(now)
    counted = _without_gone(services, metric_counts(services.store), alive)
    workers = _lately(alive, now, options.offline_s)
    return Scrape(
        labels=Labels(cluster, options.without),
        counted=counted,
        workers=list(_workers(workers, now)),
        queues=list(_queues(services, now)),
        paused_queues=sorted(paused_queues(services.ledger)),
        alerts=beside(lambda: alert_counts(services.alerts), "How many alerts there are"),
        prefetched=list(_prefetched(services, workers, counted.items, now)),
        status=services.health.status(),
        gaps=[each.end - each.start for each in services.store.gaps()],
        samples=services.samples.size(),
        query_times=services.query_times.counts(),
        totals_since=min((each.since for each in counted.items), default=counted.started),
    )


def _without_gone(
    services: ClusterServices, counted: MetricCounts, alive: Sequence[tuple[Worker, bool]]
) -> MetricCounts:
    """Without the workers that are listed no more; clients that send tasks never were."""
    if services.workers.gone_after_s is None:
        return counted
    gone = worked(counted.items) - {worker.hostname for worker, _ in alive} - {OTHER, ""}
    if not gone:
        return counted
    items = tuple(each for each in counted.items if each.worker not in gone)
    return msgspec.structs.replace(counted, items=items)


def _lately(
    alive: Sequence[tuple[Worker, bool]], now: float, offline_s: float
) -> list[tuple[Worker, bool]]:
    """Those that are online or were heard lately, the last one first. While Umbel itself hears
    nothing they are as they were when it last did: no worker fell silent."""
    found = [
        (worker, is_online)
        for worker, is_online in alive
        if is_online or now - worker.last_heard <= offline_s
    ]
    return sorted(found, key=lambda each: each[0].last_heard, reverse=True)


def _workers(lately: Sequence[tuple[Worker, bool]], now: float) -> Iterator[WorkerNow]:
    for worker, is_online in lately[:WORKERS_MAX]:
        is_gone = not is_online and worker.status(now) == OFFLINE
        yield WorkerNow(worker.hostname, is_online, 0 if is_gone else worker.active)
    for worker, is_online in lately[WORKERS_MAX:]:
        yield WorkerNow(OTHER, is_online, worker.active if is_online else 0)


def _queues(services: ClusterServices, now: float) -> Iterator[QueueNow]:
    sampler = services.sampler
    if sampler is None:
        return
    since = now - max(_SAMPLED_S, _PERIODS * sampler.sampling.period_s)
    lines = services.samples.lines("queue", 0, since, now + 1, limit=_QUEUES_MAX).items
    workers: dict[str, int] = defaultdict(int)
    processes: dict[str, int] = defaultdict(int)
    profiles = sampler.profiles
    for profile in (profiles or {}).values():
        for queue in profile.queues or ():
            workers[queue] += 1
            processes[queue] += profile.pool or 0
    for line in lines:
        _, (_, depth, _, consumers, _) = line.points[-1]
        if profiles is None:
            yield QueueNow(line.name, depth, consumers, None, None)
        else:
            yield QueueNow(line.name, depth, consumers, workers[line.name], processes[line.name])


_QUEUES_MAX: Final = 500


def _prefetched(
    services: ClusterServices,
    workers: Sequence[tuple[Worker, bool]],
    items: Sequence[TaskCounts],
    now: float,
) -> Iterator[tuple[str, str, int]]:
    """Also that none wait any more, of tasks that a worker was given, where all that wait could be
    counted."""
    monotonic = services.clock.monotonic
    until = monotonic() + _BUDGET_S
    names = [worker.hostname for worker, _ in workers[:WORKERS_MAX]]
    due: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if item.is_due:
            due[item.worker].add(item.task)
    count = services.store.count
    found = count(_WAITING, now=now, by="worker", cap=_WAITING_MAX, budget_s=_BUDGET_S)
    is_all = found.complete and sum(found.groups.values()) == found.total
    for worker in names:
        waiting = found.groups.get(worker, 0)
        tasks: Mapping[str, int] = {}
        left_s = until - monotonic()
        if waiting and left_s > 0:
            of_worker = And((_WAITING, _is("worker", worker)))
            counted = count(of_worker, now=now, by="name", cap=_OF_WORKER_MAX, budget_s=left_s)
            tasks = counted.groups
        rest = waiting - sum(tasks.values())
        for name in sorted(tasks.keys() | (due[worker] if is_all else set())):
            yield worker, name, tasks.get(name, 0)
        if rest > 0:
            yield worker, OTHER, rest


def _is(field: str, value: str) -> Node:
    return Matches(field, Comparison.EQUALS, (value,))
