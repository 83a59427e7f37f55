"""Errors of a cluster: which there are, and what each is like; `decisions` is what people decide.

Every method blocks and may be called from any thread. They raise `StoreError`, `QueryError` for a
search that cannot be understood, and `ErrorUnknown` for an id that no task has.
"""

from __future__ import annotations

from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.query.ast import Node
from umbel.query.parse import parse
from umbel.redact.rules import Redactor
from umbel.services.errors.decisions import ErrorDecisions
from umbel.services.errors.group_detail import GroupReader, error_label
from umbel.services.errors.group_list import GROUPS_MAX, GroupLists, GroupSearch
from umbel.services.errors.group_state import State
from umbel.services.errors.groups import ErrorDetail, ErrorGroups, SharedTraits
from umbel.services.errors.shares import shared_traits
from umbel.services.errors.states import DecidedStates
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.errors.trend import TimeSpan
from umbel.services.search import incomplete
from umbel.services.search.outside_terms import OutsideTerms
from umbel.services.time_zones import zone_of
from umbel.store.base import Store
from umbel.store.ledger import Ledger

#: How long a question may take from when it was asked, seconds, and at least.
BUDGET_S: Final = 2.0
BUDGET_MIN_S: Final = 0.3
#: Unless a time is asked for, so much of it, seconds.
SPAN_S: Final = 86_400.0


class Errors:
    """Asks store and ledger."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        clock: Clock,
        redactor: Redactor,
        cluster_names: tuple[str, ...] = (),
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._resolved = OutsideTerms(ledger, cluster_names).resolved
        self._lists = GroupLists(store, clock)
        self._reader = GroupReader(self._lists, ledger, redactor)
        self.decisions = ErrorDecisions(store, ledger, clock)

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
        matrix: bool = True,
    ) -> ErrorGroups:
        """The same for a query that was parsed already, in `budget_s` seconds; without `matrix` the
        groups have none, which takes a third of the time."""
        budget = TimeBudget(self._clock, max(BUDGET_MIN_S, budget_s))
        span, now = self._span(since, until), self._clock.now()
        states = DecidedStates(self._store, self._ledger, self._lists.returned)
        failures = self._resolved(query)
        search = GroupSearch(query=failures, span=span, state=state, limit=limit, matrix=matrix)
        found = self._lists.list(states, search, now, budget)
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
        states = DecidedStates(self._store, self._ledger)
        error_label(self._store, error_id, states, now, budget.share_s(2))
        return shared_traits(self._store, error_id, self._span(since, until), now, budget)

    def _budget(self, waited_s: float) -> TimeBudget:
        return TimeBudget(self._clock, max(BUDGET_MIN_S, BUDGET_S - waited_s))

    def _span(self, since: float | None, until: float | None) -> TimeSpan:
        end = self._clock.now() if until is None else until
        return TimeSpan(end - SPAN_S if since is None else since, end)

    def _incomplete(self, span: TimeSpan, now: float) -> incomplete.Incomplete | None:
        return incomplete.incomplete(self._store, incomplete.Span(*span), now)
