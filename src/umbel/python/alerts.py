"""Alerts: what fires, rules, who takes care, silences, back-tests. See `workers` for `events`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from umbel.errors import AlertUnknown
from umbel.python.source_argument import on_source
from umbel.python.sources import Source
from umbel.python.times import TimeLike, unix_time
from umbel.services.alerts.alerts import LISTED_MAX
from umbel.services.alerts.backtest import DAY_S, DAYS_MAX, BackTest
from umbel.services.alerts.rows import (
    AlertHistory,
    AlertList,
    ListedRule,
    ListedSilence,
    NewSilence,
    RuleList,
)
from umbel.store.alerts import Alert, NewRule, Severity


@on_source
def alerts(source: Source, /) -> AlertList:
    """What fires now in `firing`, the gravest first, what waits to fire in `pending`, and in
    `unknown` what rules cannot know. An alert has `id`, `name`, `subject`, `sentence`, `severity`,
    `since` (Unix seconds), and an `acknowledgement` where somebody takes care."""
    return source.alerts()


@on_source
def alert_rules(source: Source, /) -> RuleList:
    """All rules in `items`: the `rule`, when it fires in a `sentence`, and its `answer` now, one of
    firing, well, not yet known, and cannot be known."""
    return source.alert_rules()


@on_source
def alert_history(source: Source, /, before: TimeLike = None, limit: int = 50) -> AlertHistory:
    """Alerts that ended in `items`, the last first; `next` is the `before` of those that follow.

    Raises `ValueError` for a wrong time or number."""
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= LISTED_MAX:
        raise ValueError(f"limit is a number from 1 to {LISTED_MAX}, not {limit!r}.")
    return source.alert_history(unix_time(before, "before"), limit)


@on_source
def back_test(
    source: Source, /, condition: str, *, pending_s: float = 0.0, days: float = 7.0
) -> BackTest:
    """When a rule would have fired in the last `days`: in a `sentence`, with `count` and `firings`.
    `possible` is false where it could not be looked at.

    Raises `QueryError` for a sentence that cannot be understood."""
    if not 0 < days <= DAYS_MAX:
        raise ValueError(f"days is a number up to {DAYS_MAX:.0f}, not {days!r}.")
    return source.back_test(condition, pending_s, 60.0, days)


@on_source
def add_alert_rule(
    source: Source,
    /,
    name: str,
    condition: str,
    *,
    severity: Severity = "warning",
    pending_s: float = 0.0,
    notify: Sequence[str] = (),
    escalate_s: float | None = None,
    escalate_to: Sequence[str] = (),
    note: str = "",
) -> ListedRule:
    """Watch a rule from now on, such as `failure rate of name:a.* > 5 % over 10 min`: it fires
    when that has been so for `pending_s` seconds, and tells the notifiers of the settings that
    `notify` names.

    Raises `QueryError`, `ActionRefused` for a notifier that there is not, `NameTaken`, and
    `NotPermitted` where your role does not allow it."""
    wanted = NewRule(
        name=name, condition=condition, severity=severity, pending_s=pending_s,
        notify=tuple(notify), escalate_s=escalate_s, escalate_to=tuple(escalate_to), note=note,
    )  # fmt: skip
    return source.add_alert_rule(wanted)


@on_source
def change_alert_rule(
    source: Source,
    /,
    rule_id: str,
    *,
    name: str | UnsetType = UNSET,
    condition: str | UnsetType = UNSET,
    severity: Severity | UnsetType = UNSET,
    pending_s: float | UnsetType = UNSET,
    clear_s: float | UnsetType = UNSET,
    notify: Sequence[str] | UnsetType = UNSET,
    escalate_s: float | UnsetType | None = UNSET,
    escalate_to: Sequence[str] | UnsetType = UNSET,
    note: str | UnsetType = UNSET,
    enabled: bool | UnsetType = UNSET,
) -> ListedRule:
    """Change what is given of a rule by its `id`; one that is not `enabled` is kept, and not
    judged.

    Raises `AlertUnknown`, `ActionRefused` for one of the settings and where somebody else changed
    it just now, and what `add_alert_rule` raises."""
    given: dict[str, object] = {
        "name": name, "condition": condition, "severity": severity, "pending_s": pending_s,
        "clear_s": clear_s, "notify": notify if notify is UNSET else tuple(notify),
        "escalate_s": escalate_s,
        "escalate_to": escalate_to if escalate_to is UNSET else tuple(escalate_to),
        "note": note, "enabled": enabled,
    }  # fmt: skip
    changes = {field: value for field, value in given.items() if value is not UNSET}
    return change_rule_of(source, rule_id, changes)


def change_rule_of(source: Source, rule_id: str, changes: Mapping[str, object]) -> ListedRule:
    """Change these fields of a rule, as it is now. Raises as `change_alert_rule`."""
    found = next((each for each in source.alert_rules().items if each.rule.id == rule_id), None)
    if found is None:
        raise AlertUnknown(
            f"There is no rule of alerts {rule_id[:80]}.",
            remedy="alert_rules() and umbel alerts rules list all.",
        )
    before = {field: getattr(found.rule, field) for field in NewRule.__struct_fields__}
    wanted = msgspec.convert({**before, **changes}, NewRule)
    return source.change_alert_rule(rule_id, wanted, found.rule.changed)


@on_source
def remove_alert_rule(source: Source, /, rule_id: str) -> None:
    """Remove a rule by its `id`; what it fires ends. Raises `AlertUnknown`, `ActionRefused` for one
    of the settings, and `NotPermitted`."""
    source.remove_alert_rule(rule_id)


@on_source
def acknowledge_alert(
    source: Source, /, alert_id: str, note: str = "", *, instead_of: str = ""
) -> Alert:
    """Take care of an alert by its `id`, so that it is escalated no more. Where somebody else
    takes care of it, it is taken over `instead_of` them by name. Raises `AlertUnknown`,
    `ActionRefused` where somebody else does, and `NotPermitted`."""
    return source.acknowledge_alert(alert_id, note, instead_of)


@on_source
def silence_alerts(
    source: Source,
    /,
    for_s: float,
    reason: str,
    *,
    rule: str = "",
    subject: str = "*",
    start: TimeLike = None,
    every: Literal["day", "week"] | None = None,
    zone: str = "UTC",
) -> ListedSilence:
    """Send nobody anything for so many seconds, from `start` (now unless given): of the rule with
    this id, or of all; of subjects that fit a pattern. With `every` it is a maintenance window,
    which comes again at the same time of the day in `zone`. Raises `ActionRefused`, `AlertUnknown`,
    and `NotPermitted`."""
    wanted = new_silence(
        for_s, reason, rule=rule, subject=subject, start=unix_time(start, "start"), every=every,
        zone=zone,
    )  # fmt: skip
    return source.silence_alerts(wanted)


def new_silence(
    for_s: float,
    reason: str,
    *,
    rule: str,
    subject: str,
    start: float | None,
    every: Literal["day", "week"] | None,
    zone: str,
) -> NewSilence:
    """A silence of so many seconds from `start` on, Unix seconds, or from now."""
    start = time.time() if start is None else start
    return NewSilence(
        start=start, until=start + for_s, reason=reason, rule=rule, subject=subject,
        repeat_s=None if every is None else DAY_S if every == "day" else 7 * DAY_S, zone=zone,
    )  # fmt: skip


@on_source
def unsilence_alerts(source: Source, /, silence_id: str) -> None:
    """End a silence by its `id`. Raises `AlertUnknown`, and `NotPermitted`."""
    source.unsilence_alerts(silence_id)
