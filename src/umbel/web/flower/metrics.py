"""`GET /metrics`: Flower's metrics in Prometheus' text format, worked out when asked.

Nothing is kept between two requests. What the history and the collectors do not know by
worker or by name is told with these labels empty, which for Prometheus is a label that is not
there: sums over all stay right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from starlette.responses import Response

from umbel.cluster.task import RECEIVED, STARTED, Task
from umbel.cluster.worker import OFFLINE, ONLINE, Worker
from umbel.query.ast import And, Has, How, Matches, Node, Not
from umbel.services.health import REPORT_DUE_S
from umbel.store.base import CollectorStatus, Order
from umbel.web.flower.asking import Asked
from umbel.web.handlers import Services

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
#: How many workers are told of, those heard last; how many waiting tasks are counted for
#: each; how many tasks that began last are looked at.
_WORKERS_MAX: Final = 500
_WAITING_MAX: Final = 10_000
_BEGUN_LAST: Final = 200
#: How long counting may take in all, seconds.
_BUDGET_S: Final = 1.0
_HOUR_S: Final = 3_600.0

_Labels = Mapping[str, str]
_Sample = tuple[_Labels, float]

#: Tasks without an ETA: others wait on purpose.
_DUE: Final = Not(Has("eta"))


def metrics(services: Services, _: Asked) -> object:
    now = services.clock.now()
    collector = _collector(services, now)
    workers = sorted(services.store.workers(), key=_heard, reverse=True)[:_WORKERS_MAX]
    lines = [
        *_family(
            "flower_events_total", "counter",
            "Task events that the collector has stored since its start.",
            _events(collector),
        ),
        *_family(
            "flower_worker_online", "gauge",
            "Whether heartbeats of the worker come in time (1) or not (0).",
            (({"worker": w.hostname}, float(w.status(now) == ONLINE)) for w in workers),
        ),
        *_family(
            "flower_worker_number_of_currently_executing_tasks", "gauge",
            "Tasks that run at the worker now, by its last heartbeat.",
            _executing(workers, now),
        ),
        *_family(
            "flower_worker_prefetched_tasks", "gauge",
            "Tasks that the worker has received and not begun, but those with an ETA.",
            _prefetched(services, [w.hostname for w in workers], now),
        ),
        *_family(
            "flower_task_prefetch_time_seconds", "gauge",
            "How long the task that began last waited at its worker; 0 when it has ended.",
            _waited(_begun_last(services, now)),
        ),
        *_runtimes(services, collector.started if collector is not None else now, now),
    ]  # fmt: skip
    return Response("".join(lines), media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


def _family(name: str, kind: str, help_: str, samples: Iterable[_Sample]) -> Iterator[str]:
    yield f"# HELP {name} {help_}\n# TYPE {name} {kind}\n"
    for labels, value in samples:
        yield _line(name, labels, value)


def _line(name: str, labels: _Labels, value: float) -> str:
    told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{told}}} {value!r}\n"


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return escaped.encode("utf-8", "replace").decode()


def _heard(worker: Worker) -> float:
    return max(worker.heartbeat or 0.0, worker.online or 0.0)


def _collector(services: Services, now: float) -> CollectorStatus | None:
    """The one that reports for longest: several see the same events."""
    fresh = [each for each in services.store.collectors() if now - each.at <= REPORT_DUE_S]
    return min(fresh, key=lambda each: each.started, default=None)


def _events(collector: CollectorStatus | None) -> Iterator[_Sample]:
    counts = collector.event_kinds if collector is not None else {}
    for kind, count in sorted(counts.items()):
        if kind.startswith("task-"):
            yield {"worker": "", "type": kind, "task": ""}, float(count)


def _executing(workers: Iterable[Worker], now: float) -> Iterator[_Sample]:
    for worker in workers:
        if worker.status(now) == OFFLINE:
            yield {"worker": worker.hostname}, 0.0
        elif worker.active is not None:
            yield {"worker": worker.hostname}, float(worker.active)


def _prefetched(services: Services, workers: Iterable[str], now: float) -> Iterator[_Sample]:
    until = services.clock.monotonic() + _BUDGET_S
    for worker in workers:
        left_s = until - services.clock.monotonic()
        if left_s <= 0:
            return
        waiting = And((_is("worker", worker), _is("state", RECEIVED), _DUE))
        found = services.store.count(waiting, now=now, by="name", cap=_WAITING_MAX, budget_s=left_s)
        for name, count in sorted(found.groups.items()):
            yield {"worker": worker, "task": name}, float(count)


def _is(field: str, value: str) -> Node:
    return Matches(field, How.EQUALS, (value,))


def _begun_last(services: Services, now: float) -> tuple[Task, ...]:
    latest_first = Order("started", descending=True)
    return services.store.search(
        And((Has("started"), _DUE)), now=now, order=latest_first, limit=_BEGUN_LAST,
        budget_s=_BUDGET_S,
    ).items  # fmt: skip


def _waited(latest_first: Iterable[Task]) -> Iterator[_Sample]:
    told: set[tuple[str, str]] = set()
    for task in latest_first:
        key = task.worker or "", task.name or ""
        if key in told or task.received is None or task.started is None:
            continue
        told.add(key)
        waited_s = max(0.0, task.started - task.received) if task.state == STARTED else 0.0
        yield {"worker": key[0], "task": key[1]}, waited_s


def _runtimes(services: Services, begun: float, now: float) -> Iterator[str]:
    """The sum and the number of runtimes of the stored tasks that ended since the hour of
    `begun` (Unix seconds)."""
    name = "flower_task_runtime_seconds"
    yield f"# HELP {name} Runtimes of tasks, since the collector's start.\n"
    yield f"# TYPE {name} histogram\n"
    start = begun // _HOUR_S * _HOUR_S
    series = services.store.series(
        And(()), now=now, measure="runtime", start=start, end=now + _HOUR_S, bucket_s=_HOUR_S
    )
    count = sum(bucket.values["n"] for bucket in series.buckets)
    total_s = sum(bucket.values["n"] * bucket.values["mean"] for bucket in series.buckets)
    labels = {"worker": "", "task": ""}
    yield _line(f"{name}_bucket", {**labels, "le": "+Inf"}, count)
    yield _line(f"{name}_sum", labels, total_s)
    yield _line(f"{name}_count", labels, count)
