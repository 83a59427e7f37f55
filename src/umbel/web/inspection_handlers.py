"""Handlers that ask workers, the broker and the result backend, and change nothing."""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.bounded_json import is_strict
from umbel.cluster.worker import OFFLINE, Worker
from umbel.errors import ActionRefused, BrokerError
from umbel.services.cluster.fleet_diff import FleetDiff
from umbel.services.cluster.hidden_arguments import masked_listing, masked_result
from umbel.services.cluster.inspection import TASK_LISTS, InspectAnswers, Inspected
from umbel.services.cluster.queue_inspection import QueuePeek
from umbel.services.cluster.queue_list import ListedQueues
from umbel.services.cluster.queue_profile import QueueProfile
from umbel.services.cluster.queue_rates import QueueRates
from umbel.services.cluster.registered_tasks import registered_tasks
from umbel.services.cluster.task_route import TaskRoute
from umbel.services.cluster_services import ClusterServices
from umbel.services.pauses.paused_queues import paused_queues_of
from umbel.services.search.rows import WorkerRow
from umbel.web import requests, responses
from umbel.web.http.problems import Refusal
from umbel.web.http.spans import check_span
from umbel.web.long_requests import ResultWaiter
from umbel.web.name_handlers import TaskName

#: What the page of a worker shows, the quickest first.
_PROFILE: Final[tuple[Inspected, ...]] = ("stats", "active_queues", "registered", "conf")


def one_worker(services: ClusterServices, params: requests.OneWorker) -> responses.OneWorker:
    row = _row(services, params.name)
    inspections: dict[Inspected, object] = {}
    answered, trouble = None, None
    if row is None or row.status != OFFLINE:
        try:
            inspections = services.inspection.profile(params.name, _PROFILE)
            answered = bool(inspections)
            if not answered:
                first = services.inspection.inspect(_PROFILE[0], [params.name])
                answered, trouble = first.answered(params.name), first.why_no_value(params.name)
        except BrokerError as error:
            trouble = str(error)
    if row is None and not answered:
        raise _unknown(params.name)
    row = row or services.workers.row(Worker(hostname=params.name), services.clock.now())
    return responses.OneWorker(
        **msgspec.structs.asdict(row),
        answers=answered,
        trouble=trouble,
        stats=inspections.get("stats"),
        active_queues=inspections.get("active_queues"),
        registered=inspections.get("registered"),
        conf=inspections.get("conf"),
        paused_queues=paused_queues_of(services.ledger, params.name),
    )


def compare_workers(services: ClusterServices, params: requests.CompareWorkers) -> FleetDiff:
    return services.fleet_comparison.diff(params.name, params.deployment)


def inspect_worker(
    services: ClusterServices, params: requests.InspectWorker, actor: Actor
) -> responses.Inspected:
    found = _inspected(services, params)
    answered = found.answered(params.name)
    if not answered and _row(services, params.name) is None:
        raise _unknown(params.name)
    value, why_none = found.values.get(params.name), found.why_no_value(params.name)
    if params.what in TASK_LISTS and not actor.may("operate"):
        value = masked_listing(value, services.store.task)
    return responses.Inspected(
        worker=params.name,
        inspection=params.inspection,
        value=value,
        at=found.at,
        answered=answered or why_none is not None,
        error=why_none,
        left_out=found.left_out.get(params.name, 0),
        paused_queues=paused_queues_of(services.ledger, params.name),
    )


def _inspected(services: ClusterServices, params: requests.InspectWorker) -> InspectAnswers:
    if params.what == "registered":
        return services.inspection.registered_at(params.name)
    return services.inspection.inspect(params.what, [params.name])


def list_registered(services: ClusterServices, _: requests.Nothing) -> responses.RegisteredNames:
    inspection = services.inspection
    answers = inspection.inspect("registered")
    items = registered_tasks(answers, services.describe())
    return responses.RegisteredNames(items=items, at=answers.at, missing=answers.missing)


def list_queues(services: ClusterServices, params: requests.ListQueues) -> ListedQueues:
    return services.queue_lists.list(params.search)


def one_queue(services: ClusterServices, params: requests.OneQueue) -> QueueProfile:
    return services.queue_profiles.of(params.name)


def queue_rates(services: ClusterServices, params: requests.QueueOverTime) -> QueueRates:
    now = services.clock.now()
    until = now if params.until is None else params.until
    since = until - 3_600 if params.since is None else params.since
    check_span(since, until, now)
    return services.queue_rates.of(params.name, since, until)


class RouteOf(msgspec.Struct, frozen=True, kw_only=True):
    name: TaskName
    queue: requests.QueueName | None = None


def task_route(services: ClusterServices, params: RouteOf) -> TaskRoute:
    try:
        return services.task_routes.of(params.name, params.queue)
    except ActionRefused as error:
        raise Refusal("bad-parameter", str(error), parameter=error.field) from error


def peek_queue(services: ClusterServices, params: requests.PeekQueue, actor: Actor) -> QueuePeek:
    return services.queues.peek(params.name, params.limit, masked=not actor.may("operate"))


async def read_result(
    services: ClusterServices, params: requests.ReadResult, actor: Actor, waiter: ResultWaiter
) -> responses.Result:
    thread_pools = waiter.thread_pools
    if not params.timeout:
        found = await thread_pools.waiting.run(partial(services.results.get, params.id))
    else:
        with thread_pools.waiters.one():
            found = await waiter.result(services, params.id, params.timeout)
    return await thread_pools.history.run(partial(_result, services, params.id, actor, found))


def _result(
    services: ClusterServices, task_id: str, actor: Actor, found: responses.Result
) -> responses.Result:
    if not (is_strict(found.args) and is_strict(found.kwargs)):
        # Who edits a task takes what is here for what was sent, to the letter.
        found = msgspec.structs.replace(found, args=None, kwargs=None)
    if actor.may("operate") or (found.args is None and found.kwargs is None):
        return found
    return masked_result(found, services.store.task(task_id))


def _row(services: ClusterServices, name: str) -> WorkerRow | None:
    now = services.clock.now()
    worker = services.workers.find(name)
    return None if worker is None else services.workers.row(worker, now)


def _unknown(name: str) -> Refusal:
    return Refusal(
        "unknown-worker",
        f"No worker {name} was ever heard of, and none of this name answers.",
    )
