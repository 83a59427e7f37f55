"""Handlers that list workflows, and look at one."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from umbel.cluster.events import LABEL_MAX
from umbel.errors import TaskUnknown
from umbel.services.cluster_services import ClusterServices
from umbel.services.workflows.rows import (
    WorkflowDetail,
    WorkflowFilter,
    WorkflowList,
    WorkflowOrder,
)
from umbel.web import requests
from umbel.web.http.problems import Refusal


class ListWorkflows(msgspec.Struct, frozen=True, kw_only=True):
    q: requests.Text = ""
    tz: requests.Zone = "UTC"
    state: Annotated[
        WorkflowFilter | None,
        Meta(
            description="Only those that run, have failures, have tasks that will not run or that "
            "wait in a paused queue, or succeeded."
        ),
    ] = None
    order: Annotated[
        WorkflowOrder,
        Meta(
            description="By when they began, or of the 1,000 newest the longest, those with most "
            "tasks, or with most failures and blocked tasks."
        ),
    ] = "newest"
    cursor: requests.WorkflowCursor | None = None
    limit: Annotated[int, Meta(ge=1, le=200, description="The most workflows.")] = 50


class WorkflowGraph(msgspec.Struct, frozen=True, kw_only=True):
    sources: Annotated[
        bool,
        Meta(
            description="Read groups and chords also from the result backend and from messages "
            "that wait."
        ),
    ] = False
    root_id: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=LABEL_MAX,
            description="The id of its first task, of its group, or of a member of a group that a "
            "client sent.",
        ),
    ]


def list_workflows(
    services: ClusterServices, params: ListWorkflows, waited_s: float
) -> WorkflowList:
    return services.workflows.list(
        params.q, state=params.state, order=params.order, cursor=params.cursor,
        limit=params.limit, tz=params.tz, waited_s=waited_s,
    )  # fmt: skip


def workflow_graph(
    services: ClusterServices, params: WorkflowGraph, waited_s: float
) -> WorkflowDetail:
    try:
        return services.workflows.detail(params.root_id, sources=params.sources, waited_s=waited_s)
    except TaskUnknown as error:
        raise Refusal("unknown-task", str(error)) from error
