"""Sources in this process: a data directory, a live collector, or an application's cluster.

Services come from `umbel.composition`; here it is decided over which store, and who acts."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from umbel.auth.base import Via
from umbel.auth.machine_user import machine_user
from umbel.composition import open_services, redact_rules, retention_of, services_over
from umbel.python.local import LocalSource
from umbel.python.sources import Source
from umbel.redact.rules import Redactor
from umbel.services.cluster_services import close_all
from umbel.settings import Settings, load_settings
from umbel.store.base import Retention
from umbel.store.opening import MEMORY, open_ledger, open_store

if TYPE_CHECKING:
    from umbel.broker.link import DurableQueue, Link

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
    without `directory` what is collected goes with the source. A directory is read and written
    by the settings that commands would find here. Raises `UmbelError`."""
    settings = _settings(directory)
    if isinstance(application, str):
        settings = replace(settings, broker=application)
        application = _bare(application)
        own = None
    else:
        own = application
    if not collect:
        return _reading(directory, application, own, settings, via)
    kept = directory or Path(tempfile.mkdtemp(prefix="umbel-"))
    try:
        return _collecting(application, own, kept, settings, connect_s, via,
                           max_tasks=None if directory else max_tasks)  # fmt: skip
    except BaseException:
        if directory is None:
            shutil.rmtree(kept, ignore_errors=True)
        raise


def open_settings(settings: Settings) -> Source:
    """The data directory that settings name, and the cluster, for a command. Raises
    `UmbelError`."""
    services = open_services(settings)
    reaches = settings.app is not None or settings.broker is not None
    actor = machine_user("cli", read_only=settings.read_only)
    return LocalSource(
        str(settings.data), services, actor, services.close,
        reaches=reaches, again=partial(open_settings, settings),
    )  # fmt: skip


def _settings(directory: Path | None) -> Settings:
    """What the settings of a command started here say of a data directory, beside where the
    cluster is: the caller names that."""
    if directory is None:
        return Settings()
    found = load_settings({"data": str(directory)}, os.environ, Path.cwd()).settings
    return replace(found, app=None, broker=None, broker_option=None, result_backend=None)


def _reading(
    directory: Path | None, app: Any, own: Any, settings: Settings, via: Via
) -> LocalSource:
    url = directory or MEMORY
    name = str(directory) if directory else f"the application {app.main or 'of this process'}"
    store = open_store(url, write=directory is None)
    services = services_over(store, open_ledger(url), settings, own)
    return LocalSource(
        name, services, machine_user(via), services.close,
        reaches=app is not None, again=partial(_reading, directory, app, own, settings, via),
    )  # fmt: skip


def _collecting(
    app: Any,
    own: Any,
    directory: Path,
    settings: Settings,
    connect_s: float,
    via: Via,
    *,
    max_tasks: int | None,
) -> Source:
    """`max_tasks`: what is collected is kept until the source is closed, at most so many."""
    from umbel.broker.event_sources import open_source
    from umbel.python.local_collector import LocalCollector

    is_temporary = max_tasks is not None
    link = _link(app, _own_queue(is_temporary=is_temporary))
    retention, partition = retention_of(settings), settings.store.partition_tasks
    if max_tasks is not None:
        retention, partition = Retention(max_tasks=max_tasks), max(1_000, max_tasks // _FILES)
    store = open_store(directory, write=True, partition_tasks=partition)
    services = services_over(store, open_ledger(directory), settings, own)
    source, redactor = open_source(link.of_store(store.id)), Redactor(redact_rules(settings))
    collector = LocalCollector(source, store, retention, link.url, redactor)

    def remove() -> None:
        if is_temporary:
            shutil.rmtree(directory, ignore_errors=True)

    def close() -> None:
        close_all(collector.stop, services.close, remove)

    try:
        collector.wait_connected(connect_s)
    except BaseException:
        close()
        raise
    # A fork collects nothing: it reads what this process does.
    return LocalSource(
        link.url, services, machine_user(via), close,
        reaches=True, again=partial(_reading, directory, app, own, settings, via),
    )  # fmt: skip


def _bare(url: str) -> Any:
    """An application that knows nothing but its broker. Raises `BrokerRefused`."""
    from umbel.applications import bare_application
    from umbel.broker.link import check_url

    check_url(url)
    return bare_application(url)


def _link(app: Any, queue: DurableQueue) -> Link:
    from umbel.broker.link import link_to_app

    return link_to_app(app, queue)


def _own_queue(*, is_temporary: bool) -> DurableQueue:
    """The event queue; the store's id, which makes it nobody else's, comes with the store."""
    from umbel.broker.link import DurableQueue

    return DurableQueue(expires_s=_QUEUE_EXPIRES_S) if is_temporary else DurableQueue()
