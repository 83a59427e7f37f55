"""`Events` and `connect`: opening a source, and the one that was opened last.

`Events(app)` collects in this process, `Events(directory=...)` reads a data directory, and
`connect(url)` asks a running Umbel. Which services that takes is decided in `opening`.
"""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from umbel.client.address import address_of, of_cluster
from umbel.client.client import Client
from umbel.errors import NotSupported, UmbelError
from umbel.python import opening
from umbel.python.remote import RemoteSource
from umbel.python.sources import Source

if TYPE_CHECKING:
    from celery import Celery

#: What functions take for `events`: what `Events` opened, an application (for control alone),
#: or, for tasks, Celery's own `State`.
EventsLike = Any

#: How many tasks a source without a directory keeps, unless it is told.
MAX_TASKS: Final = 1_000_000
#: How long the broker may take to answer when a live source is opened, seconds.
CONNECT_S: Final = 5.0


class Events:
    """A history of tasks, and actions on its cluster.

    - `Events(app)`, also `Events("redis://...")`: takes in events from now on, in a thread of
      this process. They are kept in a temporary directory, at most about `max_tasks` of them,
      until `close`; with `directory` in that one, for good.
    - `Events(directory=path)`: reads what another process collects there; with the
      application, and `collect=False`, it can act too.
    - `Events("https://umbel.example.com")`: a running Umbel, with a `token`, or the user and
      password of the URL.

    Thread-safe; a context manager. A process that is forked off may use it as well, and reads what
    this one takes in. The one that was opened last is used by functions that are
    given none. Raises `BrokerUnreachable`, `BrokerRefused` or `StoreError` where it cannot be
    opened.
    """

    def __init__(
        self,
        source: Celery | str | None = None,
        *,
        directory: str | Path | None = None,
        collect: bool | None = None,
        max_tasks: int = MAX_TASKS,
        token: str | None = None,
        connect_timeout: float = CONNECT_S,
    ) -> None:
        self._source = _open(
            source,
            directory=Path(directory) if directory is not None else None,
            collect=collect,
            max_tasks=max_tasks,
            token=token,
            connect_s=connect_timeout,
        )
        self._fork_lock = threading.Lock()
        self._belongs_here()
        _opened.add(self)

    def _belongs_here(self) -> None:
        """This process closes the source, also when it is forgotten, and in the end."""
        self._pid = os.getpid()
        self._finalizer = weakref.finalize(self, _close, self._source, self._pid)

    def _open_in_fork(self) -> None:
        """Have a source of this process' own. That of its parent, which its finalizer goes on to
        hold, is not closed: its connections are the parent's."""
        with self._fork_lock:
            if self._pid != os.getpid():
                self._source = self._source.in_fork()
                self._belongs_here()

    @property
    def source(self) -> Source:
        """What is asked. Raises `UmbelError` once it was closed."""
        if not self._finalizer.alive:
            raise UmbelError("These events were closed.", remedy="Open them again.")
        if self._pid != os.getpid():
            self._open_in_fork()
        return self._source

    @property
    def url(self) -> str:
        """Where they come from, without secrets."""
        return self._source.name

    def close(self) -> None:
        """Leave the broker or server, and remove what was kept for the time being. May be
        called twice."""
        _opened.discard(self)
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Events of {self.url}{'' if self._finalizer.alive else ', closed'}>"


def connect(url: str, *, token: str | None = None, cluster: str | None = None) -> Events:
    """A running Umbel at `http(s)://[user:password@]host[:port][/prefix]`, and the one of its
    clusters that `cluster` names, where it has several. It must answer.

    Raises `ServerUnreachable`, also for a URL of anything else, and `NotPermitted`.
    """
    address_of(url)
    events = Events(of_cluster(url, cluster), token=token)
    try:
        events.source.workers()
    except BaseException:
        events.close()
        raise
    return events


def _close(source: Source, opener: int) -> None:
    """In a fork of the process that opened it, a source is not closed: it is shared."""
    if os.getpid() == opener:
        source.close()


class _Opened:
    """Open events in the order of opening, none of them kept alive by this."""

    def __init__(self) -> None:
        self._references: list[weakref.ref[Events]] = []
        self._lock = threading.Lock()

    def add(self, events: Events) -> None:
        with self._lock:
            self._references = [each for each in self._references if each() is not None]
            self._references.append(weakref.ref(events))

    def discard(self, events: Events) -> None:
        with self._lock:
            self._references = [each for each in self._references if each() is not events]

    def latest(self) -> Events | None:
        with self._lock:
            found = [events for each in self._references if (events := each()) is not None]
        return found[-1] if found else None


_opened: Final = _Opened()
_by_app: Final[weakref.WeakKeyDictionary[Any, Events]] = weakref.WeakKeyDictionary()
_by_app_lock: Final = threading.Lock()


def is_events(value: object) -> bool:
    """Whether a function's first argument says whom to ask."""
    return isinstance(value, Events) or _is_app(value)


def latest_events() -> Events | None:
    """What was opened last and is open still."""
    return _opened.latest()


def source_of(events: EventsLike = None) -> Source:
    """What to ask: `events`, else what was opened last, else Celery's current application."""
    if events is None:
        events = _opened.latest()
    if events is None:
        from celery import current_app

        events = current_app._get_current_object()
    if isinstance(events, Events):
        return events.source
    if _is_app(events):
        return _of_app(events).source
    raise NotSupported(
        f"{type(events).__name__} is nothing that can be asked.",
        remedy="Give what Events(...) or connect(...) opened.",
    )


def _is_app(value: object) -> bool:
    return hasattr(value, "send_task") and hasattr(value, "control") and hasattr(value, "conf")


def _of_app(app: Any) -> Events:
    """Control of an application whose events nobody takes in here; one for each."""
    app = app._get_current_object() if hasattr(app, "_get_current_object") else app
    with _by_app_lock:
        events = _by_app.get(app)
        if events is None or not events._finalizer.alive:
            events = Events(app, collect=False)
            _opened.discard(events)
            _by_app[app] = events
        return events


def _open(
    source: Any,
    *,
    directory: Path | None,
    collect: bool | None,
    max_tasks: int,
    token: str | None,
    connect_s: float,
) -> Source:
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        return RemoteSource(Client(source, token=token))
    if source is None and directory is None:
        raise ValueError(
            "Events takes a Celery application, the URL of a running Umbel, or directory=."
        )
    if source is not None and not (
        _is_app(source) or (isinstance(source, str) and "://" in source)
    ):
        raise ValueError(
            "Events takes a Celery application, the URL of a broker such as redis://host:6379/0, "
            f"or that of a running Umbel such as http://host:5555, not {source!r}."
        )
    if source is None and collect:
        raise ValueError("Events collects from an application or a broker's URL: name it first.")
    collects = source is not None if collect is None else collect
    return opening.open_here(
        source,
        directory=directory,
        collect=collects,
        max_tasks=max_tasks,
        connect_s=connect_s,
        via="python",
    )
