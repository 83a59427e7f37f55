"""Do workers and senders tell what happens, and did Umbel hear it?"""

from __future__ import annotations

from typing import Final

from umbel.services.doctor.checks.base import (
    UNREACHED,
    fix_conf,
    found_by,
    of_health,
    ungathered,
)
from umbel.services.doctor.facts import DoctorFacts
from umbel.services.doctor.item import CheckAnswer, DoctorFix, shown, unknown, well
from umbel.services.phrases import number

#: Below this share of tasks with a `task-sent` event somebody does not send it.
SENT_SHARE: Final = 0.9
#: Fewer tasks say nothing of what is usual.
TASKS_MIN: Final = 10
_THREADS: Final = "celery.concurrency.thread"


def events_on(facts: DoctorFacts) -> CheckAnswer:
    """Every worker that runs tasks tells of them."""
    found = found_by(facts, "events-off")
    if found:
        lasting = fix_conf(worker_send_task_events="True")
        return of_health(
            found, fix=DoctorFix(text=lasting.text, where=lasting.where, action=found[0].action)
        )
    on = sum(1 for each in facts.diagnosis.workers if each.events == "on")
    if facts.health is None:
        return ungathered()
    if not on:
        return unknown(
            "No worker has been seen to run a task yet.",
            "Run one: a worker that runs tasks and tells of none is found then.",
        )
    return well(f"{number(on, 'worker')} {'tells of its' if on == 1 else 'tell of their'} tasks.")


def sent_events(facts: DoctorFacts) -> CheckAnswer:
    """Whoever sends tasks tells of it, so that waiting is known from the beginning."""
    used = facts.tasks
    if used.looked_at < TASKS_MIN:
        return unknown(
            "Too few tasks ran in the last day to tell whether senders tell of them.",
            f"{TASKS_MIN} tasks are enough.",
        )
    share = used.sent / used.looked_at
    evidence = [f"{used.sent:,} of the last {used.looked_at:,} tasks have a task-sent event."]
    if share >= SENT_SHARE:
        return well("Senders tell of the tasks that they send.", evidence=evidence)
    return CheckAnswer(
        verdict="advice",
        finding="Tasks are not seen before a worker takes them."
        if share < 0.1
        else "Some senders do not tell of the tasks that they send.",
        evidence=shown(evidence),
        why="Without it nobody knows how long tasks wait, which of them wait in a queue, or that "
        "one was sent to a queue that nobody consumes; on Redis the age of the oldest message is "
        "not known either.",
        fix=fix_conf(task_send_sent_event="True"),
        cannot="The setting is of the process that sends (your web application, beat), which "
        "cannot be asked.",
    )


def thread_pools(facts: DoctorFacts) -> CheckAnswer:
    """No worker throws its own events away."""
    given = facts.workers
    if not given.confs:
        no_answer = unknown("No worker answered.", "A worker has to answer `stats`.")
        return UNREACHED if given.trouble else no_answer
    losing = [worker for worker, pool in given.pools.items() if pool == _THREADS]
    if not losing:
        return well("No worker loses events by itself.")
    streams = [each.stream for each in facts.status.collectors if each.stream is not None]
    if streams and all(each.is_whole for each in streams):
        return well("Workers with a pool of threads tell all of their events by StreamEvents.")
    few = len(losing) == 1
    untold = {each.hostname: each.untold for each in facts.diagnosis.workers if each.untold}
    evidence = [
        f"{worker}: of {number(untold[worker], 'task')} no start was told"
        if worker in untold
        else worker
        for worker in losing
    ]
    return CheckAnswer(
        verdict="fault",
        finding=f"{number(len(losing), 'worker')} with a pool of threads "
        f"{'loses' if few else 'lose'} some of {'its' if few else 'their'} own events.",
        evidence=shown(evidence),
        why="Before Celery 5.7, what threads tell while a batch of events is being sent is cleared "
        "with it: under load most starts and many ends are never sent, to Umbel or anybody. Tasks "
        "seem to hang until Umbel asks for them.",
        fix=DoctorFix(
            text='app = Celery(..., events="umbel.worker:StreamEvents")  # or: Celery 5.7',
            where="the Celery application",
        ),
        cannot="Whether StreamEvents, with which none is lost, is there already.",
    )


def events_heard(facts: DoctorFacts) -> CheckAnswer:
    """What may have passed unseen, and what came and could not be read."""
    found = found_by(facts, "events-missed", "history-gap", "worker-name-shared")
    discarded = [each.sentence for each in facts.diagnosis.discarded]
    if found:
        return of_health(found)
    if facts.diagnosis.foreign_consumers:
        return CheckAnswer(
            verdict="fault",
            finding="Another program reads from Umbel's queue, so events are shared with it.",
            why="Each of its messages is one that Umbel never sees.",
            fix=DoctorFix(text='[collector]\nqueue = "umbel-of-this-cluster"', where="umbel.toml"),
        )
    if discarded:
        return CheckAnswer(
            verdict="advice",
            finding="Some events came and could not be read.",
            evidence=shown(discarded),
            why="What they told is not in the history.",
            fix=fix_conf(event_serializer='"json"'),
        )
    if facts.health is None:
        return ungathered()
    return well("No gap, and nothing that could not be read.")
