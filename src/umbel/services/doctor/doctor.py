"""The doctor: looks at everything, once for all who ask, and leaves out what somebody muted."""

from __future__ import annotations

from collections import Counter
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.clock import Clock
from umbel.services.deed import deed_of
from umbel.services.doctor.facts import DoctorFacts
from umbel.services.doctor.item import VERDICTS, DoctorItem, Verdict
from umbel.services.doctor.parts import DoctorParts
from umbel.services.doctor.report import report_of
from umbel.services.doctor.sources import DoctorSources
from umbel.services.doctor.table import DOCTOR_CHECKS, checked, looked_at
from umbel.services.health.health_finding import Muted
from umbel.services.health.health_findings import MUTE, UNMUTE
from umbel.services.ledger_beside import beside
from umbel.store.ledger import Ledger, Mute

#: Whoever wants one looked at again gets no answer older than this, seconds.
AGAIN_S: Final = 1.5
#: Mutes of the doctor are kept with those of health, under ids of their own.
_PREFIX: Final = "doctor."


class DoctorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What all checks say, at `asked_at` (Unix seconds), the worst first and muted ones behind
    those that are not well. The numbers count what is not muted."""

    items: tuple[DoctorItem, ...]
    faults: int
    advice: int
    unknown: int
    at: float = msgspec.field(name="asked_at")


class Doctor:
    """Any thread; raises `StoreError`."""

    def __init__(self, sources: DoctorSources, ledger: Ledger, clock: Clock) -> None:
        self._parts = DoctorParts(sources, clock)
        self._ledger = ledger
        self._clock = clock

    def answer(self, *, again: bool = False) -> DoctorAnswer:
        """What all checks say, looked at anew if it is wanted `again`."""
        if again:
            self._parts.renew(AGAIN_S)
        return self._answer(self._parts.facts())

    def again(self, check: str) -> DoctorItem | None:
        """What one check says, of which the facts that it looks at are looked at anew; None if
        there is none of this id."""
        if check not in DOCTOR_CHECKS:
            return None
        self._parts.renew(AGAIN_S, DOCTOR_CHECKS[check].needs)
        return self._item(check)

    def report(self) -> str:
        """All of it as Markdown, for an issue or a chat; secrets are masked in it."""
        facts = self._parts.facts()
        return report_of(self._answer(facts).items, facts)

    def mute(self, check: str, until: float, reason: str, actor: Actor) -> DoctorItem | None:
        """Let nobody hear of an item until then, unless it becomes worse; None if there is none of
        this id. Written to the audit before it is done."""
        item = self._item(check)
        if item is None:
            return None
        now = self._clock.now()
        self._ledger.record(deed_of(actor, MUTE, item.finding, now, reason=reason))
        self._ledger.keep_mute(
            Mute(
                finding=_PREFIX + check,
                actor=actor.name,
                reason=reason,
                severity=item.verdict,
                at=now,
                until=until,
            )
        )
        return msgspec.structs.replace(item, muted=Muted(by=actor.name, until=until, reason=reason))

    def unmute(self, check: str, actor: Actor) -> bool:
        """Let people hear of it again; whether it was muted."""
        now = self._clock.now()
        if _PREFIX + check not in {each.finding for each in self._ledger.mutes(now)}:
            return False
        target = f"the doctor's check {check}"
        self._ledger.record(deed_of(actor, UNMUTE, target, now, reason=None))
        return self._ledger.drop_mute(_PREFIX + check)

    def _item(self, check: str) -> DoctorItem | None:
        if check not in DOCTOR_CHECKS:
            return None
        item = checked(check, self._parts.facts(DOCTOR_CHECKS[check].needs))
        return _marked(item, self._mutes().get(_PREFIX + check))

    def _mutes(self) -> dict[str, Mute]:
        now = self._clock.now()
        mutes = beside(lambda: self._ledger.mutes(now), "What is muted")
        return {each.finding: each for each in mutes or ()}

    def _answer(self, facts: DoctorFacts) -> DoctorAnswer:
        mutes = self._mutes()
        items = [_marked(each, mutes.get(_PREFIX + each.id)) for each in looked_at(facts)]
        items.sort(key=lambda each: (each.verdict == "well", each.muted is not None))
        loud: Counter[Verdict] = Counter(each.verdict for each in items if each.muted is None)
        return DoctorAnswer(
            items=tuple(items),
            faults=loud["fault"],
            advice=loud["advice"],
            unknown=loud["unknown"],
            at=facts.now,
        )


def _marked(item: DoctorItem, mute: Mute | None) -> DoctorItem:
    """A mute does not hold for what has become worse since, and what is well needs none."""
    if mute is None or item.verdict == "well" or _is_worse(item.verdict, mute.severity):
        return item
    return msgspec.structs.replace(
        item, muted=Muted(by=mute.actor, until=mute.until, reason=mute.reason)
    )


def _is_worse(verdict: Verdict, before: str) -> bool:
    return before not in VERDICTS[: VERDICTS.index(verdict) + 1]
