"""The row that people see: a pure function of a task's set of events.

Theory of operation. `Facts` come in total order (time first), and every rule looks at the
whole set, never at the order of arrival:

- *What describes the task?* Descriptions (sent, received) are ranked by (retries, received
  over sent, time): the highest describes the task now; the lowest knows its true parent,
  because a retry or a replacement is sent with the task's own id as its parent.
- *What is its state?* SUCCESS if it ever succeeded; else the later of FAILURE and REVOKED;
  else the state of the latest attempt; else PENDING. A delivery of a later attempt that
  came while the run that asked for it was still on changes nothing.
- *What happened?* `attempts` puts deliveries, runs and ends together.

In order, the answers equal Celery's own. Sources: celery/events/state.py (`Task.event`),
celery/states.py, celery/app/task.py (`retry`, `replace`), celery/worker/request.py.
"""

from __future__ import annotations

import math
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
    STATE_AFTER,
    STATES,
    SUCCESS,
    Attempt,
    attempts,
    true_exception,
)
from umbel.cluster.events import TASK_RANK, Event
from umbel.cluster.facts import Facts, is_full
from umbel.cluster.moments import moment

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
    "Attempt",
    "Note",
    "Task",
    "project",
]

#: Kinds of event that carry name, arguments and lineage.
DESCRIBING: Final = frozenset({"task-sent", "task-received"})
#: States after which nothing more is expected.
ENDED: Final = frozenset({SUCCESS, FAILURE, REVOKED})

#: What is odd about a task, each one word that the interface explains: the broker delivered
#: an attempt more than once; a run began after the task had ended; events that must have
#: happened were never seen; so many events that only the first and last were kept; revoked
#: because it expired; revoked by killing the process that ran it.
FLAGS: Final = ("redelivered", "ran-again", "partial", "shortened", "expired", "terminated")


class Note(msgspec.Struct, frozen=True):
    """An event of the application's own (`task-progress`, ...). `detail` is JSON text."""

    type: str
    timestamp: float
    hostname: str
    detail: str


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A task as people see it.

    Times are Unix seconds: `seen` is the earliest event's, `timestamp` the latest's,
    `finished` that of the end which decided the state, the others each the latest event's
    of their kind. `runtime` is the seconds that the last run took (as the worker measured
    it on success, else from start to end); `wait` the seconds from sent, or from a later
    ETA, to the last start. `args`, `kwargs` and `result` are Python reprs as Celery cut
    them. `worker` is a node name; `client` names the process that sent the task.
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
    traceback: str | None = None
    exchange: str | None = None
    routing_key: str | None = None
    client: str | None = None
    pid: int | None = None
    clock: int | None = None
    flags: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    notes: tuple[Note, ...] = ()


def project(uuid: str, facts: Facts) -> Task:
    """What `facts`, all known events of task `uuid` (at least one), say about it."""
    last: dict[str, Event] = {}
    notes: list[Note] = []
    first: Event | None = None
    now: Event | None = None
    sender: Event | None = None
    acting: Event | None = None
    clock: int | None = None
    for event in facts:
        kind = event.type
        last[kind] = event
        if kind in STATE_AFTER:
            acting = event
            if event.clock is not None and (clock is None or event.clock > clock):
                clock = event.clock
        elif kind != "task-sent":
            notes.append(Note(kind, event.timestamp, event.hostname, event.detail or "{}"))
        elif sender is None or (event.retries or 0) < (sender.retries or 0):
            sender = event
        if kind in DESCRIBING:
            if now is None or _describes_better(event, now):
                now = event
            if first is None or (event.retries or 0) < (first.retries or 0):
                first = event
    runs = attempts(facts)
    state, end = _state(runs, last)
    sent, received, started, retried, rejected, revoked, failed, succeeded = map(
        last.get, TASK_RANK
    )
    error = end if end is not None and end.exception is not None else failed or retried
    return Task(
        uuid=uuid,
        state=state,
        seen=facts[0].timestamp,
        timestamp=facts[-1].timestamp,
        name=now.name if now else None,
        worker=acting.hostname if acting else None,
        queue=sent.queue if sent else None,
        sent=sent.timestamp if sent else None,
        received=received.timestamp if received else None,
        started=started.timestamp if started else None,
        finished=end.timestamp if end else None,
        succeeded=succeeded.timestamp if succeeded else None,
        failed=failed.timestamp if failed else None,
        retried=retried.timestamp if retried else None,
        revoked=revoked.timestamp if revoked else None,
        rejected=rejected.timestamp if rejected else None,
        runtime=_runtime(runs, succeeded),
        wait=_wait(runs),
        retries=(now.retries or 0) if now else 0,
        eta=moment(now.eta) if now and now.eta else None,
        expires=moment(now.expires) if now and now.expires else None,
        root_id=now.root_id if now else None,
        parent_id=first.parent_id if first and first.parent_id != uuid else None,
        args=now.args if now else None,
        kwargs=now.kwargs if now else None,
        result=succeeded.result if succeeded else None,
        exception=true_exception(error) if error else None,
        traceback=error.traceback if error else None,
        exchange=sent.exchange if sent else None,
        routing_key=sent.routing_key if sent else None,
        client=sender.hostname if sender else None,
        pid=acting.pid if acting else None,
        clock=clock,
        flags=_flags(facts, runs, end),
        attempts=runs,
        notes=tuple(notes),
    )


def _state(runs: tuple[Attempt, ...], last: dict[str, Event]) -> tuple[str, Event | None]:
    succeeded = last.get("task-succeeded")
    if succeeded is not None:
        return SUCCESS, succeeded
    failed, revoked = last.get("task-failed"), last.get("task-revoked")
    if failed is not None and (revoked is None or _later(failed, revoked)):
        return FAILURE, failed
    if revoked is not None:
        return REVOKED, revoked
    if not runs:
        return PENDING, None
    run = runs[-1]
    if run.state == RECEIVED and run.received is not None:
        begun = [other for other in runs if other.state != RECEIVED and other.number < run.number]
        if begun and run.received <= (begun[-1].ended or math.inf):
            return begun[-1].state, None  # delivered while the run that asked for it was on
    return run.state, None


def _later(failed: Event, revoked: Event) -> bool:
    return failed.timestamp >= revoked.timestamp


def _describes_better(event: Event, known: Event) -> bool:
    """By (retries, received over sent); of two equals the later, which comes second."""
    tries, known_tries = event.retries or 0, known.retries or 0
    if tries != known_tries:
        return tries > known_tries
    return event.type == "task-received" or known.type == "task-sent"


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


def _flags(facts: Facts, runs: tuple[Attempt, ...], end: Event | None) -> tuple[str, ...]:
    flags: list[str] = []
    if len(runs) > 1:
        if any(run.redelivered for run in runs):
            flags.append("redelivered")
        if _ran_again(runs):
            flags.append("ran-again")
    for run in runs:
        if _is_partial(run):
            flags.append("partial")
            break
    if is_full(facts):
        flags.append("shortened")
    if end is not None and end.expired:
        flags.append("expired")
    if end is not None and end.terminated:
        flags.append("terminated")
    return tuple(flags)


def _ran_again(runs: tuple[Attempt, ...]) -> bool:
    """Whether a run began after another had ended the task (redelivery, skewed clocks)."""
    ends = [run.ended for run in runs if run.state in ENDED and run.ended is not None]
    return any(
        run.started is not None and run.started > end and run.ended != end
        for run in runs
        for end in ends
    )


def _is_partial(run: Attempt) -> bool:
    if run.started is not None:
        return run.received is None
    return run.state in {SUCCESS, RETRY}
