"""Rules are judged, by one of the servers of a cluster, whether anybody looks or not.

Theory of operation. Each server has a thread that wakes every `every_s`. The holder of a lease of
the ledger reads what the rules ask about, judges each, and writes what changed in a turn together
with the messages that it makes, in one transaction: a process that dies loses neither. Others look
whether it still has the lease; after `kill -9` another one goes on within `LEASE_PERIODS` periods,
and from the ledger, so what fired fires on and nobody is sent it twice.

Cost is bounded: rules by `RULES_MAX`, each by one question of half a second, a turn by
`BUDGET_PART` of the period; rules for which no time was left come first in the next.
"""

from __future__ import annotations

import logging
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.errors import QueryError, StoreError, ZoneUnknown
from umbel.notify.base import RESOLVED
from umbel.services.alerts.condition_parse import parse_condition
from umbel.services.alerts.history_state import HistoryState
from umbel.services.alerts.judge import Judgement, SubjectAnswer, judge
from umbel.services.alerts.lifecycle import advanced, ended, is_worth_keeping
from umbel.services.alerts.maintenance_windows import holds
from umbel.services.alerts.messages import notices_of
from umbel.services.alerts.readings import AlertReader
from umbel.services.alerts.same_condition import is_of
from umbel.services.alerts.silences import silence_of
from umbel.store.alerts import (
    NOTICES_MAX,
    Alert,
    AlertNotice,
    AlertRule,
    NoticeKind,
    RuleAnswer,
    Silence,
)
from umbel.store.ledger import Ledger

log = logging.getLogger(__name__)

#: What part of a period a turn may take.
BUDGET_PART: Final = 0.5
#: An answer that stays the same is written down again so often, with the numbers of what fires,
#: seconds.
ANSWERED_EVERY_S: Final = 60.0
#: The most alerts that one rule has at once.
SUBJECTS_MAX: Final = 200
_GONE: Final = "It ended with its rule, which was removed or switched off."
_CHANGED: Final = "It ended since its rule was changed, and is about something else now."


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn did: rules that were judged, and left for the next one."""

    rules: int = 0
    left: int = 0
    firing: int = 0
    took_s: float = 0.0


class _Changes:
    """What a turn changes, to be written at once."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []
        self.dropped: list[str] = []
        self.notices: list[AlertNotice] = []
        self.answers: list[RuleAnswer] = []

    def write(self, ledger: Ledger) -> None:
        """Raises `StoreError`."""
        if self.alerts or self.dropped or self.notices or self.answers:
            ledger.keep_alerts(
                self.alerts, drop=self.dropped, notices=self.notices, answers=self.answers
            )


class AlertEvaluator:
    """Judges all rules once. One thread; see `watch` for the thread and its lease."""

    def __init__(
        self,
        reader: AlertReader,
        ledger: Ledger,
        clock: Clock,
        rules: Callable[[], Sequence[AlertRule]],
        budget_s: float,
    ) -> None:
        self._reader = reader
        self._ledger = ledger
        self._clock = clock
        self._rules = rules
        self._budget_s = budget_s
        #: Ids of rules for which there was no time in the last turn.
        self._late: tuple[str, ...] = ()
        #: Whether alerts that ended may wait for the end of a silence.
        self._may_be_untold = True

    def turn(self, *, takes_over: bool = False) -> Turn:
        """Judge every rule, as far as there is time; `takes_over` where another one did the last
        turn. Raises `StoreError`."""
        self._may_be_untold |= takes_over
        began = self._clock.monotonic()
        rules = [each for each in self._rules() if each.enabled]
        late = set(self._late)
        rules.sort(key=lambda each: each.id not in late)
        opened, now = self._open(), self._clock.now()
        silences = self._silences(now)
        done, changes = 0, _Changes()
        try:
            self._end_orphans(opened, {each.id for each in rules}, silences, now, changes)
            self._tell_untold(rules, silences, now, changes)
            state = self._reader.state() if rules else None
            answers = self._ledger.rule_answers() if rules else {}
            for rule in rules:
                if state is None or (done and self._clock.monotonic() - began > self._budget_s):
                    break
                before = answers.get(rule.id)
                self._one(rule, opened.get(rule.id, {}), state, silences, before, changes)
                done += 1
        finally:
            changes.write(self._ledger)
        self._late = tuple(each.id for each in rules[done:])
        return Turn(
            rules=done,
            left=len(rules) - done,
            firing=sum(each.phase == "firing" for each in self._ledger.open_alerts()),
            took_s=self._clock.monotonic() - began,
        )

    def _silences(self, now: float) -> list[Silence]:
        """Those that hold."""
        return [each for each in self._ledger.silences(now) if holds(each, now)]

    def _open(self) -> dict[str, dict[str, Alert]]:
        """Open alerts by rule and subject."""
        found: defaultdict[str, dict[str, Alert]] = defaultdict(dict)
        for each in self._ledger.open_alerts():
            found[each.rule][each.subject] = each
        return dict(found)

    def _end_orphans(
        self,
        opened: Mapping[str, Mapping[str, Alert]],
        rules: set[str],
        silences: Sequence[Silence],
        now: float,
        changes: _Changes,
    ) -> None:
        """Alerts whose rule was removed or switched off end with it."""
        for rule_id in opened.keys() - rules:
            self._end(opened[rule_id].values(), _GONE, silences, now, changes)

    def _end(
        self,
        alerts: Iterable[Alert],
        why: str,
        silences: Sequence[Silence],
        now: float,
        changes: _Changes,
    ) -> None:
        """End alerts of one rule, whatever is so."""
        over = []
        for alert in alerts:
            step = ended(alert, now, silence_of(silences, alert.rule, alert.subject))
            if step.alert is None:
                changes.dropped.append(alert.id)
                continue
            changes.alerts.append(step.alert)
            self._may_be_untold |= step.alert.untold
            over += [step.alert] if step.message is not None else []
        if over:
            self._send(_rule_of(over[0], why), RESOLVED, over, now, changes)

    def _tell_untold(
        self,
        rules: Sequence[AlertRule],
        silences: Sequence[Silence],
        now: float,
        changes: _Changes,
    ) -> None:
        """What ended in a silence that is over by now."""
        if not self._may_be_untold:
            return
        untold = self._ledger.untold_alerts()
        over: defaultdict[str, list[Alert]] = defaultdict(list)
        for each in untold:
            if silence_of(silences, each.rule, each.subject) is None:
                over[each.rule].append(each)
        self._may_be_untold = bool(untold)
        by_id = {each.id: each for each in rules}
        for rule_id, alerts in over.items():
            rule = by_id.get(rule_id) or _rule_of(alerts[0])
            self._send(rule, RESOLVED, alerts, now, changes)
            changes.alerts += [
                msgspec.structs.replace(each, untold=False, silenced=None) for each in alerts
            ]

    def _send(
        self,
        rule: AlertRule,
        kind: NoticeKind,
        alerts: Sequence[Alert],
        now: float,
        changes: _Changes,
    ) -> None:
        receivers = self._receivers(alerts) if kind == RESOLVED else ()
        changes.notices += notices_of(rule, kind, alerts, now, secrets.token_hex(8), receivers)

    def _receivers(self, alerts: Sequence[Alert]) -> tuple[str, ...]:
        """Who was sent that one of these fires, the first that was first."""
        ids = {each.id for each in alerts}
        sent = self._ledger.notices(limit=2 * NOTICES_MAX)
        return tuple(dict.fromkeys(each.notifier for each in sent[::-1] if ids & {*each.alerts}))

    def _one(
        self,
        rule: AlertRule,
        opened: Mapping[str, Alert],
        state: HistoryState,
        silences: Sequence[Silence],
        before: RuleAnswer | None,
        changes: _Changes,
    ) -> None:
        now = state.now
        others = [each for each in opened.values() if not is_of(each, rule.condition)]
        if others:
            # That it is over is told before what fires instead, which is found in the next turn.
            self._end(others, _CHANGED, silences, now, changes)
            return
        judgement = self._judged(rule, opened, state)
        answer = _answer(rule, judgement, before, now)
        changes.answers += [] if answer is None else [answer]
        added = 0
        sent: defaultdict[NoticeKind, list[Alert]] = defaultdict(list)
        for found in _of_each(judgement, opened):
            alert = opened.get(found.subject)
            if alert is None and len(opened) + added >= SUBJECTS_MAX:
                continue
            silence = silence_of(silences, rule.id, found.subject)
            step = advanced(rule, alert, found, now, new_id=secrets.token_hex(6), silence=silence)
            if step.alert is None:
                changes.dropped += [alert.id] if alert is not None else []
            elif is_worth_keeping(alert, step.alert) or (
                # What its number is now is written down as often as what its rule says.
                answer is not None and step.alert != alert
            ):
                changes.alerts.append(step.alert)
                self._may_be_untold |= step.alert.untold
                added += alert is None
            if step.alert is not None and step.message is not None:
                sent[step.message].append(step.alert)
        for kind, alerts in sent.items():
            self._send(rule, kind, alerts, now, changes)

    def _judged(
        self, rule: AlertRule, opened: Mapping[str, Alert], state: HistoryState
    ) -> Judgement:
        try:
            condition = parse_condition(rule.condition)
            evidence = self._reader.evidence(condition, state)
        except (QueryError, ZoneUnknown) as error:  # of another version, or another machine
            return Judgement(answer="cannot be known", sentence=str(error))
        except StoreError:
            raise
        except Exception as error:
            # One rule is never worth all others.
            log.warning("The rule %s could not be judged.", rule.name, exc_info=True)
            sentence = f"{type(error).__name__} while it was judged; the log says more."
            return Judgement(answer="cannot be known", sentence=sentence)
        firing = [each.subject for each in opened.values() if each.phase == "firing"]
        return judge(condition, evidence, firing)


def _rule_of(alert: Alert, note: str = "") -> AlertRule:
    """The rule of an alert, as far as the alert tells when that is gone."""
    return AlertRule(
        id=alert.rule,
        name=alert.name,
        condition=alert.condition,
        severity=alert.severity,
        note=note,
    )


def _of_each(judgement: Judgement, opened: Mapping[str, Alert]) -> list[SubjectAnswer]:
    """The answers, with one for each open alert of which nothing was read."""
    found = list(judgement.subjects)
    there = {each.subject for each in found}
    return found + [
        SubjectAnswer(subject=subject, answer=judgement.others, sentence=judgement.sentence)
        for subject in opened
        if subject not in there
    ]


def _answer(
    rule: AlertRule, judgement: Judgement, before: RuleAnswer | None, now: float
) -> RuleAnswer | None:
    """What is to be written down of it; None where that stands there already."""
    same = before is not None and before.answer == judgement.answer
    if before is not None and same and 0 <= now - before.at < ANSWERED_EVERY_S:
        return None
    return RuleAnswer(
        rule=rule.id,
        answer=judgement.answer,
        sentence=judgement.sentence,
        since=before.since if before is not None and same else now,
        at=now,
    )
