"""Errors of a cluster: which there are, what each is like, and what people decide about them.

Every method blocks and may be called from any thread. They raise `StoreError`, `QueryError` for a
search that cannot be understood, `ErrorUnknown` for an id that no task has, and `ActionRefused` for
a decision that says nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

from umbel.auth.base import Actor
from umbel.characters import visible
from umbel.clock import Clock
from umbel.errors import ActionRefused
from umbel.query.ast import Node
from umbel.query.parse import parse
from umbel.redact.rules import Redactor
from umbel.services.errors.failures import split_label
from umbel.services.errors.group_detail import GroupReader, error_label
from umbel.services.errors.group_list import GROUPS_MAX, GroupSearch, list_groups
from umbel.services.errors.group_state import GroupState, State
from umbel.services.errors.groups import ErrorDetail, ErrorGroups, SharedTraits
from umbel.services.errors.shares import shared_traits
from umbel.services.errors.states import DecidedStates
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.errors.trend import TimeSpan
from umbel.services.search import incomplete
from umbel.services.search.ledger_terms import resolved
from umbel.services.time_zones import zone_of
from umbel.store.base import Store
from umbel.store.ledger import AuditEntry, ErrorDecision, Ledger

#: How long a question may take from when it was asked, seconds, and at least.
BUDGET_S: Final = 2.0
BUDGET_MIN_S: Final = 0.3
#: Unless a time is asked for, so much of it, seconds.
SPAN_S: Final = 86_400.0
#: The longest note, in characters.
NOTE_MAX: Final = 2_000
#: A title in the ledger and in the audit is cut to so many characters.
_TITLE_MAX: Final = 300

Deed = Literal["resolve", "ignore", "reopen", "note"]


class Ignoring(msgspec.Struct, frozen=True, kw_only=True):
    """What ends that an error is ignored, whichever comes first: a time (Unix seconds), so many
    failures within a minute, so many since. Without any of them a person does."""

    until: float | None = None
    rate: int | None = None
    total: int | None = None


class Errors:
    """Asks store and ledger, and writes decisions to the ledger."""

    def __init__(self, store: Store, ledger: Ledger, clock: Clock, redactor: Redactor) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._reader = GroupReader(store, ledger, redactor)

    # -- looking -----------------------------------------------------------------------------

    def groups(
        self,
        text: str = "",
        *,
        since: float | None = None,
        until: float | None = None,
        state: State | None = None,
        limit: int = GROUPS_MAX,
        tz: str = "UTC",
        waited_s: float = 0.0,
    ) -> ErrorGroups:
        """The groups of failures that match `text`, from `since` to `until` (Unix seconds; the last
        day unless given). It was asked `waited_s` ago."""
        return self.groups_of(
            parse(text, zone_of(tz)),
            since=since,
            until=until,
            state=state,
            limit=limit,
            budget_s=BUDGET_S - waited_s,
        )

    def groups_of(
        self,
        query: Node,
        *,
        since: float | None,
        until: float | None,
        state: State | None,
        limit: int,
        budget_s: float,
    ) -> ErrorGroups:
        """The same for a query that was parsed already, in `budget_s` seconds."""
        budget = TimeBudget(self._clock, max(BUDGET_MIN_S, budget_s))
        span, now = self._span(since, until), self._clock.now()
        states = DecidedStates(self._store, self._ledger)
        failures = resolved(query, self._ledger)
        search = GroupSearch(query=failures, span=span, state=state, limit=limit)
        found = list_groups(self._store, states, search, now, budget)
        return msgspec.structs.replace(found, incomplete=self._incomplete(span, now))

    def detail(
        self,
        error_id: str,
        *,
        since: float | None = None,
        until: float | None = None,
        waited_s: float = 0.0,
    ) -> ErrorDetail:
        """One error, in that time."""
        span, now = self._span(since, until), self._clock.now()
        found = self._reader.detail(error_id, span, now, self._budget(waited_s))
        return msgspec.structs.replace(found, incomplete=self._incomplete(span, now))

    def shares(
        self,
        error_id: str,
        *,
        since: float | None = None,
        until: float | None = None,
        waited_s: float = 0.0,
    ) -> SharedTraits:
        """What its failures of that time share."""
        budget, now = self._budget(waited_s), self._clock.now()
        self._label(error_id, now, budget)
        return shared_traits(self._store, error_id, self._span(since, until), now, budget)

    # -- deciding ----------------------------------------------------------------------------

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
        now = self._clock.now()
        budget = self._budget(0.0)
        label = self._label(error_id, now, budget)
        before = self._ledger.error_decisions().get(error_id)
        if before is None:
            before = self._decision(error_id, label, actor, "open", now)
        noted = msgspec.structs.replace(before, note=note, noted_by=actor.name if note else "")
        self._record(actor, "note", label, note, now, "")
        self._ledger.decide_error(noted)
        return self._state(error_id, now, budget)

    def _decide(
        self,
        error_id: str,
        actor: Actor,
        deed: Deed,
        state: State,
        note: str,
        ignoring: Ignoring = Ignoring(),  # noqa: B008  (frozen)
    ) -> GroupState:
        now = self._clock.now()
        budget = self._budget(0.0)
        label = self._label(error_id, now, budget)
        before = self._ledger.error_decisions().get(error_id)
        made = self._decision(error_id, label, actor, state, now)
        noted_by = actor.name
        if not note and before is not None:
            note, noted_by = before.note, before.noted_by
        made = msgspec.structs.replace(
            made, note=note, noted_by=noted_by if note else "", **msgspec.structs.asdict(ignoring)
        )
        self._record(actor, deed, label, note, now, _conditions(ignoring))
        self._ledger.decide_error(made)
        return self._state(error_id, now, budget)

    def _decision(
        self, error_id: str, label: str, actor: Actor, state: State, now: float
    ) -> ErrorDecision:
        title = _title(label)
        return ErrorDecision(error=error_id, title=title, state=state, at=now, actor=actor.name)

    def _record(
        self, actor: Actor, deed: Deed, label: str, note: str, now: float, answer: str
    ) -> None:
        error_id, _, _ = split_label(label)
        self._ledger.record(
            AuditEntry(
                at=now,
                actor=actor.name,
                address=actor.address,
                via=actor.via,
                action=f"{deed}-error",
                target=f"the error {error_id}: {visible(_title(label))}",
                query=f"error:{error_id}",
                outcome="done",
                answer=answer or None,
                reason=note or None,
            )
        )

    def _state(self, error_id: str, now: float, budget: TimeBudget) -> GroupState:
        return DecidedStates(self._store, self._ledger).of(error_id, now, budget)

    def _label(self, error_id: str, now: float, budget: TimeBudget) -> str:
        states = DecidedStates(self._store, self._ledger)
        return error_label(self._store, error_id, states, now, budget.share_s(2))

    # -- time --------------------------------------------------------------------------------

    def _budget(self, waited_s: float) -> TimeBudget:
        return TimeBudget(self._clock, max(BUDGET_MIN_S, BUDGET_S - waited_s))

    def _span(self, since: float | None, until: float | None) -> TimeSpan:
        end = self._clock.now() if until is None else until
        return TimeSpan(end - SPAN_S if since is None else since, end)

    def _incomplete(self, span: TimeSpan, now: float) -> incomplete.Incomplete | None:
        return incomplete.incomplete(self._store, incomplete.Span(*span), now)


def _title(label: str) -> str:
    title = label.partition(" ")[2]
    return title if len(title) <= _TITLE_MAX else title[: _TITLE_MAX - 1] + "…"


def _conditions(ignoring: Ignoring) -> str:
    """In words, for the audit."""
    parts = []
    if ignoring.until is not None:
        parts.append(f"until {datetime.fromtimestamp(ignoring.until, UTC):%Y-%m-%d %H:%M} UTC")
    if ignoring.rate is not None:
        parts.append(f"until it fails {ignoring.rate:,} times within a minute")
    if ignoring.total is not None:
        parts.append(f"until it has failed {ignoring.total:,} times more")
    return ", or ".join(parts)
