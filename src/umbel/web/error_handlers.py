"""Handlers that list errors, look at one, and keep what people decide about it."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from umbel.auth.base import Actor
from umbel.services.cluster_services import ClusterServices
from umbel.services.errors.decisions import NOTE_MAX, Ignoring
from umbel.services.errors.group_list import GROUPS_MAX
from umbel.services.errors.group_state import GroupState, State
from umbel.services.errors.groups import ErrorDetail, ErrorGroups, SharedTraits
from umbel.web import requests
from umbel.web.http.spans import check_span

#: The most failures that a condition counts to.
TOTAL_MAX: Final = 100_000
ErrorId = Annotated[
    str,
    Meta(
        pattern="^[0-9a-f]{12}$",
        min_length=12,
        max_length=12,
        description="The id of an error: `error` of a task begins with it.",
        examples=["3f9c2a1b7d04"],
    ),
]
Since = Annotated[
    requests.Bound | None, Meta(description="Unix seconds; default: a day before until.")
]
Until = Annotated[requests.Bound | None, Meta(description="Unix seconds; default: now.")]
Note = Annotated[
    str, Meta(max_length=NOTE_MAX, description="Your words, for whoever looks at it next.")
]


class ListErrors(msgspec.Struct, frozen=True, kw_only=True):
    since: Since = None
    until: Until = None
    q: requests.Text = ""
    tz: requests.Zone = "UTC"
    state: Annotated[State | None, Meta(description="Only those in this state.")] = None
    limit: Annotated[int, Meta(ge=1, le=GROUPS_MAX, description="The most errors.")] = GROUPS_MAX


class OneError(msgspec.Struct, frozen=True, kw_only=True):
    id: ErrorId
    since: Since = None
    until: Until = None


class DecideError(msgspec.Struct, frozen=True, kw_only=True):
    id: ErrorId
    note: Note = ""


class NoteError(msgspec.Struct, frozen=True, kw_only=True):
    id: ErrorId
    note: Note


class IgnoreError(msgspec.Struct, frozen=True, kw_only=True):
    id: ErrorId
    note: Note = ""
    until: Annotated[requests.Bound | None, Meta(description="Until then (Unix seconds).")] = None
    rate: Annotated[
        Annotated[int, Meta(ge=1, le=TOTAL_MAX)] | None,
        Meta(description="Until it fails so often within a minute."),
    ] = None
    total: Annotated[
        Annotated[int, Meta(ge=1, le=TOTAL_MAX)] | None,
        Meta(description="Until it has failed so many times more."),
    ] = None
    next_deploy: Annotated[
        bool, Meta(description="Until a deploy that begins after this is announced or seen.")
    ] = False


def list_errors(services: ClusterServices, params: ListErrors, waited_s: float) -> ErrorGroups:
    check_span(params.since, params.until, services.clock.now())
    return services.errors.groups(
        params.q, since=params.since, until=params.until, state=params.state, limit=params.limit,
        tz=params.tz, waited_s=waited_s,
    )  # fmt: skip


def one_error(services: ClusterServices, params: OneError, waited_s: float) -> ErrorDetail:
    check_span(params.since, params.until, services.clock.now())
    return services.errors.detail(
        params.id, since=params.since, until=params.until, waited_s=waited_s
    )


def error_shares(services: ClusterServices, params: OneError, waited_s: float) -> SharedTraits:
    check_span(params.since, params.until, services.clock.now())
    return services.errors.shares(
        params.id, since=params.since, until=params.until, waited_s=waited_s
    )


def resolve_error(services: ClusterServices, params: DecideError, actor: Actor) -> GroupState:
    return services.errors.decisions.resolve(params.id, actor, params.note)


def ignore_error(services: ClusterServices, params: IgnoreError, actor: Actor) -> GroupState:
    ignoring = Ignoring(
        until=params.until, rate=params.rate, total=params.total, next_deploy=params.next_deploy
    )
    return services.errors.decisions.ignore(params.id, actor, ignoring, params.note)


def reopen_error(services: ClusterServices, params: DecideError, actor: Actor) -> GroupState:
    return services.errors.decisions.reopen(params.id, actor, params.note)


def note_error(services: ClusterServices, params: NoteError, actor: Actor) -> GroupState:
    return services.errors.decisions.note(params.id, actor, params.note)
