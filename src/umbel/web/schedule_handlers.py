"""Handlers of beat's entries: listed, looked at, sent now, changed."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from umbel.auth.base import Actor
from umbel.cluster.events import LABEL_MAX
from umbel.services.cluster_services import ClusterServices
from umbel.services.control.task_sender import SentTask
from umbel.services.control.types import Reason
from umbel.services.schedule.entry_changes import EntryChange, WantedEntry
from umbel.services.schedule.rows import EntryDetail, ScheduleList
from umbel.services.schedule.schedules import BUDGET_S, ROWS_MAX, ScheduleOrder

EntryId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2 * LABEL_MAX,
        description="The `id` of an entry (`django:nightly`), or its name.",
        examples=["application:nightly report"],
    ),
]

Cron = Annotated[
    str,
    Meta(max_length=2_000, description="Minute, hour, day, month, weekday: 0 8 * * mon-fri."),
]
IanaName = Annotated[str, Meta(max_length=64, description="The zone of the crontab.")]
Seconds = Annotated[float, Meta(ge=0.1, le=31_536_000, description="An interval instead, seconds.")]
Revision = Annotated[
    str, Meta(max_length=64, description="Of the entry as you saw it: another is not changed.")
]


class ListSchedule(msgspec.Struct, frozen=True, kw_only=True):
    contains: Annotated[
        str, Meta(max_length=LABEL_MAX, description="Only entries with this in name or task.")
    ] = ""
    sort: Annotated[
        ScheduleOrder, Meta(description="Those with trouble first, by name, or by the next run.")
    ] = "trouble"
    limit: Annotated[int, Meta(ge=1, le=ROWS_MAX, description="The most entries.")] = 200


class OneEntry(msgspec.Struct, frozen=True, kw_only=True):
    id: EntryId


class RunEntry(msgspec.Struct, frozen=True, kw_only=True):
    id: EntryId
    reason: Reason | None = None


class ChangeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be otherwise; what is left out stays."""

    id: EntryId
    enabled: bool | None = None
    crontab: Cron | None = None
    zone: IanaName | None = None
    every_s: Seconds | None = None
    args: list[object] | None = None
    kwargs: dict[str, object] | None = None
    dry_run: Annotated[bool, Meta(description="Say what would be, and change nothing.")] = False
    revision: Revision | None = None
    reason: Reason | None = None


def list_schedule(services: ClusterServices, params: ListSchedule, waited_s: float) -> ScheduleList:
    return services.schedules.list(
        params.contains,
        order=params.sort,
        limit=params.limit,
        budget_s=max(0.2, BUDGET_S - waited_s),
    )


def one_entry(services: ClusterServices, params: OneEntry, waited_s: float) -> EntryDetail:
    return services.schedules.detail(params.id, max(0.2, BUDGET_S - waited_s))


def run_entry(services: ClusterServices, params: RunEntry, actor: Actor) -> SentTask:
    return services.entry_changes.run_now(params.id, actor, params.reason)


def change_entry(services: ClusterServices, params: ChangeEntry, actor: Actor) -> EntryChange:
    edit = WantedEntry(
        enabled=params.enabled,
        crontab=params.crontab,
        zone=params.zone,
        every_s=params.every_s,
        args=params.args,
        kwargs=params.kwargs,
    )
    return services.entry_changes.change(
        params.id,
        edit,
        actor,
        dry_run=params.dry_run,
        revision=params.revision,
        reason=params.reason,
    )
