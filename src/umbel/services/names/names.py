"""Names of a cluster's tasks: what each is like in a span of time, and where it is registered.

Every method blocks and may be called from any thread. They raise `StoreError`, and `QueryError`
for a search that cannot be understood.
"""

from __future__ import annotations

from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.query.ast import Node
from umbel.query.parse import parse
from umbel.services.cluster.inspection import Inspection
from umbel.services.cluster.registered_tasks import DescribeTasks
from umbel.services.deploys.deploys import Deploys
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.errors.trend import TimeSpan
from umbel.services.names.earlier_time import Compared, compared
from umbel.services.names.name_detail import name_detail
from umbel.services.names.name_list import NAMES_MAX, NameSearch, list_names
from umbel.services.names.registration import registration
from umbel.services.names.rows import Against, NameDetail, NameList, NameOrder, Registration
from umbel.services.search import incomplete
from umbel.services.search.outside_terms import OutsideTerms
from umbel.services.time_zones import zone_of
from umbel.store.base import Store
from umbel.store.ledger import Ledger

#: How long a question may take from when it was asked, seconds, and at least.
BUDGET_S: Final = 2.0
BUDGET_MIN_S: Final = 0.3
#: Unless a time is asked for, so much of it, seconds.
SPAN_S: Final = 3_600.0


class Names:
    """Asks the store, and about registration the workers."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        clock: Clock,
        inspection: Inspection,
        describe: DescribeTasks,
        cluster_names: tuple[str, ...] = (),
    ) -> None:
        self._store = store
        self._resolved = OutsideTerms(ledger, cluster_names).resolved
        self._deploys = Deploys(ledger, clock)
        self._clock = clock
        self._inspection = inspection
        self._describe = describe

    def list(
        self,
        text: str = "",
        *,
        since: float | None = None,
        until: float | None = None,
        contains: str = "",
        order: NameOrder = "busiest",
        against: Against = "before",
        limit: int = NAMES_MAX,
        tz: str = "UTC",
        waited_s: float = 0.0,
    ) -> NameList:
        """The names of tasks that match `text`, from `since` to `until` (Unix seconds; the last
        hour unless given), compared with the time that `against` names. It was asked `waited_s`
        ago."""
        return self.list_of(
            parse(text, zone_of(tz)), since=since, until=until, contains=contains, order=order,
            against=against, limit=limit, budget_s=BUDGET_S - waited_s,
        )  # fmt: skip

    def list_of(
        self,
        query: Node,
        *,
        since: float | None,
        until: float | None,
        contains: str = "",
        order: NameOrder,
        against: Against = "before",
        limit: int,
        budget_s: float,
    ) -> NameList:
        """The same for a query that was parsed already, in `budget_s` seconds."""
        budget = TimeBudget(self._clock, max(BUDGET_MIN_S, budget_s))
        now = self._clock.now()
        span, earlier, why_not = self._compared(against, self._span(since, until), now)
        search = NameSearch(
            query=self._resolved(query), span=span, earlier=earlier, contains=contains,
            order=order, limit=limit,
        )  # fmt: skip
        return msgspec.structs.replace(
            list_names(self._store, search, now, budget),
            incomplete=self._incomplete(span, now), against=against, uncompared=why_not,
        )  # fmt: skip

    def detail(
        self,
        name: str,
        *,
        since: float | None = None,
        until: float | None = None,
        against: Against = "before",
        waited_s: float = 0.0,
    ) -> NameDetail:
        """One name, in that time, compared as names of the list are; of one that no task has,
        zeros."""
        budget = TimeBudget(self._clock, max(BUDGET_MIN_S, BUDGET_S - waited_s))
        now = self._clock.now()
        times = self._compared(against, self._span(since, until), now)
        return msgspec.structs.replace(
            name_detail(self._store, name, times, now, budget),
            incomplete=self._incomplete(times.span, now), against=against,
        )  # fmt: skip

    def registration(self, name: str) -> Registration:
        """Where it is registered, by the workers' own words."""
        return registration(name, self._inspection, self._describe())

    def _span(self, since: float | None, until: float | None) -> TimeSpan:
        end = self._clock.now() if until is None else until
        return TimeSpan(end - SPAN_S if since is None else since, end)

    def _compared(self, against: Against, span: TimeSpan, now: float) -> Compared:
        last = self._deploys.last(span.until) if against == "last-deploy" else None
        span, earlier, why_not = compared(against, span, last, self._store.status().oldest)
        if earlier is not None:
            missing = self._incomplete(TimeSpan(earlier.since, earlier.until), now)
            earlier = msgspec.structs.replace(earlier, incomplete=missing)
        return Compared(span, earlier, why_not)

    def _incomplete(self, span: TimeSpan, now: float) -> incomplete.Incomplete | None:
        return incomplete.incomplete(self._store, incomplete.Span(*span), now)
