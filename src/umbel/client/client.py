"""The client of a running Umbel's HTTP API, typed. Any thread, at the same time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any, Final, TypeVar, cast

import msgspec

from umbel.broker.base import QueuedMessage
from umbel.client.address import address_of
from umbel.client.json_values import check_json
from umbel.client.sse import events
from umbel.client.transport import Parameters, Transport
from umbel.cluster.task import Task
from umbel.errors import ServerError, ServerUnreachable, TaskUnknown
from umbel.path_parts import path_part
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
from umbel.services.cluster.inspection import Inspected
from umbel.services.cluster.queue_list import ListedQueues
from umbel.services.cluster.queue_profile import QueueProfile
from umbel.services.cluster.queue_rates import QueueRates
from umbel.services.cluster.task_route import TaskRoute
from umbel.services.cluster.worker_list import WorkerList
from umbel.services.control.task_sender import Apply, SentTask
from umbel.services.control.types import Action, ActionPlan, ActionReport, ActionRequest
from umbel.services.deploys.deploys import DeployList
from umbel.services.deploys.marks import DeployMark
from umbel.services.doctor.doctor import DoctorAnswer
from umbel.services.errors.group_state import State
from umbel.services.errors.groups import ErrorGroups
from umbel.services.health.health import Status
from umbel.services.health.health_findings import HealthAnswer
from umbel.services.live.changes import LiveChanges
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
from umbel.services.search.series_answers import SERIES_ANSWERS, SeriesAnswer
from umbel.services.search.task_log import TaskLog
from umbel.services.search.task_page import TaskPage
from umbel.services.workflows.rows import (
    WorkflowDetail,
    WorkflowFilter,
    WorkflowList,
    WorkflowOrder,
)
from umbel.store.alerts import Alert, AlertNotice, NewRule
from umbel.store.base import Workflow
from umbel.store.capabilities import Grouping, Measure
from umbel.store.ledger import AuditPage

T = TypeVar("T")

TIMEOUT_S: Final = 30.0
#: A live stream that says nothing for this long is dead: a server comments every 15 s.
SILENCE_S: Final = 45.0
#: The most tasks on one page.
PAGE_MAX: Final = 200
_API: Final = "/api/v1"
#: The fields of what is posted that have values of an application's own.
_OWN_VALUES: Final = ("args", "kwargs", "headers")


class _Cluster(msgspec.Struct):
    name: str
    path: str


class _Clusters(msgspec.Struct):
    items: tuple[_Cluster, ...]


class _Messages(msgspec.Struct):
    items: tuple[QueuedMessage, ...]


class InspectedWorker(msgspec.Struct):
    """What one worker said, as of `at` (Unix seconds); see `web.responses.Inspected`."""

    worker: str
    value: object
    at: float
    answered: bool
    error: str | None = None
    left_out: int = 0


class Client:
    """A running Umbel. See `address_of` for its URL and what goes with it.

    Raises what the server's problems mean (`QueryError`, `ActionRefused`, `NotPermitted`,
    `BrokerError`, ...), and `ServerUnreachable`.
    """

    def __init__(self, url: str, *, token: str | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._url, self._token, self._timeout_s = url, token, timeout_s
        self._transport = Transport(address_of(url, token=token), timeout_s=timeout_s)

    def in_fork(self) -> Client:
        """The same with connections of its own."""
        return Client(self._url, token=self._token, timeout_s=self._timeout_s)

    @property
    def url(self) -> str:
        """Where it is, without secrets."""
        return self._transport.address.url

    def cluster_names(self) -> tuple[str, ...]:
        """The clusters of the server that one may look at, where this client is about none of
        them: its address names none, and there are several."""
        paths = {
            each.path.rstrip("/"): each.name for each in self._get("clusters", _Clusters).items
        }
        here = self._transport.address.prefix
        if "" in paths or any(here.endswith(f"/{path}") for path in paths):
            return ()
        return tuple(paths.values())

    def tasks(self, q: str, *, order: str, cursor: str | None, limit: int) -> TaskPage[Task]:
        """One page of the tasks that match, in one of the API's orders, with whole texts: a
        page of many long ones has fewer tasks, and `next`."""
        params: Parameters = {
            "q": q, "order": order, "cursor": cursor, "limit": limit, "texts": "whole",
        }  # fmt: skip
        return self._get("tasks", TaskPage[Task], **params)

    def task(self, uuid: str) -> WholeTask | None:
        """Everything about one task; None if it is unknown."""
        try:
            return self._get(f"tasks/{path_part(uuid)}", WholeTask)
        except TaskUnknown:
            return None

    def task_log(self, uuid: str, after: str, limit: int) -> TaskLog | None:
        """What is known of a task's log after `after`; None if the task is unknown."""
        params: Parameters = {"after": after or None, "limit": limit}
        try:
            return self._get(f"tasks/{path_part(uuid)}/log", TaskLog, **params)
        except TaskUnknown:
            return None

    def workflow(self, root_id: str) -> tuple[Task, ...]:
        """All tasks of one workflow, oldest first; none if no task of it is stored."""
        try:
            return self._get(f"workflows/{path_part(root_id)}", Workflow[Task]).tasks
        except TaskUnknown:
            return ()

    def series(
        self, q: str, *, measure: Measure, start: float, end: float, bucket_s: float | None,
        by: Grouping | None, top: int,
    ) -> SeriesAnswer:  # fmt: skip
        """A measure of the tasks that match, from `start` to `end` (Unix seconds), and of the
        `top` groups of them."""
        params: Parameters = {
            "q": q, "measure": measure, "from": start, "to": end, "bucket": bucket_s, "by": by,
            "top": top,
        }  # fmt: skip
        return self._get("series", SERIES_ANSWERS[measure], **params)

    def errors(
        self, q: str, *, since: float | None, until: float | None, state: State | None, limit: int
    ) -> ErrorGroups:
        """Failures that match, of that time (Unix seconds) or the last day, by their error."""
        params: Parameters = {
            "q": q, "since": since, "until": until, "state": state, "limit": limit,
        }  # fmt: skip
        return self._get("errors", ErrorGroups, **params)

    def workflows(
        self, q: str, *, state: WorkflowFilter | None, order: WorkflowOrder, cursor: str | None,
        limit: int,
    ) -> WorkflowList:  # fmt: skip
        """Workflows of which some task matches."""
        params: Parameters = {
            "q": q, "state": state, "order": order, "cursor": cursor, "limit": limit,
        }  # fmt: skip
        return self._get("workflows", WorkflowList, **params)

    def workflow_graph(self, workflow_id: str, *, sources: bool = False) -> WorkflowDetail:
        """One workflow with its tasks. Raises `TaskUnknown`."""
        path = f"workflows/{path_part(workflow_id)}/graph"
        return self._get(path, WorkflowDetail, sources=sources or None)

    def names(
        self, q: str, *, since: float | None, until: float | None, sort: NameOrder,
        against: Against, limit: int,
    ) -> NameList:  # fmt: skip
        """Names of tasks that match, of that time (Unix seconds) or the last hour."""
        params: Parameters = {
            "q": q, "since": since, "until": until, "sort": sort, "against": against,
            "limit": limit,
        }  # fmt: skip
        return self._get("names", NameList, **params)

    def deploys(self, after: float | None, before: float | None, limit: int) -> DeployList:
        """Deploys of that time (Unix seconds), newest first."""
        return self._get("deploys", DeployList, after=after, before=before, limit=limit)

    def announce_deploy(self, version: str, at: float | None, note: str) -> DeployMark:
        """Announce that a version was deployed at that time, or now."""
        body = {"version": version, "at": at, "note": note}
        return self._post("deploys", body, DeployMark)

    def remove_deploy(self, deploy_id: str) -> None:
        """Take back a deploy. Raises `DeployUnknown`."""
        self._post(f"deploys/{path_part(deploy_id)}/remove", {}, dict[str, str])

    def schedule(self, contains: str, order: ScheduleOrder, limit: int) -> ScheduleList:
        """Beat's entries, and what became of them."""
        return self._get("schedule", ScheduleList, contains=contains, sort=order, limit=limit)

    def entry(self, entry: str) -> EntryDetail:
        """One entry by its id or name. Raises `EntryUnknown`."""
        return self._get(f"schedule/{path_part(entry)}", EntryDetail)

    def run_entry(self, entry: str, reason: str | None) -> SentTask:
        """Send an entry's task now. Raises `EntryUnknown`."""
        return self._post(f"schedule/{path_part(entry)}/run", {"reason": reason}, SentTask)

    def change_entry(
        self, entry: str, edit: WantedEntry, *, dry_run: bool, reason: str | None
    ) -> EntryChange:
        """Change an entry where it stands, or say what would be."""
        body = {**msgspec.structs.asdict(edit), "dry_run": dry_run, "reason": reason}
        return self._post(f"schedule/{path_part(entry)}/change", body, EntryChange)

    def alerts(self) -> AlertList:
        """What fires now, what waits to fire, and what cannot be known."""
        return self._get("alerts", AlertList)

    def alert_rules(self) -> RuleList:
        """All rules, and what each says now."""
        return self._get("alerts/rules", RuleList)

    def alert_history(self, before: float | None, limit: int) -> AlertHistory:
        """Alerts that ended, the last first."""
        return self._get("alerts/history", AlertHistory, before=before, limit=limit)

    def alert(self, alert_id: str) -> AlertDetail:
        """One alert, and what was sent about it. Raises `AlertUnknown`."""
        return self._get(f"alerts/{path_part(alert_id)}", AlertDetail)

    def notifiers(self) -> NotifierList:
        """Whom rules can notify, and the last messages."""
        return self._get("alerts/notifiers", NotifierList)

    def back_test(self, condition: str, pending_s: float, clear_s: float, days: float) -> BackTest:
        """When a rule would have fired in the last days."""
        return self._get(
            "alerts/back-test", BackTest, condition=condition, pending_s=pending_s,
            clear_s=clear_s, days=days,
        )  # fmt: skip

    def add_alert_rule(self, wanted: NewRule) -> ListedRule:
        """Watch a rule from now on."""
        return self._post("alerts/rules", msgspec.to_builtins(wanted), ListedRule)

    def change_alert_rule(self, rule_id: str, wanted: NewRule, changed: float) -> ListedRule:
        """Change a rule that was last changed at `changed`. Raises `AlertUnknown`,
        `ActionRefused`."""
        body = {**msgspec.to_builtins(wanted), "changed": changed}
        return self._post(f"alerts/rules/{path_part(rule_id)}/change", body, ListedRule)

    def remove_alert_rule(self, rule_id: str) -> None:
        """Remove a rule. Raises `AlertUnknown`."""
        self._post(f"alerts/rules/{path_part(rule_id)}/remove", {}, dict[str, str])

    def acknowledge_alert(self, alert_id: str, note: str, instead_of: str = "") -> Alert:
        """Take care of an alert. Raises `AlertUnknown`, `ActionRefused`."""
        # A server of before does not have what is empty.
        body = {"note": note} | ({"instead_of": instead_of} if instead_of else {})
        return self._post(f"alerts/{path_part(alert_id)}/acknowledge", body, Alert)

    def silence_alerts(self, wanted: NewSilence) -> ListedSilence:
        """Send nobody anything for a while."""
        return self._post("alerts/silences", msgspec.to_builtins(wanted), ListedSilence)

    def unsilence_alerts(self, silence_id: str) -> None:
        """End a silence. Raises `AlertUnknown`."""
        self._post(f"alerts/silences/{path_part(silence_id)}/end", {}, dict[str, str])

    def test_notifier(self, name: str) -> AlertNotice:
        """Send a test message, and tell how that went."""
        return self._post(f"alerts/notifiers/{path_part(name)}/test", {}, AlertNotice)

    def searches(self) -> SearchList:
        """Saved searches: one's own, then those that others share."""
        return self._get("searches", SearchList)

    def save_search(self, wanted: NewSearch) -> ListedSearch:
        """Keep a search under a name."""
        return self._post("searches", wanted, ListedSearch)

    def change_search(self, search_id: str, changes: SearchChanges) -> ListedSearch:
        """Change a saved search."""
        return self._post(f"searches/{path_part(search_id)}/change", changes, ListedSearch)

    def delete_search(self, search_id: str) -> ListedSearch:
        """Forget a saved search; as it was."""
        return self._post(f"searches/{path_part(search_id)}/delete", {}, ListedSearch)

    def status(self) -> Status:
        """How current and how whole the history is."""
        return self._get("status", Status)

    def health(self) -> HealthAnswer:
        """What is wrong with the cluster, worst first."""
        return self._get("health", HealthAnswer)

    def doctor(self) -> DoctorAnswer:
        """Whether all that Umbel and the cluster need is as it should be, worst first."""
        return self._get("doctor", DoctorAnswer)

    def doctor_report(self) -> str:
        """The same as Markdown."""
        return self._transport.get(f"{_API}/doctor/report", {}).decode()

    def workers(self, since: float | None = None, until: float | None = None) -> WorkerList:
        """Every worker known, with its numbers of that time."""
        return self._get("workers", WorkerList, since=since, until=until)

    def workers_diff(self, name: str = "", deployment: str | None = None) -> FleetDiff:
        """In what online workers differ."""
        return self._get("workers/diff", FleetDiff, name=name, deployment=deployment)

    def inspect(self, worker: str, what: Inspected) -> InspectedWorker:
        """What one worker says of itself. A worker that nobody ever heard of has not
        answered."""
        name = "queues" if what == "active_queues" else what
        try:
            return self._get(f"workers/{path_part(worker)}/{name}", InspectedWorker)
        except ServerError as error:
            if error.kind != "unknown-worker":
                raise
            return InspectedWorker(worker=worker, value=None, at=time.time(), answered=False)

    def plan(self, request: ActionRequest) -> ActionPlan:
        """What the action would do."""
        return self._post("actions", request, ActionPlan)

    def execute(self, action_id: str, confirm: int | None) -> ActionReport:
        """Begin a planned action; its report as it stands then."""
        return self._post(
            f"actions/{path_part(action_id)}/execute", {"confirm": confirm}, ActionReport
        )

    def cancel(self, action_id: str) -> ActionReport:
        """End an action before its end."""
        return self._post(f"actions/{path_part(action_id)}/cancel", {}, ActionReport)

    def action(self, action_id: str) -> Action:
        """A plan and how it stands."""
        return self._get(f"actions/{path_part(action_id)}", Action)

    def apply(self, request: Apply) -> SentTask:
        """Send a task, and wait for its result as long as `request` says."""
        timeout_s = self._timeout_s + (request.wait or 0.0)
        return self._post("apply", request, SentTask, timeout_s=timeout_s)

    def result(self, task_id: str, timeout_s: float) -> Result:
        """What the result backend keeps, once the task has ended or time is up (60 s at
        most)."""
        body = self._transport.get(
            f"{_API}/results/{path_part(task_id)}",
            {"timeout": timeout_s},
            timeout_s=self._timeout_s + timeout_s,
        )
        return self._decode(body, Result)

    def queues(self, search: str = "") -> ListedQueues:
        """The queues now, or those with these words in their name."""
        return self._get("queues", ListedQueues, **({"search": search} if search else {}))

    def queue(self, name: str) -> QueueProfile:
        """One queue. Raises `QueueUnknown`."""
        return self._get(f"queues/{path_part(name)}", QueueProfile)

    def queue_rates(self, name: str, since: float | None, until: float | None) -> QueueRates:
        """What came into a queue and left it over time."""
        return self._get(f"queues/{path_part(name)}/rates", QueueRates, since=since, until=until)

    def route(self, name: str, queue: str | None = None) -> TaskRoute:
        """Where a task of this name would go, sent to this queue or as it is routed."""
        return self._get("route", TaskRoute, name=name, queue=queue)

    def messages(self, queue: str, limit: int) -> tuple[QueuedMessage, ...]:
        """The next messages of a queue, which stay there."""
        return self._get(f"queues/{path_part(queue)}/messages", _Messages, limit=limit).items

    def audit(self, **params: str | int | None) -> AuditPage:
        """Lines of the audit, newest first: `before` (a number), `limit`, `actor`, `action`,
        `action_id`, `task`."""
        return self._get("audit", AuditPage, **params)

    def follow(self, q: str, after: int | None) -> Iterator[LiveChanges[Task]]:
        """What changes, as it changes, after change number `after`. Goes on until the stream
        ends or breaks, which raises `ServerUnreachable`."""
        connection, response = self._transport.stream(
            f"{_API}/live", {"q": q, "after": after}, silence_s=SILENCE_S
        )
        with contextlib.closing(connection):
            for event in events(response, self.url):
                if event is not None and event.event == "changes":
                    yield self._decode(event.data, LiveChanges[Task])

    def close(self) -> None:
        """Let go of connections. May be called twice."""
        self._transport.close()

    def _get(self, path: str, kind: type[T], **parameters: Any) -> T:
        return self._decode(self._transport.get(f"{_API}/{path}", parameters), kind)

    def _post(self, path: str, body: object, kind: type[T], timeout_s: float | None = None) -> T:
        sent = _written(body)
        return self._decode(self._transport.post(f"{_API}/{path}", sent, timeout_s=timeout_s), kind)

    def _decode(self, body: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.MsgspecError as error:
            raise ServerUnreachable(
                f"What answers at {self.url} does not answer as this version of Umbel does "
                f"({error}).",
                remedy="Check the address; use the same version here and there.",
            ) from error


def _written(body: object) -> bytes:
    """Raises `ActionRefused` for values of an application's own that JSON would change."""
    fields = body if isinstance(body, dict) else msgspec.structs.asdict(cast(msgspec.Struct, body))
    for name in _OWN_VALUES:
        check_json(fields.get(name), name)
    return msgspec.json.encode(body)
