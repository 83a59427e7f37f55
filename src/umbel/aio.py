"""The Python API for asyncio: the names of `umbel` as coroutines.

Everything runs in threads, so that nothing blocks the event loop. `iter_tasks` is an
asynchronous iterator; `async with Events(app) as events` and `await connect(url)` open a
source. Events opened by `umbel.Events` serve as well.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Mapping
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, ParamSpec, Protocol, TypeVar, cast, overload

from umbel.python import alerts as _alerts
from umbel.python import control as _control
from umbel.python import deploys as _deploys
from umbel.python import errors as _errors
from umbel.python import events as _events
from umbel.python import info as _info
from umbel.python import logs as _logs
from umbel.python import names as _names
from umbel.python import queues as _queues
from umbel.python import running as _running
from umbel.python import schedule as _schedule
from umbel.python import series as _series
from umbel.python import sorting as _sorting
from umbel.python import tasks as _tasks
from umbel.python import terms as _terms
from umbel.python import workers as _workers
from umbel.python import workflows as _workflows
from umbel.python.event_types import TaskEventTypes
from umbel.python.events import CONNECT_S, MAX_TASKS, EventsLike
from umbel.python.filters import OneOrMore
from umbel.python.info import TASK_STATES, TaskInfo
from umbel.python.sorting import sort_keys
from umbel.python.source_argument import OnSource
from umbel.python.times import TimeLike

if TYPE_CHECKING:
    from celery import Celery

__all__ = [
    "TASK_STATES",
    "Events",
    "TaskEventTypes",
    "TaskInfo",
    "acknowledge_alert",
    "add_alert_rule",
    "alert_history",
    "alert_rules",
    "alerts",
    "announce_deploy",
    "as_dict",
    "back_test",
    "change_alert_rule",
    "change_entry",
    "connect",
    "deploys",
    "get_task_by_id",
    "get_task_result",
    "get_workflow",
    "inspect",
    "iter_tasks",
    "parse_search_terms",
    "pause_queue",
    "purge",
    "queue",
    "queue_lengths",
    "queue_rates",
    "queues",
    "remove_alert_rule",
    "remove_deploy",
    "resume_queue",
    "run_entry",
    "satisfies_search_terms",
    "schedule",
    "schedule_entry",
    "silence_alerts",
    "sort_keys",
    "sort_tasks",
    "task_abort",
    "task_apply",
    "task_args_contains_search_args",
    "task_async_apply",
    "task_errors",
    "task_log",
    "task_names",
    "task_rate_limit",
    "task_revoke",
    "task_route",
    "task_send_task",
    "task_series",
    "task_timeout",
    "unsilence_alerts",
    "worker_pool_autoscale",
    "worker_pool_grow",
    "worker_pool_restart",
    "worker_pool_shrink",
    "worker_queue_add_consumer",
    "worker_queue_cancel_consumer",
    "worker_shutdown",
    "workers",
    "workers_diff",
    "workflows",
]

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

#: How many tasks are taken from the thread at once.
_TAKEN: Final = 50


class Events:
    """`umbel.Events`, opened by `async with` or `await`, without blocking the loop."""

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
        self._opened: _events.Events | None = None
        self._open = functools.partial(
            _events.Events,
            source,
            directory=directory,
            collect=collect,
            max_tasks=max_tasks,
            token=token,
            connect_timeout=connect_timeout,
        )

    @property
    def opened(self) -> _events.Events:
        """The events behind it. Raises `RuntimeError` before it was opened."""
        if self._opened is None:
            raise RuntimeError("Open these events with `async with` or `await` first.")
        return self._opened

    async def close(self) -> None:
        """See `umbel.Events.close`."""
        if self._opened is not None:
            await asyncio.to_thread(self._opened.close)

    async def _enter(self) -> Events:
        if self._opened is None:
            self._opened = await asyncio.to_thread(self._open)
        return self

    def __await__(self) -> Generator[Any, None, Events]:
        return self._enter().__await__()

    async def __aenter__(self) -> Events:
        return await self._enter()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


async def connect(url: str, *, token: str | None = None) -> Events:
    """See `umbel.connect`."""
    opened = Events()
    opened._opened = await asyncio.to_thread(_events.connect, url, token=token)
    return opened


def _inner(value: Any) -> Any:
    return value.opened if isinstance(value, Events) else value


async def iter_tasks(
    events: EventsLike,
    limit: int | None = None,
    offset: int = 0,
    type: OneOrMore = None,  # noqa: A002  the name that people know from Flower
    worker: OneOrMore = None,
    state: OneOrMore = None,
    sort_by: str | None = None,
    received_start: TimeLike = None,
    received_end: TimeLike = None,
    started_start: TimeLike = None,
    started_end: TimeLike = None,
    search: str | Mapping[str, Any] | None = None,
) -> AsyncIterator[TaskInfo]:
    """See `umbel.iter_tasks`; a wrong argument raises with the first task."""
    tasks = await asyncio.to_thread(
        _tasks.iter_tasks,
        _inner(events),
        limit=limit,
        offset=offset,
        type=type,
        worker=worker,
        state=state,
        sort_by=sort_by,
        received_start=received_start,
        received_end=received_end,
        started_start=started_start,
        started_end=started_end,
        search=search,
    )
    while taken := await asyncio.to_thread(lambda: list(islice(tasks, _TAKEN))):
        for task in taken:
            yield task


def _coroutine(function: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    @functools.wraps(function)
    async def called(*args: P.args, **kwargs: P.kwargs) -> R:
        given = [_inner(value) for value in args]
        named = {name: _inner(value) for name, value in kwargs.items()}
        call = cast("Callable[..., R]", function)
        return await asyncio.to_thread(call, *given, **named)

    return called


class _OnSource(Protocol[P, R_co]):
    """See `umbel.python.source_argument.OnSource`."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, R_co]: ...
    @overload
    def __call__(
        self, events: EventsLike, /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, R_co]: ...


def _on_source(function: OnSource[P, R]) -> _OnSource[P, R]:
    return cast("_OnSource[P, R]", _coroutine(cast("Callable[..., R]", function)))


as_dict = _coroutine(_info.as_dict)
get_task_by_id = _coroutine(_tasks.get_task_by_id)
parse_search_terms = _coroutine(_terms.parse_search_terms)
satisfies_search_terms = _coroutine(_terms.satisfies_search_terms)
task_args_contains_search_args = _coroutine(_terms.task_args_contains_search_args)
task_series = _coroutine(_series.task_series)
sort_tasks = _coroutine(_sorting.sort_tasks)

get_task_result = _on_source(_running.get_task_result)
task_abort = _on_source(_control.task_abort)
task_apply = _on_source(_running.task_apply)
task_async_apply = _on_source(_running.task_async_apply)
task_errors = _on_source(_errors.task_errors)
task_log = _on_source(_logs.task_log)
task_route = _on_source(_queues.task_route)
task_names = _on_source(_names.task_names)
workflows = _on_source(_workflows.workflows)
get_workflow = _on_source(_workflows.get_workflow)
task_rate_limit = _on_source(_control.task_rate_limit)
task_revoke = _on_source(_control.task_revoke)
task_send_task = _on_source(_running.task_send_task)
task_timeout = _on_source(_control.task_timeout)

acknowledge_alert = _on_source(_alerts.acknowledge_alert)
add_alert_rule = _on_source(_alerts.add_alert_rule)
alert_history = _on_source(_alerts.alert_history)
alert_rules = _on_source(_alerts.alert_rules)
alerts = _on_source(_alerts.alerts)
back_test = _on_source(_alerts.back_test)
change_alert_rule = _on_source(_alerts.change_alert_rule)
remove_alert_rule = _on_source(_alerts.remove_alert_rule)
silence_alerts = _on_source(_alerts.silence_alerts)
unsilence_alerts = _on_source(_alerts.unsilence_alerts)

announce_deploy = _on_source(_deploys.announce_deploy)
deploys = _on_source(_deploys.deploys)
remove_deploy = _on_source(_deploys.remove_deploy)

change_entry = _on_source(_schedule.change_entry)
run_entry = _on_source(_schedule.run_entry)
schedule = _on_source(_schedule.schedule)
schedule_entry = _on_source(_schedule.schedule_entry)

inspect = _on_source(_workers.inspect)
pause_queue = _on_source(_queues.pause_queue)
resume_queue = _on_source(_queues.resume_queue)
purge = _on_source(_queues.purge)
queue = _on_source(_queues.queue)
queue_rates = _on_source(_queues.queue_rates)
queues = _on_source(_queues.queues)
queue_lengths = _on_source(_queues.queue_lengths)
worker_pool_autoscale = _on_source(_workers.worker_pool_autoscale)
worker_pool_grow = _on_source(_workers.worker_pool_grow)
worker_pool_restart = _on_source(_workers.worker_pool_restart)
worker_pool_shrink = _on_source(_workers.worker_pool_shrink)
worker_queue_add_consumer = _on_source(_workers.worker_queue_add_consumer)
worker_queue_cancel_consumer = _on_source(_workers.worker_queue_cancel_consumer)
worker_shutdown = _on_source(_workers.worker_shutdown)
workers = _on_source(_workers.workers)
workers_diff = _on_source(_workers.workers_diff)
