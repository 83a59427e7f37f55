"""From settings to the services of a cluster: the one composition root of every face.

`umbel serve`, the commands that look and act, and the Python API open a cluster here, so the
same settings mean the same to all of them. Nothing of Celery is imported, and nothing connected,
before something is asked of workers, broker or results. The services are imported when they are
first put together: a collector, and most commands, need none of them.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from umbel.clock import Clock, SystemClock
from umbel.errors import BrokerRefused, NotSupported, ResultsUnavailable, SettingsError, StoreBusy
from umbel.lazy import SlowLazy, StillOpening
from umbel.redact.rules import Redactor, RedactRules
from umbel.settings import ONLY, Settings
from umbel.store import opening
from umbel.store.base import Retention, Store
from umbel.store.ledger import Ledger
from umbel.store.samples import Samples

if TYPE_CHECKING:
    from umbel.beat.base import ScheduleSource
    from umbel.broker.base import Cluster
    from umbel.broker.link import Link
    from umbel.broker.questions_in_turn import QuestionsInTurn
    from umbel.results.base import ResultBackend
    from umbel.services.alerts.options import AlertOptions
    from umbel.services.cluster.registered_tasks import TaskDescription
    from umbel.services.cluster_services import ClusterServices, EnableEvents
    from umbel.services.doctor.facts import Exposure
    from umbel.services.healing.reconciler import Reconciler
    from umbel.services.health.health import Supervised
    from umbel.services.ingest.ingest import Limits

#: How many times as long a batch may wait while nobody looks at tasks: 1.4 s by default.
UNSEEN_TIMES: Final = 3.5
#: How long the import of an application is waited for, seconds: large projects take twenty.
IMPORT_S: Final = 30.0


def open_services(
    settings: Settings,
    *,
    name: str = ONLY,
    supervised: Supervised | None = None,
    rules_origin: str = "",
) -> ClusterServices:
    """The services of the cluster that the settings name, over its history. `rules_origin` is the
    file (or variable) that has `alerts.rules`. Raises `StoreError`."""
    store = open_to_read(settings)
    try:
        ledger = open_ledger(settings)
    except BaseException:
        store.close()
        raise
    samples = opening.open_samples(settings.data, keep_s=settings.retention.samples_age)
    return services_over(
        store, ledger, settings, name=name, supervised=supervised, samples=samples,
        rules_origin=rules_origin,
    )  # fmt: skip


def services_over(
    store: Store,
    ledger: Ledger,
    settings: Settings,
    application: Any = None,
    *,
    name: str = ONLY,
    supervised: Supervised | None = None,
    samples: Samples | None = None,
    rules_origin: str = "",
) -> ClusterServices:
    """The same over a store and a ledger that are open. `application` is a Celery application
    that the caller has loaded, instead of the one that settings name. Without `samples` none are
    taken nor shown."""
    from umbel.results.lazy import LazyResults
    from umbel.services.cluster_services import make_services
    from umbel.services.metric_options import MetricOptions

    app = _Application(settings, application)
    label = settings.label or (name if name != ONLY else "")
    clock = SystemClock()
    cluster = _open_cluster(app, settings, clock)
    return make_services(
        store,
        ledger,
        cluster,
        LazyResults(app.results),
        clock,
        control_traffic=cluster.traffic,
        name=name,
        label=label,
        colour=settings.colour,
        describe=app.described,
        open_schedules=app.schedules,
        answer_s=settings.inspect_timeout,
        keep_s=settings.retention.audit_age,
        gone_after_s=settings.retention.offline_workers,
        supervised=supervised,
        redactor=Redactor(redact_rules(settings)),
        enable_events=cast("EnableEvents", settings.enable_events),
        retention=retention_of(settings),
        samples=samples,
        sample_every_s=None if samples is None else settings.samples.period,
        metric_options=MetricOptions(frozenset(settings.metrics.without), settings.metrics.offline),
        alerts=_alert_options(settings, name, rules_origin),
        exposure=_exposure(settings),
    )


def _exposure(settings: Settings) -> Exposure:
    from umbel.services.doctor.facts import Exposure
    from umbel.web.http.hosts import is_loopback

    socket = settings.unix_socket
    return Exposure(
        address=f"{settings.address}:{settings.port}" if socket is None else str(socket),
        on_loopback=socket is not None or is_loopback(settings.address),
        has_login=not settings.is_open,
        has_tls=settings.tls_cert is not None,
        proxies=tuple(each for each in settings.trusted_proxies if not is_loopback(each)),
    )


def _alert_options(settings: Settings, name: str, origin: str) -> AlertOptions:
    from umbel.notify.opening import open_notifiers
    from umbel.services.alerts.options import AlertOptions

    given = settings.alerts
    scheme = "http" if settings.tls_cert is None else "https"
    host = f"[{settings.address}]" if ":" in settings.address else settings.address
    own = f"{scheme}://{host}:{settings.port}{settings.url_prefix}"
    below = "" if name == ONLY else f"/c/{name}"
    return AlertOptions(
        notifiers=open_notifiers(given.notifiers, SystemClock()),
        configs=given.notifiers,
        rules=given.rules,
        origin=_without_folder(origin) if given.rules else "",
        every_s=given.every,
        address=(given.url or own).rstrip("/") + below,
    )


def _without_folder(origin: str) -> str:
    """Where a setting comes from, for people who need not know how folders are called here."""
    before, of, file = origin.rpartition(" in ")
    return f"{before}{of}{Path(file).name}"


def open_reconciler(
    settings: Settings, store: Store, clock: Clock, may_heal: Callable[[], bool]
) -> Reconciler:
    """What asks workers and the result backend of the settings for what events did not tell.
    Connects when there is something to ask."""
    from umbel.results.lazy import LazyResults
    from umbel.services.healing.reconciler import HealingOptions, Reconciler

    app = _Application(settings)
    options = HealingOptions(
        unknown_after_s=settings.healing.unknown_after,
        lookups_per_s=settings.healing.lookups,
        lists_results=settings.healing.list_results,
    )
    cluster, results = _open_cluster(app, settings, clock), LazyResults(app.results)
    return Reconciler(store, results, cluster, clock, options, may_heal)


def _open_cluster(app: _Application, settings: Settings, clock: Clock) -> QuestionsInTurn:
    """The cluster of the application, whose workers are asked one question at a time by all
    processes of its history. Connects when it is used."""
    from umbel.broker.questions_in_turn import QuestionsInTurn

    turns = opening.open_question_turns(settings.data or opening.MEMORY, clock)
    return QuestionsInTurn(app.cluster, turns, clock)


def open_to_write(settings: Settings) -> Store:
    """The store of the settings, locked for this process. Raises `StoreError`."""
    partition_tasks = settings.store.partition_tasks
    return opening.open_store(settings.data, write=True, partition_tasks=partition_tasks)


def open_to_read(settings: Settings) -> Store:
    """The store of the settings. Raises `StoreError`."""
    return opening.open_store(settings.data, write=False)


def make_store(settings: Settings) -> None:
    """Make an empty store where there is none yet. Raises `StoreError`."""
    if not opening.has_store(settings.data):
        with contextlib.suppress(StoreBusy):  # whoever holds it makes it just now
            open_to_write(settings).close()


def retention_of(settings: Settings) -> Retention:
    """What of the history may stay."""
    bounds = settings.retention
    return Retention(
        max_age_s=bounds.max_age, max_bytes=bounds.max_size, max_tasks=bounds.max_tasks
    )


def redact_rules(settings: Settings) -> RedactRules:
    """What of tasks is hidden."""
    given = settings.redact
    return RedactRules(
        keys=given.keys,
        positions=dict(given.positions),
        arguments=given.arguments,
        results=given.results,
        exceptions=given.exceptions,
        tracebacks=given.tracebacks,
    )


def ingest_limits(settings: Settings) -> Limits:
    """How much a collector gathers before it commits, and how much may wait."""
    from umbel.services.ingest.ingest import Limits

    return Limits(
        batch_events=settings.collector.batch_events,
        commit_every_s=settings.collector.batch_interval,
        unseen_times=UNSEEN_TIMES,
        buffer_bytes=settings.collector.buffer,
    )


def open_ledger(settings: Settings) -> Ledger:
    """What people did and their tokens. Raises `StoreError`."""
    return opening.open_ledger(settings.data)


def broker_link(settings: Settings) -> Link:
    """The broker, as the application knows it or as its address alone says; an address
    beside an application changes where, not how. Raises `UmbelError`."""
    from umbel.applications import load_application, redirected
    from umbel.broker.link import DurableQueue, link_to_app, link_to_url

    collector = settings.collector
    queue = DurableQueue(
        name=collector.queue,
        kind=collector.queue_type,
        max_bytes=collector.queue_max_size,
        message_ttl_s=round(collector.queue_ttl),
        expires_s=round(collector.queue_expires),
    )
    if settings.app is None:
        options = settings.broker_option
        return link_to_url(settings.broker or "", transport_options=options, queue=queue)
    app = load_application(settings.app)
    app = redirected(app, settings.broker, None, settings.broker_option)
    return link_to_app(app, queue)


class _Application:
    """The application behind the cluster and its results: the user's own, or a bare one that
    knows the addresses alone. Any thread."""

    def __init__(self, settings: Settings, given: Any = None) -> None:
        self._settings = settings
        self._is_own = given is not None or settings.app is not None
        self._lock = threading.Lock()
        self._given = given
        self._imported = SlowLazy(self._import, IMPORT_S)
        self._described: Mapping[str, TaskDescription] | None = None

    def cluster(self) -> Cluster:
        """Raises `BrokerError`."""
        from umbel.broker.cluster import open_cluster

        settings = self._settings
        if settings.broker is None and not self._is_own:
            raise NotSupported(
                "No broker is named here, so only what was collected can be looked at.",
                remedy="Name it as well: -b redis://... or -A proj.celery:app.",
            )
        try:
            app = self._loaded()
        except SettingsError as error:
            raise BrokerRefused(error.message, remedy=error.remedy) from error
        return open_cluster(
            app,
            management_url=settings.broker_api,
            knows_queues=self._is_own,
            event_queue=settings.collector.queue,
        )

    def results(self) -> ResultBackend:
        """Raises `ResultsUnavailable`."""
        from umbel.broker.reply_queue import open_reply_queue
        from umbel.results.opening import open_results

        try:
            app = self._loaded()
            return open_results(app, partial(open_reply_queue, app))
        except SettingsError as error:
            raise ResultsUnavailable(error.message, remedy=error.remedy) from error

    def described(self) -> Mapping[str, TaskDescription]:
        """The application's tasks; none without one."""
        from umbel.applications import describe_tasks

        if not self._is_own:
            return {}
        try:
            app = self._loaded()
        except SettingsError:  # the names that workers registered are listed all the same
            return {}
        with self._lock:
            if self._described is None:
                self._described = describe_tasks(app)
            return self._described

    def schedules(self) -> Sequence[ScheduleSource]:
        """Where beat's entries stand. Raises `SettingsError`."""
        from umbel.beat.opening import open_schedules

        if self._settings.broker is None and not self._is_own:
            return ()
        return open_schedules(self._loaded(), is_own=self._is_own, now=SystemClock().now)

    def _loaded(self) -> Any:
        """Raises `SettingsError`."""
        if self._given is not None:
            return self._given
        try:
            return self._imported.get()
        except StillOpening:
            raise SettingsError(
                f"The application {self._settings.app} is still being imported, for longer than "
                f"{IMPORT_S:g} s.",
                setting="app",
                remedy="See what its modules wait for when they are imported, such as a database "
                "that does not answer.",
            ) from None

    def _import(self) -> Any:
        from umbel.applications import bare_application, named_application

        settings = self._settings
        broker, backend = settings.broker, settings.result_backend
        options = settings.broker_option
        if settings.app is None:
            return bare_application(broker or "memory://", backend, transport_options=options)
        return named_application(settings.app, broker, backend, options)
