"""Handlers of deploys: which there were, announcing one, and taking back a mistaken one."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from umbel.auth.base import Actor
from umbel.services.cluster_services import ClusterServices
from umbel.services.deploys.deploys import MARKS_MAX, NOTE_MAX, VERSION_MAX, DeployList
from umbel.services.deploys.marks import DeployMark
from umbel.web import requests
from umbel.web.http.spans import check_span

DeployId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=80,
        description="The `id` of a deploy.",
        examples=["3f9c2a1b7d04"],
    ),
]


class ListDeploys(msgspec.Struct, frozen=True, kw_only=True):
    after: Annotated[
        requests.Bound | None, Meta(description="Those that were under way from then on.")
    ] = None
    before: Annotated[requests.Bound | None, Meta(description="Those that began before.")] = None
    limit: Annotated[int, Meta(ge=1, le=MARKS_MAX, description="The most deploys.")] = MARKS_MAX


class AnnounceDeploy(msgspec.Struct, frozen=True, kw_only=True):
    version: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=VERSION_MAX,
            pattern=r"\S",
            description="What was deployed, as you call it: a version, a tag, a commit.",
            examples=["5.7"],
        ),
    ]
    at: Annotated[
        requests.Bound | None, Meta(description="When, in Unix seconds; now unless given.")
    ] = None
    note: Annotated[
        str, Meta(max_length=NOTE_MAX, description="Your words about it; everybody reads them.")
    ] = ""


class RemoveDeploy(msgspec.Struct, frozen=True, kw_only=True):
    id: DeployId


class RemovedDeploy(msgspec.Struct, frozen=True):
    """The id of a deploy that was taken back."""

    id: str


def list_deploys(services: ClusterServices, params: ListDeploys) -> DeployList:
    check_span(params.after, params.before, services.clock.now(), names=("after", "before"))
    return services.deploys.list(params.after, params.before, params.limit)


def announce_deploy(services: ClusterServices, params: AnnounceDeploy, actor: Actor) -> DeployMark:
    return services.deploys.announce(
        params.version.strip(), actor, at=params.at, note=params.note.strip()
    )


def remove_deploy(services: ClusterServices, params: RemoveDeploy, actor: Actor) -> RemovedDeploy:
    return RemovedDeploy(services.deploys.remove(params.id, actor).id)
