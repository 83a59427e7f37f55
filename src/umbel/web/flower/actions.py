"""What Flower's API changes at workers and tasks: each a plan that is executed at once, so
that it is audited like every other action."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec

from umbel.cluster.task import ENDED
from umbel.services.control.types import ActionPlan, ActionReport, ActionRequest
from umbel.services.control.worker_actions import NAMED_S
from umbel.services.control.worker_survival import ANSWERS_S, BEGINS_S
from umbel.web.flower.arguments import Asked
from umbel.web.flower.refusal import Refused
from umbel.web.flower.workers import is_known_task, must_be_there
from umbel.web.handlers import Services

#: How long is waited after `Control.execute` for an action to be done, or to be answered by a
#: worker, which has `NAMED_S` for it and then as long as `outlived` takes; seconds.
DONE_S: Final = 1.5
ANSWERED_S: Final = NAMED_S + BEGINS_S + ANSWERS_S + 0.5
#: A worker that refuses, one that went away, and one of which nothing is known.
_STATUS: Final = {
    "refused": HTTPStatus.FORBIDDEN,
    "gone": HTTPStatus.SERVICE_UNAVAILABLE,
    "unknown": HTTPStatus.SERVICE_UNAVAILABLE,
}
_WHERE: Final = "Its report has more: /api/v1/actions/{}."


def shut_down(services: Services, asked: Asked) -> object:
    must_be_there(services, asked.target)
    _report(services, asked, _plan(services, asked, action="shutdown", workers=[asked.target]))
    return _message("Shutting down!")


def restart_pool(services: Services, asked: Asked) -> object:
    worker = asked.target
    must_be_there(services, worker)
    _command(services, asked, worker, f"restart the '{worker}' pool", action="pool_restart")
    return _message(f"Restarting '{worker}' worker's pool")


def grow_pool(services: Services, asked: Asked) -> object:
    worker = asked.target
    must_be_there(services, worker)
    n = asked.whole("n", 1)
    _command(services, asked, worker, f"grow '{worker}' worker's pool", action="pool_grow", n=n)
    return _message(f"Growing '{worker}' worker's pool by {n}")


def shrink_pool(services: Services, asked: Asked) -> object:
    worker = asked.target
    must_be_there(services, worker)
    n = asked.whole("n", 1)
    what = f"shrink '{worker}' worker's pool"
    _command(services, asked, worker, what, action="pool_shrink", n=n)
    return _message(f"Shrinking '{worker}' worker's pool by {n}")


def autoscale_pool(services: Services, asked: Asked) -> object:
    worker = asked.target
    must_be_there(services, worker)
    asked.required("min")
    least = asked.whole("min")
    asked.required("max")
    most = asked.whole("max")
    what = f"autoscale '{worker}' worker"
    _command(services, asked, worker, what, action="autoscale", min=least, max=most)
    return _message(f"Autoscaling '{worker}' worker (min={least}, max={most})")


def add_consumer(services: Services, asked: Asked) -> object:
    worker = asked.target
    must_be_there(services, worker)
    queue = asked.required("queue")
    what = f"add '{queue}' consumer to '{worker}' worker"
    return _message(_command(services, asked, worker, what, action="add_consumer", queue=queue))


def cancel_consumer(services: Services, asked: Asked) -> object:
    worker = asked.target
    must_be_there(services, worker)
    queue = asked.required("queue")
    what = f"cancel '{queue}' consumer from '{worker}' worker"
    return _message(_command(services, asked, worker, what, action="cancel_consumer", queue=queue))


def limit_rate(services: Services, asked: Asked) -> object:
    worker, rate = asked.required("workername"), asked.required("ratelimit")
    _both_must_be_known(services, asked.target, worker)
    fields = {"action": "rate_limit", "name": asked.target, "rate": rate}
    return _message(_command(services, asked, worker, "set rate limit", **fields))


def limit_time(services: Services, asked: Asked) -> object:
    worker = asked.required("workername")
    hard, soft = asked.number("hard"), asked.number("soft")
    _both_must_be_known(services, asked.target, worker)
    fields = {"action": "time_limit", "name": asked.target, "hard": hard, "soft": soft}
    return _message(_command(services, asked, worker, "set timeouts", **fields))


def revoke_task(services: Services, asked: Asked) -> object:
    """A task that has ended is left as it is."""
    signal = asked.text("signal") or "SIGTERM"
    fields: dict[str, object] = {"action": "revoke", "ids": [asked.target]}
    if asked.flag("terminate"):
        fields |= {"action": "terminate", "signal": signal}
    plan = _plan(services, asked, **fields)
    if not _has_ended(plan):
        _report(services, asked, plan)
    return _message(f"Revoked '{asked.target}'")


def abort_task(services: Services, asked: Asked) -> object:
    """A task that has ended is left as it is."""
    services.levers.results.get(asked.target)  # whether there is a backend that answers
    plan = _plan(services, asked, action="abort", ids=[asked.target])
    if not _has_ended(plan):
        _report(services, asked, plan)
    return _message(f"Aborted '{asked.target}'")


def _message(text: str) -> object:
    return {"message": text}


def _both_must_be_known(services: Services, task: str, worker: str) -> None:
    if not is_known_task(services, task):
        raise Refused(HTTPStatus.NOT_FOUND, f"Unknown task '{task}'")
    must_be_there(services, worker)


def _has_ended(plan: ActionPlan) -> bool:
    return bool(plan.by_state) and plan.by_state.keys() <= ENDED


def _command(services: Services, asked: Asked, worker: str, what: str, **fields: object) -> str:
    """Have one worker do something; its words. Raises `Refused`, saying that it failed to do
    `what`."""
    plan = _plan(services, asked, workers=[worker], **fields)
    report = _report(services, asked, plan, answered=True)
    answer = report.workers[0]
    if answer.outcome != "ok":
        raise Refused(_STATUS[answer.outcome], f"Failed to {what}: {answer.said or answer.answer}")
    return answer.answer or ""


def _plan(services: Services, asked: Asked, **fields: object) -> ActionPlan:
    """Raises `Refused` for what no action takes, and what `Control.plan` raises."""
    try:
        request = msgspec.convert(fields, ActionRequest)
    except msgspec.ValidationError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"Invalid argument: {error}") from None
    return services.levers.control.plan(request, asked.person)


def _report(
    services: Services, asked: Asked, plan: ActionPlan, *, answered: bool = False
) -> ActionReport:
    """Carry the plan out. Raises `Refused` when that cannot be done now; an action that was
    `answered` is told by the answer."""
    if plan.impossible is not None:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, plan.impossible)
    control = services.levers.control
    report = control.execute(plan.id, asked.person, plan.confirm)
    if report.state == "running":
        report = control.wait(plan.id, ANSWERED_S if answered else DONE_S)
    if report.state == "running":
        control.cancel(plan.id, asked.person)
        raise Refused(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"This was given up: it was not done in time. {_WHERE.format(plan.id)}",
        )
    if report.state != "done" and not (answered and report.workers):
        refused = [each.outcome for each in report.workers] == ["refused"]
        why = next(iter(report.failures), next(iter(report.notes), report.sentence))
        raise Refused(_STATUS["refused" if refused else "unknown"], why)
    return report
