"""Rules of alerts: those of the settings and those that people made, who change them by name.

Two people may change a rule at once. Whoever changes one says which time of its last change they
saw (`changed`): where somebody else was faster, it is refused and told who.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.characters import visible
from umbel.clock import Clock
from umbel.errors import ActionRefused, AlertUnknown, QueryError
from umbel.query.spelling import nearest
from umbel.services.alerts.condition_parse import parse_condition
from umbel.services.alerts.condition_text import described, written
from umbel.services.alerts.rows import ListedRule, RuleList
from umbel.services.deed import deed_of
from umbel.store.alerts import AlertRule, NewRule
from umbel.store.ledger import Ledger

NAME_MAX: Final = 100
NOTE_MAX: Final = 1_000
CONDITION_MAX: Final = 4_000
#: The longest that something must hold, or be over, seconds.
PENDING_MAX_S: Final = 86_400.0
ADD, CHANGE, REMOVE = "add-alert-rule", "change-alert-rule", "remove-alert-rule"


class AlertRules:
    """Asks and writes the ledger; see `Alerts` for threads and errors. `of_settings` are rules that
    the settings have, in the file (or variable) `origin`; `notifiers` are the names of those that
    there are."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        of_settings: Sequence[AlertRule],
        origin: str,
        notifiers: Collection[str],
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._of_settings = tuple(of_settings)
        self._origin = origin
        self._notifiers = notifiers

    def all(self) -> tuple[AlertRule, ...]:
        """Those of the settings and those that people made, by name."""
        found = [*self._of_settings, *self._ledger.alert_rules()]
        return tuple(sorted(found, key=lambda each: (each.name, each.id)))

    def one(self, rule_id: str) -> AlertRule:
        """One rule. Raises `AlertUnknown`."""
        found = next((each for each in self.all() if each.id == rule_id), None)
        if found is None:
            raise AlertUnknown(
                f"There is no rule of alerts {rule_id[:80]}.",
                remedy="GET /api/v1/alerts/rules and umbel alerts rules list what there is.",
            )
        return found

    def list(self) -> RuleList:
        """All rules, with what each says now."""
        answers = self._ledger.rule_answers()
        firing = Counter(each.rule for each in self._ledger.open_alerts() if each.phase == "firing")
        items = tuple(
            ListedRule(
                rule=each,
                sentence=in_words(each.condition),
                answer=answers.get(each.id) if each.enabled else None,
                firing=firing[each.id],
            )
            for each in self.all()
        )
        return RuleList(
            items=items, notifiers=tuple(sorted(self._notifiers)), settings=self._origin
        )

    def add(self, wanted: NewRule, actor: Actor) -> ListedRule:
        """Watch a rule from now on. Raises `QueryError`, `ActionRefused`, `NameTaken`."""
        now = self._clock.now()
        rule = self._made(wanted, secrets.token_hex(6), actor, now, created=now)
        self._ledger.keep_alert_rule(rule, instead_of=None)
        self._record(actor, ADD, rule)
        return _unjudged(rule)

    def change(self, rule_id: str, wanted: NewRule, actor: Actor, *, changed: float) -> ListedRule:
        """Change a rule that was last changed at `changed`. Raises `AlertUnknown`, `ActionRefused`
        where that is no longer so, and what `add` raises."""
        before = self._own(rule_id)
        now = self._clock.now()
        rule = self._made(wanted, rule_id, actor, now, created=before.created)
        is_seen = before.changed == changed
        if not is_seen or not self._ledger.keep_alert_rule(rule, instead_of=before):
            by = before.changed_by if not is_seen else "somebody else"
            raise ActionRefused(
                f"The rule {visible(before.name)} was changed by {visible(by)} meanwhile.",
                remedy="Look at it again, then change it.",
                field="changed",
            )
        self._record(actor, CHANGE, rule, _difference(before, rule))
        return _unjudged(rule)

    def remove(self, rule_id: str, actor: Actor) -> AlertRule:
        """Forget a rule; what it fires ends with it. Raises `AlertUnknown`, `ActionRefused`."""
        rule = self._own(rule_id)
        self._record(actor, REMOVE, rule)
        self._ledger.drop_alert_rule(rule_id)
        return rule

    def _made(
        self, wanted: NewRule, rule_id: str, actor: Actor, now: float, *, created: float
    ) -> AlertRule:
        condition = written(parse_condition(wanted.condition))
        self._check_notifiers(wanted.notify, "notify")
        self._check_notifiers(wanted.escalate_to, "escalate_to")
        if wanted.escalate_to and wanted.escalate_s is None:
            raise ActionRefused("Say after how long it goes to others.", field="escalate_s")
        name = wanted.name.strip()
        if any(each.name == name for each in self._of_settings):
            raise ActionRefused(f"The settings have a rule named {visible(name)}.", field="name")
        terms = msgspec.structs.asdict(wanted) | {"condition": condition, "name": name}
        return AlertRule(**terms, id=rule_id, created=created, changed=now, changed_by=actor.name)

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

    def _own(self, rule_id: str) -> AlertRule:
        rule = self.one(rule_id)
        if rule.in_settings:
            where = self._origin or "the settings"
            raise ActionRefused(
                f"The rule {rule.name} stands in {where}.",
                remedy=f"Change [alerts.rules.{rule.name}] there, and start the server again.",
                field="id",
            )
        return rule

    def _record(self, actor: Actor, action: str, rule: AlertRule, answer: str = "") -> None:
        target = f"the rule {visible(rule.name)}"
        now = self._clock.now()
        deed = deed_of(actor, action, target, now, query=rule.condition, answer=answer)
        self._ledger.record(deed)


def rule_of_settings(name: str, wanted: NewRule) -> AlertRule:
    """A rule of the settings as all others. Raises `QueryError`."""
    condition = written(parse_condition(wanted.condition))
    replaced = msgspec.structs.replace(wanted, name=name, condition=condition)
    return AlertRule(**msgspec.structs.asdict(replaced), id=f"settings-{name}", in_settings=True)


def in_words(condition: str) -> str:
    """When a rule fires, as a sentence."""
    try:
        return f"Fires when {described(parse_condition(condition))}."
    except QueryError as error:  # of another version
        return str(error)


def _unjudged(rule: AlertRule) -> ListedRule:
    return ListedRule(rule=rule, sentence=in_words(rule.condition), answer=None, firing=0)


def _difference(before: AlertRule, after: AlertRule) -> str:
    """What was changed, with what it was, for the audit."""
    found = [
        f"{field} was {visible(str(getattr(before, field)))[:200]}"
        for field in NewRule.__struct_fields__
        if getattr(before, field) != getattr(after, field)
    ]
    return f"Changed: {'; '.join(found)}." if found else "Nothing was changed."
