"""Running tasks, and what became of them.

Every function takes `events` first, as opened by `Events` or `connect`, or a Celery
application; without, what was opened last is used, and if nothing is open Celery's current
application. Everything that is done stands in the audit of where it is done.
"""

from __future__ import annotations

import difflib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from umbel.errors import (
    ActionRefused,
    OutcomeUntold,
    ServerUnreachable,
    TaskFailed,
    TaskNotRegistered,
    TaskTimeout,
    TaskUnknown,
)
from umbel.python.answers import TaskAnswer
from umbel.python.requests import checked, name_of_task
from umbel.python.source_argument import on_source
from umbel.python.sources import Source
from umbel.results.base import Result
from umbel.services.control.task_sender import Apply, SentTask

#: The longest that a result is waited for in one call to the source, seconds.
_WAIT_S: Final = 30.0
#: How long a server may be away while a result is waited for, and how often it is sought, seconds.
_AWAY_S: Final = 60.0
_ASK_AGAIN_S: Final = 0.2
_SENT_MAX: Final = 10_000
#: Options of a task that is sent, as those of Celery's `apply_async`.
_OPTIONS: Final = tuple(
    name
    for name in Apply.__struct_fields__
    if name not in {"name", "args", "kwargs", "check", "wait"}
)


class _Sent:
    """Ids that this process sent: of these something is known before any event came."""

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, task_id: str) -> None:
        with self._lock:
            self._ids[task_id] = None
            while len(self._ids) > _SENT_MAX:
                self._ids.popitem(last=False)

    def __contains__(self, task_id: str) -> bool:
        return task_id in self._ids


_sent: Final = _Sent()


def apply_on(
    source: Source,
    name: Any,
    args: Iterable[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    timeout: float | None = None,
    **options: Any,
) -> TaskAnswer:
    """See `task_apply`."""
    # Without a backend nothing is sent.
    request = _apply_request(name, args, kwargs, options, check=True, wait=0.0)
    deadline = None if timeout is None else time.monotonic() + timeout
    applied = _apply(source, request)
    found = applied.result or Result(task_id=applied.task_id, state=applied.state)
    answered = time.monotonic()
    while not found.is_ready:
        left_s = _WAIT_S if deadline is None else deadline - time.monotonic()
        if left_s <= 0:
            raise TaskTimeout(
                f"The task {applied.task_id} had not ended when the timeout of {timeout:g} s was "
                f"over; it is {found.state}.",
                task_id=applied.task_id,
                remedy="It goes on; ask for its result later, or revoke it.",
            )
        try:
            found = source.result(applied.task_id, min(left_s, _WAIT_S))
            answered = time.monotonic()
        except ServerUnreachable as error:  # it may be starting again, and the task runs on
            if time.monotonic() - answered > _AWAY_S:
                raise OutcomeUntold(f"The task {applied.task_id} was sent.", error) from error
            time.sleep(min(_ASK_AGAIN_S, left_s))
    if found.state != "SUCCESS":
        raise _failure(found)
    return _answer(found)


def send_on(
    source: Source,
    name: Any,
    args: Iterable[Any] | None,
    kwargs: Mapping[str, Any] | None,
    *,
    check: bool,
    **options: Any,
) -> TaskAnswer:
    """Send a task and do not wait; with `check` only if a worker knows it."""
    applied = _apply(source, _apply_request(name, args, kwargs, options, check=check))
    return TaskAnswer(task_id=applied.task_id, state=applied.state)


@on_source
def task_apply(
    source: Source,
    /,
    task_name: Any,
    args: Iterable[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    timeout: float | None = None,
    **options: Any,
) -> TaskAnswer:
    """Run a task and wait for its result, `timeout` seconds at most (None: as long as it
    takes): `state`, `result` and what else the backend keeps. `options` are those of
    `apply_async`, such as `queue` or `countdown`.

    Raises `TaskNotRegistered` (no worker knows the name; nothing was sent), `TaskTimeout`,
    `TaskFailed` with the task's own exception and traceback as texts, `ResultsUnavailable`,
    `BrokerError`, and `OutcomeUntold` where the server that sent it is away for a minute.
    """
    return apply_on(source, task_name, args, kwargs, timeout, **options)


@on_source
def task_async_apply(
    source: Source,
    /,
    task_name: Any,
    args: Iterable[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    **options: Any,
) -> TaskAnswer:
    """Send a task that a worker knows; its `task_id` and `state`. Raises
    `TaskNotRegistered`."""
    return send_on(source, task_name, args, kwargs, check=True, **options)


@on_source
def task_send_task(
    source: Source,
    /,
    task_name: Any,
    args: Iterable[Any] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    **options: Any,
) -> TaskAnswer:
    """Send a task by any name, whoever may know it; its `task_id` and `state`."""
    return send_on(source, task_name, args, kwargs, check=False, **options)


@on_source
def get_task_result(source: Source, /, task_id: str, timeout: float | None = None) -> TaskAnswer:
    """What the result backend keeps of a task, once it has ended or `timeout` seconds are
    over (None: now): `state`, `result`, `success` (None while it has not ended), `exception`
    and `traceback` as texts.

    Raises `TaskUnknown` if neither the backend nor the history knows the id, and
    `ResultsUnavailable` without a backend that can be read.
    """
    found = source.result(task_id, timeout or 0.0)
    if found.state == "PENDING":
        task = source.task(task_id)
        if task is None and task_id not in _sent:
            raise TaskUnknown(
                f"There is no such task: nothing is known of the id {task_id}.",
                task_id=task_id,
                remedy="It may not have begun yet, or its result has expired.",
            )
        if task is not None:
            found = msgspec.structs.replace(found, state=task.state)
    return _answer(found)


def _apply_request(
    name: Any,
    args: Iterable[Any] | None,
    kwargs: Mapping[str, Any] | None,
    options: Mapping[str, Any],
    **more: Any,
) -> Apply:
    given = {option: _timestamp(option, value) for option, value in options.items()}
    for option in given:
        if option not in _OPTIONS:
            near = difflib.get_close_matches(option, _OPTIONS, n=1)
            advice = f"Did you mean {near[0]}?" if near else f"There are {', '.join(_OPTIONS)}."
            raise TypeError(f"A task has no option {option}. {advice}")
    if isinstance(args, str | Mapping) or not isinstance(args, Iterable | None):
        raise TypeError(f"args takes a list or tuple, not {args!r}.")
    if not isinstance(kwargs, Mapping | None):
        raise TypeError(f"kwargs takes a dictionary, not {kwargs!r}.")
    call = {"name": name_of_task(name), "args": list(args or ()), "kwargs": dict(kwargs or {})}
    return checked({**call, **given, **more}, Apply)


def _timestamp(option: str, value: Any) -> Any:
    """Times as numbers: `eta` in Unix seconds, `expires` in seconds from now."""
    if not isinstance(value, datetime) or option not in {"eta", "expires"}:
        return value
    return value.timestamp() if option == "eta" else max(0.001, value.timestamp() - time.time())


def _apply(source: Source, request: Apply) -> SentTask:
    try:
        applied = source.apply(request)
    except ActionRefused as error:
        if request.check and error.field == "name":
            raise TaskNotRegistered(error.message, remedy=error.remedy) from error
        raise
    _sent.add(applied.task_id)
    return applied


def _answer(found: Result) -> TaskAnswer:
    keys = msgspec.structs.asdict(found)
    keys.pop("unreadable") if found.unreadable is None else None
    keys["children"] = list(found.children)
    success = found.state == "SUCCESS" if found.is_ready else None
    return TaskAnswer(keys, success=success)


def _failure(found: Result) -> TaskFailed:
    what = "was revoked" if found.state == "REVOKED" else "failed"
    why = f": {found.exception}" if found.exception else ""
    return TaskFailed(
        f"The task {found.task_id} {what}{why}.",
        task_id=found.task_id,
        state=found.state,
        exception=found.exception,
        traceback=found.traceback,
    )
