"""Handlers that ask workers, the broker and the result backend, and change nothing."""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.bounded_json import is_strict
from umbel.cluster.worker import OFFLINE, Worker
from umbel.errors import BrokerError
from umbel.services.cluster.hidden_arguments import masked_listing, masked_result
from umbel.services.cluster.inspection import TASK_LISTS, Inspected
from umbel.services.cluster.queue_inspection import QueueList
from umbel.services.cluster.registered_tasks import registered_tasks
from umbel.services.cluster_services import ClusterServices
from umbel.services.search.rows import WorkerRow
from umbel.web import requests, responses
from umbel.web.http.problems import Refusal
from umbel.web.long_requests import ResultWaiter

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
        except BrokerError as error:
            trouble = str(error)
    if row is None and not inspections:
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
    )


def inspect_worker(
    services: ClusterServices, params: requests.InspectWorker, actor: Actor
) -> responses.Inspected:
    found = services.inspection.inspect(params.what, [params.name])
    answered = found.answered(params.name)
    if not answered and _row(services, params.name) is None:
        raise _unknown(params.name)
    value = found.values.get(params.name)
    if params.what in TASK_LISTS and not actor.may("operate"):
        value = masked_listing(value, services.store.task)
    return responses.Inspected(
        worker=params.name,
        inspection=params.inspection,
        value=value,
        at=found.at,
        answered=answered,
        error=found.refused.get(params.name),
        left_out=found.left_out.get(params.name, 0),
    )


def list_registered(services: ClusterServices, _: requests.Nothing) -> responses.RegisteredNames:
    inspection = services.inspection
    answers = inspection.inspect("registered")
    items = registered_tasks(answers, services.describe())
    return responses.RegisteredNames(items=items, at=answers.at, missing=answers.missing)


def list_queues(services: ClusterServices, _: requests.Nothing) -> QueueList:
    return services.queues.all()


def peek_queue(
    services: ClusterServices, params: requests.PeekQueue, actor: Actor
) -> responses.Messages:
    masked = not actor.may("operate")
    return responses.Messages(services.queues.peek(params.name, params.limit, masked=masked))


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
