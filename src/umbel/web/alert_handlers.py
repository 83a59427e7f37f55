"""Handlers of alerts: what fires, rules, silences, who takes care, and test messages."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from umbel.auth.base import Actor
from umbel.services.alerts.alert_rules import CONDITION_MAX, NAME_MAX, NOTE_MAX, PENDING_MAX_S
from umbel.services.alerts.alerts import LISTED_MAX
from umbel.services.alerts.backtest import DAYS_MAX, BackTest
from umbel.services.alerts.rows import (
    AlertDetail,
    AlertHistory,
    AlertList,
    ListedRule,
    ListedSilence,
    NewSilence,
    NotifierList,
    RuleList,
    RuleReading,
)
from umbel.services.cluster_services import ClusterServices
from umbel.store.alerts import Alert, AlertNotice, NewRule, Severity
from umbel.web import requests
from umbel.web.health_handlers import TIME_MAX

#: The longest that nobody need have acknowledged an alert, seconds.
ESCALATE_MAX_S: Final = 7 * 86_400.0

Id = Annotated[str, Meta(min_length=1, max_length=80, description="The `id` of it.")]
Condition = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=CONDITION_MAX,
        description="The rule as a sentence.",
        examples=["failure rate of name:billing.* > 5 % over 10 min"],
    ),
]
Pending = Annotated[
    float,
    Meta(ge=0, le=PENDING_MAX_S, description="How long it must be so before it fires, seconds."),
]
Clear = Annotated[
    float,
    Meta(ge=0, le=PENDING_MAX_S, description="How long it must be over before it ends, seconds."),
]
Name = Annotated[
    str,
    Meta(min_length=1, max_length=NAME_MAX, pattern=r"\S", description="What people call it."),
]
Names = Annotated[
    tuple[Annotated[str, Meta(max_length=40)], ...],
    Meta(max_length=20, description="Names of notifiers."),
]
Note = Annotated[
    str, Meta(max_length=NOTE_MAX, description="Your words about it; everybody reads them.")
]
Time = Annotated[float, Meta(ge=0, le=TIME_MAX)]


class _Rule(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    condition: Condition
    severity: Severity = "warning"
    pending_s: Pending = 0.0
    clear_s: Clear = 60.0
    notify: Names = ()
    escalate_s: Annotated[
        Annotated[float, Meta(ge=10, le=ESCALATE_MAX_S)] | None,
        Meta(description="After how long without an acknowledgement it is escalated, seconds."),
    ] = None
    escalate_to: Names = ()
    note: Note = ""
    enabled: bool = True


class AddRule(_Rule, frozen=True, kw_only=True):
    pass


class ChangeRule(_Rule, frozen=True, kw_only=True):
    id: Id
    changed: Annotated[
        Time,
        Meta(
            description="The `changed` of the rule as you saw it, Unix seconds: where somebody "
            "changed it since, this is refused.",
            examples=[1795347600.0],
        ),
    ]


class OneRule(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


class RemovedRule(msgspec.Struct, frozen=True):
    """The id of a rule that was removed."""

    id: str


class ReadRule(msgspec.Struct, frozen=True, kw_only=True):
    condition: Condition


class BackTestRule(msgspec.Struct, frozen=True, kw_only=True):
    condition: Condition
    pending_s: Pending = 0.0
    clear_s: Clear = 60.0
    days: Annotated[
        float, Meta(gt=0, le=DAYS_MAX, description="How many days are looked at, the last ones.")
    ] = 7.0


class ListHistory(msgspec.Struct, frozen=True, kw_only=True):
    before: Annotated[
        requests.Bound | None, Meta(description="Those that ended before: the `next` of a page.")
    ] = None
    limit: Annotated[int, Meta(ge=1, le=LISTED_MAX, description="The most alerts.")] = 50


class OneAlert(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


class AcknowledgeAlert(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    note: Note = ""
    instead_of: Annotated[
        str,
        Meta(
            max_length=500,
            description="The name of who takes care of it by now, to take it over from them.",
        ),
    ] = ""


class AddSilence(msgspec.Struct, frozen=True, kw_only=True):
    until: Annotated[Time, Meta(description="When it ends, Unix seconds; within a year.")]
    reason: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=NOTE_MAX,
            pattern=r"\S",
            description="Why, in your own words; everybody reads it.",
        ),
    ]
    rule: Annotated[
        str, Meta(max_length=80, description="The `id` of the rule; empty for all rules.")
    ] = ""
    subject: Annotated[
        str,
        Meta(
            max_length=500,
            description="The queue, worker, error or finding, or a pattern of it.",
            examples=["celery@eu-*"],
        ),
    ] = "*"
    start: Annotated[
        Time | None, Meta(description="When it begins, Unix seconds; now unless given.")
    ] = None
    repeat_s: Annotated[
        Annotated[float, Meta(ge=0, le=604_800)] | None,
        Meta(description="It comes again after so many seconds: a day (86400) or a week (604800)."),
    ] = None
    last: Annotated[
        Time | None, Meta(description="After this a silence that repeats comes no more.")
    ] = None
    zone: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=60,
            description="The time zone in which one that repeats has the same time of the day.",
            examples=["Europe/Berlin"],
        ),
    ] = "UTC"


class OneSilence(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


class EndedSilence(msgspec.Struct, frozen=True):
    """The id of a silence that was ended."""

    id: str


class SendTestMessage(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[
        str,
        Meta(min_length=1, max_length=40, description="The name of a notifier.", examples=["mail"]),
    ]


def list_alerts(services: ClusterServices, _: requests.Nothing) -> AlertList:
    return services.alerts.now()


def list_history(services: ClusterServices, params: ListHistory) -> AlertHistory:
    return services.alerts.history(params.before, params.limit)


def one_alert(services: ClusterServices, params: OneAlert) -> AlertDetail:
    return services.alerts.detail(params.id)


def acknowledge_alert(services: ClusterServices, params: AcknowledgeAlert, actor: Actor) -> Alert:
    return services.alerts.acknowledge(
        params.id, actor, params.note.strip(), instead_of=params.instead_of
    )


def read_rule(services: ClusterServices, params: ReadRule) -> RuleReading:
    return services.alerts.read(params.condition)


def back_test_rule(services: ClusterServices, params: BackTestRule, _waited_s: float) -> BackTest:
    return services.alerts.back_test(
        params.condition,
        pending_s=params.pending_s,
        clear_s=params.clear_s,
        days=params.days,
    )


def list_rules(services: ClusterServices, _: requests.Nothing) -> RuleList:
    return services.alerts.rules.list()


def add_rule(services: ClusterServices, params: AddRule, actor: Actor) -> ListedRule:
    return services.alerts.rules.add(
        msgspec.convert(msgspec.structs.asdict(params), NewRule), actor
    )


def change_rule(services: ClusterServices, params: ChangeRule, actor: Actor) -> ListedRule:
    wanted = msgspec.structs.asdict(params)
    rule_id, changed = wanted.pop("id"), wanted.pop("changed")
    new = msgspec.convert(wanted, NewRule)
    return services.alerts.rules.change(rule_id, new, actor, changed=changed)


def remove_rule(services: ClusterServices, params: OneRule, actor: Actor) -> RemovedRule:
    return RemovedRule(services.alerts.rules.remove(params.id, actor).id)


def add_silence(services: ClusterServices, params: AddSilence, actor: Actor) -> ListedSilence:
    wanted = msgspec.convert(msgspec.structs.asdict(params), NewSilence)
    return services.alerts.silences.begin(wanted, actor)


def end_silence(services: ClusterServices, params: OneSilence, actor: Actor) -> EndedSilence:
    return EndedSilence(services.alerts.silences.end(params.id, actor))


def list_notifiers(services: ClusterServices, _: requests.Nothing) -> NotifierList:
    return services.alerts.notifiers()


def send_test_message(
    services: ClusterServices, params: SendTestMessage, actor: Actor
) -> AlertNotice:
    return services.alerts.test(params.name, actor)
