"""What the ledger has of alerts: rules, what fired, silences, and messages that are to be sent.

`AlertLedger` is the part of `store.ledger.Ledger` that alerts need; see there for threads and
errors. Times are Unix seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, Protocol

import msgspec

from umbel.errors import NameTaken, TooManyRules

#: The most rules, silences, and messages that wait; so many alerts that ended are kept, so long.
RULES_MAX: Final = 200
SILENCES_MAX: Final = 500
NOTICES_MAX: Final = 2_000
ALERTS_KEPT: Final = 10_000
#: What fires is counted up to here where nothing but the number is wanted.
FIRING_COUNTED: Final = 100
ALERTS_KEPT_S: Final = 400 * 86_400.0
#: Messages that were delivered or given up are kept so long, seconds.
NOTICES_KEPT_S: Final = 30 * 86_400.0

Severity = Literal["critical", "warning", "notice"]
Phase = Literal["pending", "firing", "resolved"]
#: Why a message is sent.
NoticeKind = Literal["fired", "resolved", "escalated", "test"]
NoticeState = Literal["waiting", "delivered", "failed"]


class NewRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as somebody wants it: `condition` is its sentence. It fires when that has been so for
    `pending_s`, and ends when it has not been so for `clear_s` (seconds). `notify` are names of
    notifiers of the settings; what nobody acknowledged within `escalate_s` goes to `escalate_to`
    as well. `note` is what to do, in somebody's words. One that is not `enabled` is kept, and not
    judged."""

    name: str
    condition: str
    severity: Severity = "warning"
    pending_s: float = 0.0
    clear_s: float = 60.0
    notify: tuple[str, ...] = ()
    escalate_s: float | None = None
    escalate_to: tuple[str, ...] = ()
    note: str = ""
    enabled: bool = True


class AlertRule(NewRule, frozen=True, kw_only=True):
    """A rule that is watched: `condition` is canonical. `changed` is when it was written last, by
    `changed_by`. `in_settings`: the settings have it, so nobody changes it here."""

    id: str
    created: float = 0.0
    changed: float = 0.0
    changed_by: str = ""
    in_settings: bool = False


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """`actor` takes care of an alert, since `at`."""

    alert: str
    actor: str
    at: float
    note: str = ""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What fires, or fired, of the rule with the id `rule`: `subject` is the queue, worker, error
    or finding, empty for the whole. The condition holds since `since`; it `fired` and `ended` then.
    `sentence` and `value` are as they were read last while it fired, less than two minutes ago,
    `link` is the page of it as it was when it fired, below that of the cluster. `announced`: its
    message was made, at `announced_at`. `well_since` and `unknown_since`: since when it is no
    longer so, or cannot be known. `silenced`: nobody is sent anything because of this silence.
    `untold`: it ended in one, and whoever was sent that it fires hears so when that is over."""

    id: str
    rule: str
    name: str
    condition: str
    severity: Severity
    subject: str
    phase: Phase
    since: float
    sentence: str
    value: float | None = None
    link: str = ""
    fired: float | None = None
    ended: float | None = None
    announced: bool = False
    announced_at: float | None = None
    escalated: float | None = None
    well_since: float | None = None
    unknown_since: float | None = None
    silenced: str | None = None
    untold: bool = False
    acknowledgement: Acknowledgement | None = None

    @property
    def at(self) -> float:
        """When it fired, or began."""
        return self.since if self.fired is None else self.fired


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """From `start` to `until` nobody is sent anything of the rule with this id (empty: of any), of
    subjects that fit a pattern. One that repeats, every so many seconds, is a maintenance window:
    `until` is the end of the first time, `last` that of all, and it begins at the same time of the
    day in `zone` each time."""

    id: str
    rule: str
    subject: str
    start: float
    until: float
    actor: str
    reason: str
    repeat_s: float | None = None
    last: float | None = None
    zone: str = "UTC"

    @property
    def end(self) -> float:
        """After this it never holds again."""
        if self.repeat_s is None:
            return self.until
        return float("inf") if self.last is None else self.last


class AlertNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A message to one notifier about some alerts of one rule, with the id `rule` and the `name`
    that it had (empty: of an earlier version): `title` and `text` for people, `link` the page that
    they are about. It is tried again at `due` until it is delivered or given
    up; `trouble` says what went wrong last."""

    id: str
    kind: NoticeKind
    notifier: str
    rule: str
    alerts: tuple[str, ...]
    severity: Severity
    title: str
    text: str
    link: str
    at: float
    due: float
    state: NoticeState = "waiting"
    attempts: int = 0
    trouble: str = ""
    ended: float | None = None
    name: str = ""


class RuleAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule says since `since`: one of the four answers, and why."""

    rule: str
    answer: str
    sentence: str
    since: float
    at: float


def refuse_rule(rule: AlertRule, there: Iterable[AlertRule]) -> None:
    """Raises `NameTaken` if another rule has its name, `TooManyRules` beyond `RULES_MAX`."""
    others = [each for each in there if each.id != rule.id]
    if any(each.name == rule.name for each in others):
        raise NameTaken(
            f"There already is a rule named {rule.name}.", remedy="Choose another name."
        )
    if len(others) >= RULES_MAX:
        raise TooManyRules(
            f"There are {len(others)} rules already, which is the most that are watched.",
            remedy="Remove one that nobody needs, or let one rule watch several names (name:a.*).",
        )


def given_up(notice: AlertNotice, now: float) -> AlertNotice:
    """A message that too many others wait behind."""
    trouble = notice.trouble or "It was not sent yet."
    return msgspec.structs.replace(
        notice,
        state="failed",
        ended=now,
        trouble=f"{trouble} It was given up since {NOTICES_MAX:,} newer ones wait.",
    )


class AlertLedger(Protocol):
    """See the module's docstring."""

    def keep_alert_rule(self, rule: AlertRule, *, instead_of: AlertRule | None) -> bool:
        """Keep a rule in the place of what `alert_rules` had under its id; whether that was still
        so. Raises `NameTaken` if another one has its name, `TooManyRules` beyond `RULES_MAX`."""

    def drop_alert_rule(self, rule_id: str) -> bool:
        """Forget a rule; whether there was one."""

    def alert_rules(self) -> tuple[AlertRule, ...]:
        """All rules that people made, by name."""

    def keep_alerts(
        self,
        alerts: Iterable[Alert] = (),
        *,
        drop: Iterable[str] = (),
        notices: Iterable[AlertNotice] = (),
        answers: Iterable[RuleAnswer] = (),
    ) -> None:
        """Keep how alerts are, and the messages that this makes, all or nothing. Of more than
        `NOTICES_MAX` messages that wait the oldest are given up."""

    def open_alerts(self) -> tuple[Alert, ...]:
        """Alerts that have not ended, with their acknowledgements, the oldest first."""

    def firing_alerts(self) -> int:
        """How many alerts fire, counted up to `FIRING_COUNTED`."""

    def ended_alerts(self, before: float | None = None, limit: int = 100) -> tuple[Alert, ...]:
        """Those that ended before a time, the last first: so many, and all others that ended in the
        same moment as the last of these, so that none is left out by who goes on before it."""

    def untold_alerts(self) -> tuple[Alert, ...]:
        """Those that ended and are `untold`, the last first. Reads all that ended."""

    def alert(self, alert_id: str) -> Alert | None:
        """One alert."""

    def rule_answers(self) -> Mapping[str, RuleAnswer]:
        """What each rule says, by its id."""

    def acknowledge(
        self, acknowledgement: Acknowledgement, *, instead_of: Acknowledgement | None
    ) -> bool:
        """Keep who takes care of an alert in the place of who did before; whether that was still
        so."""

    def keep_silence(self, silence: Silence, now: float) -> None:
        """Keep a silence; those that never hold again are forgotten, and beyond `SILENCES_MAX`
        those that end first."""

    def drop_silence(self, silence_id: str) -> bool:
        """Forget a silence; whether there was one."""

    def silences(self, now: float) -> tuple[Silence, ...]:
        """Silences that hold at `now` or may hold later, by their start."""

    def keep_notice(self, notice: AlertNotice) -> None:
        """Keep how a message is."""

    def notices(
        self, *, alert: str | None = None, states: Sequence[NoticeState] = (), limit: int = 100
    ) -> tuple[AlertNotice, ...]:
        """Messages, the newest first."""

    def waiting_notices(self) -> int:
        """How many messages wait."""
