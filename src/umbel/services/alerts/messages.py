"""What people are sent about alerts: one message of a rule for all that fired in one look."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from umbel.errors import QueryError
from umbel.notify.base import RESOLVED
from umbel.query.describe import spoken_duration
from umbel.services.alerts.condition import Condition, ErrorAppears, FindingAppears
from umbel.services.alerts.condition_parse import parse_condition
from umbel.services.alerts.condition_text import described
from umbel.services.alerts.lifecycle import announced_at
from umbel.services.phrases import names, number
from umbel.store.alerts import Alert, AlertNotice, AlertRule, NoticeKind

#: So many of what fired a message tells in a sentence each.
LINES_MAX: Final = 10
_WORDS: Final[dict[NoticeKind, str]] = {
    "fired": "fires", RESOLVED: "is resolved", "escalated": "is not acknowledged",
}  # fmt: skip


def notices_of(
    rule: AlertRule,
    kind: NoticeKind,
    alerts: Sequence[Alert],
    now: float,
    new_id: str,
    receivers: Collection[str] = (),
) -> tuple[AlertNotice, ...]:
    """A message for each notifier of the rule; that it is over goes to the `receivers`
    of that it fires, where they are still in the ledger."""
    to = rule.notify
    if kind == "escalated":
        to = rule.escalate_to or rule.notify
    if kind == RESOLVED and any(each.escalated is not None for each in alerts):
        to = (*rule.notify, *rule.escalate_to)
    if kind == RESOLVED and receivers:
        to = tuple(receivers)
    first = alerts[0]
    return tuple(
        AlertNotice(
            id=f"{new_id}.{place}",
            kind=kind,
            notifier=notifier,
            rule=rule.id,
            name=rule.name,
            alerts=tuple(each.id for each in alerts),
            severity=rule.severity,
            title=_title(rule, kind, alerts),
            text=_text(rule, kind, alerts, now),
            link=first.link or f"/alerts/{first.id}",
            at=now,
            due=now,
        )
        for place, notifier in enumerate(dict.fromkeys(to))
    )


def _title(rule: AlertRule, kind: NoticeKind, alerts: Sequence[Alert]) -> str:
    subjects = [each.subject for each in alerts if each.subject and not _is_id(rule)]
    of = f": {names(subjects)}" if subjects else ""
    if not of and len(alerts) > 1:
        of = f" ({len(alerts)})"
    return f"[{rule.severity}] {rule.name} {_WORDS.get(kind, kind)}{of}"


def _is_id(rule: AlertRule) -> bool:
    """Whether its subjects are ids, which tell nobody anything."""
    return isinstance(_condition(rule), ErrorAppears | FindingAppears)


def _condition(rule: AlertRule) -> Condition | None:
    """None for the rule of an alert that another version made, which may end with it."""
    try:
        return parse_condition(rule.condition)
    except QueryError:
        return None


def _text(rule: AlertRule, kind: NoticeKind, alerts: Sequence[Alert], now: float) -> str:
    lines = [each.sentence for each in alerts[:LINES_MAX]]
    if len(alerts) > LINES_MAX:
        lines.append(f"And {number(len(alerts) - LINES_MAX, 'more', 'more')}.")
    over = max(now if each.ended is None else each.ended for each in alerts)
    lasted = spoken_duration(max(1.0, over - min(each.at for each in alerts)))
    if kind == RESOLVED:
        lines = [f"It lasted {lasted}. What was last: {lines[0]}", *lines[1:]]
    if any(each.untold for each in alerts):
        lines.append(f"It ended {spoken_duration(max(1.0, now - over))} ago, in a silence.")
    if kind == "escalated":
        sent = spoken_duration(max(1.0, now - min(map(announced_at, alerts))))
        lines.append(f"Nobody has acknowledged it for {sent}.")
    condition = _condition(rule)
    if condition is not None:
        lines.append(f"The rule fires when {described(condition)}.")
    if rule.note:
        lines.append(rule.note)
    return "\n".join(lines)
