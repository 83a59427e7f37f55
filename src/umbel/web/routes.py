"""The one table of routes. From it come the addresses that are served, the checks of
parameters and the OpenAPI document; a test holds docs/api.md to it."""

from __future__ import annotations

from collections.abc import Callable
from types import UnionType
from typing import Final, Literal

import msgspec

from umbel.auth.base import Permission
from umbel.services.clusters import Clusters
from umbel.services.control.task_sender import Apply
from umbel.services.control.types import ActionRequest
from umbel.services.health.diagnosis import Diagnosis
from umbel.services.health.health import Status
from umbel.services.search.rows import WholeTask
from umbel.web import action_handlers, handlers, inspection_handlers, login, requests, responses
from umbel.web.thread_pools import PoolName

#: What every route can answer, whatever it does.
EVERYWHERE: Final = (
    "bad-request",
    "bad-parameter",
    "too-slow",
    "body-too-large",
    "url-too-long",
    "unknown-host",
    "internal",
    "store-trouble",
    "too-busy",
)

#: What every route can answer that changes something.
CHANGING: Final = ("bad-body", "cross-site", "not-json", "not-permitted")
#: What can come of asking the workers or the broker.
_CLUSTER: Final = ("not-supported", "broker-trouble")
#: What every route that needs a permission can answer.
GUARDED: Final = ("not-logged-in", "not-permitted", "too-many-logins")

#: Gets services, the parameters, and the `Actor` if the route is `with_actor`; in the pool
#: `search` also how many seconds the request waited for a thread.
Handler = Callable[..., object]


class StreamEvent(msgspec.Struct, frozen=True):
    """One kind of event of a stream, and what its `data` is."""

    name: str
    body: type


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One path and method of the API, with everything that is made from it.

    `asks` is the struct of its parameters (`requests`), `answers` that of its response; an
    answer of type `str` is plain text. The `{names}` in `path` are fields of `asks`, and a value
    may hold `slashes`, or else is one part of the path. `permission` is what a person needs,
    None for nothing. A `blocking` handler runs in a thread of `thread_pool`, others on the event
    loop; one of the pool `waiting` is a coroutine and also gets a `ResultWaiter`. A route without
    `handler` is a stream of `events`. `status` is that of its response; `statuses` are others
    that it may have (202: accepted, not done yet).
    """

    name: str
    path: str
    summary: str
    tag: str
    asks: type[msgspec.Struct]
    answers: type | UnionType | None = None
    handler: Handler | None = None
    events: tuple[StreamEvent, ...] = ()
    problems: tuple[str, ...] = ()
    method: Literal["GET", "POST"] = "GET"
    permission: Permission | None = "read"
    blocking: bool = True
    thread_pool: PoolName = "history"
    with_actor: bool = False
    status: int = 200
    statuses: tuple[int, ...] = ()
    slashes: bool = True


API_ROOT: Final = "/api/v1"

ROUTES: Final = (
    Route(
        name="tasks",
        path=f"{API_ROOT}/tasks",
        summary="Tasks that match a search, a page at a time, newest first",
        tag="tasks",
        asks=requests.ListTasks,
        answers=responses.TaskPage,
        handler=handlers.list_tasks,
        thread_pool="search",
        problems=("bad-query", "bad-cursor", "not-in-store"),
    ),
    Route(
        name="count",
        path=f"{API_ROOT}/tasks/count",
        summary="How many tasks match a search",
        tag="tasks",
        asks=requests.CountTasks,
        answers=responses.Count,
        handler=handlers.count_tasks,
        thread_pool="search",
        problems=("bad-query", "not-in-store"),
    ),
    Route(
        name="task",
        path=f"{API_ROOT}/tasks/{{id}}",
        summary="Everything about one task",
        tag="tasks",
        asks=requests.OneTask,
        answers=WholeTask,
        handler=handlers.one_task,
        problems=("unknown-task",),
    ),
    Route(
        name="workflow",
        path=f"{API_ROOT}/workflows/{{root_id}}",
        summary="All tasks of one workflow, by the id of its first task",
        tag="tasks",
        asks=requests.OneWorkflow,
        answers=responses.Workflow,
        handler=handlers.one_workflow,
    ),
    Route(
        name="query",
        path=f"{API_ROOT}/query",
        summary="What a search means, in words and in parts",
        tag="search",
        asks=requests.ReadQuery,
        answers=responses.QueryReading,
        handler=handlers.read_query,
        problems=("bad-query",),
    ),
    Route(
        name="suggest",
        path=f"{API_ROOT}/suggest",
        summary="What could be written at the caret of a search",
        tag="search",
        asks=requests.Suggest,
        answers=responses.Completions,
        handler=handlers.suggest,
    ),
    Route(
        name="series",
        path=f"{API_ROOT}/series",
        summary="A measure of the tasks that match, over time and by group",
        tag="search",
        asks=requests.ReadSeries,
        answers=responses.SeriesAnswer,
        handler=handlers.read_series,
        thread_pool="search",
        problems=("bad-query", "not-in-store"),
    ),
    Route(
        name="gaps",
        path=f"{API_ROOT}/gaps",
        summary="When events may have passed unseen, why, and how many were lost",
        tag="cluster",
        asks=requests.ListGaps,
        answers=responses.Gaps,
        handler=handlers.list_gaps,
    ),
    Route(
        name="workers",
        path=f"{API_ROOT}/workers",
        summary="Every worker known, and whether it is online",
        tag="cluster",
        asks=requests.Nothing,
        answers=responses.Workers,
        handler=handlers.list_workers,
    ),
    Route(
        name="inspect",
        path=f"{API_ROOT}/workers/{{name}}/{{inspection}}",
        summary="What one worker says of itself",
        tag="cluster",
        asks=requests.InspectWorker,
        answers=responses.Inspected,
        handler=inspection_handlers.inspect_worker,
        problems=("unknown-worker", *_CLUSTER),
        thread_pool="cluster",
        with_actor=True,
    ),
    Route(
        name="worker",
        path=f"{API_ROOT}/workers/{{name}}",
        summary="One worker, and everything that it says of itself",
        tag="cluster",
        asks=requests.OneWorker,
        answers=responses.OneWorker,
        handler=inspection_handlers.one_worker,
        problems=("unknown-worker",),
        thread_pool="cluster",
    ),
    Route(
        name="registered",
        path=f"{API_ROOT}/registered",
        summary="The task names that workers have registered, and how each is called",
        tag="cluster",
        asks=requests.Nothing,
        answers=responses.RegisteredNames,
        handler=inspection_handlers.list_registered,
        problems=_CLUSTER,
        thread_pool="cluster",
    ),
    Route(
        name="queues",
        path=f"{API_ROOT}/queues",
        summary="Every queue known, how full it is, and who works on it",
        tag="cluster",
        asks=requests.Nothing,
        answers=responses.Queues,
        handler=inspection_handlers.list_queues,
        problems=_CLUSTER,
        thread_pool="cluster",
    ),
    Route(
        name="messages",
        path=f"{API_ROOT}/queues/{{name}}/messages",
        summary="The next messages of a queue, which stay there",
        tag="cluster",
        asks=requests.PeekQueue,
        answers=responses.Messages,
        handler=inspection_handlers.peek_queue,
        problems=_CLUSTER,
        thread_pool="cluster",
        with_actor=True,
    ),
    Route(
        name="status",
        path=f"{API_ROOT}/status",
        summary="How live the history is, and how collectors and store are",
        tag="cluster",
        asks=requests.Nothing,
        answers=Status,
        handler=handlers.read_status,
    ),
    Route(
        name="diagnosis",
        path=f"{API_ROOT}/diagnosis",
        summary="What to know when something is missing: versions, events, gaps, discarded",
        tag="cluster",
        asks=requests.Nothing,
        answers=Diagnosis,
        handler=handlers.read_diagnosis,
    ),
    Route(
        name="live",
        path=f"{API_ROOT}/live",
        summary="What changes, live, as server-sent events",
        tag="cluster",
        asks=requests.Follow,
        events=(
            StreamEvent("hello", responses.Hello),
            StreamEvent("changes", responses.Changes),
            StreamEvent("status", responses.Pulse),
            StreamEvent("reached", responses.Hello),
            StreamEvent("reset", responses.Reset),
        ),
        problems=("bad-query", "too-many-streams"),
    ),
    Route(
        name="plan",
        path=f"{API_ROOT}/actions",
        summary="Plan an action: on what, how many, with what consequences",
        tag="control",
        asks=ActionRequest,
        answers=responses.ActionPlan,
        handler=action_handlers.plan_action,
        problems=("bad-query", "refused", *_CLUSTER, "results-trouble"),
        method="POST",
        permission="operate",
        thread_pool="cluster",
        with_actor=True,
        status=201,
    ),
    Route(
        name="actions",
        path=f"{API_ROOT}/actions",
        summary="Actions and how they went, newest first",
        tag="control",
        asks=requests.ListActions,
        answers=responses.Actions,
        handler=action_handlers.list_actions,
    ),
    Route(
        name="action",
        path=f"{API_ROOT}/actions/{{id}}",
        summary="One action: its plan, and how it goes",
        tag="control",
        asks=requests.OneAction,
        answers=responses.Action,
        handler=action_handlers.one_action,
        problems=("unknown-action",),
        slashes=False,
    ),
    Route(
        name="execute",
        path=f"{API_ROOT}/actions/{{id}}/execute",
        summary="Do what was planned",
        tag="control",
        asks=requests.ExecuteAction,
        answers=responses.ActionReport,
        handler=action_handlers.execute_action,
        problems=("unknown-action", "refused", *_CLUSTER, "results-trouble"),
        method="POST",
        permission="operate",
        thread_pool="cluster",
        with_actor=True,
        status=202,
        slashes=False,
    ),
    Route(
        name="cancel",
        path=f"{API_ROOT}/actions/{{id}}/cancel",
        summary="Stop an action; what was done stays done",
        tag="control",
        asks=requests.CancelAction,
        answers=responses.ActionReport,
        handler=action_handlers.cancel_action,
        problems=("unknown-action", "refused"),
        method="POST",
        permission="operate",
        with_actor=True,
        slashes=False,
    ),
    Route(
        name="apply",
        path=f"{API_ROOT}/apply",
        summary="Send a task, and wait for its result if asked to",
        tag="control",
        asks=Apply,
        answers=responses.Applied,
        handler=action_handlers.apply_task,
        problems=("refused", *_CLUSTER, "results-trouble"),
        method="POST",
        permission="operate",
        thread_pool="waiting",
        with_actor=True,
        statuses=(202,),
    ),
    Route(
        name="result",
        path=f"{API_ROOT}/results/{{id}}",
        summary="What the result backend keeps of a task, waited for if asked to",
        tag="control",
        asks=requests.ReadResult,
        answers=responses.Result,
        handler=inspection_handlers.read_result,
        problems=("results-trouble",),
        thread_pool="waiting",
        with_actor=True,
    ),
    Route(
        name="audit",
        path=f"{API_ROOT}/audit",
        summary="Who did what, newest first",
        tag="control",
        asks=requests.ReadAudit,
        answers=responses.AuditPage,
        handler=action_handlers.read_audit,
    ),
    Route(
        name="clusters",
        path=f"{API_ROOT}/clusters",
        summary="The clusters that one may look at, each with its health",
        tag="cluster",
        asks=requests.Nothing,
        answers=Clusters,
    ),
    Route(
        name="me",
        path=f"{API_ROOT}/me",
        summary="Who asks, and what they may do",
        tag="access",
        asks=requests.Nothing,
        answers=login.Me,
    ),
    Route(
        name="logout",
        path=f"{API_ROOT}/logout",
        summary="End the session of this browser",
        tag="access",
        method="POST",
        asks=requests.Nothing,
        answers=login.LoggedOut,
    ),
    Route(
        name="livez",
        path="/livez",
        summary="Whether the process answers",
        tag="probes",
        asks=requests.Nothing,
        answers=str,
        handler=handlers.livez,
        permission=None,
        blocking=False,
    ),
    Route(
        name="readyz",
        path="/readyz",
        summary="Whether the history can be read and a collector reports",
        tag="probes",
        asks=requests.Nothing,
        answers=str,
        problems=("not-ready",),
        permission=None,
    ),
)


def problems_of(route: Route) -> tuple[str, ...]:
    """Every kind of problem that a route can answer, each once."""
    guarded = GUARDED if route.permission is not None else ()
    changing = CHANGING if route.method == "POST" else ()
    return tuple(dict.fromkeys((*EVERYWHERE, *guarded, *changing, *route.problems)))
