"""Handlers that plan and run actions, send tasks, and read the audit."""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.cluster.task import PENDING
from umbel.errors import ResultsUnavailable
from umbel.results.base import Result
from umbel.services.cluster_services import ClusterServices
from umbel.services.control.task_sender import Apply, SentTask
from umbel.services.control.types import Action, ActionPlan, ActionReport, ActionRequest
from umbel.store.ledger import AuditPage
from umbel.web import requests, responses
from umbel.web.long_requests import ResultWaiter
from umbel.web.requests import WAIT_MAX_S

#: How many of the ids that an action names a list tells.
_IDS_LISTED: Final = 20


def plan_action(services: ClusterServices, params: ActionRequest, actor: Actor) -> ActionPlan:
    return services.control.plan(params, actor)


def plan_pause(services: ClusterServices, params: requests.PauseQueue, actor: Actor) -> ActionPlan:
    request = ActionRequest(action="pause", queue=params.name, reason=params.reason)
    return services.control.plan(request, actor)


def plan_resume(services: ClusterServices, params: requests.PauseQueue, actor: Actor) -> ActionPlan:
    request = ActionRequest(action="resume", queue=params.name, reason=params.reason)
    return services.control.plan(request, actor)


def execute_action(
    services: ClusterServices, params: requests.ExecuteAction, actor: Actor
) -> ActionReport:
    report = services.control.execute(params.id, actor, params.confirm, params.reason)
    services.queues.forget()
    services.health_findings.forget()
    return report


def cancel_action(
    services: ClusterServices, params: requests.CancelAction, actor: Actor
) -> ActionReport:
    return services.control.cancel(params.id, actor)


def one_action(services: ClusterServices, params: requests.OneAction) -> Action:
    return services.control.action(params.id)


def list_actions(services: ClusterServices, params: requests.ListActions) -> responses.Actions:
    found = services.control.actions(params.before, params.limit)
    more = len(found) == params.limit
    return responses.Actions(
        items=tuple(map(_shortened, found)), next=found[-1].plan.made if more else None
    )


async def apply_task(
    services: ClusterServices, params: Apply, actor: Actor, waiter: ResultWaiter
) -> SentTask | responses.Accepted:
    apply, cluster = services.control.apply, waiter.thread_pools.cluster
    if params.wait is None:
        return _response(await cluster.run(partial(apply, params, actor)))
    with waiter.thread_pools.waiters.one():
        waiting = msgspec.structs.replace(params, wait=None)
        sent = await cluster.run(partial(apply, waiting, actor, expected=True))
        try:
            result = await waiter.result(services, sent.task_id, min(params.wait, WAIT_MAX_S))
        except ResultsUnavailable as error:  # it was sent all the same
            result = Result(task_id=sent.task_id, state=PENDING, unreadable=str(error))
    return _response(SentTask(sent.task_id, result.state, result))


def _response(sent: SentTask) -> SentTask | responses.Accepted:
    is_ready = sent.result is not None and sent.result.is_ready
    return sent if is_ready else responses.Accepted(sent)


def read_audit(services: ClusterServices, params: requests.ReadAudit) -> AuditPage:
    services.login_audit.settle()
    return services.ledger.audit(
        before=params.before,
        limit=params.limit,
        actor=params.actor,
        action=params.action,
        action_id=params.action_id,
        task_id=params.task,
    )


def _shortened(action: Action) -> Action:
    request = action.plan.request
    if request.ids is None or len(request.ids) <= _IDS_LISTED:
        return action
    request = msgspec.structs.replace(request, ids=request.ids[:_IDS_LISTED])
    return Action(msgspec.structs.replace(action.plan, request=request), action.report)
