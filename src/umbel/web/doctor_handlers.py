"""Handlers of the doctor: what is not as it should be, and what nobody wants to hear of."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from umbel.auth.base import Actor
from umbel.services.cluster_services import ClusterServices
from umbel.services.doctor.doctor import DoctorAnswer
from umbel.services.doctor.item import DoctorItem
from umbel.services.doctor.table import DOCTOR_CHECKS
from umbel.web import requests
from umbel.web.health_handlers import MuteReason, MuteUntil, check_mute_until
from umbel.web.http.problems import Refusal

CheckId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=80,
        description="The `id` of a check.",
        examples=["visibility-timeout"],
    ),
]


class ReadDoctor(msgspec.Struct, frozen=True, kw_only=True):
    again: Annotated[
        bool, Meta(description="Look anew, whatever was seen in the last seconds.")
    ] = False


class OneCheck(msgspec.Struct, frozen=True, kw_only=True):
    id: CheckId


class MuteCheck(msgspec.Struct, frozen=True, kw_only=True):
    id: CheckId
    until: MuteUntil
    reason: MuteReason


class UnmutedCheck(msgspec.Struct, frozen=True):
    """The id of a check that is heard of again."""

    id: str


def read_doctor(services: ClusterServices, params: ReadDoctor) -> DoctorAnswer:
    return services.doctor.answer(again=params.again)


def doctor_report(services: ClusterServices, _: requests.Nothing) -> str:
    return services.doctor.report()


def check_again(services: ClusterServices, params: OneCheck) -> DoctorItem:
    return services.doctor.again(params.id) or _no_check(params.id)


def mute_check(services: ClusterServices, params: MuteCheck, actor: Actor) -> DoctorItem:
    check_mute_until(params.until, services.clock.now())
    muted = services.doctor.mute(params.id, params.until, params.reason.strip(), actor)
    return muted or _no_check(params.id)


def unmute_check(services: ClusterServices, params: OneCheck, actor: Actor) -> UnmutedCheck:
    if not services.doctor.unmute(params.id, actor):
        raise Refusal(
            "unknown-finding",
            f"No check with the id {params.id} is muted, or its time has ended.",
            parameter="id",
        )
    return UnmutedCheck(params.id)


def _no_check(name: str) -> DoctorItem:
    raise Refusal(
        "unknown-finding",
        f"The doctor has no check {name}. There are {', '.join(DOCTOR_CHECKS)}.",
        parameter="id",
    )
