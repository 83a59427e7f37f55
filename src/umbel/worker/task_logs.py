"""Begins and ends the log of each run of a task, where its application has `umbel_log_lines`.

A task may say otherwise of itself: `@app.task(umbel_log_lines=0)`, or any other number. What runs
eagerly, inside of another task, writes into the log of that one.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Any, Final

from celery import signals

from umbel.worker.task_log import RunLog
from umbel.worker.task_log_handler import running
from umbel.worker.task_log_sender import TYPE, TaskLogSender

log = logging.getLogger("umbel.worker")

#: The senders of this process, by application and node name.
_senders: Final[dict[tuple[int, str], TaskLogSender]] = {}


def connect() -> None:
    """Follow the tasks of this process and of those that it forks."""
    signals.task_prerun.connect(_begin, weak=False, dispatch_uid="umbel-task-log-begin")
    signals.task_postrun.connect(_end, weak=False, dispatch_uid="umbel-task-log-end")
    for ending in (signals.worker_process_shutdown, signals.worker_shutdown):
        ending.connect(_close, weak=False, dispatch_uid="umbel-task-log-close")


def _begin(task_id: str = "", task: Any = None, **_options: Any) -> None:
    try:
        events, request = task.app.events, task.request
        lines_max = getattr(task, "umbel_log_lines", None)
        if lines_max is None or lines_max is True:
            lines_max = getattr(events, "log_lines_max", 0)
        if not lines_max or request.is_eager:
            return
        run = _run_of(task_id, request, int(lines_max))
        events.log_handler.attach()
        _sender(task.app, request.hostname).begin(run)
        running.set(run)
    except Exception as error:  # whatever is wrong, the task runs
        log.debug("The log of task %s is not told: %s", task_id, error)


def _run_of(task_id: str, request: Any, lines_max: int) -> RunLog:
    from umbel.worker import LOG_BYTES

    return RunLog(
        task_id, request.retries or 0, time.time(), os.getpid(),
        lines_max=lines_max, max_bytes=LOG_BYTES,
    )  # fmt: skip


def _end(task_id: str = "", **_options: Any) -> None:
    run = running.get()
    if run is None or run.uuid != task_id:
        return
    running.set(None)
    for sender in _senders.values():
        sender.end(run)


def _sender(app: Any, hostname: str) -> TaskLogSender:
    key = id(app), hostname
    sender = _senders.get(key)
    if sender is None or sender.pid != os.getpid():
        sender = _senders[key] = TaskLogSender(lambda batches: publish(app, hostname, batches))
    return sender


def publish(app: Any, hostname: str, batches: list[dict[str, Any]]) -> None:
    """As one message. Raises what kombu raises."""
    group = TYPE.partition("-")[0]
    with app.events.default_dispatcher(hostname=hostname) as dispatcher:
        dispatcher.buffer_group, dispatcher.buffer_limit = frozenset({group}), len(batches) + 1
        for fields in batches:
            dispatcher.send(TYPE, **fields)
        dispatcher.flush()


def _close(**_options: Any) -> None:
    for sender in _senders.values():
        if sender.pid == os.getpid():
            sender.close()
