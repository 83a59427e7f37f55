"""The processes of Umbel: what each does from its start to its end.

Two processes. `serve` shows the history in the browser; it opens the store to read, and
runs the other one as its child. `collect` takes events from the broker into the store. They
share nothing but the data directory: either may be killed or started again without the
other noticing more than that nothing new comes. Settings go to the child by its
environment (see `settings.child_environment`). Which parts a cluster has is put together in
`umbel.composition`, and the web application in `umbel.web_composition`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from umbel.composition import (
    broker_link,
    ingest_limits,
    make_store,
    open_ledger,
    open_reconciler,
    open_services,
    open_to_write,
    redact_rules,
    retention_of,
)
from umbel.errors import SettingsError, StoreError, StoreTooNew
from umbel.logs import log_as_json, start_logging
from umbel.masking import mask_address
from umbel.process_secrets import learn
from umbel.settings import LoadedSettings, Settings, check_collecting, check_serving
from umbel.settings.child_environment import as_collectors_environment
from umbel.settings.clusters import ClusterSettings
from umbel.store import opening
from umbel.store.base import Copied

if TYPE_CHECKING:
    from pathlib import Path

    from umbel.broker.cluster_identity import ClusterIdentity
    from umbel.services.cluster_services import ClusterServices
    from umbel.supervise import Supervisor

log = logging.getLogger(__name__)


def serve(loaded: LoadedSettings, say: Callable[[str], None]) -> None:
    """Watch a cluster until SIGINT or SIGTERM.

    `say` gets one line, with the address to open, once connections are taken. Raises
    `UmbelError` when it cannot start.
    """
    from umbel.otel_composition import otlp_metrics
    from umbel.web.serving.server import serve as serve_web
    from umbel.web_composition import tls_of, web_application

    check_serving(loaded)
    settings = loaded.settings
    start_logging(settings.log_level, settings.log_format)
    watched = [_prepare(cluster.settings) for cluster in loaded.clusters.values()]
    supervisors = {
        name: _supervisor(cluster.settings)
        for name, cluster in loaded.clusters.items()
        if cluster.settings.collect
    }
    for notice in loaded.notices:
        log.warning("%s", notice.sentence)
    if settings.insecure and settings.is_open:
        log.warning("Whoever reaches this server may do everything to this cluster: --insecure.")

    def listening(url: str) -> None:
        for supervisor in supervisors.values():
            supervisor.start()
        for services in clusters.values():
            services.start()
        sentence = f"Umbel watches {' and '.join(watched)} at {url}"
        if not log_as_json(sentence):
            say(sentence)

    with contextlib.ExitStack() as closing:
        clusters: dict[str, ClusterServices] = {}
        for name, cluster in loaded.clusters.items():
            supervisor = supervisors.get(name)
            clusters[name] = _open_cluster(cluster, supervisor)
            closing.callback(clusters[name].close)
        closing.callback(_stop_all, supervisors.values())
        application = web_application(loaded, clusters)
        pushing = otlp_metrics(settings, clusters, application.state.requests.families)
        if pushing is not None:
            pushing.start()
            closing.callback(pushing.close)
        serve_web(
            application,
            settings.address,
            settings.port,
            settings.unix_socket,
            url_prefix=settings.url_prefix,
            tls=tls_of(settings),
            trusted_proxies=settings.trusted_proxies,
            metrics_port=settings.metrics.port,
            on_listening=listening,
        )


def _stop_all(supervisors: Iterable[Supervisor]) -> None:
    """End all collectors at once: each may take some seconds to commit."""
    threads = [threading.Thread(target=supervisor.stop) for supervisor in supervisors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _prepare(settings: Settings) -> str:
    """Make the place of a cluster's history ready; what is watched, in words."""
    _learn(settings)
    watched = _watched(settings)
    make_directory(settings)
    _warn_of_others(settings)
    if settings.collect:
        _claim(settings, _identity(settings))
    return watched


def _open_cluster(cluster: ClusterSettings, supervisor: Supervisor | None) -> ClusterServices:
    if cluster.settings.collect:
        make_store(cluster.settings)
    supervised = supervisor.sentence if supervisor is not None else None
    services = open_services(
        cluster.settings,
        name=cluster.name,
        supervised=supervised,
        rules_origin=cluster.origins["alerts.rules"],
    )
    try:
        _check_ledger_is_not_newer(services)
    except BaseException:
        services.close()
        raise
    return services


def _check_ledger_is_not_newer(services: ClusterServices) -> None:
    """Raises `StoreTooNew`. Of a ledger that cannot be read for another reason the history is
    shown all the same."""
    try:
        services.ledger.tokens()
    except StoreTooNew:
        raise
    except StoreError as error:
        log.warning("Nobody can act in the cluster %s now. %s", services.name, error)


def collect(loaded: LoadedSettings, *, supervised: bool = False) -> int:
    """Collect events until SIGINT or SIGTERM, or the end of the parent if `supervised`;
    the exit code. Raises `UmbelError` when it cannot start."""
    from umbel.broker.event_sources import open_source
    from umbel.collector import CollectorOptions, run_collector
    from umbel.otel_composition import span_options

    check_collecting(loaded)
    settings = loaded.one
    start_logging(settings.log_level, settings.log_format)
    _learn(settings)
    link = broker_link(settings)
    make_directory(settings)
    if not supervised:
        _warn_of_others(settings)
    _claim(settings, link.cluster_identity)
    options = CollectorOptions(
        name=settings.collector.name,
        broker_url=link.url,
        retention=retention_of(settings),
        limits=ingest_limits(settings),
        runtime_bounds=settings.collector.runtime_buckets,
        metrics_without=settings.metrics.without,
        spans=span_options(settings),
        redact=redact_rules(settings),
        supervised=supervised,
    )
    return run_collector(
        lambda store_id: open_source(link.of_store(store_id)),
        lambda: open_to_write(settings),
        options,
        open_ledger=lambda: open_ledger(settings),
        open_reconciler=partial(open_reconciler, settings) if settings.healing.ask else None,
        say=_say_why,
    )


def _learn(settings: Settings) -> None:
    """Whatever is said from now on is said without the secrets of these addresses."""
    learn(settings.broker, settings.result_backend, settings.broker_api, settings.broker_option)


def remove_event_queue(loaded: LoadedSettings) -> str:
    """Remove the queue in which RabbitMQ keeps events for this data directory; what was done.
    Raises `UmbelError`."""
    from umbel.broker.event_sources import remove_event_queue as remove

    check_collecting(loaded)
    settings = loaded.one
    store_id = opening.store_id(settings.data)
    if not store_id:
        raise SettingsError(
            f"There is no Umbel data in {settings.data}.",
            setting="data",
            remedy="Name the directory whose event queue is to go with --data.",
        )
    return remove(broker_link(settings).of_store(store_id))


def _identity(settings: Settings) -> ClusterIdentity:
    """Where the events come from. Of an address alone its driver need not be loaded."""
    from umbel.broker.cluster_identity import cluster_identity_of

    if settings.app is None:
        return cluster_identity_of(settings.broker or "")
    return broker_link(settings).cluster_identity


def _claim(settings: Settings, identity: ClusterIdentity) -> None:
    """Let the directory be of this cluster, if it is of none yet. Raises `SettingsError` if it
    is of another one, whose tasks would be shown as this one's."""
    import msgspec

    from umbel.broker.cluster_identity import ClusterIdentity

    stored = opening.read_cluster(settings.data)
    try:
        before = msgspec.json.decode(stored, type=ClusterIdentity) if stored else None
    except msgspec.MsgspecError:
        before = None
    if before == identity:
        return
    if before is not None and not before.is_same(identity) and not settings.cluster_moved:
        raise SettingsError(
            f"The history in {settings.data} is of the cluster at {before}, not of {identity}.",
            setting="data",
            remedy="Give this one a directory of its own with --data; if the cluster has moved "
            "to the new address, start once with --cluster-moved.",
        )
    opening.keep_cluster(settings.data, msgspec.json.encode(identity).decode())


def _say_why(sentence: str) -> None:
    if not log_as_json(sentence, logging.ERROR):
        print(f"umbel: {sentence}", file=sys.stderr)  # noqa: T201


def back_up(settings: Settings, target: Path, on_file: Callable[[Copied], None]) -> None:
    """Copy store and ledger, while others may write to them. Raises `StoreError`."""
    opening.back_up(settings.data, target, on_file)


def _supervisor(settings: Settings) -> Supervisor:
    from umbel.supervise import Supervisor

    # -P: the files of whatever directory this runs in (a redis.py, a click.py) are not taken for
    # the libraries of that name. Celery finds an application there by itself.
    command = [sys.executable, "-P", "-m", "umbel", "collect", "--supervised"]
    return Supervisor(command, environment=as_collectors_environment(settings, os.environ))


def _watched(settings: Settings) -> str:
    """The broker's address as it may be shown, or where the history is from if nothing
    is collected here. Raises `UmbelError` for a broker that no collector could use."""
    from umbel.broker.link import check_url

    if not settings.collect:
        return str(settings.data)
    if settings.broker is None:
        return broker_link(settings).url
    check_url(settings.broker, _known_options(settings))
    return mask_address(settings.broker)


def _known_options(settings: Settings) -> Mapping[str, object] | None:
    """The transport's options; None if an application may have more of them."""
    return (settings.broker_option or {}) if settings.app is None else None


def make_directory(settings: Settings) -> None:
    """The data directory, which only this user may open. Raises `StoreError`."""
    opening.make_private(settings.data)


def _warn_of_others(settings: Settings) -> None:
    """A directory that somebody else made is left as it is: a proxy may look for a socket there."""
    directory, socket = settings.data, settings.unix_socket
    mode = directory.stat().st_mode
    if mode & 0o002:
        log.warning(
            "Every user of this machine may remove and replace files in the data directory %s: "
            "chmod o-rwx it, or name a directory of its own with --data.",
            directory,
        )
    elif mode & 0o005 and (socket is None or directory not in socket.absolute().parents):
        log.warning(
            "Every user of this machine may look into the data directory %s. They cannot read its "
            "files, but see their names and sizes: chmod o-rwx it.",
            directory,
        )
