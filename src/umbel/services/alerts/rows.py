"""Alerts and rules as they are answered."""

from __future__ import annotations

import msgspec

from umbel.services.alerts.alerting import Alerting
from umbel.store.alerts import Alert, AlertNotice, AlertRule, RuleAnswer, Silence


class RuleReading(msgspec.Struct, frozen=True, kw_only=True):
    """How a sentence was understood: its one spelling, and when it fires, in words."""

    condition: str
    sentence: str


class ListedRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, `sentence` says when it fires; what it says now (null: it was not judged yet), and
    how many alerts of it fire."""

    rule: AlertRule
    sentence: str
    answer: RuleAnswer | None
    firing: int


class RuleList(msgspec.Struct, frozen=True, kw_only=True):
    """All rules by name. `notifiers` are the names that a rule can notify; `settings` is the file
    (or variable) of the settings that has rules, empty without."""

    items: tuple[ListedRule, ...]
    notifiers: tuple[str, ...]
    settings: str = ""


class ListedSilence(Silence, frozen=True, kw_only=True):
    """A silence, whether it `holds` now, and from when to when it does so now or next. `name` is
    that of its rule, empty where it is about all, or the rule is gone."""

    name: str
    holds: bool
    next_start: float
    next_until: float


class UnknownRule(RuleAnswer, frozen=True, kw_only=True):
    """Why it is not known whether the rule of this `name` fires."""

    name: str


class AlertList(msgspec.Struct, frozen=True, kw_only=True):
    """What fires, the gravest and newest first, then what is `pending`; `unknown` are rules of
    which it cannot be known, or is not yet known. `failed` are messages that were tried in vain,
    the newest: about what is open still, or until their notifier takes one. `watch` is how rules
    are judged, null where this process does not. `more` is how many of what fires or is pending
    are left out."""

    firing: tuple[Alert, ...]
    pending: tuple[Alert, ...]
    unknown: tuple[UnknownRule, ...]
    silences: tuple[ListedSilence, ...]
    failed: tuple[AlertNotice, ...]
    rules: int
    watch: Alerting | None
    more: int = 0


class AlertHistory(msgspec.Struct, frozen=True, kw_only=True):
    """Alerts that ended, the last first; `next` is the time to go on before, null at the end."""

    items: tuple[Alert, ...]
    next: float | None


class AlertDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One alert, its rule (null: it was removed) in words, and what was sent about it."""

    alert: Alert
    rule: AlertRule | None
    sentence: str
    notices: tuple[AlertNotice, ...]


class ListedNotifier(msgspec.Struct, frozen=True, kw_only=True):
    """A notifier of the settings: its kind, and where it leads, without what is secret."""

    name: str
    kind: str
    address: str


class NotifierList(msgspec.Struct, frozen=True, kw_only=True):
    """All notifiers by name, and the last messages, newest first."""

    items: tuple[ListedNotifier, ...]
    notices: tuple[AlertNotice, ...]


class NewSilence(msgspec.Struct, frozen=True, kw_only=True):
    """A silence as somebody wants it; see `store.alerts.Silence`. Without `start` from now on."""

    until: float
    reason: str
    rule: str = ""
    subject: str = "*"
    start: float | None = None
    repeat_s: float | None = None
    last: float | None = None
    zone: str = "UTC"
