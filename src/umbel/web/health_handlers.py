"""Handlers of health in sentences: what is wrong, and what nobody wants to hear of for a while."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from umbel.auth.base import Actor
from umbel.services.cluster_services import ClusterServices
from umbel.services.health.health_finding import HealthFinding
from umbel.services.health.health_findings import HealthAnswer
from umbel.web.http.problems import Refusal

#: The latest time that is taken, Unix seconds.
TIME_MAX: Final = 7_258_118_400
#: The longest that a finding is muted, seconds.
MUTE_MAX_S: Final = 366 * 86_400.0

FindingId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=80,
        description="The `id` of a finding.",
        examples=["queue-without-consumer.9f2b6c0a1d3e"],
    ),
]

MuteUntil = Annotated[
    float, Meta(ge=0, le=TIME_MAX, description="Until when, within a year from now.")
]
MuteReason = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=1_000,
        pattern=r"\S",
        description="Why, in your own words; everybody reads it.",
    ),
]


class ReadHealth(msgspec.Struct, frozen=True, kw_only=True):
    since: Annotated[
        Annotated[float, Meta(ge=0, le=TIME_MAX)] | None,
        Meta(description="Of the past (gaps), what was since then; the last hour unless given."),
    ] = None


class MuteFinding(msgspec.Struct, frozen=True, kw_only=True):
    id: FindingId
    until: MuteUntil
    reason: MuteReason


class UnmuteFinding(msgspec.Struct, frozen=True, kw_only=True):
    id: FindingId


class UnmutedFinding(msgspec.Struct, frozen=True):
    """The id of a finding that is heard of again."""

    id: str


def check_mute_until(until: float, now: float) -> None:
    """Raises `Refusal` for a time until which nothing is muted (both in Unix seconds)."""
    if not now < until <= now + MUTE_MAX_S:
        raise Refusal(
            "bad-body",
            "The field until takes a time (Unix seconds) between now and a year from now.",
            parameter="until",
        )


def read_health(services: ClusterServices, params: ReadHealth) -> HealthAnswer:
    return services.health_findings.answer(params.since)


def mute_finding(services: ClusterServices, params: MuteFinding, actor: Actor) -> HealthFinding:
    check_mute_until(params.until, services.clock.now())
    muted = services.health_findings.mute(params.id, params.until, params.reason.strip(), actor)
    if muted is None:
        raise Refusal(
            "unknown-finding",
            f"Nothing is found now under the id {params.id}. It may be over: "
            "GET /api/v1/health lists what there is.",
            parameter="id",
        )
    return muted


def unmute_finding(
    services: ClusterServices, params: UnmuteFinding, actor: Actor
) -> UnmutedFinding:
    if not services.health_findings.unmute(params.id, actor):
        raise Refusal(
            "unknown-finding",
            f"No finding with the id {params.id} is muted, or its time has ended.",
            parameter="id",
        )
    return UnmutedFinding(params.id)
