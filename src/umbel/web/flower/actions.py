"""Flower's POST routes that act: shutdown, pools, consumers, revoke, abort, time and rate limits.

Each is a plan that is executed at once, so that it is audited like every other action. Open it
when a script of Flower's acts otherwise than it did; what an action does is in `services/control`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import msgspec

from umbel.cluster.task import ENDED
from umbel.services.cluster_services import ClusterServices
from umbel.services.control.bounds import is_refusal
from umbel.services.control.types import ActionPlan, ActionReport, ActionRequest
from umbel.services.control.worker_actions import LIVING_S
from umbel.services.control.worker_survival import ANSWERS_S, BEGINS_S
from umbel.web.flower.arguments import FlowerRequest
from umbel.web.flower.refusal import FlowerRefusal
from umbel.web.flower.workers import require_online_worker, task_exists

#: How long is waited after `Control.execute` for an action to be done, or to be answered by a
#: worker, which has `LIVING_S` for it and then as long as `outlived` takes; seconds.
DONE_S: Final = 1.5
ANSWERED_S: Final = LIVING_S + BEGINS_S + ANSWERS_S + 0.5
#: A worker that refuses, one that went away, and one of which nothing is known.
_STATUS: Final = {
    "refused": HTTPStatus.FORBIDDEN,
    "gone": HTTPStatus.SERVICE_UNAVAILABLE,
    "unknown": HTTPStatus.SERVICE_UNAVAILABLE,
}
_WHERE: Final = "Its report has more: /api/v1/actions/{}."


def shut_down(services: ClusterServices, params: FlowerRequest) -> object:
    require_online_worker(services, params.target)
    _report(services, params, _plan(services, params, action="shutdown", workers=[params.target]))
    return _message("Shutting down!")


def restart_pool(services: ClusterServices, params: FlowerRequest) -> object:
    worker = params.target
    require_online_worker(services, worker)
    _command(services, params, worker, f"restart the '{worker}' pool", action="pool_restart")
    return _message(f"Restarting '{worker}' worker's pool")


def grow_pool(services: ClusterServices, params: FlowerRequest) -> object:
    worker = params.target
    require_online_worker(services, worker)
    n = params.whole("n", 1)
    _command(services, params, worker, f"grow '{worker}' worker's pool", action="pool_grow", n=n)
    return _message(f"Growing '{worker}' worker's pool by {n}")


def shrink_pool(services: ClusterServices, params: FlowerRequest) -> object:
    worker = params.target
    require_online_worker(services, worker)
    n = params.whole("n", 1)
    what = f"shrink '{worker}' worker's pool"
    _command(services, params, worker, what, action="pool_shrink", n=n)
    return _message(f"Shrinking '{worker}' worker's pool by {n}")


def autoscale_pool(services: ClusterServices, params: FlowerRequest) -> object:
    worker = params.target
    require_online_worker(services, worker)
    params.required("min")
    least = params.whole("min")
    params.required("max")
    most = params.whole("max")
    what = f"autoscale '{worker}' worker"
    _command(services, params, worker, what, action="autoscale", min=least, max=most)
    return _message(f"Autoscaling '{worker}' worker (min={least}, max={most})")


def add_consumer(services: ClusterServices, params: FlowerRequest) -> object:
    worker = params.target
    require_online_worker(services, worker)
    queue = params.required("queue")
    what = f"add '{queue}' consumer to '{worker}' worker"
    return _message(_command(services, params, worker, what, action="add_consumer", queue=queue))


def cancel_consumer(services: ClusterServices, params: FlowerRequest) -> object:
    worker = params.target
    require_online_worker(services, worker)
    queue = params.required("queue")
    what = f"cancel '{queue}' consumer from '{worker}' worker"
    return _message(_command(services, params, worker, what, action="cancel_consumer", queue=queue))


def limit_rate(services: ClusterServices, params: FlowerRequest) -> object:
    worker, rate = params.required("workername"), params.required("ratelimit")
    _require_task_and_worker(services, params.target, worker)
    fields = {"action": "rate_limit", "name": params.target, "rate": rate}
    return _message(_command(services, params, worker, "set rate limit", **fields))


def limit_time(services: ClusterServices, params: FlowerRequest) -> object:
    worker = params.required("workername")
    hard, soft = params.number("hard"), params.number("soft")
    _require_task_and_worker(services, params.target, worker)
    fields = {"action": "time_limit", "name": params.target, "hard": hard, "soft": soft}
    return _message(_command(services, params, worker, "set timeouts", **fields))


def revoke_task(services: ClusterServices, params: FlowerRequest) -> object:
    """A task that has ended is left as it is."""
    signal = params.text("signal") or "SIGTERM"
    fields: dict[str, object] = {"action": "revoke", "ids": [params.target]}
    if params.flag("terminate"):
        fields |= {"action": "terminate", "signal": signal}
    plan = _plan(services, params, **fields)
    if not _has_ended(plan):
        _report(services, params, plan)
    return _message(f"Revoked '{params.target}'")


def abort_task(services: ClusterServices, params: FlowerRequest) -> object:
    """A task that has ended is left as it is."""
    services.results.get(params.target)  # whether there is a backend that answers
    plan = _plan(services, params, action="abort", ids=[params.target])
    if not _has_ended(plan):
        _report(services, params, plan)
    return _message(f"Aborted '{params.target}'")


def _message(text: str) -> object:
    return {"message": text}


def _require_task_and_worker(services: ClusterServices, task: str, worker: str) -> None:
    if not task_exists(services, task):
        raise FlowerRefusal(HTTPStatus.NOT_FOUND, f"Unknown task '{task}'")
    require_online_worker(services, worker)


def _has_ended(plan: ActionPlan) -> bool:
    return bool(plan.by_state) and plan.by_state.keys() <= ENDED


def _command(
    services: ClusterServices, params: FlowerRequest, worker: str, what: str, **fields: object
) -> str:
    """Have one worker do something; its words. Raises `FlowerRefusal`, saying that it failed to do
    `what`."""
    plan = _plan(services, params, workers=[worker], **fields)
    report = _report(services, params, plan, answered=True)
    answer = report.workers[0]
    if answer.outcome != "ok":
        raise FlowerRefusal(
            _STATUS[answer.outcome], f"Failed to {what}: {answer.said or answer.answer}"
        )
    return answer.answer or ""


def _plan(services: ClusterServices, params: FlowerRequest, **fields: object) -> ActionPlan:
    """Raises `FlowerRefusal` for what no action takes, and what `Control.plan` raises."""
    try:
        request = msgspec.convert(fields, ActionRequest)
    except msgspec.ValidationError as error:
        raise FlowerRefusal(HTTPStatus.BAD_REQUEST, f"Invalid argument: {error}") from None
    return services.control.plan(request, params.person)


def _report(
    services: ClusterServices, params: FlowerRequest, plan: ActionPlan, *, answered: bool = False
) -> ActionReport:
    """Carry the plan out. Raises `FlowerRefusal` when that cannot be done now; an action that was
    `answered` is told by the answer."""
    refusal = next(filter(is_refusal, plan.skipped), None)
    if refusal is not None and not plan.count:
        raise FlowerRefusal(HTTPStatus.FORBIDDEN, refusal)
    if plan.impossible is not None:
        raise FlowerRefusal(HTTPStatus.SERVICE_UNAVAILABLE, plan.impossible)
    control = services.control
    report = control.execute(plan.id, params.person, plan.confirm)
    if report.state == "running":
        report = control.wait(plan.id, ANSWERED_S if answered else DONE_S)
    if report.state == "running":
        control.cancel(plan.id, params.person)
        raise FlowerRefusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"This was given up: it was not done in time. {_WHERE.format(plan.id)}",
        )
    if report.state != "done" and not (answered and report.workers):
        refused = [each.outcome for each in report.workers] == ["refused"]
        why = next(iter(report.failures), next(iter(report.notes), report.sentence))
        raise FlowerRefusal(_STATUS["refused" if refused else "unknown"], why)
    return report
