"""What the ledger in memory has of alerts."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from umbel.store.alerts import (
    ALERTS_KEPT,
    ALERTS_KEPT_S,
    FIRING_COUNTED,
    NOTICES_KEPT_S,
    NOTICES_MAX,
    SILENCES_MAX,
    Acknowledgement,
    Alert,
    AlertNotice,
    AlertRule,
    NoticeState,
    RuleAnswer,
    Silence,
    given_up,
    refuse_rule,
)


class MemoryAlerts:
    """The part of `MemoryLedger` that alerts need: see `store.alerts.AlertLedger`."""

    def __init__(self) -> None:
        super().__init__()
        self._alerts_lock = threading.Lock()
        self._rules: dict[str, AlertRule] = {}
        self._alerts: dict[str, Alert] = {}
        self._acknowledgements: dict[str, Acknowledgement] = {}
        self._answers: dict[str, RuleAnswer] = {}
        self._silences: dict[str, Silence] = {}
        self._notices: dict[str, AlertNotice] = {}

    def keep_alert_rule(self, rule: AlertRule, *, instead_of: AlertRule | None) -> bool:
        with self._alerts_lock:
            if self._rules.get(rule.id) != instead_of:
                return False
            refuse_rule(rule, self._rules.values())
            self._rules[rule.id] = rule
            return True

    def drop_alert_rule(self, rule_id: str) -> bool:
        with self._alerts_lock:
            self._answers.pop(rule_id, None)
            return self._rules.pop(rule_id, None) is not None

    def alert_rules(self) -> tuple[AlertRule, ...]:
        with self._alerts_lock:
            return tuple(sorted(self._rules.values(), key=lambda each: each.name))

    def keep_alerts(
        self,
        alerts: Iterable[Alert] = (),
        *,
        drop: Iterable[str] = (),
        notices: Iterable[AlertNotice] = (),
        answers: Iterable[RuleAnswer] = (),
    ) -> None:
        with self._alerts_lock:
            for alert in alerts:
                self._alerts[alert.id] = msgspec.structs.replace(alert, acknowledgement=None)
                if alert.ended is not None:
                    self._forget_alerts(alert.ended)
            for alert_id in drop:
                self._alerts.pop(alert_id, None)
            for answer in answers:
                self._answers[answer.rule] = answer
            for notice in notices:
                self._notices[notice.id] = notice
                self._bound_notices(notice.at)

    def open_alerts(self) -> tuple[Alert, ...]:
        with self._alerts_lock:
            found = [self._whole(each) for each in self._alerts.values() if each.ended is None]
        return tuple(sorted(found, key=lambda each: (each.since, each.id)))

    def firing_alerts(self) -> int:
        with self._alerts_lock:
            alerts = self._alerts.values()
            firing = sum(each.ended is None and each.phase == "firing" for each in alerts)
        return min(firing, FIRING_COUNTED)

    def ended_alerts(self, before: float | None = None, limit: int = 100) -> tuple[Alert, ...]:
        with self._alerts_lock:
            found = [
                self._whole(each)
                for each in self._ended_first()
                if before is None or (each.ended or 0.0) < before
            ]
        least = found[limit - 1].ended if len(found) >= limit else None
        return tuple(
            each for place, each in enumerate(found) if place < limit or each.ended == least
        )

    def untold_alerts(self) -> tuple[Alert, ...]:
        with self._alerts_lock:
            return tuple(self._whole(each) for each in self._ended_first() if each.untold)

    def alert(self, alert_id: str) -> Alert | None:
        with self._alerts_lock:
            found = self._alerts.get(alert_id)
            return None if found is None else self._whole(found)

    def rule_answers(self) -> Mapping[str, RuleAnswer]:
        with self._alerts_lock:
            return dict(self._answers)

    def acknowledge(
        self, acknowledgement: Acknowledgement, *, instead_of: Acknowledgement | None
    ) -> bool:
        with self._alerts_lock:
            if self._acknowledgements.get(acknowledgement.alert) != instead_of:
                return False
            self._acknowledgements[acknowledgement.alert] = acknowledgement
            return True

    def keep_silence(self, silence: Silence, now: float) -> None:
        with self._alerts_lock:
            self._silences[silence.id] = silence
            found = [each for each in self._silences.values() if each.end > now]
            found.sort(key=lambda each: (each.end, each.id))
            self._silences = {each.id: each for each in found[-SILENCES_MAX:]}

    def drop_silence(self, silence_id: str) -> bool:
        with self._alerts_lock:
            return self._silences.pop(silence_id, None) is not None

    def silences(self, now: float) -> tuple[Silence, ...]:
        with self._alerts_lock:
            found = [each for each in self._silences.values() if each.end > now]
        return tuple(sorted(found, key=lambda each: (each.start, each.id)))

    def keep_notice(self, notice: AlertNotice) -> None:
        self.keep_alerts(notices=[notice])

    def notices(
        self, *, alert: str | None = None, states: Sequence[NoticeState] = (), limit: int = 100
    ) -> tuple[AlertNotice, ...]:
        with self._alerts_lock:
            found = [
                each
                for each in self._notices.values()
                if (alert is None or alert in each.alerts) and (not states or each.state in states)
            ]
        return tuple(sorted(found, key=_oldest_first, reverse=True)[:limit])

    def waiting_notices(self) -> int:
        with self._alerts_lock:
            return sum(each.state == "waiting" for each in self._notices.values())

    def _whole(self, alert: Alert) -> Alert:
        by = self._acknowledgements.get(alert.id)
        return msgspec.structs.replace(alert, acknowledgement=by)

    def _ended_first(self) -> list[Alert]:
        found = [each for each in self._alerts.values() if each.ended is not None]
        return sorted(found, key=lambda each: (each.ended or 0.0, each.id), reverse=True)

    def _forget_alerts(self, now: float) -> None:
        kept = self._ended_first()[:ALERTS_KEPT]
        ids = {each.id for each in kept if (each.ended or 0.0) >= now - ALERTS_KEPT_S}
        self._alerts = {
            each.id: each for each in self._alerts.values() if each.ended is None or each.id in ids
        }

    def _bound_notices(self, now: float) -> None:
        newest = sorted(self._notices.values(), key=_oldest_first, reverse=True)
        waiting = [each for each in newest if each.state == "waiting"]
        over = [given_up(each, now) for each in waiting[NOTICES_MAX:]]
        self._notices |= {each.id: each for each in over}
        done = [each for each in newest if each.state != "waiting"] + over
        kept = {each.id for each in done[:NOTICES_MAX] if each.at >= now - NOTICES_KEPT_S}
        self._notices = {
            each.id: each
            for each in self._notices.values()
            if each.state == "waiting" or each.id in kept
        }


def _oldest_first(notice: AlertNotice) -> tuple[float, str]:
    return notice.at, notice.id
