"""What people decide about errors: kept in the ledger, with a line of the audit for each deed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from umbel.auth.base import Actor
from umbel.characters import visible
from umbel.clock import Clock
from umbel.errors import ActionRefused
from umbel.services.deed import deed_of
from umbel.services.errors.group_detail import error_label
from umbel.services.errors.group_state import GroupState, State
from umbel.services.errors.states import DecidedStates
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.phrases import number
from umbel.store.base import Store
from umbel.store.ledger import ErrorDecision, Ledger

#: The longest note, in characters.
NOTE_MAX: Final = 2_000
#: How long one decision may look into the history, seconds.
BUDGET_S: Final = 1.5
#: A title in the ledger and in the audit is cut to so many characters.
_TITLE_MAX: Final = 300
#: So often a decision is made anew because somebody else was first.
_ATTEMPTS: Final = 5

Deed = Literal["resolve", "ignore", "reopen", "note"]
#: What is decided, by what was decided before.
_Made = Callable[[ErrorDecision | None], ErrorDecision]


class Ignoring(msgspec.Struct, frozen=True, kw_only=True):
    """What ends that an error is ignored, whichever comes first: a time (Unix seconds), so many
    failures within a minute, so many since, the next deploy. Without any of them a person does."""

    until: float | None = None
    rate: int | None = None
    total: int | None = None
    next_deploy: bool = False


NO_CONDITION: Final = Ignoring()


class ErrorDecisions:
    """Any thread. Every deed gives the state that holds then, and raises `ErrorUnknown` for an id
    that no task has, `ActionRefused` for what cannot be, and `StoreError`."""

    def __init__(self, store: Store, ledger: Ledger, clock: Clock) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock

    def resolve(self, error_id: str, actor: Actor, note: str = "") -> GroupState:
        """It is open again when it fails after this."""
        return self._decide(error_id, actor, "resolve", "resolved", note)

    def ignore(self, error_id: str, actor: Actor, ignoring: Ignoring, note: str = "") -> GroupState:
        """It is open again when one of the conditions is met."""
        if ignoring.until is not None and ignoring.until <= self._clock.now():
            raise ActionRefused(
                "The time until which it is to be ignored is over.",
                remedy="Give a later one.",
                field="until",
            )
        return self._decide(error_id, actor, "ignore", "ignored", note, ignoring)

    def reopen(self, error_id: str, actor: Actor, note: str = "") -> GroupState:
        """It is open, whatever was decided before."""
        return self._decide(error_id, actor, "reopen", "open", note)

    def note(self, error_id: str, actor: Actor, note: str) -> GroupState:
        """Keep a note, in the place of the one before; its state stays. An empty one takes the
        note away."""
        now, budget = self._clock.now(), TimeBudget(self._clock, BUDGET_S)
        title = self._title(error_id, now, budget)

        def noted(before: ErrorDecision | None) -> ErrorDecision:
            kept = before or ErrorDecision(
                error=error_id, title=title, state="open", at=now, actor=actor.name
            )
            return msgspec.structs.replace(kept, note=note, noted_by=actor.name if note else "")

        self._keep(error_id, noted)
        self._record(actor, "note", error_id, title, note, now)
        return self._state(error_id, now, budget)

    def _decide(
        self,
        error_id: str,
        actor: Actor,
        deed: Deed,
        state: State,
        note: str,
        ignoring: Ignoring = NO_CONDITION,
    ) -> GroupState:
        now, budget = self._clock.now(), TimeBudget(self._clock, BUDGET_S)
        title = self._title(error_id, now, budget)

        def decided(before: ErrorDecision | None) -> ErrorDecision:
            words = (note, actor.name) if note else ("", "")
            if not note and before is not None:
                words = before.note, before.noted_by
            return ErrorDecision(
                error=error_id,
                title=title,
                state=state,
                at=now,
                actor=actor.name,
                note=words[0],
                noted_by=words[1],
                until=ignoring.until,
                rate=ignoring.rate,
                total=ignoring.total,
                next_deploy=ignoring.next_deploy,
            )

        self._keep(error_id, decided)
        self._record(actor, deed, error_id, title, note, now, conditions(ignoring))
        return self._state(error_id, now, budget)

    def _keep(self, error_id: str, made: _Made) -> None:
        for _ in range(_ATTEMPTS):
            before = self._ledger.error_decisions().get(error_id)
            if self._ledger.decide_error(made(before), instead_of=before):
                return
        raise ActionRefused(
            "Others decide about this error at the same time.", remedy="Look again, then decide."
        )

    def _record(
        self,
        actor: Actor,
        deed: Deed,
        error_id: str,
        title: str,
        note: str,
        now: float,
        answer: str = "",
    ) -> None:
        self._ledger.record(
            deed_of(
                actor,
                f"{deed}-error",
                f"the error {error_id}: {visible(title)}",
                now,
                query=f"error:{error_id}",
                answer=answer,
                reason=note,
            )
        )

    def _title(self, error_id: str, now: float, budget: TimeBudget) -> str:
        states = DecidedStates(self._store, self._ledger)
        label = error_label(self._store, error_id, states, now, budget.share_s(2))
        title = label.partition(" ")[2]
        return title if len(title) <= _TITLE_MAX else title[: _TITLE_MAX - 1] + "…"

    def _state(self, error_id: str, now: float, budget: TimeBudget) -> GroupState:
        return DecidedStates(self._store, self._ledger).of(error_id, now, budget)


def conditions(ignoring: Ignoring) -> str:
    """In words, for the audit; empty if there are none."""
    parts = []
    if ignoring.until is not None:
        parts.append(f"until {datetime.fromtimestamp(ignoring.until, UTC):%Y-%m-%d %H:%M} UTC")
    if ignoring.rate is not None:
        parts.append(f"until it fails {number(ignoring.rate, 'time')} within a minute")
    if ignoring.total is not None:
        parts.append(f"until it has failed {number(ignoring.total, 'time')} more")
    if ignoring.next_deploy:
        parts.append("until the next deploy")
    return ", or ".join(parts)
