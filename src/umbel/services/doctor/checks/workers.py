"""Do workers answer, agree with each other, and know the time and the tasks that are sent?"""

from __future__ import annotations

from typing import Final

from umbel.services.control.bounds import is_built_in
from umbel.services.doctor.checks.base import UNREACHED, found_by, of_health, ungathered
from umbel.services.doctor.facts import DoctorFacts
from umbel.services.doctor.item import CheckAnswer, DoctorFix, shell, shown, unknown, well
from umbel.services.health.health_finding import FindingAction
from umbel.services.phrases import names, number

_NO_VERSION: Final = "not told"


def worker_answers(facts: DoctorFacts) -> CheckAnswer:
    """Every worker that is online answers remote control."""
    given = facts.workers
    if given.trouble:
        return unknown(given.trouble, "What workers say of themselves: all that follows from it.")
    online = [each for each in facts.diagnosis.workers if each.status == "online"]
    if not online:
        found = found_by(facts, "no-worker", "worker-silent")
        if found:
            return of_health(found)
        return unknown("No worker is online.", "Start one: celery -A yourapp worker -E")
    if given.silent and given.unread:
        return CheckAnswer(
            verdict="advice",
            finding=f"{number(len(given.silent), 'worker')} gave no answer that can be read.",
            evidence=shown([*given.unread, *given.silent]),
            why="Workers answer by their task_serializer, and what is pickled is never read. "
            "Nothing can be learned of these, nor whether an action reached them.",
            fix=DoctorFix(
                text="app.conf.task_serializer = 'json'",
                where="the configuration of the Celery application",
            ),
            cannot="Which worker gave which answer.",
        )
    if given.silent:
        return CheckAnswer(
            verdict="advice",
            finding=f"{number(len(given.silent), 'worker')} did not answer in time.",
            evidence=shown([*given.silent]),
            why="It is busy (the solo pool answers between tasks alone), its remote control is off "
            "(worker_enable_remote_control), or the broker is slow. Nothing can be asked of it, "
            "and no action reaches it.",
            fix=shell("umbel serve --inspect-timeout 5"),
            cannot="Which of these it is.",
        )
    return well(f"{number(len(online), 'worker')} of {len(online):,} online answered.")


def worker_versions(facts: DoctorFacts) -> CheckAnswer:
    """All run the same Celery."""
    software: dict[str, list[str]] = {}
    for each in facts.diagnosis.workers:
        if each.status == "online":
            software.setdefault(each.software or _NO_VERSION, []).append(each.hostname)
    known = {version: who for version, who in software.items() if version != _NO_VERSION}
    if not known:
        return unknown("No worker told its version.", "Heartbeats tell it.")
    if len(known) == 1:
        return well(f"All workers run {next(iter(known))}.")
    most = sorted(known, key=lambda version: -len(known[version]))
    return CheckAnswer(
        verdict="advice",
        finding=f"Workers run {len(known)} versions of Celery.",
        evidence=shown([f"{version}: {names(known[version])}" for version in most]),
        why="Versions write messages and results in different ways; during a deploy that is "
        "usual, later somebody was forgotten.",
        fix=DoctorFix(
            action=FindingAction(label="Look at the workers", kind="link", address="workers")
        ),
    )


def worker_clocks(facts: DoctorFacts) -> CheckAnswer:
    """Clocks agree with that of this machine."""
    found = found_by(facts, "clock-skew")
    if found:
        return of_health(
            found,
            fix=shell("timedatectl set-ntp true  # on the worker's machine"),
            cannot="Which of the two clocks is wrong.",
        )
    if facts.health is None:
        return ungathered()
    if not any(each.status == "online" for each in facts.diagnosis.workers):
        return unknown("No worker is online.", "Heartbeats carry the time of a worker's clock.")
    return well("No worker's clock differs from this machine's by five seconds or more.")


def unregistered_names(facts: DoctorFacts) -> CheckAnswer:
    """Every name that is sent is registered somewhere."""
    given = facts.workers
    if given.trouble:
        return UNREACHED
    if not given.registered:
        return unknown(
            "No worker told which tasks it has registered.",
            "A worker has to answer `registered`.",
        )
    registered = frozenset().union(*given.registered.values())
    strange = {
        name: count
        for name, count in facts.tasks.names.items()
        if name not in registered and not is_built_in(name)
    }
    cannot = ""
    if given.unheard:
        cannot = f"{names(given.unheard)} did not answer and may know them."
    if not facts.tasks.names_complete:
        cannot += " There are more names than were looked at."
    if not strange:
        return well("Every name that was sent in the last day is registered by a worker.",
                    cannot=cannot.strip())  # fmt: skip
    most = sorted(strange, key=lambda name: -strange[name])
    return CheckAnswer(
        verdict="advice" if given.unheard else "fault",
        finding=f"{number(len(strange), 'name')} that {'was' if len(strange) == 1 else 'were'} "
        "sent in the last day no worker has registered.",
        evidence=shown([f"{name}: {number(strange[name], 'task')}" for name in most]),
        why="A worker throws away a task whose name it does not know (NotRegistered), and says so "
        "in its log alone. Usually a module is missing in `imports`, or the sender is newer than "
        "the workers.",
        fix=DoctorFix(
            text="app.autodiscover_tasks()  # or: app.conf.imports = [...]",
            where="the configuration of the Celery application",
        ),
        cannot=cannot.strip(),
    )


def queue_consumers(facts: DoctorFacts) -> CheckAnswer:
    """Whatever waits is consumed by somebody."""
    found = found_by(facts, "queue-without-consumer", "queue-growing", "queue-older-than-usual")
    if found:
        return of_health(found)
    if facts.health is None or facts.health.queues is None:
        if facts.health is None:
            return ungathered()
        return unknown(
            " ".join(facts.health.unknown) or "The queues could not be asked.",
            "The broker has to answer.",
        )
    queues = facts.health.queues
    waiting = sum(each.now.ready for each in queues)
    paused = [each.name for each in queues if each.pause is not None]
    but = f", but for {names(paused)}, which somebody paused" if paused else ""
    wait = "waits" if waiting == 1 else "wait"
    return well(f"{number(len(queues), 'queue')}, in which {number(waiting, 'message')} "
                f"{wait}; none is without a consumer{but}.")  # fmt: skip
