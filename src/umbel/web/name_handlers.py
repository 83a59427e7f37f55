"""Handlers that list names of tasks, and look at one."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from umbel.cluster.events import LABEL_MAX
from umbel.services.cluster_services import ClusterServices
from umbel.services.names.name_list import NAMES_MAX
from umbel.services.names.rows import Against, NameDetail, NameList, NameOrder, Registration
from umbel.web import requests
from umbel.web.http.spans import check_span

TaskName = Annotated[
    str, Meta(min_length=1, max_length=LABEL_MAX, description="The name of a task.")
]
Since = Annotated[
    requests.Bound | None, Meta(description="Unix seconds; default: an hour before until.")
]
Until = Annotated[requests.Bound | None, Meta(description="Unix seconds; default: now.")]

ComparedWith = Annotated[
    Against,
    Meta(
        description="What is compared with: as long a time before, the same time yesterday or "
        "a week ago, or as long a time before the last deploy."
    ),
]


class ListNames(msgspec.Struct, frozen=True, kw_only=True):
    since: Since = None
    until: Until = None
    q: requests.Text = ""
    tz: requests.Zone = "UTC"
    contains: Annotated[
        str, Meta(max_length=LABEL_MAX, description="Only names with this in them.")
    ] = ""
    sort: Annotated[
        NameOrder,
        Meta(
            description="By the number of tasks, the p95 of runtime or wait, failures, the change "
            "against the time before, or by name."
        ),
    ] = "busiest"
    against: ComparedWith = "before"
    limit: Annotated[int, Meta(ge=1, le=NAMES_MAX, description="The most names.")] = NAMES_MAX


class OneName(msgspec.Struct, frozen=True, kw_only=True):
    name: TaskName
    since: Since = None
    until: Until = None
    against: ComparedWith = "before"


class RegisteredName(msgspec.Struct, frozen=True, kw_only=True):
    name: TaskName


def list_names(services: ClusterServices, params: ListNames, waited_s: float) -> NameList:
    check_span(params.since, params.until, services.clock.now())
    return services.names.list(
        params.q, since=params.since, until=params.until, contains=params.contains,
        order=params.sort, against=params.against, limit=params.limit, tz=params.tz,
        waited_s=waited_s,
    )  # fmt: skip


def one_name(services: ClusterServices, params: OneName, waited_s: float) -> NameDetail:
    check_span(params.since, params.until, services.clock.now())
    return services.names.detail(
        params.name, since=params.since, until=params.until, against=params.against,
        waited_s=waited_s,
    )  # fmt: skip


def registered_name(services: ClusterServices, params: RegisteredName) -> Registration:
    return services.names.registration(params.name)
