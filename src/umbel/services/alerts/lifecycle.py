"""The life of an alert: pending, firing, resolved. Pure, one step at a time.

nothing ── condition holds ──▶ pending ── for pending_s ──▶ firing ── well for clear_s ──▶ resolved
                                  └── well ──▶ nothing        └── cannot be known: stays as it is

Time in which a pending alert cannot be known does not count into its `pending_s`.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from umbel.services.alerts.judge import SubjectAnswer
from umbel.store.alerts import Alert, AlertRule, NoticeKind


class Step(NamedTuple):
    """An alert after a step, None where there is none (any more), and what people are sent."""

    alert: Alert | None
    message: NoticeKind | None = None


def advanced(
    rule: AlertRule,
    alert: Alert | None,
    found: SubjectAnswer,
    now: float,
    *,
    new_id: str,
    silence: str | None = None,
) -> Step:
    """How the alert of a rule and a subject goes on by what was found at `now`. `silence` is the
    id of the one that holds of it."""
    alert = None if alert is None else _not_after(alert, now)
    if found.answer == "firing":
        return _firing(rule, alert, found, now, new_id, silence)
    if alert is None:
        return Step(None)
    if found.answer == "well":
        return _well(rule, alert, now, silence)
    since = now if alert.unknown_since is None else alert.unknown_since
    held = msgspec.structs.replace(alert, unknown_since=since, well_since=None, silenced=silence)
    return _announced(rule, held, now)


def ended(alert: Alert, now: float, silence: str | None = None) -> Step:
    """The end of an alert."""
    if alert.phase == "pending":
        return Step(None)
    over = msgspec.structs.replace(
        alert,
        phase="resolved",
        ended=now,
        well_since=None,
        unknown_since=None,
        silenced=silence,
        untold=alert.announced and silence is not None,
    )
    return Step(over, "resolved" if alert.announced and silence is None else None)


def _firing(
    rule: AlertRule,
    alert: Alert | None,
    found: SubjectAnswer,
    now: float,
    new_id: str,
    silence: str | None,
) -> Step:
    began = alert or Alert(
        id=new_id,
        rule=rule.id,
        name=rule.name,
        condition=rule.condition,
        severity=rule.severity,
        subject=found.subject,
        phase="pending",
        since=now,
        sentence=found.sentence,
        value=found.value,
        link=found.link,
    )
    since = _since(began, now)
    fires = began.phase == "firing" or now - since >= rule.pending_s
    seen = msgspec.structs.replace(
        began,
        name=rule.name,
        condition=rule.condition,
        severity=rule.severity,
        since=since,
        phase="firing" if fires else "pending",
        fired=began.fired if began.fired is not None else now if fires else None,
        sentence=found.sentence,
        value=found.value,
        link=began.link or found.link,
        well_since=None,
        unknown_since=None,
        silenced=silence,
    )
    return _announced(rule, seen, now)


def _since(alert: Alert, now: float) -> float:
    """Since when it has been so. Of what waits, the time in which that could not be known is left
    out: nothing begins in it."""
    if alert.phase != "pending" or alert.unknown_since is None:
        return alert.since
    return alert.since + max(0.0, now - alert.unknown_since)


def _announced(rule: AlertRule, alert: Alert, now: float) -> Step:
    """With the message that is due of what fires, if any."""
    if alert.phase != "firing" or alert.silenced is not None:
        return Step(alert)
    if not alert.announced:
        return Step(msgspec.structs.replace(alert, announced=True, announced_at=now), "fired")
    # What fired in a silence nobody could have acknowledged before its end.
    is_late = (
        rule.escalate_s is not None
        and alert.escalated is None
        and alert.acknowledgement is None
        and now - announced_at(alert) >= rule.escalate_s
    )
    if is_late:
        return Step(msgspec.structs.replace(alert, escalated=now), "escalated")
    return Step(alert)


def _not_after(alert: Alert, now: float) -> Alert:
    """An alert whose waits end: where a clock was put back, they count from now on."""
    times = {
        name: now
        for name in ("well_since", "announced_at", *(("since",) if alert.fired is None else ()))
        if (at := getattr(alert, name)) is not None and at > now
    }
    return msgspec.structs.replace(alert, **times) if times else alert


def announced_at(alert: Alert) -> float:
    """When people were sent that it fires; of an alert of an earlier version, when it fired."""
    return alert.at if alert.announced_at is None else alert.announced_at


def _well(rule: AlertRule, alert: Alert, now: float, silence: str | None) -> Step:
    if alert.phase == "pending":
        return Step(None)
    since = now if alert.well_since is None else alert.well_since
    if now - since >= rule.clear_s:
        return ended(alert, now, silence)
    return Step(
        msgspec.structs.replace(alert, well_since=since, unknown_since=None, silenced=silence)
    )


def is_worth_keeping(before: Alert | None, after: Alert) -> bool:
    """Whether more changed than the sentence."""
    if before is None:
        return True
    return before != msgspec.structs.replace(after, sentence=before.sentence, value=before.value)
