"""Alerts: what fires, rules, who takes care, silences, back-tests. See `workers` for `events`."""

from __future__ import annotations

import time
from collections.abc import Sequence

from umbel.python.source_argument import on_source
from umbel.python.sources import Source
from umbel.python.times import TimeLike, unix_time
from umbel.services.alerts.alerts import LISTED_MAX
from umbel.services.alerts.backtest import DAYS_MAX, BackTest
from umbel.services.alerts.rows import (
    AlertHistory,
    AlertList,
    ListedRule,
    NewRule,
    NewSilence,
    RuleList,
)
from umbel.store.alerts import Alert, Severity, Silence


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
def remove_alert_rule(source: Source, /, rule_id: str) -> None:
    """Remove a rule by its `id`; what it fires ends. Raises `AlertUnknown`, `ActionRefused` for one
    of the settings, and `NotPermitted`."""
    source.remove_alert_rule(rule_id)


@on_source
def acknowledge_alert(source: Source, /, alert_id: str, note: str = "") -> Alert:
    """Take care of an alert by its `id`, so that it is escalated no more. Raises `AlertUnknown`,
    and `NotPermitted`."""
    return source.acknowledge_alert(alert_id, note)


@on_source
def silence_alerts(
    source: Source, /, for_s: float, reason: str, *, rule: str = "", subject: str = "*"
) -> Silence:
    """Send nobody anything for so many seconds: of the rule with this id, or of all; of subjects
    that fit a pattern. Raises `ActionRefused`, `AlertUnknown`, and `NotPermitted`."""
    until = time.time() + for_s
    return source.silence_alerts(NewSilence(until=until, reason=reason, rule=rule, subject=subject))


@on_source
def unsilence_alerts(source: Source, /, silence_id: str) -> None:
    """End a silence by its `id`. Raises `AlertUnknown`, and `NotPermitted`."""
    source.unsilence_alerts(silence_id)
