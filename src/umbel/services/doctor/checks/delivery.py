"""Are tasks delivered once, taken by who can run them, and ended in time?"""

from __future__ import annotations

from typing import Final

from umbel.services.doctor.checks.base import (
    fix_conf,
    found_by,
    having,
    number_of,
    of_health,
    settings,
    unasked,
    ungathered,
)
from umbel.services.doctor.facts import DoctorFacts
from umbel.services.doctor.item import CheckAnswer, shown, unknown, well
from umbel.services.phrases import names, number, span

#: Tasks that run longer are worth a worker each, seconds (95th percentile).
LONG_S: Final = 60.0
#: What Celery takes ahead of each process unless told otherwise.
PREFETCH: Final = 4
#: Serializers that can run code, or that no other language reads.
UNSAFE: Final = frozenset({"pickle", "application/x-python-serialize"})


def visibility_timeout(facts: DoctorFacts) -> CheckAnswer:
    """No task runs, or waits for its ETA, for longer than the broker leaves it to one worker."""
    found = found_by(facts, "visibility-timeout", "duplicate-deliveries")
    health = facts.health
    timeout_s = None if health is None else health.deliveries.visibility_timeout_s
    if timeout_s is None:
        if found:
            return of_health(found)
        if facts.broker.transport in {"redis", "rediss", "sqs"}:
            return unknown(
                "The visibility timeout is not known.",
                "A worker has to tell its configuration.",
            )
        return well("This broker gives no task to a second worker while the first one lives.")
    right = max(7_200.0, 4 * timeout_s)
    fix = fix_conf(broker_transport_options=f'{{"visibility_timeout": {right:.0f}}}')
    if found:
        return of_health(found, fix=fix)
    if facts.tasks.far_eta:
        return CheckAnswer(
            verdict="fault",
            finding=f"{number(facts.tasks.far_eta, 'task')} wait for a time that is further off "
            f"than the visibility timeout of {span(timeout_s)}.",
            why="A worker holds a task with an ETA or countdown without acknowledging it; after "
            "the timeout the broker gives it to another one as well, and it runs twice.",
            fix=fix,
        )
    return well(
        f"No task of the last day ran for longer than the visibility timeout of {span(timeout_s)}."
    )


def acks_late(facts: DoctorFacts) -> CheckAnswer:
    """What becomes of a task whose worker dies."""
    if (answer := unasked(facts)) is not None:
        return answer
    late = having(facts, "task_acks_late", True)
    rejecting = having(facts, "task_reject_on_worker_lost", True)
    lost = facts.tasks.lost
    if found := found_by(facts, "task-comes-again"):
        return of_health(found)
    if not late and lost:
        return CheckAnswer(
            verdict="advice",
            finding=f"{number(lost, 'task')} of the last day failed because the process that ran "
            f"{'it' if lost == 1 else 'them'} was killed.",
            why="Tasks are acknowledged before they run, so what a dying process ran is not run "
            "again. Where a task may run twice without harm, acknowledge it when it has ended.",
            fix=fix_conf(task_acks_late="True", task_reject_on_worker_lost="True"),
            cannot="Tasks can set it for themselves, which the configuration does not tell.",
        )
    if late and not rejecting:
        return CheckAnswer(
            verdict="advice",
            finding="Tasks are acknowledged late, but not given back when their process is killed.",
            evidence=(f"task_acks_late without task_reject_on_worker_lost on {names(late)}.",),
            why="A task whose child process is killed (by the kernel for its memory, say) is "
            "acknowledged as failed all the same, and not run again.",
            fix=fix_conf(task_reject_on_worker_lost="True"),
            cannot="Whether your tasks may run twice without harm: a task that kills its process "
            "each time would come again for ever.",
        )
    how = "when they have ended" if late else "before they run"
    return well(
        f"Tasks are acknowledged {how}, and none of the last day failed because its process was "
        "killed.",
        cannot="Tasks can set it for themselves, which the configuration does not tell.",
    )


def prefetch(facts: DoctorFacts) -> CheckAnswer:
    """A worker takes no more ahead than it soon runs."""
    if (answer := unasked(facts)) is not None:
        return answer
    told = settings(facts, "worker_prefetch_multiplier", PREFETCH)
    greedy = [worker for worker, one in told.items() if (number_of(one) or 0) > 1 or one == 0]
    if facts.health is None:
        return ungathered()
    durations = facts.health.day_runtimes
    long = {
        name: each.p95
        for name, each in durations.items()
        if each.p95 is not None and each.p95 > LONG_S
    }
    if not greedy or not long:
        return well("What workers take ahead fits how long their tasks run.")
    slowest = sorted(long, key=lambda name: -long[name])
    return CheckAnswer(
        verdict="advice",
        finding="Workers take tasks ahead of long ones, and keep others from running them.",
        evidence=shown(
            [
                f"worker_prefetch_multiplier is {told[greedy[0]]} on {names(greedy)}.",
                *(f"{name} runs up to {span(long[name])} (p95)." for name in slowest),
            ]
        ),
        why="A task that a busy worker has taken waits behind a long one, though another worker "
        "is idle.",
        fix=fix_conf(worker_prefetch_multiplier="1"),
        cannot="Whether the long ones run on the same workers as short ones: a queue of their own "
        "with a worker of its own (-Q, --prefetch-multiplier 1) is better still.",
    )


def serializers(facts: DoctorFacts) -> CheckAnswer:
    """Nothing that a worker accepts can run code by being read."""
    if (answer := unasked(facts)) is not None:
        return answer
    accepting = [
        worker
        for worker, one in settings(facts, "accept_content", ["json"]).items()
        if isinstance(one, list) and not UNSAFE.isdisjoint(map(str, one))
    ]
    sending = having(facts, "task_serializer", *UNSAFE)
    results = having(facts, "result_serializer", *UNSAFE)
    events = having(facts, "event_serializer", *UNSAFE)
    if not accepting and not (sending or results or events):
        return well("Workers accept no content that runs code when it is read.")
    evidence = [
        *([f"accept_content has pickle on {names(accepting)}."] if accepting else []),
        *([f"task_serializer is pickle on {names(sending)}."] if sending else []),
        *([f"result_serializer is pickle on {names(results)}."] if results else []),
        *([f"event_serializer is pickle on {names(events)}."] if events else []),
    ]
    return CheckAnswer(
        verdict="fault",
        finding="Workers run whatever somebody writes into the broker: they accept pickle.",
        evidence=shown(evidence),
        why="Reading a pickle runs code of whoever wrote it. Umbel never reads one, so it shows "
        "no arguments and results of such tasks, and cannot send them again.",
        fix=fix_conf(
            accept_content='["json"]', task_serializer='"json"', result_serializer='"json"'
        ),
        cannot="Whether your tasks have arguments that JSON cannot hold.",
    )


def time_limits(facts: DoctorFacts) -> CheckAnswer:
    """A task that hangs is ended some time."""
    if (answer := unasked(facts)) is not None:
        return answer
    without = [
        worker
        for worker, one in settings(facts, "task_time_limit").items()
        if one is None and facts.workers.confs[worker].get("task_soft_time_limit") is None
    ]
    if not without:
        return well("Every worker has a time limit for tasks that set none themselves.")
    return CheckAnswer(
        verdict="advice",
        finding="Tasks that set no time limit may run for ever.",
        evidence=(f"Neither task_time_limit nor task_soft_time_limit on {names(without)}.",),
        why="A task that waits for an answer that never comes takes a process of its worker until "
        "that is restarted.",
        fix=fix_conf(task_soft_time_limit="3300", task_time_limit="3600"),
        cannot="Tasks can set limits for themselves; the page of a worker lists them.",
    )
