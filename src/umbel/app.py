"""The composition root: which parts there are, and how settings become them.

Two processes. `serve` shows the history in the browser; it opens the store to read, and
runs the other one as its child. `collect` takes events from the broker into the store. They
share nothing but the data directory: either may be killed or started again without the
other noticing more than that nothing new comes. Settings go to the child by its
environment (see `settings.handover`).
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from umbel.broker.urls import mask
from umbel.clock import SystemClock
from umbel.errors import StoreBusy, StoreUnwritable
from umbel.logs import start_logging
from umbel.settings import Loaded, Settings, check_collecting, check_serving
from umbel.settings.handover import as_environment
from umbel.store.base import Retention, Store

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from umbel.broker.link import Link
    from umbel.services.ingest import Limits
    from umbel.supervise import Supervisor

log = logging.getLogger(__name__)


def serve(loaded: Loaded, say: Callable[[str], None]) -> None:
    """Watch a cluster until SIGINT or SIGTERM.

    `say` gets one line, with the address to open, once connections are taken. Raises
    `UmbelError` when it cannot start.
    """
    from umbel.web.server import serve as serve_web

    check_serving(loaded)
    settings = loaded.settings
    start_logging(settings.log_level, settings.log_format)
    watched = _watched(settings)
    _make_directory(settings)
    supervisor = _supervisor(settings) if settings.collect else None
    if settings.insecure:
        log.warning("Whoever reaches this server sees this cluster: --insecure is set.")

    def listening(url: str) -> None:
        if supervisor is not None:
            supervisor.start()
        say(f"Umbel watches {watched} at {url}")

    store = open_to_read(settings)
    try:
        serve_web(
            _web(settings, store, supervisor),
            settings.address,
            settings.port,
            settings.unix_socket,
            url_prefix=settings.url_prefix,
            on_listening=listening,
        )
    finally:
        if supervisor is not None:
            supervisor.stop()
        store.close()


def collect(loaded: Loaded, *, supervised: bool = False) -> int:
    """Collect events until SIGINT or SIGTERM, or the end of the parent if `supervised`;
    the exit code. Raises `UmbelError` when it cannot start."""
    from umbel.broker.connect import open_source
    from umbel.collector import CollectorOptions, run_collector

    check_collecting(loaded)
    settings = loaded.settings
    start_logging(settings.log_level, settings.log_format)
    link = broker_link(settings)
    _make_directory(settings)
    options = CollectorOptions(
        broker_url=link.url,
        retention=Retention(
            max_age_s=settings.retention.max_age,
            max_bytes=settings.retention.max_size,
            max_tasks=settings.retention.max_tasks,
        ),
        limits=_limits(settings),
        supervised=supervised,
    )
    return run_collector(lambda: open_source(link), lambda: open_to_write(settings), options)


def open_to_write(settings: Settings) -> Store:
    """The store in the data directory, locked for this process. Raises `StoreError`."""
    from umbel.store.sqlite import SqliteStore

    partition_tasks = settings.store.partition_tasks
    return SqliteStore(settings.data, write=True, partition_tasks=partition_tasks)


def open_to_read(settings: Settings) -> Store:
    """The store in the data directory; an empty one is made if this process is to have it
    filled. Raises `StoreError`."""
    from umbel.store.sqlite import SqliteStore
    from umbel.store.sqlite.files import meta_path

    if settings.collect and not meta_path(settings.data).exists():
        with contextlib.suppress(StoreBusy):  # whoever holds it makes it just now
            open_to_write(settings).close()
    return SqliteStore(settings.data, write=False)


def broker_link(settings: Settings) -> Link:
    """The broker, as the application knows it or as its address alone says; an address
    beside an application changes where, not how. Raises `UmbelError`."""
    from umbel.applications import load_application
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
        return link_to_url(settings.broker or "", queue=queue)
    app = load_application(settings.app)
    if settings.broker is not None:
        app.conf.broker_read_url = settings.broker
    return link_to_app(app, queue)


def _web(settings: Settings, store: Store, supervisor: Supervisor | None) -> Starlette:
    from umbel.web.app import WebOptions, create_app
    from umbel.web.security import is_loopback

    options = WebOptions(
        url_prefix=settings.url_prefix,
        trusted_proxies=settings.trusted_proxies,
        allowed_hosts=settings.allowed_hosts,
        only_loopback=settings.unix_socket is None and is_loopback(settings.address),
    )
    supervised = (lambda: supervisor.state().sentence) if supervisor is not None else None
    return create_app(store, clock=SystemClock(), options=options, supervised=supervised)


def _supervisor(settings: Settings) -> Supervisor:
    from umbel.supervise import Supervisor

    command = [sys.executable, "-m", "umbel", "collect", "--supervised"]
    return Supervisor(command, environment=as_environment(settings, os.environ))


def _watched(settings: Settings) -> str:
    """The broker's address as it may be shown, or where the history is from if nothing
    is collected here. Raises `UmbelError` for a broker that no collector could use."""
    from umbel.broker.link import check_url

    if not settings.collect:
        return str(settings.data)
    if settings.broker is None:
        return broker_link(settings).url
    check_url(settings.broker)
    return mask(settings.broker)


def _limits(settings: Settings) -> Limits:
    from umbel.services.ingest import Limits

    return Limits(
        batch_events=settings.collector.batch_events,
        commit_every_s=settings.collector.batch_interval,
        buffer_bytes=settings.collector.buffer,
    )


def _make_directory(settings: Settings) -> None:
    """Arguments of tasks are nobody else's business: only this user may look inside."""
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnwritable(
            f"The data directory {settings.data} cannot be made: {error.strerror}.",
            remedy="Name another with --data.",
        ) from error
