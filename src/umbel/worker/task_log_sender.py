"""Sends the log lines of this process' tasks, from a thread of its own.

A task never waits for a broker: it adds lines to memory. Every `EVERY_S`, while tasks run, what has
come goes out as one message of events of the type `log-lines`. Celery's `State`, Flower and
exporters count types that begin with `task-` as states of tasks and pass over groups that they do
not know, so nobody else's picture changes.

While the broker does not take them, runs keep their lines, bounded each and together; the oldest
are left out first, and told as left out by the next event of their run.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final

from umbel.worker.task_log import RunLog
from umbel.worker.task_log_handler import running

log = logging.getLogger("umbel.worker")

TYPE: Final = "log-lines"
#: How long lines are gathered, seconds.
EVERY_S: Final = 0.3
#: How long the end of a process waits for the last lines, seconds.
END_S: Final = 1.0
#: After the broker did not take a message, it is not tried for so long, seconds.
RETRY_S: Final = 5.0
#: How much waits in all while it does not, and of how many runs.
WAITING_BYTES: Final = 4 * 2**20
RUNS_MAX: Final = 1_000
#: So much is sent in one message; those that have more come again at once.
_MESSAGE_BYTES: Final = 131_072
_THREAD: Final = "umbel-task-log"

#: Publishes the fields of events as one message. Raises what kombu raises.
Publish = Callable[[list[dict[str, Any]]], None]


class TaskLogSender:
    """One for each process, which makes it after its fork. Any thread; `close` waits `END_S` at
    most."""

    def __init__(self, publish: Publish) -> None:
        self.pid = os.getpid()
        self._publish = publish
        self._lock = threading.Lock()
        self._runs: dict[RunLog, None] = {}
        self._has_runs = threading.Event()
        self._leave = threading.Event()
        self._unsent: list[dict[str, Any]] = []
        self._has_warned = False
        self._thread: threading.Thread | None = None

    def begin(self, run: RunLog) -> None:
        """This run may write lines from now on."""
        with self._lock:
            self._runs[run] = None
            while len(self._runs) > RUNS_MAX:
                del self._runs[next(iter(self._runs))]
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="umbel-task-log", daemon=True
                )
                self._thread.start()
        self._has_runs.set()

    def end(self, run: RunLog) -> None:
        """The run has ended: its last lines are known."""
        run.has_ended = True
        if run.is_sent:
            self._forget([run])

    def close(self) -> None:
        """Send what there is."""
        self._leave.set()
        self._has_runs.set()
        if self._thread is not None:
            self._thread.join(END_S)

    def _run(self) -> None:
        running.set(None)  # what is logged here is no task's
        while not self._leave.is_set():
            self._has_runs.wait()
            self._leave.wait(EVERY_S)
            if not self.send():
                self._leave.wait(RETRY_S)
        self.send()

    def send(self) -> bool:
        """Send what has come; False if the broker does not take it."""
        while self._unsent or self._gather():
            try:
                self._publish(self._unsent)
            except Exception as error:
                self._fail(error)
                return False
            self._unsent = []
        return True

    def _gather(self) -> bool:
        """Take the next message from the runs; whether there is one."""
        with self._lock:
            runs = list(self._runs)
        size = 0
        for run in runs:
            while size < _MESSAGE_BYTES and (batch := run.batch()) is not None:
                self._unsent.append(batch)
                size += sum(len(line[3]) for line in batch["log_lines"][4])
        self._forget(run for run in runs if run.is_sent)
        return bool(self._unsent)

    def _forget(self, runs: Iterable[RunLog]) -> None:
        with self._lock:
            for run in runs:
                self._runs.pop(run, None)
            if not self._runs:
                self._has_runs.clear()

    def _fail(self, error: Exception) -> None:
        """Let the oldest go, beyond what may wait."""
        with self._lock:
            runs = list(self._runs)
        waiting = 0
        for run in reversed(runs):
            waiting += run.size_bytes
            if waiting > WAITING_BYTES:
                run.give_up_waiting()
        if not self._has_warned:
            self._has_warned = True
            log.warning("Log lines of tasks cannot be sent to Umbel, and wait: %s", error)
