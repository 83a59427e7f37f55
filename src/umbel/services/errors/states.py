"""The states of errors now: what the ledger has, judged by what the store has since."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from umbel.errors import StoreError
from umbel.services.errors.group_state import NEVER_SINCE, NOBODY_DECIDED, GroupState, group_state
from umbel.services.errors.recurrence import recurrence
from umbel.services.errors.time_budget import TimeBudget
from umbel.store.base import Store
from umbel.store.ledger import ErrorDecision, Ledger

log = logging.getLogger("umbel.ledger")


class DecidedStates:
    """What was decided about errors, as of when this was made. `all_judged`: so far there was time
    to look whether each still holds, and the ledger could be read: else errors are shown without
    what was decided. Raises `StoreError` where the history cannot be read. One thread at a time."""

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self._store = store
        self.decisions: Mapping[str, ErrorDecision] = {}
        self.all_judged = True
        try:
            self.decisions = ledger.error_decisions()
        except StoreError as error:
            log.warning("What was decided about errors is not shown. %s", error)
            self.all_judged = False

    def of(self, error_id: str, now: float, budget: TimeBudget) -> GroupState:
        """What holds of this error at `now`; what was decided, if there is no time to look."""
        decision = self.decisions.get(error_id)
        if decision is None:
            return NOBODY_DECIDED
        if budget.is_over:
            self.all_judged = False
            return group_state(decision, NEVER_SINCE, now)
        return group_state(decision, recurrence(self._store, decision, now, budget), now)
