"""Alerts of a cluster, for every face: what fires, rules, silences, who takes care, what was sent.

Any thread; every method blocks and raises `StoreError`. Rules of the settings stand beside those
that people made, and are changed in the settings alone.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.characters import visible
from umbel.clock import Clock
from umbel.errors import ActionRefused, AlertUnknown, StoreError
from umbel.masking import mask_address
from umbel.notify.base import NotifierConfig
from umbel.query.spelling import nearest
from umbel.services.alerts.alert_rules import AlertRules, in_words
from umbel.services.alerts.alerting import Alerting, Firing
from umbel.services.alerts.backtest import BackTest, back_test
from umbel.services.alerts.backtest_readings import PastReader
from umbel.services.alerts.condition_parse import parse_condition
from umbel.services.alerts.condition_text import described, written
from umbel.services.alerts.delivery import MessageDelivery
from umbel.services.alerts.rows import (
    AlertDetail,
    AlertHistory,
    AlertList,
    ListedNotifier,
    NotifierList,
    RuleReading,
    UnknownRule,
)
from umbel.services.alerts.silences import Silences, is_of_all
from umbel.services.deed import deed_of
from umbel.services.phrases import names
from umbel.store.alerts import (
    Acknowledgement,
    Alert,
    AlertNotice,
    Severity,
)
from umbel.store.ledger import Ledger

#: How grave an alert can be, the gravest first.
SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "warning", "notice")
#: The most alerts of one answer, and messages.
LISTED_MAX: Final = 200
NOTICES_LISTED: Final = 50
ACKNOWLEDGE, TEST = "acknowledge-alert", "test-notifier"


class Alerts:
    """Asks and writes the ledger. `rules` and `silences` are what people make."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        past: PastReader,
        delivery: MessageDelivery,
        *,
        rules: AlertRules,
        notifiers: Sequence[NotifierConfig] = (),
        alerting: Callable[[], Alerting | None] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._past = past
        self._delivery = delivery
        self.rules = rules
        self.silences = Silences(ledger, clock, rules)
        self._notifiers = {each.name: each for each in notifiers}
        self._alerting = alerting

    # -- looking ------------------------------------------------------------------------------

    def now(self) -> AlertList:
        """What fires, waits to fire, and cannot be known."""
        opened = self._ledger.open_alerts()
        rules = {each.id: each.name for each in self.rules.all() if each.enabled}
        answers = self._ledger.rule_answers().values()
        firing = _gravest(each for each in opened if each.phase == "firing")
        pending = _gravest(each for each in opened if each.phase == "pending")
        return AlertList(
            firing=firing,
            pending=pending,
            more=len(opened) - len(firing) - len(pending),
            unknown=tuple(
                UnknownRule(**msgspec.structs.asdict(each), name=rules[each.rule])
                for each in answers
                if each.rule in rules and each.answer in {"cannot be known", "not yet known"}
            ),
            silences=self.silences.list(),
            failed=self.undelivered(opened),
            rules=len(rules),
            watch=self._alerting(),
        )

    def opened(self) -> tuple[Alert, ...]:
        """Alerts that fire or wait to."""
        return self._ledger.open_alerts()

    def waiting(self) -> int:
        """How many messages wait to be delivered, also those that are tried again."""
        return self._ledger.waiting_notices()

    def firing(self) -> Firing | None:
        """How many alerts fire, for whoever looks at anything; None where the ledger cannot be
        read."""
        try:
            silent = [each for each in self.silences.list() if each.holds and is_of_all(each)]
            return Firing(
                count=self._ledger.firing_alerts(),
                silent_until=max((each.next_until for each in silent), default=None),
            )
        except StoreError:
            return None

    def history(self, before: float | None = None, limit: int = 50) -> AlertHistory:
        """Alerts that ended."""
        found = self._ledger.ended_alerts(before, limit)
        return AlertHistory(items=found, next=found[-1].ended if len(found) >= limit else None)

    def detail(self, alert_id: str) -> AlertDetail:
        """One alert. Raises `AlertUnknown`."""
        alert = self._alert(alert_id)
        rule = next((each for each in self.rules.all() if each.id == alert.rule), None)
        return AlertDetail(
            alert=alert,
            rule=rule,
            sentence=in_words(alert.condition),
            notices=self._ledger.notices(alert=alert_id, limit=NOTICES_LISTED),
        )

    def notifiers(self) -> NotifierList:
        """Who can be notified, and what was sent last."""
        items = tuple(
            ListedNotifier(name=each.name, kind=each.kind, address=_address(each))
            for each in self._notifiers.values()
        )
        return NotifierList(items=items, notices=self._ledger.notices(limit=NOTICES_LISTED))

    def read(self, condition: str) -> RuleReading:
        """How a sentence is understood. Raises `QueryError`."""
        found = parse_condition(condition)
        return RuleReading(condition=written(found), sentence=f"Fires when {described(found)}.")

    def back_test(
        self, condition: str, *, pending_s: float = 0.0, clear_s: float = 60.0, days: float = 7.0
    ) -> BackTest:
        """When a rule would have fired in the last days. Raises `QueryError`."""
        found = parse_condition(condition)
        return back_test(found, self._past, pending_s=pending_s, clear_s=clear_s, days=days)

    # -- what fires ---------------------------------------------------------------------------

    def acknowledge(
        self, alert_id: str, actor: Actor, note: str = "", *, instead_of: str = ""
    ) -> Alert:
        """Take care of an alert: it is escalated no more. Where somebody else does, only
        `instead_of` them by name. Raises `AlertUnknown`, `ActionRefused`."""
        alert = self._alert(alert_id)
        if alert.phase != "firing":
            raise _refused(f"The alert {alert_id} does not fire.", "id")
        before, now = alert.acknowledgement, self._clock.now()
        if before is not None and before.actor not in {actor.name, instead_of}:
            raise _taken(before)
        seen = Acknowledgement(alert=alert_id, actor=actor.name, at=now, note=note)
        if not self._ledger.acknowledge(seen, instead_of=before):
            raise _taken(self._alert(alert_id).acknowledgement)
        subject = f" of {visible(alert.subject)}" if alert.subject else ""
        others = before is not None and before.actor != actor.name
        self._record(
            actor, ACKNOWLEDGE, f"the alert {visible(alert.name)}{subject} ({alert_id})",
            alert.condition, note, f"Instead of {visible(instead_of)}." if others else "",
        )  # fmt: skip
        return msgspec.structs.replace(alert, acknowledgement=seen)

    def test(self, notifier: str, actor: Actor) -> AlertNotice:
        """Send a test message at once, and tell how that went. Raises `AlertUnknown`."""
        if notifier not in self._notifiers:
            near = nearest(notifier, self._notifiers)
            raise AlertUnknown(
                f"The settings have no notifier {notifier[:60]}.",
                remedy=f"Did you mean {near}?" if near else "Add [alerts.notifiers.NAME].",
            )
        now = self._clock.now()
        self._record(actor, TEST, f"the notifier {notifier}")
        notice = AlertNotice(
            id=secrets.token_hex(8),
            kind="test",
            notifier=notifier,
            rule="",
            alerts=(),
            severity="notice",
            title="A test message of Umbel",
            text=f"{actor.name} asked for it. When something fires, messages come here.",
            link="/alerts",
            at=now,
            due=now,
        )
        tried = self._delivery.attempted(notice)
        if tried.state == "waiting":  # a test is not tried again behind the back of who looks
            tried = msgspec.structs.replace(tried, state="failed", ended=now)
        self._ledger.keep_notice(tried)
        return tried

    def undelivered(self, opened: Iterable[Alert]) -> tuple[AlertNotice, ...]:
        """Messages that were tried in vain: those about what is open still, and others until their
        notifier took one."""
        ids = {each.id for each in opened}
        found = self._ledger.notices(states=("waiting", "failed"), limit=NOTICES_LISTED)
        if not found:
            return ()
        # What the settings name no more takes nothing, and troubles nobody.
        took = {each.notifier: inf for each in found if each.notifier not in self._notifiers}
        for each in self._ledger.notices(states=("delivered",), limit=LISTED_MAX):
            took[each.notifier] = max(took.get(each.notifier, 0.0), each.ended or 0.0)
        return tuple(
            each
            for each in found
            if each.trouble
            and (
                each.ended is None
                or each.ended >= took.get(each.notifier, 0.0)
                or any(alert in ids for alert in each.alerts)
            )
        )

    # -- checks -------------------------------------------------------------------------------

    def _alert(self, alert_id: str) -> Alert:
        found = self._ledger.alert(alert_id)
        if found is None:
            raise _unknown("alert", alert_id)
        return found

    def _record(
        self,
        actor: Actor,
        action: str,
        target: str,
        query: str | None = None,
        note: str = "",
        answer: str = "",
    ) -> None:
        now = self._clock.now()
        deed = deed_of(actor, action, target, now, query=query, reason=note, answer=answer)
        self._ledger.record(deed)


def _gravest(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    found = sorted(alerts, key=lambda each: (SEVERITIES.index(each.severity), -each.at))
    return tuple(found[:LISTED_MAX])


def _address(config: NotifierConfig) -> str:
    if config.kind == "email":
        return names(config.to)
    scheme, _, rest = config.url.partition("://")
    if config.kind == "apprise":
        return f"{scheme}://"
    return mask_address(f"{scheme}://{rest.partition('/')[0]}")


def _taken(by: Acknowledgement | None) -> ActionRefused:
    who = "Somebody else" if by is None else visible(by.actor)
    return ActionRefused(
        f"{who} takes care of it already.",
        remedy="If that is agreed, take it over: instead_of is the name of who does now.",
        field="instead_of",
        suggestion=None if by is None else by.actor,
    )


def _refused(message: str, field: str) -> ActionRefused:
    return ActionRefused(message, field=field)


def _unknown(what: str, each: str) -> AlertUnknown:
    return AlertUnknown(
        f"There is no {what} {each[:80]}.",
        remedy="GET /api/v1/alerts and umbel alerts list what there is.",
    )
