"""The one table of routes. From it come the addresses that are served, the checks of
parameters and the OpenAPI document; a test holds docs/api.md to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from umbel.services.health import Status
from umbel.services.rows import WholeTask
from umbel.web import answers, handlers, requests

#: What every route can answer, whatever it does.
EVERYWHERE: Final = (
    "bad-request",
    "bad-parameter",
    "body-too-large",
    "url-too-long",
    "unknown-host",
    "internal",
    "store-trouble",
    "too-busy",
)

Handler = Callable[[handlers.Services, Any], object]


class Event(msgspec.Struct, frozen=True):
    """One kind of event of a stream, and what its `data` is."""

    name: str
    body: type


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be asked. The `{names}` in `path` are fields of `asks`;
    `permission` is what a person needs to ask it, None for nothing. A route without
    `handler` is a stream of `events`; an answer of type `str` is plain text. A handler
    that is not `blocking` is called on the event loop."""

    name: str
    path: str
    summary: str
    tag: str
    asks: type[msgspec.Struct]
    answers: type | None = None
    handler: Handler | None = None
    events: tuple[Event, ...] = ()
    problems: tuple[str, ...] = ()
    method: str = "GET"
    permission: str | None = "read"
    blocking: bool = True


API_ROOT: Final = "/api/v1"

ROUTES: Final = (
    Route(
        name="tasks",
        path=f"{API_ROOT}/tasks",
        summary="Tasks that match a search, a page at a time, newest first",
        tag="tasks",
        asks=requests.ListTasks,
        answers=answers.TaskPage,
        handler=handlers.list_tasks,
        problems=("bad-query", "bad-cursor"),
    ),
    Route(
        name="count",
        path=f"{API_ROOT}/tasks/count",
        summary="How many tasks match a search",
        tag="tasks",
        asks=requests.CountTasks,
        answers=answers.Count,
        handler=handlers.count_tasks,
        problems=("bad-query",),
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
        answers=answers.Workflow,
        handler=handlers.one_workflow,
    ),
    Route(
        name="query",
        path=f"{API_ROOT}/query",
        summary="What a search means, in words and in parts",
        tag="search",
        asks=requests.ReadQuery,
        answers=answers.Reading,
        handler=handlers.read_query,
        problems=("bad-query",),
    ),
    Route(
        name="suggest",
        path=f"{API_ROOT}/suggest",
        summary="What could be written at the caret of a search",
        tag="search",
        asks=requests.Suggest,
        answers=answers.Completions,
        handler=handlers.suggest,
    ),
    Route(
        name="series",
        path=f"{API_ROOT}/series",
        summary="A measure of the tasks that match, over time",
        tag="search",
        asks=requests.ReadSeries,
        answers=answers.Series,
        handler=handlers.read_series,
        problems=("bad-query",),
    ),
    Route(
        name="workers",
        path=f"{API_ROOT}/workers",
        summary="Every worker known, and whether it is online",
        tag="cluster",
        asks=requests.Nothing,
        answers=answers.Workers,
        handler=handlers.list_workers,
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
        name="live",
        path=f"{API_ROOT}/live",
        summary="What changes, live, as server-sent events",
        tag="cluster",
        asks=requests.Follow,
        events=(
            Event("hello", answers.Hello),
            Event("changes", answers.Changes),
            Event("status", answers.Pulse),
            Event("reset", answers.Reset),
        ),
        problems=("bad-query", "too-many-streams"),
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
        handler=handlers.readyz,
        problems=("not-ready",),
        permission=None,
    ),
)
