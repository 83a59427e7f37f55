"""Handlers that ask workers, the broker and the result backend, and change nothing."""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.bounded_json import is_strict
from umbel.cluster.worker import OFFLINE, Worker
from umbel.errors import BrokerError
from umbel.services.cluster.hidden_arguments import veiled_listing, veiled_result
from umbel.services.cluster.inspection import Inspected
from umbel.services.cluster.registered_tasks import registered
from umbel.services.search.rows import WorkerRow
from umbel.web import requests, responses
from umbel.web.handlers import Services
from umbel.web.http.problems import Refusal
from umbel.web.long_requests import Patience

#: What the page of a worker shows, the quickest first.
_SHOWN: Final[tuple[Inspected, ...]] = ("stats", "active_queues", "registered", "conf")
#: What lists tasks with the arguments that they were sent with.
_TASKS: Final = frozenset({"active", "reserved", "scheduled"})


def one_worker(services: Services, asked: requests.OneWorker) -> responses.OneWorker:
    row = _row(services, asked.name)
    says: dict[Inspected, object] = {}
    answered, trouble = None, None
    if row is None or row.status != OFFLINE:
        try:
            says = services.levers.inspection.profile(asked.name, _SHOWN)
            answered = bool(says)
        except BrokerError as error:
            trouble = str(error)
    if row is None and not says:
        raise _unknown(asked.name)
    row = row or services.crew.row(Worker(hostname=asked.name), services.clock.now())
    return responses.OneWorker(
        **msgspec.structs.asdict(row),
        answers=answered,
        trouble=trouble,
        stats=says.get("stats"),
        active_queues=says.get("active_queues"),
        registered=says.get("registered"),
        conf=says.get("conf"),
    )


def inspect_worker(
    services: Services, asked: requests.InspectWorker, actor: Actor
) -> responses.Inspected:
    found = services.levers.inspection.look(asked.what, [asked.name])
    answered = found.answered(asked.name)
    if not answered and _row(services, asked.name) is None:
        raise _unknown(asked.name)
    value = found.values.get(asked.name)
    if asked.what in _TASKS and not actor.may("operate"):
        value = veiled_listing(value, services.store.task)
    return responses.Inspected(
        worker=asked.name,
        inspection=asked.inspection,
        value=value,
        at=found.at,
        answered=answered,
        error=found.refused.get(asked.name),
        left_out=found.left_out.get(asked.name, 0),
    )


def list_registered(services: Services, _: requests.Nothing) -> responses.RegisteredNames:
    inspection = services.levers.inspection
    said = inspection.look("registered")
    items = registered(said, services.levers.describe())
    return responses.RegisteredNames(items=items, at=said.at, missing=said.missing)


def list_queues(services: Services, _: requests.Nothing) -> responses.Queues:
    return msgspec.convert(services.levers.queues.all(), responses.Queues, from_attributes=True)


def peek_queue(services: Services, asked: requests.PeekQueue, actor: Actor) -> responses.Messages:
    veiled = not actor.may("operate")
    return responses.Messages(services.levers.queues.peek(asked.name, asked.limit, veiled=veiled))


async def read_result(
    services: Services, asked: requests.ReadResult, actor: Actor, patience: Patience
) -> responses.Result:
    lanes = patience.lanes
    if not asked.timeout:
        found = await lanes.waiting.run(partial(services.levers.results.get, asked.id))
    else:
        with lanes.waiters.one():
            found = await patience.result(services.levers, asked.id, asked.timeout)
    return await lanes.history.run(partial(_result, services, asked.id, actor, found))


def _result(
    services: Services, task_id: str, actor: Actor, found: responses.Result
) -> responses.Result:
    if not (is_strict(found.args) and is_strict(found.kwargs)):
        # Who edits a task takes what is here for what was sent, to the letter.
        found = msgspec.structs.replace(found, args=None, kwargs=None)
    if actor.may("operate") or (found.args is None and found.kwargs is None):
        return found
    return veiled_result(found, services.store.task(task_id))


def _row(services: Services, name: str) -> WorkerRow | None:
    now = services.clock.now()
    worker = services.crew.find(name)
    return None if worker is None else services.crew.row(worker, now)


def _unknown(name: str) -> Refusal:
    return Refusal(
        "unknown-worker",
        f"No worker {name} was ever heard of, and none of this name answers.",
    )
