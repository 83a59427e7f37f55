"""Handlers that act on the cluster, and those that tell what was done."""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.cluster.task import PENDING
from umbel.errors import ResultsUnavailable
from umbel.results.base import Result
from umbel.services.control.sending import Applied, Apply
from umbel.services.control.types import Action, ActionPlan, ActionReport, ActionRequest
from umbel.store.ledger import AuditPage
from umbel.web import requests, responses
from umbel.web.handlers import Services
from umbel.web.long_requests import Patience
from umbel.web.requests import WAIT_MAX_S

#: How many of the ids that an action names a list tells.
_IDS_TOLD: Final = 20


def plan_action(services: Services, asked: ActionRequest, actor: Actor) -> ActionPlan:
    return services.levers.control.plan(asked, actor)


def execute_action(services: Services, asked: requests.ExecuteAction, actor: Actor) -> ActionReport:
    report = services.levers.control.execute(asked.id, actor, asked.confirm, asked.reason)
    services.levers.queues.forget()
    return report


def cancel_action(services: Services, asked: requests.CancelAction, actor: Actor) -> ActionReport:
    return services.levers.control.cancel(asked.id, actor)


def one_action(services: Services, asked: requests.OneAction) -> Action:
    return services.levers.control.action(asked.id)


def list_actions(services: Services, asked: requests.ListActions) -> responses.Actions:
    found = services.levers.control.actions(asked.before, asked.limit)
    more = len(found) == asked.limit
    return responses.Actions(
        items=tuple(map(_shortened, found)), next=found[-1].plan.made if more else None
    )


async def apply_task(
    services: Services, asked: Apply, actor: Actor, patience: Patience
) -> responses.Applied | responses.Later:
    apply, cluster = services.levers.control.apply, patience.lanes.cluster
    if asked.wait is None:
        return _told(await cluster.run(partial(apply, asked, actor)))
    with patience.lanes.waiters.one():
        waiting = msgspec.structs.replace(asked, wait=None)
        sent = await cluster.run(partial(apply, waiting, actor, expected=True))
        try:
            result = await patience.result(
                services.levers, sent.task_id, min(asked.wait, WAIT_MAX_S)
            )
        except ResultsUnavailable as error:  # it was sent all the same
            result = Result(task_id=sent.task_id, state=PENDING, unreadable=str(error))
    return _told(Applied(sent.task_id, result.state, result))


def _told(applied: Applied) -> responses.Applied | responses.Later:
    answer = responses.Applied(task_id=applied.task_id, state=applied.state, result=applied.result)
    is_ready = applied.result is not None and applied.result.is_ready
    return answer if is_ready else responses.Later(answer)


def read_audit(services: Services, asked: requests.ReadAudit) -> AuditPage:
    services.levers.visits.settle()
    return services.levers.ledger.audit(
        before=asked.before,
        limit=asked.limit,
        actor=asked.actor,
        action=asked.action,
        action_id=asked.action_id,
    )


def _shortened(action: Action) -> Action:
    request = action.plan.request
    if request.ids is None or len(request.ids) <= _IDS_TOLD:
        return action
    request = msgspec.structs.replace(request, ids=request.ids[:_IDS_TOLD])
    return Action(msgspec.structs.replace(action.plan, request=request), action.report)
