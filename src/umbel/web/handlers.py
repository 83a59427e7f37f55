"""Handlers that read the history: one function a route, parameters in, response out.

Handlers use services and know no HTTP. Each blocks, and is called in a thread (`thread_pools`).
Those that ask workers and brokers are in `inspection_handlers`, those that act in
`action_handlers`.
"""

from __future__ import annotations

import msgspec

from umbel.cluster.task import Task
from umbel.services.cluster.worker_list import WorkerList
from umbel.services.cluster_services import ClusterServices
from umbel.services.health.diagnosis import Diagnosis, diagnose
from umbel.services.health.health import Status
from umbel.services.health.liveness import uncovered
from umbel.services.search.page_bytes import cut_rows, fitting
from umbel.services.search.rows import WholeTask
from umbel.services.search.search import QueryReading
from umbel.services.search.task_log import TaskLog, task_log
from umbel.services.search.task_page import TaskPage
from umbel.services.workflows.workflows import unknown_workflow
from umbel.web import requests, responses
from umbel.web.http.problems import Refusal
from umbel.web.http.spans import check_span

#: The most gaps, and the most losses, that one answer tells.
GAPS_MAX = 1_000
#: The most ids that one request may name.
IDS_MAX = 200


def list_tasks(
    services: ClusterServices, params: requests.ListTasks, waited_s: float
) -> responses.TaskPage:
    if params.ids is not None:
        found = services.search.by_ids(_ids(params.ids), params.q, params.tz)
    else:
        found = _page(services, params, params.limit, waited_s)
    rows = services.intents.rows(found.items)
    if params.texts == "whole" and params.ids is None:
        fit = fitting(rows)
        if fit < len(rows):
            found = _page(services, params, fit, waited_s)
            rows = services.intents.rows(found.items)
    else:
        rows = cut_rows(rows)
    return responses.TaskPage(**(msgspec.structs.asdict(found) | {"items": rows}))


def _page(
    services: ClusterServices, params: requests.ListTasks, limit: int, waited_s: float
) -> TaskPage[Task]:
    return services.search.page(
        params.q, params.order, params.cursor, limit, tz=params.tz, waited_s=waited_s
    )


def _ids(text: str) -> list[str]:
    ids = list(dict.fromkeys(part for part in text.split(",") if part))
    if len(ids) > IDS_MAX:
        raise Refusal(
            "bad-parameter",
            f"The parameter ids takes up to {IDS_MAX} ids, not {len(ids):,}. Ask in parts.",
            parameter="ids",
        )
    return ids


def count_tasks(
    services: ClusterServices, params: requests.CountTasks, waited_s: float
) -> responses.Count:
    count = services.search.count(
        params.q, by=params.by, cap=params.cap, tz=params.tz, waited_s=waited_s
    )
    incomplete = services.search.incomplete(params.q, tz=params.tz)
    return responses.Count(**msgspec.structs.asdict(count), incomplete=incomplete)


def one_task(services: ClusterServices, params: requests.OneTask) -> WholeTask:
    task = services.store.task(params.id)
    if task is None:
        raise _unknown(params.id)
    return services.intents.whole(task, services.store)


def read_log(services: ClusterServices, params: requests.ReadLog) -> TaskLog:
    found = task_log(services.store, params.id, params.after, params.limit)
    if found is None:
        raise _unknown(params.id)
    return found


def _unknown(task_id: str) -> Refusal:
    return Refusal(
        "unknown-task",
        f"No task with the id {task_id} is stored. It may have sent no event yet, or be "
        "older than what is kept.",
    )


def read_query(services: ClusterServices, params: requests.ReadQuery) -> QueryReading:
    return services.search.read(params.q, params.tz)


def suggest(services: ClusterServices, params: requests.Suggest) -> responses.Completions:
    at = len(params.q) if params.at is None else min(params.at, len(params.q))
    return responses.Completions(services.search.suggest(params.q, at, params.limit))


def read_series(
    services: ClusterServices, params: requests.ReadSeries, waited_s: float
) -> responses.SeriesAnswer:
    end = services.clock.now() if params.end is None else params.end
    start = end - 3_600 if params.start is None else params.start
    check_span(start, end, end, names=("from", "to"))
    return services.search.series(
        params.q, measure=params.measure, start=start, end=end, bucket_s=params.bucket,
        by=params.by, top=params.top, tz=params.tz, waited_s=waited_s,
    )  # fmt: skip


def list_gaps(services: ClusterServices, params: requests.ListGaps) -> responses.Gaps:
    gaps = services.store.gaps(params.start, params.end)
    gaps = tuple(uncovered(gaps, services.store.collectors(), services.clock.now()))
    losses = services.store.losses(params.start, params.end)
    more = max(0, len(gaps) - GAPS_MAX) + max(0, len(losses) - GAPS_MAX)
    return responses.Gaps(gaps=gaps[-GAPS_MAX:], losses=losses[-GAPS_MAX:], more=more)


def one_workflow(services: ClusterServices, params: requests.OneWorkflow) -> responses.Workflow:
    workflow = services.store.workflow(params.root_id)
    if not workflow.tasks:
        raise Refusal("unknown-task", str(unknown_workflow(params.root_id)))
    return responses.Workflow(
        root_id=workflow.root_id,
        tasks=cut_rows(services.intents.rows(workflow.tasks)),
        complete=workflow.complete,
    )


def list_workers(
    services: ClusterServices, params: requests.ListWorkers, _waited_s: float
) -> WorkerList:
    check_span(params.since, params.until, services.clock.now())
    return services.worker_lists.list(params.since, params.until, params.name)


def read_status(services: ClusterServices, _: requests.Nothing) -> Status:
    return services.health.status()


def read_diagnosis(services: ClusterServices, _: requests.Nothing) -> Diagnosis:
    return diagnose(services.store, services.health, services.workers, services.clock)


def livez(_: ClusterServices, __: requests.Nothing) -> str:
    return "ok"
