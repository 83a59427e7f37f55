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
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.errors import QueryError, StoreError, ZoneUnknown
from umbel.services.alerts.condition_parse import parse_condition
from umbel.services.alerts.history_state import HistoryState
from umbel.services.alerts.judge import Judgement, SubjectAnswer, judge
from umbel.services.alerts.lifecycle import advanced, ended, is_worth_keeping
from umbel.services.alerts.maintenance_windows import holds
from umbel.services.alerts.messages import notices_of
from umbel.services.alerts.readings import AlertReader
from umbel.services.alerts.silences import silence_of
from umbel.store.alerts import Alert, AlertNotice, AlertRule, NoticeKind, RuleAnswer, Silence
from umbel.store.ledger import Ledger

log = logging.getLogger(__name__)

#: What part of a period a turn may take.
BUDGET_PART: Final = 0.5
#: An answer that stays the same is written down again so often, with the numbers of what fires,
#: seconds.
ANSWERED_EVERY_S: Final = 60.0
#: The most alerts that one rule has at once.
SUBJECTS_MAX: Final = 200


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

    def turn(self) -> Turn:
        """Judge every rule, as far as there is time. Raises `StoreError`."""
        began = self._clock.monotonic()
        rules = [each for each in self._rules() if each.enabled]
        late = set(self._late)
        rules.sort(key=lambda each: each.id not in late)
        opened = self._open()
        self._close_orphans(opened, {each.id for each in rules})
        state = self._reader.state() if rules else None
        answers = self._ledger.rule_answers() if rules else {}
        silences = self._silences(state.now) if state is not None else []
        done, changes = 0, _Changes()
        try:
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

    def _close_orphans(self, opened: Mapping[str, Mapping[str, Alert]], rules: set[str]) -> None:
        """Alerts whose rule was removed or switched off end with it, without a message."""
        for rule_id in opened.keys() - rules:
            now = self._clock.now()
            steps = [ended(each, now, "gone").alert for each in opened[rule_id].values()]
            over = [each for each in steps if each is not None]
            kept = {each.id for each in over}
            gone = [each.id for each in opened[rule_id].values() if each.id not in kept]
            self._ledger.keep_alerts(
                [msgspec.structs.replace(each, silenced=None) for each in over], drop=gone
            )

    def _one(
        self,
        rule: AlertRule,
        opened: Mapping[str, Alert],
        state: HistoryState,
        silences: Sequence[Silence],
        before: RuleAnswer | None,
        changes: _Changes,
    ) -> None:
        judgement = self._judged(rule, opened, state)
        now = state.now
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
                added += alert is None
            if step.alert is not None and step.message is not None:
                sent[step.message].append(step.alert)
        for kind, alerts in sent.items():
            changes.notices += notices_of(rule, kind, alerts, now, secrets.token_hex(8))

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
    if before is not None and same and now - before.at < ANSWERED_EVERY_S:
        return None
    return RuleAnswer(
        rule=rule.id,
        answer=judgement.answer,
        sentence=judgement.sentence,
        since=before.since if before is not None and same else now,
        at=now,
    )
