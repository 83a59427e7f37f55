"""`RemoteSource`: a running Umbel, asked over HTTP by the client."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from umbel.broker.base import QueuedMessage
from umbel.client.client import PAGE_MAX, Client
from umbel.cluster.task import Task
from umbel.cluster.worker import OFFLINE
from umbel.errors import ServerUnreachable
from umbel.python.bookmarks import Bookmarks
from umbel.python.info import WorkerLike
from umbel.query.ast import Node
from umbel.query.canonical import canonical
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

_ASK_AGAIN_S: Final = 0.2
#: How long a live stream that broke is sought again, seconds.
_RECONNECT_S: Final = 60.0
#: The longest that a server waits for a result in one request.
_WAIT_MAX_S: Final = 60.0
#: How many workers are asked at the same time.
_REQUESTS_AT_ONCE: Final = 4


class RemoteSource:
    """See `Source`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.bookmarks = Bookmarks()

    @property
    def name(self) -> str:
        return self._client.url

    def in_fork(self) -> RemoteSource:
        return RemoteSource(self._client.in_fork())

    def cluster_names(self) -> tuple[str, ...]:
        return self._client.cluster_names()

    def page(self, query: Node, order: Order, cursor: str | None, limit: int) -> TaskPage[Task]:
        by = f"-{order.field}" if order.descending else order.field
        return self._client.tasks(
            canonical(query), order=by, cursor=cursor, limit=min(limit, PAGE_MAX)
        )

    def task(self, uuid: str) -> Task | None:
        return self._client.task(uuid)

    def whole(self, uuid: str) -> WholeTask | None:
        return self._client.task(uuid)

    def log(self, uuid: str, after: str, limit: int) -> TaskLog | None:
        return self._client.task_log(uuid, after, limit)

    def tracebacks(self, uuids: Collection[str]) -> Callable[[str], str | None]:  # noqa: ARG002
        """The API gives whole tasks one by one: each is asked for when it is its turn."""

        def traceback(uuid: str) -> str | None:
            task = self._client.task(uuid)
            return task.traceback if task is not None else None

        return traceback

    def children(self, task: Task) -> list[str]:
        family = self._client.workflow(task.root_id or task.uuid)
        return [each.uuid for each in family if each.parent_id == task.uuid]

    def now(self) -> float:
        return self._client.status().now

    def status(self) -> Status:
        return self._client.status()

    def health(self) -> HealthAnswer:
        return self._client.health()

    def doctor(self) -> DoctorAnswer:
        return self._client.doctor()

    def doctor_report(self) -> str:
        return self._client.doctor_report()

    def workers(self, since: float | None = None, until: float | None = None) -> WorkerList:
        return self._client.workers(since, until)

    def workers_diff(self, name: str = "", deployment: str | None = None) -> FleetDiff:
        return self._client.workers_diff(name, deployment)

    def worker_software(self) -> Mapping[str, WorkerLike]:
        return {worker.hostname: worker for worker in self._client.workers().items}

    def inspect(self, what: Inspected, workers: Sequence[str] | None) -> InspectAnswers:
        """The API asks workers one by one; those that are offline are not asked."""
        if workers is None:
            workers = [
                row.hostname for row in self._client.workers().items if row.status != OFFLINE
            ]
        with ThreadPoolExecutor(_REQUESTS_AT_ONCE, thread_name_prefix="umbel-inspect") as pool:
            found = list(pool.map(lambda name: self._client.inspect(name, what), workers))
        return InspectAnswers(
            what=what,
            at=max((each.at for each in found), default=time.time()),
            values={
                each.worker: each.value for each in found if each.answered and each.error is None
            },
            refused={each.worker: each.error for each in found if each.error is not None},
            missing=tuple(each.worker for each in found if not each.answered),
            left_out={each.worker: each.left_out for each in found if each.left_out},
        )

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
        return self._client.series(
            canonical(query), measure=measure, start=start, end=end, bucket_s=bucket_s, by=by,
            top=top,
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
        return self._client.errors(
            canonical(query), since=since, until=until, state=state, limit=limit
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
        return self._client.names(
            canonical(query), since=since, until=until, sort=order, against=against, limit=limit
        )

    def workflows(
        self,
        query: Node,
        *,
        state: WorkflowFilter | None,
        order: WorkflowOrder,
        cursor: str | None,
        limit: int,
    ) -> WorkflowList:
        return self._client.workflows(
            canonical(query), state=state, order=order, cursor=cursor, limit=limit
        )

    def workflow(self, workflow_id: str, *, sources: bool) -> WorkflowDetail:
        return self._client.workflow_graph(workflow_id, sources=sources)

    def deploys(self, after: float | None, before: float | None, limit: int) -> DeployList:
        return self._client.deploys(after, before, limit)

    def announce_deploy(self, version: str, at: float | None, note: str) -> DeployMark:
        return self._client.announce_deploy(version, at, note)

    def remove_deploy(self, deploy_id: str) -> None:
        self._client.remove_deploy(deploy_id)

    def schedule(self, contains: str, order: ScheduleOrder, limit: int) -> ScheduleList:
        return self._client.schedule(contains, order, limit)

    def entry(self, entry: str) -> EntryDetail:
        return self._client.entry(entry)

    def run_entry(self, entry: str, reason: str | None) -> SentTask:
        return self._client.run_entry(entry, reason)

    def change_entry(
        self, entry: str, edit: WantedEntry, *, dry_run: bool, reason: str | None
    ) -> EntryChange:
        return self._client.change_entry(entry, edit, dry_run=dry_run, reason=reason)

    def alerts(self) -> AlertList:
        return self._client.alerts()

    def alert_rules(self) -> RuleList:
        return self._client.alert_rules()

    def alert_history(self, before: float | None, limit: int) -> AlertHistory:
        return self._client.alert_history(before, limit)

    def alert(self, alert_id: str) -> AlertDetail:
        return self._client.alert(alert_id)

    def notifiers(self) -> NotifierList:
        return self._client.notifiers()

    def back_test(self, condition: str, pending_s: float, clear_s: float, days: float) -> BackTest:
        return self._client.back_test(condition, pending_s, clear_s, days)

    def add_alert_rule(self, wanted: NewRule) -> ListedRule:
        return self._client.add_alert_rule(wanted)

    def change_alert_rule(self, rule_id: str, wanted: NewRule, changed: float) -> ListedRule:
        return self._client.change_alert_rule(rule_id, wanted, changed)

    def remove_alert_rule(self, rule_id: str) -> None:
        self._client.remove_alert_rule(rule_id)

    def acknowledge_alert(self, alert_id: str, note: str, instead_of: str) -> Alert:
        return self._client.acknowledge_alert(alert_id, note, instead_of)

    def silence_alerts(self, wanted: NewSilence) -> ListedSilence:
        return self._client.silence_alerts(wanted)

    def unsilence_alerts(self, silence_id: str) -> None:
        self._client.unsilence_alerts(silence_id)

    def test_notifier(self, name: str) -> AlertNotice:
        return self._client.test_notifier(name)

    def searches(self) -> SearchList:
        return self._client.searches()

    def save_search(self, wanted: NewSearch) -> ListedSearch:
        return self._client.save_search(wanted)

    def change_search(self, search_id: str, changes: SearchChanges) -> ListedSearch:
        return self._client.change_search(search_id, changes)

    def delete_search(self, search_id: str) -> ListedSearch:
        return self._client.delete_search(search_id)

    def follow(self, query: Node, after: int) -> Iterator[Task]:
        heard = time.monotonic()
        while True:
            try:
                for changes in self._client.follow(canonical(query), after):
                    after, heard = changes.seq, time.monotonic()
                    yield from changes.items
            except ServerUnreachable:
                if time.monotonic() - heard > _RECONNECT_S:
                    raise
            time.sleep(1.0)

    def plan(self, request: ActionRequest) -> ActionPlan:
        return self._client.plan(request)

    def execute(self, action_id: str, confirm: int | None) -> ActionReport:
        return self._client.execute(action_id, confirm)

    def wait(self, action_id: str, timeout_s: float) -> ActionReport:
        deadline = time.monotonic() + timeout_s
        while True:
            report = self._client.action(action_id).report
            left_s = deadline - time.monotonic()
            if report.state not in ("planned", "running") or left_s <= 0:
                return report
            time.sleep(min(_ASK_AGAIN_S, left_s))

    def cancel(self, action_id: str) -> ActionReport:
        return self._client.cancel(action_id)

    def apply(self, request: Apply) -> SentTask:
        return self._client.apply(request)

    def result(self, task_id: str, timeout_s: float) -> Result:
        deadline = time.monotonic() + timeout_s
        while True:
            left_s = max(0.0, deadline - time.monotonic())
            found = self._client.result(task_id, min(left_s, _WAIT_MAX_S))
            if found.is_ready or left_s <= _WAIT_MAX_S:
                return found

    def queues(self, search: str = "") -> ListedQueues:
        return self._client.queues(search)

    def queue(self, name: str) -> QueueProfile:
        return self._client.queue(name)

    def queue_rates(self, name: str, since: float | None, until: float | None) -> QueueRates:
        return self._client.queue_rates(name, since, until)

    def route(self, name: str, queue: str | None) -> TaskRoute:
        return self._client.route(name, queue)

    def messages(self, queue: str, limit: int) -> tuple[QueuedMessage, ...]:
        return self._client.messages(queue, limit)

    def audit(
        self,
        *,
        before: int | None = None,
        limit: int = 50,
        actor: str | None = None,
        action: str | None = None,
    ) -> AuditPage:
        return self._client.audit(before=before, limit=limit, actor=actor, action=action)

    def close(self) -> None:
        self._client.close()
