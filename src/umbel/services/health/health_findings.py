"""Health in sentences: what the rules find of the facts, without what somebody muted."""

from __future__ import annotations

import threading
from typing import Final

import msgspec

from umbel.auth.base import Actor
from umbel.clock import Clock
from umbel.errors import StoreError
from umbel.services.deed import deed_of
from umbel.services.health.assessment import FINDINGS_MAX, assess, not_heard, well, with_mutes
from umbel.services.health.fact_gatherer import EVERY_S, FRESH_S, FactGatherer
from umbel.services.health.facts import HealthFacts
from umbel.services.health.health import Health
from umbel.services.health.health_finding import HealthFinding, Muted
from umbel.services.health.liveness import Liveness
from umbel.services.health.rules.recording import ledger_unread
from umbel.store.ledger import Ledger, Mute

#: How long who asks waits for facts, seconds.
BUDGET_S: Final = 1.8
#: How far back the past is told unless asked for otherwise, seconds.
PAST_S: Final = 3_600.0
MUTE, UNMUTE = "mute", "unmute"


class HealthAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How the cluster is, at `asked_at` (Unix seconds). `well` says in one line that all is, None
    where it is not or cannot be known. `findings` are what is wrong, the gravest first and muted
    ones last; `more` is how many are left out. `unknown` are sentences about what could not be
    asked: of that, no finding says nothing."""

    well: str | None
    findings: tuple[HealthFinding, ...]
    more: int
    unknown: tuple[str, ...]
    at: float = msgspec.field(name="asked_at")


class HealthFindings:
    """Answers every page from facts that are gathered once. Any thread; raises `StoreError`."""

    def __init__(
        self, gatherer: FactGatherer, health: Health, ledger: Ledger, clock: Clock
    ) -> None:
        self._gatherer = gatherer
        self._health = health
        self._ledger = ledger
        self._clock = clock
        self._lock = threading.Lock()
        self._last: HealthFacts | None = None
        #: Ids of what was found of the facts before the last, and of the last.
        self._before: frozenset[str] = frozenset()
        self._open: frozenset[str] = frozenset()

    def answer(self, since: float | None = None, budget_s: float = BUDGET_S) -> HealthAnswer:
        """What is wrong now; of the past what was since then (Unix seconds)."""
        return self._answer(self._live(), since, budget_s, EVERY_S)

    def last_known(self, live: Liveness) -> HealthAnswer:
        """The same of what is known, without a wait, for lists of clusters: what is older than
        `FRESH_S` is gathered anew behind. `live` is how live the history is now."""
        return self._answer(live, None, 0.0, FRESH_S)

    def _answer(
        self, live: Liveness, since: float | None, budget_s: float, every_s: float
    ) -> HealthAnswer:
        now = self._clock.now()
        facts, found = self._found(live, since, budget_s, every_s)
        try:
            mutes = {each.finding: each for each in self._ledger.mutes(now)}
        except StoreError as error:
            found, mutes = (ledger_unread(error), *found), {}
        found = with_mutes(found, mutes)
        line = None if facts is None else well(facts, found)
        return HealthAnswer(
            well=line,
            findings=found[:FINDINGS_MAX],
            more=max(0, len(found) - FINDINGS_MAX),
            unknown=_STILL_ASKING if facts is None else _unknown(facts),
            at=now if facts is None else facts.now,
        )

    def mute(self, finding: str, until: float, reason: str, actor: Actor) -> HealthFinding | None:
        """Let nobody hear of a finding until then, unless it becomes graver; None if there is
        none with this id now. Written to the audit before it is done."""
        now = self._clock.now()
        _, found = self._found(self._live(), 0.0, BUDGET_S, EVERY_S)
        muted = next((each for each in found if each.id == finding), None)
        if muted is None:
            return None
        self._audit(actor, MUTE, muted.sentence, reason)
        self._ledger.keep_mute(
            Mute(
                finding=finding,
                actor=actor.name,
                reason=reason,
                severity=muted.severity,
                at=now,
                until=until,
            )
        )
        by = Muted(by=actor.name, until=until, reason=reason)
        return msgspec.structs.replace(muted, muted=by)

    def unmute(self, finding: str, actor: Actor) -> bool:
        """Let people hear of it again; whether it was muted."""
        mutes = self._ledger.mutes(self._clock.now())
        if not any(each.finding == finding for each in mutes):
            return False
        self._audit(actor, UNMUTE, f"the finding {finding}", None)
        return self._ledger.drop_mute(finding)

    def forget(self) -> None:
        """Gather anew next time: something was changed."""
        self._gatherer.forget()

    def close(self) -> None:
        """Gather no more."""
        self._gatherer.close()

    def _live(self) -> Liveness:
        # It may have changed since facts were gathered, and it costs little.
        return self._health.status().live

    def _found(
        self, live: Liveness, since: float | None, budget_s: float, every_s: float
    ) -> tuple[HealthFacts | None, tuple[HealthFinding, ...]]:
        now = self._clock.now()
        gathered = self._gatherer.facts(budget_s, every_s)
        since = now - PAST_S if since is None else since
        if gathered is None:
            return None, assess(HealthFacts(now=now, live=live, since=since))
        before = self._advanced(gathered)
        facts = msgspec.structs.replace(gathered, live=live, since=since, open=before)
        return facts, assess(facts)

    def _advanced(self, gathered: HealthFacts) -> frozenset[str]:
        """What was open before these facts, which become the last."""
        with self._lock:
            if gathered is not self._last:
                self._last, self._before = gathered, self._open
                facts = msgspec.structs.replace(gathered, open=self._before)
                self._open = frozenset(each.id for each in assess(facts))
            return self._before

    def _audit(self, actor: Actor, action: str, target: str, reason: str | None) -> None:
        self._ledger.record(deed_of(actor, action, target, self._clock.now(), reason=reason))


def _unknown(facts: HealthFacts) -> tuple[str, ...]:
    # While nothing is recorded that is what is told, and of nobody anything is heard.
    silent = not_heard(facts) if facts.live.state == "live" else None
    return facts.unknown if silent is None else (silent, *facts.unknown)


_STILL_ASKING: Final = (
    "The store, the broker and the workers are still being asked; look again in a moment.",
)
