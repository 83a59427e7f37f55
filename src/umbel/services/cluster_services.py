"""One cluster as a value: everything that is asked of it and done to it, in one flat bundle.

Server, command line and Python API get the same bundle (`umbel.composition` opens the parts,
`make_services` puts them together), so that they cannot differ in what they know of a cluster.
Open this to see which services there are and how they depend on each other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from umbel.broker.base import Cluster
from umbel.clock import Clock
from umbel.cluster.control_traffic import ControlTraffic
from umbel.redact.rules import USUAL, Redactor
from umbel.results.base import ResultBackend
from umbel.services.alerts.alert_rules import AlertRules
from umbel.services.alerts.alerts import Alerts
from umbel.services.alerts.backtest_readings import PastReader
from umbel.services.alerts.delivery import MessageDelivery
from umbel.services.alerts.evaluator import BUDGET_PART, AlertEvaluator
from umbel.services.alerts.options import AlertOptions
from umbel.services.alerts.readings import AlertReader, AlertSources
from umbel.services.alerts.watch import AlertWatch
from umbel.services.cluster.event_switch import EventSwitch
from umbel.services.cluster.fleet_comparison import FleetComparison
from umbel.services.cluster.inspection import ANSWER_S, Inspection
from umbel.services.cluster.interruptible_results import InterruptibleResults
from umbel.services.cluster.listed_workers import ListedWorkers
from umbel.services.cluster.queue_inspection import QueueInspection
from umbel.services.cluster.queue_list import QueueLists
from umbel.services.cluster.queue_profile import QueueProfiles
from umbel.services.cluster.queue_rates import QueueRateSeries
from umbel.services.cluster.redacted_results import RedactedResults
from umbel.services.cluster.registered_tasks import DescribeTasks
from umbel.services.cluster.task_route import TaskRoutes
from umbel.services.cluster.worker_list import WorkerLists
from umbel.services.control.context import ActionContext
from umbel.services.control.control import Control
from umbel.services.control.login_audit import LoginAudit
from umbel.services.deploys.deploys import Deploys
from umbel.services.deploys.watch import DeployWatch
from umbel.services.doctor.doctor import Doctor
from umbel.services.doctor.facts import Exposure
from umbel.services.doctor.sources import DoctorSources
from umbel.services.errors.errors import Errors
from umbel.services.health.fact_gatherer import FactGatherer, Sources
from umbel.services.health.health import Health, Supervised
from umbel.services.health.health_findings import HealthFindings
from umbel.services.live.hub import STREAMS_MAX, Hub
from umbel.services.metric_options import MetricOptions
from umbel.services.names.names import Names
from umbel.services.pauses.pause_watch import PauseWatch
from umbel.services.pauses.paused_queues import paused_queues, pauses_in_words
from umbel.services.query_times import Latencies, timed_store
from umbel.services.samples.sampler import Sampler
from umbel.services.schedule.entry_changes import EntryChanges
from umbel.services.schedule.entry_sources import OpenSources, no_sources
from umbel.services.schedule.schedules import Schedules
from umbel.services.schedule.sent_by_hand import SentByHand
from umbel.services.search.doubt import DoubtFinder
from umbel.services.search.intents import Intents
from umbel.services.search.saved_searches import SavedSearches
from umbel.services.search.search import Search
from umbel.services.workflows.canvas_reader import CanvasReader
from umbel.services.workflows.workflows import Workflows
from umbel.store.base import Retention, Store
from umbel.store.ledger import Ledger
from umbel.store.samples import NoSamples, Samples

#: Whether workers whose task events are off are told to send them.
EnableEvents = Literal["never", "ask", "always"]


_UNBOUNDED: Final = Retention()
_NO_ALERTS: Final = AlertOptions()


class ClusterServices(msgspec.Struct, frozen=True, kw_only=True):
    """The services of one cluster. Any thread, until `close`. `label` is its name for people,
    empty where nobody chose one, `colour` that of its header; `describe` gives signatures of
    tasks; `hub` belongs to one event loop."""

    name: str
    label: str
    colour: str | None
    clock: Clock
    store: Store
    ledger: Ledger
    cluster: Cluster
    results: ResultBackend
    describe: DescribeTasks
    search: Search
    searches: SavedSearches
    intents: Intents
    inspection: Inspection
    queues: QueueInspection
    queue_lists: QueueLists
    queue_profiles: QueueProfiles
    queue_rates: QueueRateSeries
    task_routes: TaskRoutes
    workers: ListedWorkers
    worker_lists: WorkerLists
    fleet_comparison: FleetComparison
    health: Health
    errors: Errors
    deploys: Deploys
    names: Names
    workflows: Workflows
    schedules: Schedules
    entry_changes: EntryChanges
    health_findings: HealthFindings
    doctor: Doctor
    hub: Hub
    control: Control
    event_switch: EventSwitch | None
    pause_watch: PauseWatch
    samples: Samples
    sampler: Sampler | None
    query_times: Latencies
    metric_options: MetricOptions
    alerts: Alerts
    alert_watch: AlertWatch | None
    stopping: threading.Event

    @property
    def login_audit(self) -> LoginAudit:
        """Logins, logouts and refusals, for the audit."""
        return self.control.login_audit

    @property
    def is_stopping(self) -> bool:
        """Whether nobody should wait any longer, since the process ends."""
        return self.stopping.is_set()

    def start(self) -> None:
        """Begin what is done without being asked for."""
        for each in (self.event_switch, self.pause_watch, self.sampler, self.alert_watch):
            if each is not None:
                each.start()

    def stop(self) -> None:
        """End every wait for a result, and judge no rule any more: the process is ending. Returns
        at once."""
        self.stopping.set()
        if self.alert_watch is not None:
            self.alert_watch.stop()

    def close(self) -> None:
        """Close everything, ledger and store last, whatever fails to close; then the first
        failure is raised. May be called twice."""
        self.stop()
        close_all(
            *(
                each.close
                for each in (self.alert_watch, self.event_switch, self.pause_watch, self.sampler)
                if each is not None
            ),
            self.health_findings.close,
            self.control.close,
            self.schedules.close,
            self.cluster.close,
            self.results.close,
            self.samples.close,
            self.ledger.close,
            self.store.close,
        )


_ALL_LABELS: Final = MetricOptions()


def make_services(
    store: Store,
    ledger: Ledger,
    cluster: Cluster,
    results: ResultBackend,
    clock: Clock,
    *,
    name: str = "default",
    label: str = "",
    colour: str | None = None,
    describe: DescribeTasks = dict,
    open_schedules: OpenSources = no_sources,
    answer_s: float = ANSWER_S,
    keep_s: float | None = None,
    gone_after_s: float | None = None,
    supervised: Supervised | None = None,
    redactor: Redactor = USUAL,
    streams_max: int = STREAMS_MAX,
    enable_events: EnableEvents = "ask",
    retention: Retention = _UNBOUNDED,
    samples: Samples | None = None,
    sample_every_s: float | None = None,
    metric_options: MetricOptions = _ALL_LABELS,
    alerts: AlertOptions = _NO_ALERTS,
    control_traffic: Callable[[], ControlTraffic] | None = None,
    exposure: Exposure | None = None,
) -> ClusterServices:
    """The bundle over parts that are open. `answer_s`: how long workers have to answer;
    `keep_s`: how long the ledger keeps who did what, None for ever; `gone_after_s`: how long a
    worker of which nothing is heard is listed, None for ever; `supervised` says why the
    collector process of this cluster does not work, from any thread; `redactor` hides what is
    not to be seen, without it the usual secrets; `retention` is what may stay of the history;
    `sample_every_s`: how often queues and workers are sampled once the services are started, None
    for never; `metric_options`: what `/metrics` tells; `alerts`: who is notified,
    and by which rules of the settings; `control_traffic`: what workers were sent of
    late; `exposure`: how this server is reached, None where there is none."""
    stopping = threading.Event()
    query_times = Latencies()
    store = timed_store(store, query_times, clock)
    watching: list[AlertWatch] = []
    canvas = CanvasReader(results, cluster, clock)
    results = InterruptibleResults(results, stopping)
    cluster_names = (name, label) if label else (name,)
    search = Search(store, clock, ledger, cluster_names)
    intents = Intents(ledger, DoubtFinder(store, clock))
    inspection = Inspection(store, cluster, clock, answer_s, redactor)
    offers = enable_events != "never"
    queues = QueueInspection(store, cluster, inspection, clock, redactor, ledger)
    samples = samples or NoSamples()
    sampler = None
    if sample_every_s is not None:
        parts = (store, ledger, cluster, samples, inspection, queues, clock)
        watch = DeployWatch(ledger, inspection, clock)
        sampler = Sampler(*parts, period_s=sample_every_s, deploys=watch)
    health = Health(
        store,
        clock,
        supervised,
        inspection.answering,
        offers_events=offers,
        sampling=None if sampler is None else lambda: sampler.sampling,
        alerting=lambda: None if not watching else watching[0].alerting,
        control_traffic=control_traffic,
        firing=lambda: alert_service.firing(),
    )
    deploys = Deploys(ledger, clock)
    schedules = Schedules(
        open_schedules,
        store,
        samples,
        clock,
        redactor,
        lambda: pauses_in_words(ledger),
        SentByHand(ledger).ids,
    )
    workers = ListedWorkers(store, gone_after_s, inspection)
    gatherer = FactGatherer(
        Sources(
            store=store,
            health=health,
            workers=workers,
            inspection=inspection,
            queues=queues,
            samples=samples,
            clock=clock,
            deploys=deploys,
            beat=schedules.fact,
            pauses=lambda: paused_queues(ledger),
            retention=retention,
            sample_every_s=sample_every_s,
        )
    )
    context = ActionContext(
        store=store,
        search=search,
        ledger=ledger,
        cluster=cluster,
        results=results,
        workers=inspection,
        clock=clock,
        redactor=redactor,
    )
    errors = Errors(store, ledger, clock, redactor, cluster_names)
    findings = HealthFindings(gatherer, health, ledger, clock)
    doctor_sources = DoctorSources(
        store=store,
        health=health,
        findings=findings,
        gatherer=gatherer,
        workers=workers,
        inspection=inspection,
        cluster=cluster,
        results=results,
        clock=clock,
        exposure=exposure,
    )
    past = PastReader(store, ledger, samples, errors, clock, cluster_names)
    delivery = MessageDelivery(
        ledger, alerts.notifiers, clock, address=alerts.address, cluster=label
    )
    rules = AlertRules(ledger, clock, alerts.rules, alerts.origin, alerts.notifiers)
    alert_service = Alerts(
        ledger,
        clock,
        past,
        delivery,
        rules=rules,
        notifiers=alerts.configs,
        alerting=lambda: None if not watching else watching[0].alerting,
    )
    if alerts.every_s is not None:
        sources = AlertSources(
            store=store,
            ledger=ledger,
            samples=samples,
            workers=workers,
            health=health,
            findings=findings,
            errors=errors,
            clock=clock,
            sample_every_s=sample_every_s,
            cluster_names=cluster_names,
        )
        evaluator = AlertEvaluator(
            AlertReader(sources),
            ledger,
            clock,
            rules.all,
            BUDGET_PART * alerts.every_s,
        )
        watching.append(AlertWatch(evaluator, delivery, ledger, clock, alerts.every_s))
    control = Control(context, keep_s)
    queue_lists = QueueLists(store, samples, queues, clock)
    return ClusterServices(
        name=name,
        label=label,
        colour=colour,
        clock=clock,
        store=store,
        ledger=ledger,
        cluster=cluster,
        results=RedactedResults(results, redactor, store),
        describe=describe,
        search=search,
        searches=SavedSearches(ledger, clock),
        intents=intents,
        inspection=inspection,
        queues=queues,
        queue_lists=queue_lists,
        queue_profiles=QueueProfiles(cluster, queue_lists, inspection, clock, ledger),
        queue_rates=QueueRateSeries(store, samples, clock),
        task_routes=TaskRoutes(cluster, queues, inspection, ledger),
        workers=workers,
        worker_lists=WorkerLists(store, ledger, workers, clock),
        fleet_comparison=FleetComparison(workers, inspection, clock),
        health=health,
        errors=errors,
        deploys=deploys,
        names=Names(store, ledger, clock, inspection, describe, cluster_names),
        workflows=Workflows(store, ledger, clock, cluster_names, canvas),
        schedules=schedules,
        entry_changes=EntryChanges(schedules, control, ledger, clock),
        health_findings=findings,
        doctor=Doctor(doctor_sources, ledger, clock),
        hub=Hub(store, health, intents, clock, streams_max=streams_max),
        control=control,
        event_switch=(
            EventSwitch(store, cluster, ledger, clock) if enable_events == "always" else None
        ),
        pause_watch=PauseWatch(store, ledger, control.paused_consumers, clock),
        samples=samples,
        sampler=sampler,
        query_times=query_times,
        metric_options=metric_options,
        alerts=alert_service,
        alert_watch=watching[0] if watching else None,
        stopping=stopping,
    )


def close_all(*steps: Callable[[], None]) -> None:
    """Every step, whatever the others raise; the first error is raised at the end."""
    first: Exception | None = None
    for step in steps:
        try:
            step()
        except Exception as error:
            first = first or error
    if first is not None:
        raise first
