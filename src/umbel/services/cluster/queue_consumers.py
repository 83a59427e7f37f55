"""What each worker has of a queue that it consumes: tasks that it runs, tasks that it has reserved
and not begun, and tasks that it holds for a later time (ETA, countdown, retries).

A worker names exchange and routing key of each task that it holds, not the queue. Where it consumes
several queues a task is one of this queue if these are the queue's own; where they are those of no
queue that is known, it is not known either (celery/worker/request.py, `Request.info`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from umbel.errors import BrokerError
from umbel.services.cluster.inspection import InspectAnswers, Inspected, Inspection
from umbel.services.cluster.queue_declared import DeclaredQueue

HeldKind = Literal["running", "reserved", "scheduled"]

#: What workers are asked, the most telling first: those that do not answer are asked no more.
_KINDS: Final[Mapping[HeldKind, Inspected]] = {
    "running": "active",
    "reserved": "reserved",
    "scheduled": "scheduled",
}


class QueueConsumer(msgspec.Struct, frozen=True, kw_only=True):
    """A worker that consumes a queue: it runs so many tasks of it, has so many `reserved` that wait
    at it, and holds so many for a later time (`scheduled`); those of `at_least` are counted in the
    first thousands that it holds. It takes up to `prefetch` messages of all its queues at once (0:
    without bound), and its pool runs so many tasks of all. Null is unknown."""

    worker: str
    running: int | None = None
    reserved: int | None = None
    scheduled: int | None = None
    at_least: tuple[HeldKind, ...] = ()
    prefetch: int | None = None
    pool: int | None = None


def queue_consumers(
    inspection: Inspection, queue: str, workers: Sequence[str], declared: DeclaredQueue | None
) -> tuple[QueueConsumer, ...]:
    """What these workers say of a queue that they consume."""
    try:
        asked = inspection.profiles((*_KINDS.values(), "stats"), workers)
    except BrokerError:
        asked = ()
    answers = {each.what: each for each in asked}
    return tuple(_consumer(worker, answers, queue, declared) for worker in workers)


def _consumer(
    worker: str,
    answers: Mapping[Inspected, InspectAnswers],
    queue: str,
    declared: DeclaredQueue | None,
) -> QueueConsumer:
    held = {kind: answers[what] for kind, what in _KINDS.items() if what in answers}
    stats = answers["stats"].values.get(worker) if "stats" in answers else None
    return QueueConsumer(
        worker=worker,
        **{
            kind: _of_queue(told.values.get(worker), queue, declared) for kind, told in held.items()
        },
        at_least=tuple(kind for kind, told in held.items() if worker in told.left_out),
        prefetch=_number(stats, "prefetch_count"),
        pool=_number(stats, "pool", "max-concurrency"),
    )


def _of_queue(tasks: object, queue: str, declared: DeclaredQueue | None) -> int | None:
    if not isinstance(tasks, list):
        return None
    count = 0
    for task in tasks:
        request = task.get("request", task) if isinstance(task, Mapping) else None
        route = request.get("delivery_info") if isinstance(request, Mapping) else None
        if not isinstance(route, Mapping):
            return None
        exchange, key = route.get("exchange") or "", route.get("routing_key")
        if exchange == "":
            count += key == queue
        elif declared is not None and declared.exchange == exchange:
            if declared.exchange_type != "direct":
                return None
            count += key == declared.routing_key
    return count


def _number(value: object, *path: str) -> int | None:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
