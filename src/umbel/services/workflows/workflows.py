"""Workflows of a cluster: which there are, and one with its tasks.

Every method blocks and may be called from any thread. They raise `StoreError`, and `QueryError`
for a search that cannot be understood.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from umbel.clock import Clock
from umbel.cluster.task import Task
from umbel.errors import TaskUnknown
from umbel.query.ast import Node
from umbel.query.parse import parse
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.pauses.paused_queues import paused_queues
from umbel.services.search.outside_terms import OutsideTerms
from umbel.services.time_zones import zone_of
from umbel.services.workflows.canvas_facts import joined
from umbel.services.workflows.canvas_groups import CanvasFacts, no_facts, unseen_ids
from umbel.services.workflows.canvas_reader import CanvasReader
from umbel.services.workflows.critical_path import critical_path
from umbel.services.workflows.group_members import with_members
from umbel.services.workflows.listing import WorkflowSearch, list_workflows
from umbel.services.workflows.rows import (
    CanvasSource,
    WorkflowDetail,
    WorkflowFilter,
    WorkflowList,
    WorkflowNode,
    WorkflowOrder,
    WorkflowRun,
    WorkflowSources,
)
from umbel.services.workflows.summary import summarize
from umbel.store.base import Store
from umbel.store.ledger import Ledger
from umbel.store.queue_pauses import QueuePause
from umbel.store.workflows import WorkflowTask, WorkflowTasks

#: How long a question may take from when it was asked, seconds, and at least.
BUDGET_S: Final = 1.5
BUDGET_MIN_S: Final = 0.3
#: Of so many tasks that were retried the runs are read.
RUNS_READ: Final = 200
EXPECTED_MAX: Final = 1_000


class Workflows:
    """Asks the store."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        clock: Clock,
        cluster_names: tuple[str, ...] = (),
        canvas: CanvasReader | None = None,
    ) -> None:
        self._canvas = canvas
        self._store = store
        self._ledger = ledger
        self._terms = OutsideTerms(ledger, cluster_names)
        self._clock = clock

    def list(
        self,
        text: str = "",
        *,
        state: WorkflowFilter | None = None,
        order: WorkflowOrder = "newest",
        cursor: str | None = None,
        limit: int = 50,
        tz: str = "UTC",
        waited_s: float = 0.0,
    ) -> WorkflowList:
        """Workflows of which some task matches `text`. It was asked `waited_s` ago. Raises
        `CursorError` too."""
        return self.list_of(
            parse(text, zone_of(tz)), state=state, order=order, cursor=cursor, limit=limit,
            budget_s=BUDGET_S - waited_s,
        )  # fmt: skip

    def list_of(
        self,
        query: Node,
        *,
        state: WorkflowFilter | None,
        order: WorkflowOrder,
        cursor: str | None,
        limit: int,
        budget_s: float,
    ) -> WorkflowList:
        """The same for a query that was parsed already, in `budget_s` seconds."""
        search = WorkflowSearch(
            query=self._terms.resolved(query), state=state, order=order, cursor=cursor,
            limit=limit,
        )  # fmt: skip
        budget = TimeBudget(self._clock, max(BUDGET_MIN_S, budget_s))
        return list_workflows(
            self._store, self._ledger, search, self._clock.now(), budget,
            paused_queues(self._ledger),
        )  # fmt: skip

    def detail(
        self, workflow_id: str, *, sources: bool = False, waited_s: float = 0.0
    ) -> WorkflowDetail:
        """One workflow, by the id of its root, of its group, or of a member of a group without a
        common root; with `sources` also by what the result backend and waiting messages tell of
        its groups. Raises `TaskUnknown` if there are no such tasks."""
        budget = TimeBudget(self._clock, max(BUDGET_MIN_S, BUDGET_S - waited_s))
        found = self._store.workflow_tasks(workflow_id, budget_s=budget.left_s)
        if not found.tasks:
            raise unknown_workflow(workflow_id)
        pauses = paused_queues(self._ledger)
        if self._canvas is None or not sources:
            return detail_of(found, self._runs(found), self._clock.now(), pauses)
        facts = self._canvas.read(found.tasks)
        budget = TimeBudget(self._clock, BUDGET_S)
        found = with_members(self._store, found, unseen_ids(found.tasks, facts), budget)
        return detail_of(found, self._runs(found), self._clock.now(), pauses, facts)

    def _runs(self, found: WorkflowTasks) -> dict[str, Task]:
        retried = [task.uuid for task in found.tasks if task.retries]
        return dict(self._store.tasks(retried[:RUNS_READ]))


def unknown_workflow(workflow_id: str) -> TaskUnknown:
    """What is told of a workflow of which no task is stored."""
    return TaskUnknown(
        f"No task of the workflow {workflow_id} is stored.",
        remedy="It may be older than what is kept, or have sent no event yet.",
    )


def detail_of(
    found: WorkflowTasks,
    retried: dict[str, Task],
    now: float,
    pauses: Mapping[str, QueuePause],
    facts: CanvasFacts | None = None,
) -> WorkflowDetail:
    """What is told of these tasks; of those that were `retried` the whole is known. `pauses` are
    those that hold, by queue."""
    canvas = joined(found.tasks, facts or no_facts(now))
    found = WorkflowTasks(canvas.tasks, found.complete)
    return WorkflowDetail(
        workflow=summarize(found, canvas.expected, now, pauses),
        tasks=tuple(
            _node(task, retried.get(task.uuid), canvas.sources.get(task.uuid))
            for task in canvas.tasks
        ),
        expected=canvas.expected[:EXPECTED_MAX],
        path=critical_path(canvas.tasks, now),
        now=now,
        groups=canvas.groups,
        sources=None if facts is None else WorkflowSources(
            results=facts.results, messages=facts.messages, queues=facts.queues, at=facts.at
        ),
    )  # fmt: skip


def _node(task: WorkflowTask, whole: Task | None, source: CanvasSource | None) -> WorkflowNode:
    runs = () if whole is None else whole.attempts
    return WorkflowNode(
        canvas_source=source,
        runs=tuple(
            WorkflowRun(number=run.number, started=run.started, ended=run.ended, state=run.state)
            for run in runs
        ),
        **{field: getattr(task, field) for field in _COPIED},
    )


_COPIED: Final = tuple(
    field for field in WorkflowNode.__struct_fields__ if field not in {"runs", "canvas_source"}
)
