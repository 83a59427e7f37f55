"""`GET /api/workers`, `/api/task/types`, `/api/queues/length` and `/workers?json=1`: what the
cluster looks like now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Final

from umbel.broker.base import QueueDepth
from umbel.cluster.worker import ONLINE, Worker
from umbel.errors import BrokerError, NotSupported
from umbel.query.ast import Comparison, Matches
from umbel.services.cluster.inspection import Inspected
from umbel.services.cluster.registered_tasks import workers_by_name
from umbel.services.cluster_services import ClusterServices
from umbel.web.flower.arguments import FlowerRequest
from umbel.web.flower.refusal import FlowerRefusal

#: What is told of every worker, and what of one that is asked for by name.
_ALL: Final[tuple[Inspected, ...]] = ("stats", "active_queues", "registered", "conf")
_ONE: Final[tuple[Inspected, ...]] = (*_ALL, "scheduled", "active", "reserved", "revoked")
#: How many task names of the history are told.
_NAMES_MAX: Final = 1_000
#: How many tasks of one worker are counted, and how long all counting may take, seconds.
_COUNTED_MAX: Final = 1_000_000
_COUNTING_S: Final = 1.0
#: Events that a task in this state must have had at its worker.
_EVENTS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "RECEIVED": ("task-received",),
    "STARTED": ("task-received", "task-started"),
    "SUCCESS": ("task-received", "task-started", "task-succeeded"),
    "FAILURE": ("task-received", "task-started", "task-failed"),
    "RETRY": ("task-received", "task-started", "task-retried"),
    "REVOKED": ("task-received", "task-revoked"),
    "REJECTED": ("task-received", "task-rejected"),
    "UNKNOWN": ("task-received",),
}


def list_workers(services: ClusterServices, params: FlowerRequest) -> object:
    """What workers say of themselves, by name; with `status`, whether each is alive."""
    params.flag("refresh")  # an answer is never older than `inspection.CACHE_S`
    name = params.text("workername")
    if params.flag("status"):
        now = services.clock.now()
        return {each.hostname: alive for each, alive in services.workers.alive(now)}
    if not name:
        return _profiles(services, _ALL)
    found = _profile(services, name)
    if not found:
        require_known_worker(services, name)
    return {name: found}


def require_known_worker(services: ClusterServices, name: str) -> None:
    """Raise `FlowerRefusal` for a worker that was never heard of and does not answer."""
    if _heard_of(services, name) is None and not _answers(services, name):
        raise FlowerRefusal(HTTPStatus.NOT_FOUND, f"Unknown worker '{name}'")


def require_online_worker(services: ClusterServices, name: str) -> None:
    """The same, and for a worker of which nothing is heard now."""
    worker = _heard_of(services, name)
    if worker is not None and worker.status(services.clock.now()) == ONLINE:
        return
    if _answers(services, name):
        return
    if worker is None:
        raise FlowerRefusal(HTTPStatus.NOT_FOUND, f"Unknown worker '{name}'")
    raise FlowerRefusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"Nothing is heard of worker '{name}' now, and it does not answer. It was told nothing.",
    )


def _heard_of(services: ClusterServices, name: str) -> Worker | None:
    return services.workers.find(name)


def _answers(services: ClusterServices, name: str) -> bool:
    return bool(name) and services.inspection.inspect("stats", [name]).answered(name)


def task_exists(services: ClusterServices, name: str) -> bool:
    """Whether tasks of this name can be sent: a worker has it, or the application does. When
    no worker says what it has, names of the history are known."""
    if name.startswith("celery.") or name in services.describe():
        return True
    with suppress(NotSupported):
        text = services.inspection.inspect("registered")
        if text.values:
            return name in workers_by_name(text)
    return name in _seen(services, name)


def task_types(services: ClusterServices, _: FlowerRequest) -> object:
    """The names that workers have registered, and those that were seen."""
    names = set(_seen(services, ""))
    try:
        names |= workers_by_name(services.inspection.inspect("registered")).keys()
    except BrokerError:
        if not names:
            raise
    return {"task-types": sorted(names)}


def queue_lengths(services: ClusterServices, _: FlowerRequest) -> object:
    """The queues that workers consume; all that are known if no worker says. Where RabbitMQ's
    management API is configured, each is all that it tells of it."""
    try:
        found = services.queues.all()
    except NotSupported as error:
        raise FlowerRefusal(HTTPStatus.NOT_FOUND, str(error)) from error
    if not found.capabilities.can("depth"):
        raise FlowerRefusal(HTTPStatus.NOT_FOUND, found.capabilities.missing["depth"])
    consumed = [row for row in found.items if row.workers]
    lengths = {
        row.name: _messages(row, found.capabilities.transport) for row in consumed or found.items
    }
    objects = services.queues.objects([*lengths])
    return {
        "active_queues": [
            objects.get(name) or {"name": name, "messages": length}
            for name, length in lengths.items()
            if name in objects or length is not None
        ]
    }


def workers_table(services: ClusterServices) -> object:
    """The rows of Flower's page of workers."""
    now = services.clock.now()
    until = services.clock.monotonic() + _COUNTING_S
    rows = [_row(services, each, alive, now, until) for each, alive in services.workers.alive(now)]
    return {"data": rows}


def _profile(services: ClusterServices, name: str) -> dict[str, object]:
    """What one worker says; whoever does not answer once is asked nothing more."""
    answers = services.inspection.profile(name, _ONE)
    answered: dict[str, object] = {
        what: _without_alternates(what, value) for what, value in answers.items()
    }
    return answered | {"timestamp": services.clock.now()} if answered else {}


def _profiles(
    services: ClusterServices, wanted: Sequence[Inspected]
) -> dict[str, dict[str, object]]:
    """What workers say. Those that do not answer are left out."""
    profiles: dict[str, dict[str, object]] = {}
    for answer in services.inspection.profiles(wanted):
        for worker, value in answer.values.items():
            profiles.setdefault(worker, {})[answer.what] = _without_alternates(answer.what, value)
            profiles[worker]["timestamp"] = answer.at
    return profiles


def _without_alternates(what: Inspected, value: object) -> object:
    """Flower leaves out the other addresses of the broker."""
    if what != "stats" or not isinstance(value, Mapping):
        return value
    broker = value.get("broker")
    if not isinstance(broker, Mapping):
        return value
    return {**value, "broker": {k: v for k, v in broker.items() if k != "alternates"}}


def _seen(services: ClusterServices, prefix: str) -> list[str]:
    return [each.value for each in services.store.suggest("name", prefix, _NAMES_MAX)]


def _messages(row: QueueDepth, transport: str) -> int | None:
    """What waits; on AMQP with what workers hold, as RabbitMQ's management counts it."""
    if row.ready is None or "amqp" not in transport:
        return row.ready
    return row.ready + (row.unacknowledged or 0)


def _row(
    services: ClusterServices, worker: Worker, alive: bool, now: float, until: float
) -> dict[str, object]:
    left_s = until - services.clock.monotonic()
    counts = _counts(services, worker.hostname, now, left_s) if left_s > 0 else {}
    return {
        **counts,
        "hostname": worker.hostname,
        "pid": worker.pid,
        "freq": worker.freq,
        "heartbeats": [] if worker.heartbeat is None else [worker.heartbeat],
        "clock": None,
        "active": worker.active,
        "processed": worker.processed,
        "loadavg": worker.loadavg,
        "sw_ident": worker.sw_ident,
        "sw_ver": worker.sw_ver,
        "sw_sys": worker.sw_sys,
        "status": alive,
    }


def _counts(
    services: ClusterServices, worker: str, now: float, budget_s: float
) -> dict[str, object]:
    """Events that the stored tasks of a worker must have had there, by kind; each task
    counts once. None if counting takes too long."""
    found = services.store.count(
        Matches("worker", Comparison.EQUALS, (worker,)),
        now=now,
        by="state",
        cap=_COUNTED_MAX,
        budget_s=budget_s,
    )
    if not found.complete or found.capped:
        return {}
    counts: dict[str, object] = {}
    for kind in dict.fromkeys(kind for kinds in _EVENTS_OF.values() for kind in kinds):
        total = sum(n for state, n in found.groups.items() if kind in _EVENTS_OF.get(state, ()))
        if total:
            counts[kind] = total
    return counts
