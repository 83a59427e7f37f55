"""All checks of the doctor, by their ids: the anchors of their sections in docs/doctor.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from umbel.services.doctor.checks import (
    broker,
    delivery,
    events,
    results,
    schedule,
    server,
    workers,
)
from umbel.services.doctor.facts import DoctorFacts, Part
from umbel.services.doctor.item import VERDICTS, CheckAnswer, DoctorItem


class DoctorCheck(NamedTuple):
    """What it is about, the pure function that looks, and the facts that it looks at."""

    subject: str
    judge: Callable[[DoctorFacts], CheckAnswer]
    needs: frozenset[Part]


def _check(subject: str, judge: Callable[[DoctorFacts], CheckAnswer], *needs: Part) -> DoctorCheck:
    return DoctorCheck(subject, judge, frozenset(needs))


#: Of equal verdicts those of the earlier check come first.
DOCTOR_CHECKS: Final[Mapping[str, DoctorCheck]] = {
    "broker": _check("Broker", broker.broker_heard, "health", "broker"),
    "events": _check("Task events", events.events_on, "health"),
    "events-heard": _check("What Umbel could not see", events.events_heard, "health"),
    "thread-pools": _check("Pools of threads", events.thread_pools, "workers", "health"),
    "worker-answers": _check("Remote control", workers.worker_answers, "workers", "health"),
    "queues": _check("Queues", workers.queue_consumers, "health"),
    "names": _check("Registered names", workers.unregistered_names, "workers", "tasks"),
    "beat": _check("Beat", schedule.beat_sends, "health"),
    "access": _check("Access", server.server_access),
    "serializers": _check("Serializers", delivery.serializers, "workers"),
    "visibility-timeout": _check(
        "Visibility timeout", delivery.visibility_timeout, "health", "broker", "tasks"
    ),
    "broker-memory": _check("Memory of the broker", broker.broker_memory, "broker"),
    "disk": _check("Disk", server.disk_room, "health"),
    "clocks": _check("Clocks", workers.worker_clocks, "health"),
    "results": _check("Result backend", results.result_backend, "results", "workers"),
    "result-extended": _check("Arguments in results", results.result_extended, "workers"),
    "result-expiry": _check("Expiry of results", results.result_expiry, "workers"),
    "sent-events": _check("Sent events", events.sent_events, "tasks"),
    "acks-late": _check("Acknowledgement", delivery.acks_late, "workers", "tasks", "health"),
    "prefetch": _check("Prefetch", delivery.prefetch, "workers", "health"),
    "time-limits": _check("Time limits", delivery.time_limits, "workers"),
    "versions": _check("Versions of workers", workers.worker_versions, "health"),
    "broker-tells": _check("What the broker tells", broker.broker_tells, "broker"),
    "software": _check("This server", server.software_here, "health"),
}


def looked_at(facts: DoctorFacts) -> tuple[DoctorItem, ...]:
    """What every check says, the worst first."""
    items = [checked(name, facts) for name in DOCTOR_CHECKS]
    return tuple(sorted(items, key=lambda each: VERDICTS.index(each.verdict)))


def checked(name: str, facts: DoctorFacts) -> DoctorItem:
    """What the check of this id says."""
    check = DOCTOR_CHECKS[name]
    answer = check.judge(facts)
    return DoctorItem(
        id=name,
        subject=check.subject,
        verdict=answer.verdict,
        finding=answer.finding,
        evidence=answer.evidence,
        why=answer.why,
        fix=answer.fix,
        cannot=answer.cannot,
        docs=f"docs/doctor#{name}",
    )
