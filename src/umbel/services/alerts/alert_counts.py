"""How many alerts, rules and messages there are, for whoever watches Umbel from outside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from umbel.services.alerts.alerts import Alerts
from umbel.services.alerts.judge import ANSWERS, Answer
from umbel.store.alerts import Severity

#: A rule that nobody judged yet.
_UNJUDGED: Answer = "not yet known"


class AlertCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts that `fire` or are `pending` by severity, rules that are judged by their answer, and
    messages that wait, or were tried in vain (`undelivered`; some of these wait)."""

    firing: Mapping[Severity, int]
    pending: Mapping[Severity, int]
    rules: Mapping[Answer, int]
    waiting: int
    undelivered: int


def alert_counts(alerts: Alerts) -> AlertCounts:
    """Blocks; raises `StoreError`."""
    opened = alerts.opened()
    rules = [each for each in alerts.rules.list().items if each.rule.enabled]
    said = Counter(_UNJUDGED if each.answer is None else each.answer.answer for each in rules)
    return AlertCounts(
        firing=Counter(each.severity for each in opened if each.phase == "firing"),
        pending=Counter(each.severity for each in opened if each.phase == "pending"),
        rules={answer: said[answer] for answer in ANSWERS},
        waiting=alerts.waiting(),
        undelivered=len(alerts.undelivered(opened)),
    )
