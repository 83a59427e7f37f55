"""`LocalSource`: a data directory and its cluster, by the services in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from umbel.auth.base import Actor
from umbel.broker.base import QueuedMessage
from umbel.cluster.task import Task
from umbel.errors import NotSupported, StoreError
from umbel.python.bookmarks import Bookmarks
from umbel.python.info import WorkerLike
from umbel.python.sources import Source
from umbel.query.ast import Comparison, Matches, Node
from umbel.query.match import compile_query
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
from umbel.services.cluster_services import ClusterServices
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
from umbel.services.search.task_log import TaskLog, task_log
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

#: How long one page may take, seconds; what was found until then is given, and gone on from.
PAGE_S: Final = 5.0
#: How long facts of health are waited for, seconds: nobody has gathered any before.
HEALTH_S: Final = 10.0
FOLLOW_EVERY_S: Final = 0.25
CHILDREN_MAX: Final = 1_000


class LocalSource:
    """See `Source`. `reaches`: a broker is known, so that workers can be asked. `on_close`
    closes `services` and what belongs to them. `again` opens the same once more."""

    def __init__(
        self,
        name: str,
        services: ClusterServices,
        actor: Actor,
        on_close: Callable[[], None],
        *,
        reaches: bool,
        again: Callable[[], Source],
    ) -> None:
        self._name = name
        self.services = services
        self._actor = actor
        self._on_close = on_close
        self._reaches = reaches
        self._again = again
        self._closed = False
        self.bookmarks = Bookmarks()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._name

    def in_fork(self) -> Source:
        return self._again()

    def cluster_names(self) -> tuple[str, ...]:
        return ()

    def page(self, query: Node, order: Order, cursor: str | None, limit: int) -> TaskPage[Task]:
        return self._reading.search.matching(query, order, cursor, limit, budget_s=PAGE_S)

    def task(self, uuid: str) -> Task | None:
        return self._reading.store.task(uuid)

    def whole(self, uuid: str) -> WholeTask | None:
        task = self.task(uuid)
        if task is None:
            return None
        return self._reading.intents.whole(task, self._reading.store)

    def log(self, uuid: str, after: str, limit: int) -> TaskLog | None:
        return task_log(self._reading.store, uuid, after, limit)

    def tracebacks(self, uuids: Collection[str]) -> Callable[[str], str | None]:
        tasks = self._reading.store.tasks(uuids) if uuids else {}

        def traceback(uuid: str) -> str | None:
            return tasks[uuid].traceback if uuid in tasks else None

        return traceback

    def children(self, task: Task) -> list[str]:
        sent = Matches("parent", Comparison.EQUALS, (task.uuid,))
        found = self.page(sent, Order("seen", descending=False), None, CHILDREN_MAX)
        return [child.uuid for child in found.items]

    def now(self) -> float:
        return self.services.clock.now()

    def status(self) -> Status:
        return self.services.health.status()

    def health(self) -> HealthAnswer:
        return self.services.health_findings.answer(budget_s=HEALTH_S)

    def doctor(self) -> DoctorAnswer:
        return self.services.doctor.answer()

    def doctor_report(self) -> str:
        return self.services.doctor.report()

    def workers(self, since: float | None = None, until: float | None = None) -> WorkerList:
        return self._reading.worker_lists.list(since, until)

    def workers_diff(self, name: str = "", deployment: str | None = None) -> FleetDiff:
        return self._acting.fleet_comparison.diff(name, deployment)

    def worker_software(self) -> Mapping[str, WorkerLike]:
        return {worker.hostname: worker for worker in self._reading.workers.all()}

    def inspect(self, what: Inspected, workers: Sequence[str] | None) -> InspectAnswers:
        return self._acting.inspection.inspect(what, workers)

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
        return self._reading.search.series_of(
            query, measure=measure, start=start, end=end, bucket_s=bucket_s, by=by, top=top,
            budget_s=PAGE_S,
        )  # fmt: skip

    def errors(
        self,
        query: Node,
        *,
        since: float | None,
        until: float | None,
        state: State | None,
        limit: int,
    ) -> ErrorGroups:
        return self._reading.errors.groups_of(
            query, since=since, until=until, state=state, limit=limit, budget_s=PAGE_S
        )

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
        return self._reading.names.list_of(
            query, since=since, until=until, order=order, against=against, limit=limit,
            budget_s=PAGE_S,
        )  # fmt: skip

    def workflows(
        self,
        query: Node,
        *,
        state: WorkflowFilter | None,
        order: WorkflowOrder,
        cursor: str | None,
        limit: int,
    ) -> WorkflowList:
        return self._reading.workflows.list_of(
            query, state=state, order=order, cursor=cursor, limit=limit, budget_s=PAGE_S
        )

    def workflow(self, workflow_id: str, *, sources: bool) -> WorkflowDetail:
        return self._reading.workflows.detail(workflow_id, sources=sources)

    def deploys(self, after: float | None, before: float | None, limit: int) -> DeployList:
        return self._reading.deploys.list(after, before, limit)

    def announce_deploy(self, version: str, at: float | None, note: str) -> DeployMark:
        return self._reading.deploys.announce(version, self._actor, at=at, note=note)

    def remove_deploy(self, deploy_id: str) -> None:
        self._reading.deploys.remove(deploy_id, self._actor)

    def schedule(self, contains: str, order: ScheduleOrder, limit: int) -> ScheduleList:
        return self._reading.schedules.list(contains, order=order, limit=limit, budget_s=PAGE_S)

    def entry(self, entry: str) -> EntryDetail:
        return self._reading.schedules.detail(entry, PAGE_S)

    def run_entry(self, entry: str, reason: str | None) -> SentTask:
        return self.services.entry_changes.run_now(entry, self._actor, reason)

    def change_entry(
        self, entry: str, edit: WantedEntry, *, dry_run: bool, reason: str | None
    ) -> EntryChange:
        changes = self.services.entry_changes
        return changes.change(entry, edit, self._actor, dry_run=dry_run, reason=reason)

    def alerts(self) -> AlertList:
        return self._reading.alerts.now()

    def alert_rules(self) -> RuleList:
        return self._reading.alerts.rules.list()

    def alert_history(self, before: float | None, limit: int) -> AlertHistory:
        return self._reading.alerts.history(before, limit)

    def alert(self, alert_id: str) -> AlertDetail:
        return self._reading.alerts.detail(alert_id)

    def notifiers(self) -> NotifierList:
        return self._reading.alerts.notifiers()

    def back_test(self, condition: str, pending_s: float, clear_s: float, days: float) -> BackTest:
        return self._reading.alerts.back_test(
            condition, pending_s=pending_s, clear_s=clear_s, days=days
        )

    def add_alert_rule(self, wanted: NewRule) -> ListedRule:
        return self._reading.alerts.rules.add(wanted, self._actor)

    def change_alert_rule(self, rule_id: str, wanted: NewRule, changed: float) -> ListedRule:
        return self._reading.alerts.rules.change(rule_id, wanted, self._actor, changed=changed)

    def remove_alert_rule(self, rule_id: str) -> None:
        self._reading.alerts.rules.remove(rule_id, self._actor)

    def acknowledge_alert(self, alert_id: str, note: str, instead_of: str) -> Alert:
        return self._reading.alerts.acknowledge(alert_id, self._actor, note, instead_of=instead_of)

    def silence_alerts(self, wanted: NewSilence) -> ListedSilence:
        return self._reading.alerts.silences.begin(wanted, self._actor)

    def unsilence_alerts(self, silence_id: str) -> None:
        self._reading.alerts.silences.end(silence_id, self._actor)

    def test_notifier(self, name: str) -> AlertNotice:
        return self._reading.alerts.test(name, self._actor)

    def searches(self) -> SearchList:
        return self._reading.searches.all(self._actor)

    def save_search(self, wanted: NewSearch) -> ListedSearch:
        return self._reading.searches.save(wanted, self._actor)

    def change_search(self, search_id: str, changes: SearchChanges) -> ListedSearch:
        return self._reading.searches.change(search_id, changes, self._actor)

    def delete_search(self, search_id: str) -> ListedSearch:
        return self._reading.searches.delete(search_id, self._actor)

    def follow(self, query: Node, after: int) -> Iterator[Task]:
        while True:
            matches = compile_query(query, self.services.clock.now())
            changes = self._reading.store.follow(after)
            after = changes.seq
            yield from (change.task for change in changes.items if matches(change.task))
            time.sleep(FOLLOW_EVERY_S)

    def plan(self, request: ActionRequest) -> ActionPlan:
        return self._acting.control.plan(request, self._actor)

    def execute(self, action_id: str, confirm: int | None) -> ActionReport:
        return self._acting.control.execute(action_id, self._actor, confirm)

    def wait(self, action_id: str, timeout_s: float) -> ActionReport:
        return self._acting.control.wait(action_id, timeout_s)

    def cancel(self, action_id: str) -> ActionReport:
        return self._acting.control.cancel(action_id, self._actor)

    def apply(self, request: Apply) -> SentTask:
        return self._acting.control.apply(request, self._actor)

    def result(self, task_id: str, timeout_s: float) -> Result:
        results = self._acting.results
        return results.wait(task_id, timeout_s) if timeout_s > 0 else results.get(task_id)

    def queues(self, search: str = "") -> ListedQueues:
        return self._acting.queue_lists.list(search)

    def queue(self, name: str) -> QueueProfile:
        return self._acting.queue_profiles.of(name)

    def queue_rates(self, name: str, since: float | None, until: float | None) -> QueueRates:
        last = self.now() if until is None else until
        return self._acting.queue_rates.of(name, last - 3_600 if since is None else since, last)

    def route(self, name: str, queue: str | None) -> TaskRoute:
        return self._acting.task_routes.of(name, queue)

    def messages(self, queue: str, limit: int) -> tuple[QueuedMessage, ...]:
        return self._acting.queues.peek(queue, limit).items

    def audit(
        self,
        *,
        before: int | None = None,
        limit: int = 50,
        actor: str | None = None,
        action: str | None = None,
    ) -> AuditPage:
        return self._reading.ledger.audit(before=before, limit=limit, actor=actor, action=action)

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
        self._on_close()

    @property
    def _reading(self) -> ClusterServices:
        if self._closed:
            raise StoreError(f"{self._name} was closed.", remedy="Open it again.")
        return self.services

    @property
    def _acting(self) -> ClusterServices:
        if not self._reaches:
            raise NotSupported(
                f"{self._name} is a history whose broker is not known here.",
                remedy="Name the application or its broker as well: with -A or -b, "
                "in Python with Events(app, directory=..., collect=False).",
            )
        return self._reading
