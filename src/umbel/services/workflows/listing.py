"""The list of workflows: those of the store one after the other, each read and judged, until the
page is full or time is up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from umbel.query.ast import EVERYTHING, And, Comparison, Matches, Node
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.ledger_beside import beside
from umbel.services.workflows.expected import expected_tasks
from umbel.services.workflows.rows import (
    WorkflowFilter,
    WorkflowList,
    WorkflowOrder,
    WorkflowRow,
)
from umbel.services.workflows.summary import matches, summarize
from umbel.store.base import Store
from umbel.store.ledger import Ledger
from umbel.store.queue_pauses import QueuePause
from umbel.store.workflows import WorkflowTasks

#: Of which the largest, longest and most failing are found in one answer: the newest so many.
ORDERED_MAX: Final = 1_000
#: Ids that are asked of the store at once.
_AT_ONCE: Final = 100
#: Roots that one search names: a group without a common root has as many as members.
_ROOTS_MAX: Final = 200
#: Of a workflow of more tasks than these nobody asks whether they are one that was sent again.
_REPEATS_MAX: Final = 200


class WorkflowSearch(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: workflows of which some task matches `query`, narrowed to a `state`."""

    query: Node
    state: WorkflowFilter | None = None
    order: WorkflowOrder = "newest"
    cursor: str | None = None
    limit: int = 50


def list_workflows(
    store: Store,
    ledger: Ledger,
    search: WorkflowSearch,
    now: float,
    budget: TimeBudget,
    pauses: Mapping[str, QueuePause],
) -> WorkflowList:
    """See `WorkflowSearch`; `pauses` are those that hold, by queue. A task that belongs to no other
    and was sent again from here is no workflow, though what repeats it has it as its root. Raises
    `CursorError` and `StoreError`."""
    listing = _Listing(store, ledger, search, now, budget, pauses)
    return listing.newest() if search.order == "newest" else listing.ordered()


class _Listing:
    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        search: WorkflowSearch,
        now: float,
        budget: TimeBudget,
        pauses: Mapping[str, QueuePause],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._search = search
        self._now = now
        self._budget = budget
        self._pauses = pauses
        self._looked_at = 0
        self._is_ledger_read = True
        #: Where the next page goes on; None when there is nothing left.
        self._next = search.cursor
        self._is_out_of_time = False

    def newest(self) -> WorkflowList:
        rows: list[WorkflowRow] = []
        for row in self._rows():
            rows.append(row)
            if len(rows) >= self._search.limit:
                break
        return WorkflowList(
            items=tuple(rows),
            next=self._next,
            complete=not self._is_out_of_time,
            looked_at=self._looked_at,
        )

    def ordered(self) -> WorkflowList:
        rows: list[WorkflowRow] = []
        for row in self._rows():
            rows.append(row)
            if self._looked_at >= ORDERED_MAX:
                break
        rows.sort(key=_RANKS[self._search.order], reverse=True)
        return WorkflowList(
            items=tuple(rows[: self._search.limit]),
            next=None,
            complete=not self._is_out_of_time,
            looked_at=self._looked_at,
            bounded=self._next is not None,
        )

    def _rows(self) -> Iterator[WorkflowRow]:
        """Those that are asked for, the newest first, each once; the cursor follows."""
        listed: set[str] = set()
        for workflow_id in self._ids():
            found = self._store.workflow_tasks(workflow_id, budget_s=self._budget.left_s)
            self._looked_at += 1
            if len(found.tasks) < 2:  # of the rest nothing is left, or nothing came yet
                continue
            if self._is_one_repeated(found):
                continue
            row = summarize(found, expected_tasks(found.tasks), self._now, self._pauses)
            if row.root_id in listed or not matches(row, self._search.state):
                continue
            if self._has_match(found):
                listed.add(row.root_id)
                yield row

    def _ids(self) -> Iterator[str]:
        while not self._is_out_of_time:
            page = self._store.workflows(
                cursor=self._next, limit=_AT_ONCE, budget_s=self._budget.left_s
            )
            last = page.cursors[-1] if page.cursors else None
            for workflow_id, cursor in zip(page.ids, page.cursors, strict=True):
                is_last = cursor == last and page.cursor is None
                self._next = None if is_last else cursor
                yield workflow_id
                if self._budget.is_over and not is_last:
                    self._is_out_of_time = True
                    return
            self._next = page.cursor
            self._is_out_of_time = not page.complete
            if page.cursor is None:
                return

    def _is_one_repeated(self, found: WorkflowTasks) -> bool:
        """Whether all of it are one task and those that were sent to do the same again."""
        if not self._is_ledger_read or len(found.tasks) > _REPEATS_MAX:
            return False
        # A task of which events were missed may have no name.
        names = {each.name for each in found.tasks if each.name is not None}
        if len(names) > 1 or any(t.group_id or t.chord_id or t.chain for t in found.tasks):
            return False
        ids = [task.uuid for task in found.tasks]
        sent = beside(lambda: self._ledger.repeats(ids), "Which tasks were sent again")
        self._is_ledger_read = sent is not None
        repeats = {each.task_id for each in sent or ()}
        return sum(uuid not in repeats for uuid in ids) < 2

    def _has_match(self, found: WorkflowTasks) -> bool:
        if self._search.query == EVERYTHING:
            return True
        roots = tuple(dict.fromkeys(task.root for task in found.tasks))[:_ROOTS_MAX]
        among = Matches("root", Comparison.EQUALS, roots)
        page = self._store.search(
            And((among, self._search.query)), now=self._now, limit=1, budget_s=self._budget.left_s
        )
        return bool(page.items)


_RANKS: Final[dict[WorkflowOrder, Callable[[WorkflowRow], tuple[float, float]]]] = {
    "longest": lambda row: (row.duration_s, row.start),
    "largest": lambda row: (row.tasks, row.start),
    "failures": lambda row: (row.states.get("FAILURE", 0) + row.blocked, row.start),
}
