"""Facts of workers for the rules of health, and what they say of the broker.

What a worker counted before is read of few: of those that may be stuck, since heartbeats of late
tell of no new task and a queue that it consumes has grown, and of those that fell silent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from umbel.cluster.worker import ONLINE, SILENT, Worker
from umbel.services.cluster.inspection import InspectAnswers
from umbel.services.cluster.worker_settings import settings_of
from umbel.services.health.facts import QueueFact, WorkerFact, WorkerReading
from umbel.services.health.sampled_readings import SampledReadings
from umbel.services.health.worker_status import WorkerStatus

#: What transports leave a task to one worker unless told otherwise, seconds: kombu's own.
VISIBILITY_S: Final[Mapping[str, float]] = {"redis": 3_600.0, "rediss": 3_600.0, "sqs": 1_800.0}
#: So many workers that may be stuck have their lines read, those that run nothing first; so many of
#: these the day before; and so many that fell silent last.
STUCK_MAX: Final = 60
LONG_MAX: Final = 5
SILENT_MAX: Final = 10

Judged = Sequence[tuple[Worker, WorkerStatus]]


def worker_facts(
    judged: Judged,
    consumed: Mapping[str, tuple[str, ...]],
    queues: Sequence[QueueFact],
    readings: SampledReadings,
    now: float,
) -> tuple[WorkerFact, ...]:
    """A fact for each worker. `consumed` is what each consumes, where that is known. Raises
    `StoreError`."""
    stuck = maybe_stuck(judged, consumed, queues)
    lines = dict(readings.worker_lines(stuck, now))
    idle = [name for name in stuck if begins_nothing(lines.get(name, ()))][:LONG_MAX]
    for name, earlier in readings.long_worker_lines(idle, now).items():
        lines[name] = (*earlier, *lines[name])
    silent = sorted(
        (worker for worker, each in judged if each.status == SILENT),
        key=lambda worker: -worker.last_heard,
    )
    minutes = readings.worker_minutes([each.hostname for each in silent[:SILENT_MAX]], now)
    return tuple(
        WorkerFact(
            name=worker.hostname,
            status=status.status,
            heard=worker.last_heard,
            began=worker.online,
            active=worker.active,
            skews=worker.skews,
            queues=consumed.get(worker.hostname),
            readings=lines.get(worker.hostname, ()),
            minutes=minutes.get(worker.hostname, ()),
            shares_its_name=worker.is_shared,
        )
        for worker, status in judged
    )


def maybe_stuck(
    judged: Judged, consumed: Mapping[str, tuple[str, ...]], queues: Sequence[QueueFact]
) -> list[str]:
    """Workers that are online and by their last heartbeats began nothing, though a queue of theirs
    has grown; those that run nothing first."""
    grown = {q.name for q in queues if q.now.ready > min(each.ready for each in q.readings)}
    found = [
        worker
        for worker, status in judged
        if status.status == ONLINE
        and not grown.isdisjoint(consumed.get(worker.hostname, ()))
        and len({count for _, _, _, count in worker.beats}) <= 1
    ]
    found.sort(key=lambda worker: bool(worker.active))
    return [worker.hostname for worker in found[:STUCK_MAX]]


def begins_nothing(readings: Sequence[WorkerReading]) -> bool:
    """Whether no reading tells of a task that was begun."""
    return bool(readings) and not any(each.begun for each in readings)


def visibility_timeout_s(answers: InspectAnswers, transport: str) -> float | None:
    """How long the broker leaves a task to a worker, by the configuration of those that
    answered: the shortest. None where it has no such time, or nobody answered."""
    usual = VISIBILITY_S.get(transport)
    found = []
    for conf in answers.values.values() if usual is not None else ():
        options = _settings(conf).get("broker_transport_options")
        given = options.get("visibility_timeout") if isinstance(options, Mapping) else None
        is_number = isinstance(given, int | float) and not isinstance(given, bool)
        found.append(float(given) if is_number and given is not None else usual)
    return min((each for each in found if each is not None), default=None)


def acks_late(answers: InspectAnswers) -> bool:
    """Whether any worker that answered acknowledges tasks when they have ended, by default."""
    return any(_settings(each).get("task_acks_late") is True for each in answers.values.values())


def _settings(conf: object) -> Mapping[str, object]:
    return settings_of(conf) if isinstance(conf, Mapping) else {}
