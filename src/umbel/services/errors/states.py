"""The states of errors now: what the ledger has, judged by what the store has since."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

import msgspec

from umbel.errors import StoreError
from umbel.services.deploys.marks import DeployMark, marks_of
from umbel.services.errors.group_state import (
    NEVER_SINCE,
    NOBODY_DECIDED,
    GroupState,
    Recurrence,
    State,
    group_state,
)
from umbel.services.errors.recent_answers import RecentAnswers
from umbel.services.errors.recurrence import Counted, recurrence, surely
from umbel.services.errors.time_budget import TimeBudget
from umbel.store.base import Store
from umbel.store.ledger import ErrorDecision, Ledger

#: When an error came back is looked up again after so many seconds.
_RETURNED_KEEP_S: Final = 600.0

log = logging.getLogger("umbel.ledger")


class DecidedStates:
    """What was decided about errors, as of when this was made. `all_judged`: so far there was time
    to look whether each still holds, and the ledger could be read: else errors are shown without
    what was decided. `returned` keeps when errors came back. Raises `StoreError` where the history
    cannot be read. One thread at a time."""

    def __init__(
        self, store: Store, ledger: Ledger, returned: RecentAnswers[float] | None = None
    ) -> None:
        self._store = store
        self._returned = returned
        self._ledger = ledger
        self._deploys: tuple[DeployMark, ...] | None = None
        self.decisions: Mapping[str, ErrorDecision] = {}
        self.all_judged = True
        try:
            self.decisions = ledger.error_decisions()
        except StoreError as error:
            log.warning("What was decided about errors is not shown. %s", error)
            self.all_judged = False

    def surely(self, error_id: str, now: float, counted: Counted | None) -> State | None:
        """The state of this error at `now`, as far as the counts say it without a look."""
        decision = self.decisions.get(error_id)
        if decision is None:
            return "open"
        if self._next_deploy(decision) is not None:
            return "open"
        return None if counted is None else surely(decision, counted, now)

    def of(
        self, error_id: str, now: float, budget: TimeBudget, counted: Counted | None = None
    ) -> GroupState:
        """What holds of this error at `now`; what was decided, if there is no time to look."""
        decision = self.decisions.get(error_id)
        if decision is None:
            return NOBODY_DECIDED
        if budget.is_over and self.surely(error_id, now, counted) != decision.state:
            self.all_judged = False
            return group_state(decision, self._with_deploy(decision, NEVER_SINCE), now)
        since = self._recurrence(decision, now, budget, counted)
        return group_state(decision, self._with_deploy(decision, since), now)

    def _recurrence(
        self, decision: ErrorDecision, now: float, budget: TimeBudget, counted: Counted | None
    ) -> Recurrence:
        if decision.state != "resolved" or self._returned is None:
            return recurrence(self._store, decision, now, budget, counted)
        found: list[Recurrence] = []

        def ask() -> float | None:
            found.append(recurrence(self._store, decision, now, budget, counted))
            return found[0].first

        first = self._returned.get((decision.error, decision.at), _RETURNED_KEEP_S, ask)
        return found[0] if found else Recurrence(first=first)

    def _with_deploy(self, decision: ErrorDecision, since: Recurrence) -> Recurrence:
        deploy = self._next_deploy(decision)
        if deploy is None:
            return since
        return msgspec.structs.replace(since, deploy=deploy.title, deploy_at=deploy.at)

    def _next_deploy(self, decision: ErrorDecision) -> DeployMark | None:
        """The first after the decision, where that ends it."""
        if decision.state != "ignored" or not decision.next_deploy:
            return None
        return next((each for each in self.deploys() if each.at > decision.at), None)

    def deploys(self) -> tuple[DeployMark, ...]:
        """All that are known, the oldest first; none if the ledger cannot be read."""
        if self._deploys is None:
            try:
                self._deploys = marks_of(self._ledger.deploys())[::-1]
            except StoreError as error:
                log.warning("Deploys are not shown. %s", error)
                self._deploys = ()
        return self._deploys
