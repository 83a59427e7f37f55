"""The states of errors now: what the ledger has, judged by what the store has since."""

from __future__ import annotations

from collections.abc import Mapping

from umbel.services.errors.group_state import NEVER_SINCE, NOBODY_DECIDED, GroupState, group_state
from umbel.services.errors.recurrence import recurrence
from umbel.services.errors.time_budget import TimeBudget
from umbel.store.base import Store
from umbel.store.ledger import ErrorDecision, Ledger


class DecidedStates:
    """What was decided about errors, as of when this was made. `all_judged`: so far there was time
    to look whether each still holds. Raises `StoreError`. One thread at a time."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self.decisions: Mapping[str, ErrorDecision] = ledger.error_decisions()
        self.all_judged = True

    def of(self, error_id: str, now: float, budget: TimeBudget) -> GroupState:
        """What holds of this error at `now`; what was decided, if there is no time to look."""
        decision = self.decisions.get(error_id)
        if decision is None:
            return NOBODY_DECIDED
        if budget.is_over:
            self.all_judged = False
            return group_state(decision, NEVER_SINCE, now)
        return group_state(decision, recurrence(self._store, decision, now, budget), now)
