"""Facts of workers and queues, for the rules of health: what is listed, and what was so before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from umbel.cluster.worker import Worker
from umbel.services.cluster.inspection import InspectAnswers
from umbel.services.cluster.queue_inspection import QueueList, QueueRow
from umbel.services.health.facts import QueueFact, QueueReading, WorkerFact, WorkerReading
from umbel.services.health.readings import Readings
from umbel.services.health.worker_status import WorkerStatus

#: What transports leave a task to one worker unless told otherwise, seconds: kombu's own.
VISIBILITY_S: Final[Mapping[str, float]] = {"redis": 3_600.0, "rediss": 3_600.0, "sqs": 1_800.0}


class ClusterReadings:
    """Makes facts of what was read, and remembers it. One thread at a time."""

    def __init__(self) -> None:
        self._queues: Readings[QueueReading] = Readings()
        self._workers: Readings[WorkerReading] = Readings()
        self._consumers: dict[str, tuple[str, ...]] = {}

    def queues(self, found: QueueList) -> tuple[QueueFact, ...]:
        """A fact for each queue of which the broker says how full it is."""
        self._queues.drop_but(row.name for row in found.items)
        rows = [(row, row.ready) for row in found.items if row.ready is not None]
        return tuple(self._queue(row, ready, found) for row, ready in rows)

    def _queue(self, row: QueueRow, ready: int, found: QueueList) -> QueueFact:
        reading = QueueReading(found.at, ready, consumers_of(row, has_missing=bool(found.missing)))
        if row.workers:
            self._consumers[row.name] = row.workers
        return QueueFact(
            name=row.name,
            readings=self._queues.add(row.name, reading),
            workers=row.workers,
            were=self._consumers.get(row.name, ()),
        )

    def workers(
        self,
        found: Iterable[tuple[Worker, WorkerStatus]],
        queues: Mapping[str, tuple[str, ...]],
        now: float,
    ) -> tuple[WorkerFact, ...]:
        """A fact for each worker. `queues` are those that each consumes, where that is known."""
        facts = tuple(
            self._worker(worker, status.status, queues.get(worker.hostname), now)
            for worker, status in found
        )
        self._workers.drop_but(fact.name for fact in facts)
        return facts

    def _worker(
        self, worker: Worker, status: str, queues: tuple[str, ...] | None, now: float
    ) -> WorkerFact:
        reading = WorkerReading(now, worker.processed, worker.active)
        return WorkerFact(
            name=worker.hostname,
            status=status,
            heard=worker.last_heard,
            began=worker.online,
            active=worker.active,
            skews=worker.skews,
            beats=tuple(WorkerReading(at, count, None) for at, _, _, count in worker.beats),
            queues=queues,
            readings=self._workers.add(worker.hostname, reading),
            shares_its_name=worker.is_shared,
        )


def consumers_of(row: QueueRow, *, has_missing: bool) -> int | None:
    """How many consume a queue, as far as broker and workers know; None where that is unknown."""
    if row.workers:
        return max(row.consumers or 0, len(row.workers))
    if row.consumers is not None:
        return row.consumers
    return None if row.workers is None or has_missing else 0


def queues_by_worker(found: QueueList) -> dict[str, tuple[str, ...]]:
    """What each worker consumes."""
    consumed: dict[str, list[str]] = {}
    for row in found.items:
        for worker in row.workers or ():
            consumed.setdefault(worker, []).append(row.name)
    return {worker: tuple(names) for worker, names in consumed.items()}


def visibility_timeout_s(answers: InspectAnswers, transport: str) -> float | None:
    """How long the broker leaves a task to a worker, by the configuration of those that
    answered: the shortest. None where it has no such time, or nobody answered."""
    usual = VISIBILITY_S.get(transport)
    found = []
    for conf in answers.values.values() if usual is not None else ():
        options = conf.get("broker_transport_options") if isinstance(conf, Mapping) else None
        given = options.get("visibility_timeout") if isinstance(options, Mapping) else None
        is_number = isinstance(given, int | float) and not isinstance(given, bool)
        found.append(float(given) if is_number and given is not None else usual)
    return min((each for each in found if each is not None), default=None)


def acks_late(answers: InspectAnswers) -> bool:
    """Whether any worker that answered acknowledges tasks when they have ended, by default."""
    confs = [conf for conf in answers.values.values() if isinstance(conf, Mapping)]
    return any(conf.get("task_acks_late") is True for conf in confs)
