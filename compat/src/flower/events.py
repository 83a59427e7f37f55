"""`Events`: the events of a cluster, taken in by Umbel in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from celery.events.state import heartbeat_expires

from flower.unserved import NotServed, unserved
from umbel import Events as UmbelEvents
from umbel import get_task_by_id, iter_tasks
from umbel.python import workers as worker_calls
from umbel.python.attribute_dict import AttributeDict
from umbel.python.local import LocalSource
from umbel.services.cluster.event_switch import EventSwitch

#: How many tasks are kept, as Flower does.
_MAX_TASKS: Final = 100_000
_OPTIONS: Final = frozenset({"max_tasks_in_memory", "max_workers_in_memory"})


class Events:
    """What happens in the cluster of a Celery application, from the first use on: `start`, or
    the first look at its tasks, connects to the broker. Thread-safe.

    `persistent` keeps the history in a directory beside the file that `db` names. Workers that do
    not send events are told to (`enable_events`).
    """

    events_enable_interval = 5000
    daemon = True

    def __init__(
        self,
        capp: Any,
        io_loop: Any = None,
        db: str | None = None,
        persistent: bool = False,
        enable_events: bool = True,
        state_save_interval: int = 0,
        **kwargs: Any,
    ) -> None:
        if unknown := kwargs.keys() - _OPTIONS:
            raise TypeError(f"Events takes no argument {sorted(unknown)[0]!r}")
        self.capp = capp
        self.io_loop = io_loop
        self.db = db
        self.persistent = persistent
        self.enable_events = enable_events
        self.state_save_interval = state_save_interval
        self.state = EventsState(self)
        self._max_tasks = kwargs.get("max_tasks_in_memory") or _MAX_TASKS
        self._opened: UmbelEvents | None = None
        self._switch: EventSwitch | None = None
        self._lock = threading.Lock()

    @property
    def opened(self) -> UmbelEvents:
        """The events of Umbel behind these. Raises `BrokerError` where the broker does not
        answer."""
        with self._lock:
            if self._opened is None:
                self._opened = UmbelEvents(
                    self.capp, directory=self._directory(), max_tasks=self._max_tasks
                )
                if self.enable_events:
                    self._switch = _switched_on(self._opened)
            return self._opened

    def start(self) -> None:
        """Begin to take in events."""
        self.opened  # noqa: B018  opens it

    def stop(self) -> None:
        """Leave the broker. What was kept for the time being is gone."""
        with self._lock:
            switch, self._switch = self._switch, None
            opened, self._opened = self._opened, None
        if switch is not None:
            switch.close()
        if opened is not None:
            opened.close()

    def run(self) -> None:
        """The same as `start`: a thread of Umbel takes them in."""
        self.start()

    def is_alive(self) -> bool:
        """Whether events are taken in."""
        return self._opened is not None

    def join(self, timeout: float | None = None) -> None:
        """Flower's is a thread, which nobody has to wait for here."""

    def save_state(self) -> None:
        """Every event is kept within a fraction of a second: there is nothing to save."""

    def on_enable_events(self) -> None:
        """Tell all workers to send events."""
        self.capp.control.enable_events()

    def on_event(self, event: Mapping[str, Any]) -> None:
        """Events come from the broker alone. Raises `NotServed`."""
        del event
        raise NotServed(
            "Events are not handed to Umbel one by one.",
            remedy="It takes them from the broker: Events(app).start().",
        )

    def _directory(self) -> Path | None:
        return Path(f"{self.db or 'flower'}-umbel") if self.persistent else None


class EventsState:
    """What is known of tasks and workers, as Celery's `State` is read."""

    def __init__(self, events: Events) -> None:
        self._events = events

    @property
    def tasks(self) -> Mapping[str, Any]:
        """Every task by its id."""
        return _Tasks(self._events.opened)

    @property
    def workers(self) -> dict[str, Any]:
        """Every worker by its name."""
        found = worker_calls.workers(self._events.opened)
        return {name: _Worker(row) for name, row in found.items()}

    @property
    def task_count(self) -> int:
        """How many tasks are known."""
        return len(self.tasks)

    def alive_workers(self) -> list[Any]:
        """Those that are online."""
        return [worker for worker in self.workers.values() if worker.alive]

    def itertasks(self, limit: int | None = None) -> Iterator[Any]:
        """As `tasks_by_timestamp`."""
        return self.tasks_by_time(limit)

    def tasks_by_time(self, limit: int | None = None, reverse: bool = True) -> Iterator[Any]:
        """Pairs of id and task, newest first; without `reverse` those that were received first."""
        return _ordered(self._events.opened, limit, reverse)

    tasks_by_timestamp = tasks_by_time

    @property
    def tasks_by_type(self) -> _TasksOf:
        """The same of one task name, when it is called; the tasks alone by `[name]`."""
        return _TasksOf(self._events, "type")

    @property
    def tasks_by_worker(self) -> _TasksOf:
        """The same of one worker."""
        return _TasksOf(self._events, "worker")

    def freeze_while(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What `fun` gives. What is read stands still by itself: nothing has to be stopped."""
        if kwargs.pop("clear_after", False):
            raise NotServed(
                "Umbel's history is not cleared by who reads it.",
                remedy="retention.max_age and retention.max_tasks say what is kept.",
            )
        return fun(*args, **kwargs)

    def task_types(self) -> list[str]:
        """The names of the tasks that were seen, sorted."""
        return sorted({task["name"] for task in iter_tasks(self._events.opened) if task["name"]})

    def __getattr__(self, name: str) -> Any:
        if name in ("counter", "metrics", "event_count"):
            raise NotServed(
                f"EventsState.{name} is not served by Umbel.",
                remedy="Counts of events are at GET /metrics of umbel serve.",
            )
        raise AttributeError(name)


class _TasksOf:
    """Tasks of each name, or of each worker, as Celery has them: called and by key."""

    def __init__(self, events: Events, field: Literal["type", "worker"]) -> None:
        self._events = events
        self._field = field

    def __call__(self, key: str, limit: int | None = None, reverse: bool = True) -> Iterator[Any]:
        return _ordered(self._events.opened, limit, reverse, **{self._field: key})

    def __getitem__(self, key: str) -> list[Any]:
        return [task for _, task in self(key)]


def _ordered(opened: UmbelEvents, limit: int | None, reverse: bool, **of: Any) -> Iterator[Any]:
    return iter_tasks(opened, limit=limit, sort_by=None if reverse else "received", **of)


class _Tasks(Mapping[str, Any]):
    """Tasks by id, read when they are asked for."""

    def __init__(self, opened: UmbelEvents) -> None:
        self._opened = opened

    def __getitem__(self, task_id: str) -> Any:
        found = get_task_by_id(self._opened, task_id)
        if found is None:
            raise KeyError(task_id)
        return found

    def __iter__(self) -> Iterator[str]:
        return (task["uuid"] for task in iter_tasks(self._opened))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Worker(AttributeDict):
    """A worker with the attributes of Celery's `Worker`."""

    @property
    def id(self) -> str:
        """Its name and process, as `celery@eu-1.4711`."""
        return f"{self['hostname']}.{self['pid']}"

    @property
    def alive(self) -> bool:
        """Whether it is online."""
        return bool(self["status"] == "online")

    @property
    def status_string(self) -> str:
        """`ONLINE` or `OFFLINE`."""
        return "ONLINE" if self.alive else "OFFLINE"

    @property
    def heartbeats(self) -> list[float]:
        """When its last heartbeat was, Unix seconds."""
        return [self["heartbeat"]] if self["heartbeat"] is not None else []

    @property
    def heartbeat_expires(self) -> float | None:
        """When the next heartbeat is overdue, Unix seconds, as Celery reckons it."""
        beats = self.heartbeats
        return heartbeat_expires(beats[-1]) if beats else None


def _switched_on(opened: UmbelEvents) -> EventSwitch | None:
    source = opened.source
    if not isinstance(source, LocalSource):
        return None
    services = source.services
    switch = EventSwitch(services.store, services.cluster, services.ledger, services.clock)
    switch.start()
    return switch


_METRICS = "GET /metrics of umbel serve has Flower's metrics."
__getattr__ = unserved(
    __name__, {"PrometheusMetrics": _METRICS, "get_prometheus_metrics": _METRICS}
)
