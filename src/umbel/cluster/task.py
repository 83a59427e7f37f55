"""The row that people see: a pure function of a task's set of events.

Theory of operation. `Facts` come in total order (time first), and every rule looks at the
whole set, never at the order of arrival:

- *What describes the task?* Descriptions (sent, received) are ranked by (retries, received
  over sent, time): the highest describes the task now; the lowest knows its true parent,
  because a retry or a replacement is sent with the task's own id as its parent.
- *What is its state?* SUCCESS if it ever succeeded (what pools of greenlets call a success of
  no result after no time is none where the task was terminated); else the later of FAILURE and
  REVOKED; else the state of the latest attempt; else PENDING. A delivery of a later attempt that
  came while the run that asked for it was still on changes nothing.
- *What happened?* `attempts` puts deliveries, runs and ends together.
- *Who has it, and since when?* Clocks of two hosts are compared only where nothing else tells
  which came first: the end that decided the state names the worker, else the latest attempt
  does, and of two runs the one of the higher number is the later.
- *What was not heard but asked for?* `cluster.reconciled` says what of it holds.

In order, the answers equal Celery's own. Sources: celery/events/state.py (`Task.event`),
celery/states.py, celery/app/task.py (`retry`, `replace`), celery/worker/request.py.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from umbel.cluster.attempts import (
    FAILURE,
    PENDING,
    RECEIVED,
    REJECTED,
    RETRY,
    REVOKED,
    STARTED,
    STATES,
    SUCCESS,
    UNKNOWN,
    Attempt,
    true_exception,
)
from umbel.cluster.error_fingerprint import error_fingerprint
from umbel.cluster.events import Event
from umbel.cluster.facts import Facts
from umbel.cluster.interpret import ENDED, FLAGS, Note, interpret, simple_history
from umbel.cluster.reconciled import ReconciledFact, fact_count
from umbel.cluster.timestamps import parse_iso

__all__ = [
    "ENDED",
    "FAILURE",
    "FLAGS",
    "PENDING",
    "RECEIVED",
    "REJECTED",
    "RETRY",
    "REVOKED",
    "STARTED",
    "STATES",
    "SUCCESS",
    "UNKNOWN",
    "Attempt",
    "Note",
    "ReconciledFact",
    "Task",
    "TaskSummary",
    "project",
]

#: So many errors are remembered by their texts, of at most so many characters together.
_ERRORS_REMEMBERED: Final = 256
_ERROR_REMEMBERED_MAX: Final = 4_096


class TaskSummary(msgspec.Struct, frozen=True):
    """A task as lists show it: all of `Task` but its traceback, attempts and notes.

    Times are Unix seconds: `seen` is the earliest event's, `timestamp` the latest's,
    `finished` that of the end which decided the state, the others each the latest event's
    of their kind. `runtime` is the seconds that the last run took (as the worker measured
    it on success, else from start to end); `wait` the seconds from sent, or from a later
    ETA, to the last start. `args`, `kwargs` and `result` are Python reprs as Celery cut
    them. `worker` is a node name; `client` names the process that sent the task. `error` says which
    error `exception` and the traceback are: an id and a title (`cluster/error_fingerprint.py`).

    `changed` is no event's: it is when a store took in the last of them, by its own clock, and
    grows with each change; None outside a store.
    """

    uuid: str
    state: str
    seen: float
    timestamp: float
    name: str | None = None
    worker: str | None = None
    queue: str | None = None
    sent: float | None = None
    received: float | None = None
    started: float | None = None
    finished: float | None = None
    succeeded: float | None = None
    failed: float | None = None
    retried: float | None = None
    revoked: float | None = None
    rejected: float | None = None
    runtime: float | None = None
    wait: float | None = None
    retries: int = 0
    eta: float | None = None
    expires: float | None = None
    root_id: str | None = None
    parent_id: str | None = None
    args: str | None = None
    kwargs: str | None = None
    result: str | None = None
    exception: str | None = None
    error: str | None = None
    exchange: str | None = None
    routing_key: str | None = None
    client: str | None = None
    pid: int | None = None
    clock: int | None = None
    flags: tuple[str, ...] = ()
    changed: float | None = None


class Task(TaskSummary, frozen=True):
    """A task with everything that its facts (there are `fact_count`) told. `args_json` and
    `kwargs_json` are its complete arguments, `group_id` its group, `chord_id` and `chord_name` the
    task that a chord runs when its group has ended, `chain` the tasks (id and name) that its chain
    runs after it, where a worker told them. A field added here is in
    no list; one added to `TaskSummary` is in every list, in the HTTP API, the commands and the
    Python API."""

    traceback: str | None = None
    attempts: tuple[Attempt, ...] = ()
    notes: tuple[Note, ...] = ()
    reconciled: tuple[ReconciledFact, ...] = ()
    fact_count: int = 0
    args_json: str | None = None
    kwargs_json: str | None = None
    group_id: str | None = None
    chord_id: str | None = None
    chord_name: str | None = None
    chain: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Those under which events told of it: workers may know it by another name (`shadow`)
        than its sender."""
        sent_as = (attempt.sent_as for attempt in self.attempts)
        return tuple(dict.fromkeys(name for name in (self.name, *sent_as) if name))


def project(uuid: str, facts: Facts, changed: float | None = None) -> Task:
    """The task `uuid` by `facts`, all of its events (at least one); `changed` is when a store
    took in the last of them."""
    it = simple_history(facts) or interpret(facts)
    sent, received, started, succeeded = (
        it.sent,
        it.received,
        it.started,
        it.succeeded,
    )
    failed, retried, revoked, rejected = (
        it.failed,
        it.retried,
        it.revoked,
        it.rejected,
    )
    first, now, end, runs = (
        it.first,
        it.now,
        it.end,
        it.runs,
    )
    failing = end if end is not None and end.exception is not None else failed or retried
    return Task(  # by position, which is faster by a third
        uuid,
        it.state,
        facts[0].timestamp,
        facts[-1].timestamp,
        now.name if now else None,
        it.worker,
        _queue(sent, now),
        sent.timestamp if sent else None,
        received.timestamp if received else None,
        started.timestamp if started else None,
        end.timestamp if end else None,
        succeeded.timestamp if succeeded else None,
        failed.timestamp if failed else None,
        retried.timestamp if retried else None,
        revoked.timestamp if revoked else None,
        rejected.timestamp if rejected else None,
        _runtime(runs, succeeded),
        _wait(runs),
        (now.retries or 0) if now else 0,
        parse_iso(now.eta) if now and now.eta else None,
        parse_iso(now.expires) if now and now.expires else None,
        now.root_id if now else None,
        first.parent_id if first and first.parent_id != uuid else None,
        now.args if now else None,
        now.kwargs if now else None,
        succeeded.result if succeeded else None,
        true_exception(failing) if failing else None,
        error_label(failing) if failing else None,
        sent.exchange if sent else None,
        sent.routing_key if sent else None,
        it.sender.hostname if it.sender else None,
        it.pid,
        it.clock,
        it.flags,
        changed,
        failing.traceback if failing else None,
        runs,
        it.notes,
        it.reconciled,
        fact_count(facts) if it.reconciled else len(facts),
        now.args_json if now else None,
        now.kwargs_json if now else None,
        now.group_id if now else None,
        now.chord_id if now else None,
        now.chord_name if now else None,
        (now.chain or ()) if now else (),
    )


def _queue(sent: Event | None, now: Event | None) -> str | None:
    """Only a sent event tells it, and a result backend that was asked."""
    if sent is not None:
        return sent.queue
    return now.queue if now is not None else None


def error_label(failing: Event) -> str | None:
    """Which error a failure is (`TaskSummary.error`)."""
    exception, traceback = failing.exception, failing.traceback
    is_long = len(exception or "") + len(traceback or "") > _ERROR_REMEMBERED_MAX
    return (_error_label.__wrapped__ if is_long else _error_label)(exception, traceback)


@lru_cache(_ERRORS_REMEMBERED)
def _error_label(exception: str | None, traceback: str | None) -> str | None:
    """Most failures of a cluster have the texts of an earlier one, and a task that is tried again
    is worked out once more with each of its events."""
    fingerprint = error_fingerprint(exception, traceback)
    return None if fingerprint is None else fingerprint.label


def _runtime(runs: tuple[Attempt, ...], succeeded: Event | None) -> float | None:
    if succeeded is not None and succeeded.runtime is not None:
        return succeeded.runtime
    for run in reversed(runs):
        if run.runtime is not None:
            return run.runtime
    return None


def _wait(runs: tuple[Attempt, ...]) -> float | None:
    for run in reversed(runs):
        if run.started is not None and run.sent is not None:
            return max(0.0, run.started - max(run.sent, run.eta or 0.0))
    return None
