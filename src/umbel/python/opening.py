"""Where the parts of a source in this process are put together; beside `umbel.app`, the only
other place that knows adapters."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from umbel.auth.base import GRANTS, Actor, Via
from umbel.clock import SystemClock
from umbel.errors import UmbelError
from umbel.python.local import LocalSource
from umbel.python.sources import Source
from umbel.store.base import Retention, Store
from umbel.store.ledger import Ledger
from umbel.store.opening import MEMORY, open_ledger, open_store

if TYPE_CHECKING:
    from umbel.broker.link import DurableQueue, Link
    from umbel.services.levers import Levers
    from umbel.settings import Settings

#: Into how many files what a process keeps for itself is split: the oldest goes whole.
_FILES: Final = 10
#: How long an AMQP broker keeps the event queue of a process that is gone and keeps nothing
#: itself, seconds.
_QUEUE_EXPIRES_S: Final = 120


def open_here(
    application: Any,
    *,
    directory: Path | None,
    collect: bool,
    max_tasks: int,
    connect_s: float,
    via: Via,
) -> Source:
    """A source in this process. `application` is a Celery app, a broker's URL, or None;
    without `directory` what is collected goes with the source. Raises `UmbelError`."""
    app = _application(application) if isinstance(application, str) else application
    if not collect:
        store, ledger, name = _to_read(directory, app)
        return _source(name, store, ledger, via, app, _all_of(store.close, ledger.close))
    link = _link(app, _own_queue(directory))
    retention = _default_retention() if directory else Retention(max_tasks=max_tasks)
    partition = max(1_000, max_tasks // _FILES)
    folder = directory or Path(tempfile.mkdtemp(prefix="umbel-"))
    try:
        return _collecting(
            link, app, folder, retention, connect_s, via,
            partition_tasks=None if directory else partition,
            is_temporary=directory is None,
        )  # fmt: skip
    except BaseException:
        if directory is None:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def open_settings(settings: Settings) -> Source:
    """The data directory that settings name, and the cluster, for a command. Raises
    `UmbelError`."""
    store = open_store(settings.data, write=False)
    ledger = open_ledger(settings.data)

    def open_levers() -> Levers:
        return _levers(_settings_application(settings), store, ledger)

    return LocalSource(
        str(settings.data),
        store,
        ledger,
        _actor("cli", settings.read_only),
        SystemClock(),
        None if settings.app is None and settings.broker is None else open_levers,
        _all_of(store.close, ledger.close),
        settings.retention.offline_workers,
    )


def _collecting(
    link: Link,
    app: Any,
    directory: Path,
    retention: Retention,
    connect_s: float,
    via: Via,
    *,
    partition_tasks: int | None,
    is_temporary: bool,
) -> Source:
    from umbel.broker.event_sources import open_source
    from umbel.python.local_collector import Collecting

    store = open_store(directory, write=True, partition_tasks=partition_tasks)
    ledger = open_ledger(directory)
    closing: list[Callable[[], None]] = [store.close, ledger.close]
    if is_temporary:
        closing.append(lambda: shutil.rmtree(directory, ignore_errors=True))
    collecting = Collecting(open_source(link.of_store(store.id)), store, retention, link.url)
    close = _all_of(collecting.stop, *closing)
    try:
        collecting.wait_connected(connect_s)
    except BaseException:
        close()
        raise
    return _source(link.url, store, ledger, via, app, close)


def _source(
    name: str, store: Store, ledger: Ledger, via: Via, app: Any, close: Callable[[], None]
) -> LocalSource:
    open_levers = None if app is None else lambda: _levers(app, store, ledger)
    return LocalSource(name, store, ledger, _actor(via), SystemClock(), open_levers, close)


def _to_read(directory: Path | None, app: Any) -> tuple[Store, Ledger, str]:
    if directory is not None:
        return open_store(directory, write=False), open_ledger(directory), str(directory)
    name = f"the application {app.main or 'of this process'}"
    return open_store(MEMORY, write=True), open_ledger(MEMORY), name


def _levers(app: Any, store: Store, ledger: Ledger) -> Levers:
    from umbel.broker.cluster import open_cluster
    from umbel.broker.reply_queue import open_reply_queue
    from umbel.results.opening import open_results
    from umbel.services.levers import Levers

    return Levers(
        store,
        ledger,
        open_cluster(app),
        open_results(app, partial(open_reply_queue, app)),
        SystemClock(),
    )


def _application(url: str) -> Any:
    """An application that knows nothing but its broker. Raises `BrokerRefused`."""
    from celery import Celery

    from umbel.broker.link import check_url

    check_url(url)
    app = Celery("umbel", broker=url, set_as_current=False)
    # Or else CELERY_BROKER_URL would decide.
    app.conf.update(broker_read_url=url, broker_write_url=url)
    return app


def _settings_application(settings: Settings) -> Any:
    from umbel.applications import complete_application, directed, load_application

    if settings.app is None:
        app = _application(settings.broker or "")
    else:
        app = load_application(settings.app)
    directed(app, settings.broker, settings.result_backend, settings.broker_option)
    return app if settings.app is None else complete_application(app)


def _link(app: Any, queue: DurableQueue) -> Link:
    from umbel.broker.link import link_to_app

    return link_to_app(app, queue)


def _own_queue(directory: Path | None) -> DurableQueue:
    """The event queue; the store's id, which makes it nobody else's, comes with the store."""
    from umbel.broker.link import DurableQueue

    return DurableQueue() if directory else DurableQueue(expires_s=_QUEUE_EXPIRES_S)


def _default_retention() -> Retention:
    from umbel.settings.tree import RetentionSettings

    settings = RetentionSettings()
    return Retention(
        max_age_s=settings.max_age, max_bytes=settings.max_size, max_tasks=settings.max_tasks
    )


def _actor(via: Via, read_only: bool = False) -> Actor:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a user id without a name
        user = str(os.getuid())
    permissions = GRANTS["viewer" if read_only else "admin"]
    return Actor(name=user, address=socket.gethostname(), via=via, permissions=permissions)


def _all_of(*steps: Callable[[], None]) -> Callable[[], None]:
    """Each step, whatever the others raise; the first error at the end."""

    def close() -> None:
        first: UmbelError | None = None
        for step in steps:
            try:
                step()
            except UmbelError as error:
                first = first or error
        if first is not None:
            raise first

    return close
