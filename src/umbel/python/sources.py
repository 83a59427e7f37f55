"""`Source`: the protocol between the Python API and commands, and a server or a directory.

Every function of the API asks a `Source`. There are two: `local.LocalSource` and
`remote.RemoteSource`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

from umbel.broker.base import QueuedMessage
from umbel.cluster.task import Task
from umbel.python.bookmarks import Bookmarks
from umbel.python.info import WorkerLike
from umbel.query.ast import Node
from umbel.results.base import Result
from umbel.services.alerts.backtest import BackTest
from umbel.services.alerts.rows import (
    AlertDetail,
    AlertHistory,
    AlertList,
    ListedRule,
    ListedSilence,
    NewSilence,
    NotifierList,
    RuleList,
)
from umbel.services.cluster.fleet_diff import FleetDiff
from umbel.services.cluster.inspection import InspectAnswers, Inspected
from umbel.services.cluster.queue_list import ListedQueues
from umbel.services.cluster.queue_profile import QueueProfile
from umbel.services.cluster.queue_rates import QueueRates
from umbel.services.cluster.task_route import TaskRoute
from umbel.services.cluster.worker_list import WorkerList
from umbel.services.control.task_sender import Apply, SentTask
from umbel.services.control.types import ActionPlan, ActionReport, ActionRequest
from umbel.services.deploys.deploys import DeployList
from umbel.services.deploys.marks import DeployMark
from umbel.services.doctor.doctor import DoctorAnswer
from umbel.services.errors.group_state import State
from umbel.services.errors.groups import ErrorGroups
from umbel.services.health.health import Status
from umbel.services.health.health_findings import HealthAnswer
from umbel.services.names.rows import Against, NameList, NameOrder
from umbel.services.schedule.entry_changes import EntryChange, WantedEntry
from umbel.services.schedule.rows import EntryDetail, ScheduleList
from umbel.services.schedule.schedules import ScheduleOrder
from umbel.services.search.rows import WholeTask
from umbel.services.search.saved_searches import (
    ListedSearch,
    NewSearch,
    SearchChanges,
    SearchList,
)
from umbel.services.search.series_answers import SeriesAnswer
from umbel.services.search.task_log import TaskLog
from umbel.services.search.task_page import TaskPage
from umbel.services.workflows.rows import (
    WorkflowDetail,
    WorkflowFilter,
    WorkflowList,
    WorkflowOrder,
)
from umbel.store.alerts import Alert, AlertNotice, NewRule
from umbel.store.base import Order
from umbel.store.capabilities import Grouping, Measure
from umbel.store.ledger import AuditPage


class Source(Protocol):
    """A history of tasks and actions on its cluster. Any thread, at the same time; calls
    block. Raises `UmbelError`: what a source lacks is `NotSupported`, with the sentence that
    says how to have it."""

    @property
    def name(self) -> str:
        """Where it is, without secrets."""

    @property
    def bookmarks(self) -> Bookmarks:
        """Where lists of its tasks were left."""

    def in_fork(self) -> Source:
        """The same, opened anew for a process that was forked off: of its parent's there are no
        threads, and its connections are still the parent's."""

    def cluster_names(self) -> tuple[str, ...]:
        """The names of the clusters of its server, where it is about none of them; else empty."""

    def page(self, query: Node, order: Order, cursor: str | None, limit: int) -> TaskPage[Task]:
        """One page of the tasks that match, without tracebacks."""

    def task(self, uuid: str) -> Task | None:
        """Everything that events told of one task."""

    def whole(self, uuid: str) -> WholeTask | None:
        """The same, with what people did with it."""

    def log(self, uuid: str, after: str, limit: int) -> TaskLog | None:
        """What is known of a task's log after `after`, about `limit` lines at once; None if the
        task is unknown."""

    def tracebacks(self, uuids: Collection[str]) -> Callable[[str], str | None]:
        """What gives the traceback of each of these tasks, by its id. Where the source can, it
        reads all of them at once."""

    def children(self, task: Task) -> list[str]:
        """Ids of the tasks that it sent, oldest first; at most 1,000."""

    def now(self) -> float:
        """The time by the clock of whoever keeps the history (Unix seconds)."""

    def status(self) -> Status:
        """How current and how whole the history is."""

    def health(self) -> HealthAnswer:
        """What is wrong with the cluster, worst first; or that all is well."""

    def doctor(self) -> DoctorAnswer:
        """Whether all that Umbel and the cluster need is as it should be, worst first."""

    def doctor_report(self) -> str:
        """The same as Markdown, secrets masked."""

    def workers(self, since: float | None = None, until: float | None = None) -> WorkerList:
        """The workers that are listed, without those of which nothing is heard for long, with their
        numbers of that time or the last hour."""

    def workers_diff(self, name: str = "", deployment: str | None = None) -> FleetDiff:
        """In what online workers differ: those with `name` in theirs, of this deployment or all."""

    def worker_software(self) -> Mapping[str, WorkerLike]:
        """What workers run, by their names; with those that are no longer listed, where the
        source has them."""

    def inspect(self, what: Inspected, workers: Sequence[str] | None) -> InspectAnswers:
        """What all workers, or these, say of themselves."""

    def series(
        self,
        query: Node,
        *,
        measure: Measure,
        start: float,
        end: float,
        bucket_s: float | None,
        by: Grouping | None,
        top: int,
    ) -> SeriesAnswer:
        """A measure of the tasks that match, over time, and of the `top` groups of them."""

    def errors(
        self,
        query: Node,
        *,
        since: float | None,
        until: float | None,
        state: State | None,
        limit: int,
    ) -> ErrorGroups:
        """Failures that match, of that time or the last day, grouped by their error."""

    def names(
        self,
        query: Node,
        *,
        since: float | None,
        until: float | None,
        order: NameOrder,
        against: Against,
        limit: int,
    ) -> NameList:
        """Names of tasks that match, of that time or the last hour, with their numbers."""

    def workflows(
        self,
        query: Node,
        *,
        state: WorkflowFilter | None,
        order: WorkflowOrder,
        cursor: str | None,
        limit: int,
    ) -> WorkflowList:
        """Workflows of which some task matches."""

    def workflow(self, workflow_id: str, *, sources: bool) -> WorkflowDetail:
        """One workflow with its tasks, with `sources` also by what the result backend and waiting
        messages tell. Raises `TaskUnknown`."""

    def deploys(self, after: float | None, before: float | None, limit: int) -> DeployList:
        """Deploys of that time, newest first."""

    def announce_deploy(self, version: str, at: float | None, note: str) -> DeployMark:
        """Keep that a version was deployed at that time, or now."""

    def remove_deploy(self, deploy_id: str) -> None:
        """Take back a deploy. Raises `DeployUnknown`."""

    def schedule(self, contains: str, order: ScheduleOrder, limit: int) -> ScheduleList:
        """Beat's entries, and what became of them."""

    def entry(self, entry: str) -> EntryDetail:
        """One entry by its id or name. Raises `EntryUnknown`."""

    def run_entry(self, entry: str, reason: str | None) -> SentTask:
        """Send an entry's task now. Raises `EntryUnknown`."""

    def change_entry(
        self, entry: str, edit: WantedEntry, *, dry_run: bool, reason: str | None
    ) -> EntryChange:
        """Change an entry where it stands, or say what would be."""

    def alerts(self) -> AlertList:
        """What fires now, what waits to fire, and what cannot be known."""

    def alert_rules(self) -> RuleList:
        """All rules, and what each says now."""

    def alert_history(self, before: float | None, limit: int) -> AlertHistory:
        """Alerts that ended, the last first."""

    def alert(self, alert_id: str) -> AlertDetail:
        """One alert, and what was sent about it. Raises `AlertUnknown`."""

    def notifiers(self) -> NotifierList:
        """Whom rules can notify, and the last messages."""

    def back_test(self, condition: str, pending_s: float, clear_s: float, days: float) -> BackTest:
        """When a rule would have fired in the last days."""

    def add_alert_rule(self, wanted: NewRule) -> ListedRule:
        """Watch a rule from now on."""

    def change_alert_rule(self, rule_id: str, wanted: NewRule, changed: float) -> ListedRule:
        """Change a rule that was last changed at `changed`. Raises `AlertUnknown`, `ActionRefused`,
        and what `add_alert_rule` raises."""

    def remove_alert_rule(self, rule_id: str) -> None:
        """Remove a rule. Raises `AlertUnknown`."""

    def acknowledge_alert(self, alert_id: str, note: str, instead_of: str) -> Alert:
        """Take care of an alert. Raises `AlertUnknown`, `ActionRefused`."""

    def silence_alerts(self, wanted: NewSilence) -> ListedSilence:
        """Send nobody anything for a while."""

    def unsilence_alerts(self, silence_id: str) -> None:
        """End a silence. Raises `AlertUnknown`."""

    def test_notifier(self, name: str) -> AlertNotice:
        """Send a test message, and tell how that went."""

    def searches(self) -> SearchList:
        """Saved searches: one's own, then those that others share."""

    def save_search(self, wanted: NewSearch) -> ListedSearch:
        """Keep a search under a name."""

    def change_search(self, search_id: str, changes: SearchChanges) -> ListedSearch:
        """Change a saved search."""

    def delete_search(self, search_id: str) -> ListedSearch:
        """Forget a saved search."""

    def follow(self, query: Node, after: int) -> Iterator[Task]:
        """Tasks that match, as they are whenever they change after change number `after`.
        Does not end."""

    def plan(self, request: ActionRequest) -> ActionPlan:
        """What an action would do."""

    def execute(self, action_id: str, confirm: int | None) -> ActionReport:
        """Begin a planned action."""

    def wait(self, action_id: str, timeout_s: float) -> ActionReport:
        """Its report once it has ended or time is up."""

    def cancel(self, action_id: str) -> ActionReport:
        """End it before its end."""

    def apply(self, request: Apply) -> SentTask:
        """Send a task, and wait for its result if asked to."""

    def result(self, task_id: str, timeout_s: float) -> Result:
        """What the result backend keeps, once the task has ended or time is up."""

    def queues(self, search: str = "") -> ListedQueues:
        """The queues now, or those with these words in their name, those in trouble first, and
        what the broker can do."""

    def queue(self, name: str) -> QueueProfile:
        """One queue now. Raises `QueueUnknown`."""

    def queue_rates(self, name: str, since: float | None, until: float | None) -> QueueRates:
        """What came into a queue and left it from `since` to `until` (Unix seconds), or in the
        last hour."""

    def route(self, name: str, queue: str | None) -> TaskRoute:
        """Where a task of this name would go, and who would run it."""

    def messages(self, queue: str, limit: int) -> tuple[QueuedMessage, ...]:
        """The next messages of a queue, which stay there."""

    def audit(
        self,
        *,
        before: int | None = None,
        limit: int = 50,
        actor: str | None = None,
        action: str | None = None,
    ) -> AuditPage:
        """Lines of the audit, newest first."""

    def close(self) -> None:
        """Let go of everything. May be called twice."""
