"""Alerts of a cluster, for every face: what fires, rules, silences, who takes care, what was sent.

Any thread; every method blocks and raises `StoreError`. Rules of the settings stand beside those
that people made, and are changed in the settings alone.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.characters import visible
from umbel.clock import Clock
from umbel.errors import ActionRefused, AlertUnknown, QueryError
from umbel.masking import mask_address
from umbel.notify.base import NotifierConfig
from umbel.query.spelling import nearest
from umbel.services.alerts.alerting import Alerting
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
    ListedRule,
    NewRule,
    NewSilence,
    NotifierList,
    RuleList,
    RuleReading,
)
from umbel.services.deed import deed_of
from umbel.services.phrases import names, span
from umbel.store.alerts import (
    Acknowledgement,
    Alert,
    AlertNotice,
    AlertRule,
    Severity,
    Silence,
)
from umbel.store.ledger import Ledger

#: How grave an alert can be, the gravest first.
SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "warning", "notice")
#: The most alerts of one answer, and messages.
LISTED_MAX: Final = 200
NOTICES_LISTED: Final = 50
NAME_MAX: Final = 100
NOTE_MAX: Final = 1_000
CONDITION_MAX: Final = 4_000
#: The longest that something is silent, must hold, or waits for somebody, seconds.
SILENT_MAX_S: Final = 366 * 86_400.0
PENDING_MAX_S: Final = 86_400.0
#: A maintenance window comes again after a day or a week, seconds.
REPEATS_S: Final = (86_400.0, 604_800.0)
ADD, CHANGE, REMOVE = "add-alert-rule", "change-alert-rule", "remove-alert-rule"
ACKNOWLEDGE, SILENCE, UNSILENCE = "acknowledge-alert", "silence-alerts", "unsilence-alerts"
TEST: Final = "test-notifier"


class Alerts:
    """Asks and writes the ledger."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        past: PastReader,
        delivery: MessageDelivery,
        *,
        settings_rules: Sequence[AlertRule] = (),
        notifiers: Sequence[NotifierConfig] = (),
        alerting: Callable[[], Alerting | None] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._past = past
        self._delivery = delivery
        self._settings_rules = tuple(settings_rules)
        self._notifiers = {each.name: each for each in notifiers}
        self._alerting = alerting

    # -- looking ------------------------------------------------------------------------------

    def now(self) -> AlertList:
        """What fires, waits to fire, and cannot be known."""
        opened = self._ledger.open_alerts()
        rules = {each.id for each in self.all_rules() if each.enabled}
        answers = self._ledger.rule_answers().values()
        return AlertList(
            firing=_gravest(each for each in opened if each.phase == "firing"),
            pending=_gravest(each for each in opened if each.phase == "pending"),
            unknown=tuple(
                each
                for each in answers
                if each.rule in rules and each.answer in {"cannot be known", "not yet known"}
            ),
            silences=self._ledger.silences(self._clock.now()),
            failed=self._ledger.notices(states=("waiting", "failed"), limit=NOTICES_LISTED),
            rules=len(rules),
            watch=self._alerting(),
        )

    def history(self, before: float | None = None, limit: int = 50) -> AlertHistory:
        """Alerts that ended."""
        found = self._ledger.ended_alerts(before, limit)
        return AlertHistory(items=found, next=found[-1].ended if len(found) == limit else None)

    def detail(self, alert_id: str) -> AlertDetail:
        """One alert. Raises `AlertUnknown`."""
        alert = self._alert(alert_id)
        rule = next((each for each in self.all_rules() if each.id == alert.rule), None)
        return AlertDetail(
            alert=alert,
            rule=rule,
            sentence=_in_words(alert.condition),
            notices=self._ledger.notices(alert=alert_id, limit=NOTICES_LISTED),
        )

    def rules(self) -> RuleList:
        """All rules, with what each says now."""
        answers = self._ledger.rule_answers()
        firing = Counter(each.rule for each in self._ledger.open_alerts() if each.phase == "firing")
        items = tuple(
            ListedRule(
                rule=each,
                sentence=_in_words(each.condition),
                answer=answers.get(each.id) if each.enabled else None,
                firing=firing[each.id],
            )
            for each in self.all_rules()
        )
        return RuleList(items=items, notifiers=tuple(sorted(self._notifiers)))

    def all_rules(self) -> tuple[AlertRule, ...]:
        """Those of the settings and those that people made, by name."""
        found = [*self._settings_rules, *self._ledger.alert_rules()]
        return tuple(sorted(found, key=lambda each: (each.name, each.id)))

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

    # -- rules --------------------------------------------------------------------------------

    def add(self, wanted: NewRule, actor: Actor) -> ListedRule:
        """Watch a rule from now on. Raises `QueryError`, `ActionRefused`, `NameTaken`."""
        now = self._clock.now()
        rule = self._made(wanted, secrets.token_hex(6), actor, now, created=now)
        if any(each.name == rule.name for each in self._settings_rules):
            raise _refused(f"The settings have a rule named {rule.name}.", "name")
        self._ledger.keep_alert_rule(rule, instead_of=None)
        self._record(actor, ADD, f"the rule {visible(rule.name)}", rule.condition)
        return _unjudged(rule)

    def change(self, rule_id: str, wanted: NewRule, actor: Actor) -> ListedRule:
        """Change a rule. Raises `AlertUnknown`, and what `add` raises."""
        before = self._own_rule(rule_id)
        now = self._clock.now()
        rule = self._made(wanted, rule_id, actor, now, created=before.created)
        if not self._ledger.keep_alert_rule(rule, instead_of=before):
            raise ActionRefused(
                f"The rule {before.name} was changed by somebody else just now.",
                remedy="Look at it again, then change it.",
            )
        self._record(actor, CHANGE, f"the rule {visible(rule.name)}", rule.condition)
        return _unjudged(rule)

    def remove(self, rule_id: str, actor: Actor) -> AlertRule:
        """Forget a rule; what it fires ends with it. Raises `AlertUnknown`."""
        rule = self._own_rule(rule_id)
        self._record(actor, REMOVE, f"the rule {visible(rule.name)}", rule.condition)
        self._ledger.drop_alert_rule(rule_id)
        return rule

    # -- what fires ---------------------------------------------------------------------------

    def acknowledge(self, alert_id: str, actor: Actor, note: str = "") -> Alert:
        """Take care of an alert: it is escalated no more. Raises `AlertUnknown`."""
        alert = self._alert(alert_id)
        if alert.phase != "firing":
            raise _refused(f"The alert {alert_id} does not fire.", "id")
        now = self._clock.now()
        subject = f" of {visible(alert.subject)}" if alert.subject else ""
        self._record(
            actor, ACKNOWLEDGE, f"the alert {visible(alert.name)}{subject} ({alert_id})",
            alert.condition, note,
        )  # fmt: skip
        seen = Acknowledgement(alert=alert_id, actor=actor.name, at=now, note=note)
        self._ledger.acknowledge(seen)
        return msgspec.structs.replace(alert, acknowledgement=seen)

    def silence(self, wanted: NewSilence, actor: Actor) -> Silence:
        """Send nobody anything for a while. Raises `ActionRefused`, `AlertUnknown`."""
        now = self._clock.now()
        start = now if wanted.start is None else wanted.start
        if not start < wanted.until <= now + SILENT_MAX_S or wanted.until <= now:
            raise _refused("A silence ends after it begins, within a year from now.", "until")
        if wanted.repeat_s is not None:
            if wanted.repeat_s not in REPEATS_S:
                raise _refused("A window comes again after a day or a week.", "repeat_s")
            if wanted.until - start > wanted.repeat_s:
                raise _refused("A window is over before it comes again.", "until")
        about = "all rules"
        if wanted.rule:
            about = f"the rule {visible(self._rule(wanted.rule).name)}"
        made = Silence(
            id=secrets.token_hex(6),
            rule=wanted.rule,
            subject=wanted.subject or "*",
            start=start,
            until=wanted.until,
            actor=actor.name,
            reason=wanted.reason,
            repeat_s=wanted.repeat_s,
            last=wanted.last,
        )
        subject = "" if made.subject == "*" else f" of {visible(made.subject)}"
        again = "" if made.repeat_s is None else ", again and again"
        target = f"{about}{subject} for {span(made.until - start)}{again}"
        self._record(actor, SILENCE, target, None, wanted.reason)
        self._ledger.keep_silence(made, now)
        return made

    def unsilence(self, silence_id: str, actor: Actor) -> str:
        """End a silence. Raises `AlertUnknown`."""
        now = self._clock.now()
        if not any(each.id == silence_id for each in self._ledger.silences(now)):
            raise _unknown("silence", silence_id)
        self._record(actor, UNSILENCE, f"the silence {silence_id}")
        self._ledger.drop_silence(silence_id)
        return silence_id

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

    # -- checks -------------------------------------------------------------------------------

    def _made(
        self, wanted: NewRule, rule_id: str, actor: Actor, now: float, *, created: float
    ) -> AlertRule:
        condition = written(parse_condition(wanted.condition))
        self._check_notifiers(wanted.notify, "notify")
        self._check_notifiers(wanted.escalate_to, "escalate_to")
        if wanted.escalate_to and wanted.escalate_s is None:
            raise _refused("Say after how long it goes to others.", "escalate_s")
        return AlertRule(
            **msgspec.structs.asdict(
                msgspec.structs.replace(wanted, condition=condition, name=wanted.name.strip())
            ),
            id=rule_id,
            created=created,
            changed=now,
            changed_by=actor.name,
        )

    def _check_notifiers(self, wanted: Sequence[str], field: str) -> None:
        for each in wanted:
            if each not in self._notifiers:
                there = ", ".join(sorted(self._notifiers))
                raise ActionRefused(
                    f"The settings have no notifier {each[:60]}.",
                    field=field,
                    remedy=f"There are {there}." if there else "Add [alerts.notifiers.NAME].",
                    suggestion=nearest(each, self._notifiers),
                )

    def _alert(self, alert_id: str) -> Alert:
        found = self._ledger.alert(alert_id)
        if found is None:
            raise _unknown("alert", alert_id)
        return found

    def _rule(self, rule_id: str) -> AlertRule:
        found = next((each for each in self.all_rules() if each.id == rule_id), None)
        if found is None:
            raise _unknown("rule of alerts", rule_id)
        return found

    def _own_rule(self, rule_id: str) -> AlertRule:
        rule = self._rule(rule_id)
        if rule.in_settings:
            raise ActionRefused(
                f"The rule {rule.name} stands in the settings.",
                remedy=f"Change [alerts.rules.{rule.name}] there, and start the server again.",
                field="id",
            )
        return rule

    def _record(
        self, actor: Actor, action: str, target: str, query: str | None = None, note: str = ""
    ) -> None:
        now = self._clock.now()
        self._ledger.record(deed_of(actor, action, target, now, query=query, reason=note))


def rule_of_settings(name: str, wanted: NewRule) -> AlertRule:
    """A rule of the settings as all others. Raises `QueryError`."""
    condition = written(parse_condition(wanted.condition))
    replaced = msgspec.structs.replace(wanted, name=name, condition=condition)
    return AlertRule(**msgspec.structs.asdict(replaced), id=f"settings-{name}", in_settings=True)


def _unjudged(rule: AlertRule) -> ListedRule:
    return ListedRule(rule=rule, sentence=_in_words(rule.condition), answer=None, firing=0)


def _in_words(condition: str) -> str:
    try:
        return f"Fires when {described(parse_condition(condition))}."
    except QueryError as error:  # of another version
        return str(error)


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


def _refused(message: str, field: str) -> ActionRefused:
    return ActionRefused(message, field=field)


def _unknown(what: str, each: str) -> AlertUnknown:
    return AlertUnknown(
        f"There is no {what} {each[:80]}.",
        remedy="GET /api/v1/alerts and umbel alerts list what there is.",
    )
