"""What would happen: a request and what was found, made into sentences and numbers.

Pure: it asks nothing and knows no time of its own.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import msgspec

from umbel.cluster.task import ENDED
from umbel.services.control.argument_recovery import MAYBE_REPEATED, REPEATED
from umbel.services.control.bounds import is_refusal
from umbel.services.control.consequences import of_tasks, of_workers
from umbel.services.control.phrases import NAME_MAX, VERBS, counted, cut, listed
from umbel.services.control.plan_inputs import ClusterFacts, PlanHeader, TargetSummary
from umbel.services.control.targets import Target
from umbel.services.control.types import (
    CONFIRM_OVER,
    PLAN_EXPIRES_S,
    ActionPlan,
    ActionRequest,
    Chosen,
)

_ALREADY_ENDED: Final = "These have ended already."
_NOT_COUNTED: Final = (
    "No task to do this to was found in the time that a plan may take, and whether there is one "
    "is not known: not everything was looked through. Narrow the search, by a time such as "
    "seen:-1h.. or by a name, and plan again."
)
_WORKER_SENTENCES: Final = {
    "shutdown": "Shut down", "pool_restart": "Restart the pool of", "pool_grow": "Grow the pool of",
    "pool_shrink": "Shrink the pool of", "autoscale": "Set autoscale of",
    "add_consumer": "Let", "cancel_consumer": "Stop",
    "enable_events": "Enable events on", "disable_events": "Disable events on",
    "ping": "Ping", "log_level": "Set the log level of",
    "rate_limit": "Limit the rate on", "time_limit": "Limit the time on",
}  # fmt: skip
NO_LOG_LEVEL: Final = (
    "Celery has no command that changes the log level of a running worker. Restart the "
    "worker with --loglevel."
)


def plan_tasks(header: PlanHeader, found: TargetSummary, facts: ClusterFacts) -> ActionPlan:
    """The plan of an action on tasks."""
    request = header.request
    ended = sum(n for state, n in found.by_state.items() if state in ENDED)
    skipped = dict(found.unrepeatable)
    if request.action != "retry" and ended:
        skipped[_ALREADY_ENDED] = ended
    count = max(0, found.able, found.total - sum(skipped.values()))
    for refusal, number in found.not_permitted.items():
        skipped[refusal] = skipped.get(refusal, 0) + number
    return plan_of(
        header,
        sentence=_task_sentence(request, count, found),
        count=count,
        capped=found.capped,
        complete=found.complete,
        skipped=skipped,
        by_state=dict(found.by_state),
        fidelity=dict(found.fidelity),
        sample=tuple(_chosen(request, target, found) for target in (*found.sample, *found.outside)),
        bounds=None if header.bounds is None else header.bounds.grants,
        consequences=(*of_tasks(request, count, found, facts), *found.troubles),
        workers=_answering(request, found, facts),
        impossible=facts.impossible or _nothing_left(request, count, found),
    )


def plan_workers(header: PlanHeader, facts: ClusterFacts) -> ActionPlan:
    """The plan of an action on workers, or on a task name at workers."""
    request = header.request
    workers = tuple(request.workers) or facts.addressed
    impossible = NO_LOG_LEVEL if request.action == "log_level" else facts.impossible
    if impossible is None and not workers:
        impossible = (
            "No worker is known that could answer. Check that workers run and that they reach "
            "the same broker."
        )
    return plan_of(
        header,
        sentence=worker_sentence(request, workers),
        count=len(workers),
        consequences=of_workers(request, facts),
        workers=workers,
        impossible=impossible,
    )


def plan_purge(header: PlanHeader, ready: int | None, trouble: str | None) -> ActionPlan:
    """The plan of emptying a queue in which `ready` messages wait, None if unknown."""
    queue = header.request.queue or ""
    if ready is None:
        sentence = f"Remove all messages from the queue {queue}; how many is not known."
    else:
        sentence = f"Remove {counted(ready, 'message')} from the queue {queue}."
    return plan_of(
        header,
        sentence=sentence,
        count=ready or 0,
        consequences=(
            "Removed messages cannot be brought back; their tasks never run.",
            "Messages that workers have fetched already stay with them.",
        ),
        impossible=trouble,
    )


def plan_of(header: PlanHeader, *, sentence: str, count: int, **more: object) -> ActionPlan:
    """A plan with what every plan has, and the number that must be typed, if any."""
    plan = ActionPlan(
        id=header.id,
        request=header.request,
        actor=header.actor,
        made=header.made,
        expires=header.made + PLAN_EXPIRES_S,
        sentence=sentence,
        count=count,
    )
    plan = msgspec.structs.replace(plan, **more)
    if plan.impossible is not None:
        return plan
    return msgspec.structs.replace(plan, confirm=count if _needs_number(plan) else None)


def _needs_number(plan: ActionPlan) -> bool:
    """Whether its number must be typed: for many, for nobody knows how many, and for what
    cannot be undone."""
    is_final = plan.request.action == "purge" and plan.count > 0
    return plan.count > CONFIRM_OVER or not plan.complete or is_final


def _task_sentence(request: ActionRequest, count: int, found: TargetSummary) -> str:
    over = (
        "" if not count else "more than " if found.capped else "" if found.complete else "at least "
    )
    if not count and not found.complete:
        return f"{VERBS[request.action][0]} tasks, whose number was not counted in time."
    by = found.chosen_by
    which = f"{by[:1].lower()}{by[1:]}" if by else _named(request, count, found)
    chosen = f": {which}" if which else ""
    signal = f" with {request.signal}" if request.action == "terminate" else ""
    return f"{VERBS[request.action][0]} {over}{counted(count, 'task')}{signal}{chosen}."


def _named(request: ActionRequest, count: int, found: TargetSummary) -> str:
    """`3 × shop.mail.send and 1 × shop.orders.ship`, or nothing where not all names are known."""
    names = Counter(found.names) or Counter(
        each.name
        for each in (_chosen(request, target, found) for target in found.sample)
        if each.name is not None and each.why is None
    )
    if names.total() != count:
        return ""
    numbers = [(cut(name, NAME_MAX), number) for name, number in names.most_common()]
    return listed([name if number == count else f"{number:,} × {name}" for name, number in numbers])


def _chosen(request: ActionRequest, target: Target, found: TargetSummary) -> Chosen:
    state, name = (target.task.state, target.task.name) if target.task else (None, None)
    fidelity, why = found.fidelities.get(target.uuid, (None, None))
    if why is None and request.action != "retry" and target.has_ended:
        why = "It has ended already."
    return Chosen(uuid=target.uuid, state=state, name=name, fidelity=fidelity, why=why)


def _answering(
    request: ActionRequest, found: TargetSummary, facts: ClusterFacts
) -> tuple[str, ...]:
    if request.action == "revoke":
        return facts.addressed
    if request.action == "terminate":
        return tuple(sorted({*found.running_on, *facts.addressed}))
    return ()


def _nothing_left(request: ActionRequest, count: int, found: TargetSummary) -> str | None:
    if count:
        return None
    if not found.complete:
        return _NOT_COUNTED
    refusals = [each for each in (*found.not_permitted, *found.unrepeatable) if is_refusal(each)]
    if refusals:
        return f"There is nothing left to do. {refusals[0]}"
    if not found.total:
        return "No task matches, so there is nothing to do."
    if request.action == "retry" and {*found.unrepeatable} == {REPEATED}:
        return "All of these were sent again already. Include those to send them once more."
    if request.action == "retry" and {*found.unrepeatable} <= {REPEATED, MAYBE_REPEATED}:
        return f"There is nothing left to do. {MAYBE_REPEATED}"
    if request.action == "retry":
        return (
            "None of these tasks can be sent again as it was. Give its arguments to send it "
            "with those."
        )
    return f"All of these have ended, so there is nothing to {request.action}."


def _time_limits(request: ActionRequest) -> str:
    limits = (("soft", request.soft), ("hard", request.hard))
    words = [f"{value:g} s ({kind})" for kind, value in limits if value is not None]
    return f" to {' and '.join(words)}" if words else ""


def worker_sentence(request: ActionRequest, workers: tuple[str, ...]) -> str:
    """What an action does to `workers`; none of them are those who listen, if any does."""
    where = listed(workers) if workers else "every worker that listens"
    detail = {
        "rate_limit": f" to {request.rate} for {request.name}",
        "time_limit": f"{_time_limits(request)} for {request.name}",
        "pool_grow": f" by {request.n}",
        "pool_shrink": f" by {request.n}",
        "autoscale": f" to {request.min} to {request.max}",
        "add_consumer": f" consume the queue {request.queue}",
        "cancel_consumer": f" consuming the queue {request.queue}",
        "log_level": f" to {request.level}",
    }
    deed = _WORKER_SENTENCES[request.action]
    if request.action == "time_limit" and request.soft is None and request.hard is None:
        deed = "Lift the time limits on"
    return f"{deed} {where}{detail.get(request.action, '')}."
