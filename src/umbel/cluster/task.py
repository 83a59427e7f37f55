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
    attempt,
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


class Task(msgspec.Struct, frozen=True):
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


class _Reading(msgspec.Struct, gc=False):
    """What a set of events says, as far as it takes rules: the last event of each kind, and
    the events that describe the task `now`, that described it at `first`, that tell of its
    `sender` and of who was `acting` last, and that ended it."""

    sent: Event | None
    received: Event | None
    started: Event | None
    retried: Event | None
    rejected: Event | None
    revoked: Event | None
    failed: Event | None
    succeeded: Event | None
    first: Event | None
    now: Event | None
    sender: Event | None
    acting: Event | None
    end: Event | None
    state: str
    clock: int | None
    runs: tuple[Attempt, ...]
    flags: tuple[str, ...]
    notes: tuple[Note, ...] = ()


def project(uuid: str, facts: Facts) -> Task:
    """What `facts`, all known events of task `uuid` (at least one), say about it."""
    said = straight(facts) or read(facts)
    sent, received, started, succeeded = said.sent, said.received, said.started, said.succeeded
    failed, retried, revoked, rejected = said.failed, said.retried, said.revoked, said.rejected
    first, now, acting, end, runs = said.first, said.now, said.acting, said.end, said.runs
    error = end if end is not None and end.exception is not None else failed or retried
    return Task(  # by position, which is faster by a third
        uuid,
        said.state,
        facts[0].timestamp,
        facts[-1].timestamp,
        now.name if now else None,
        acting.hostname if acting else None,
        sent.queue if sent else None,
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
        moment(now.eta) if now and now.eta else None,
        moment(now.expires) if now and now.expires else None,
        now.root_id if now else None,
        first.parent_id if first and first.parent_id != uuid else None,
        now.args if now else None,
        now.kwargs if now else None,
        succeeded.result if succeeded else None,
        true_exception(error) if error else None,
        error.traceback if error else None,
        sent.exchange if sent else None,
        sent.routing_key if sent else None,
        said.sender.hostname if said.sender else None,
        acting.pid if acting else None,
        said.clock,
        said.flags,
        runs,
        said.notes,
    )


def straight(facts: Facts) -> _Reading | None:
    """`read` for the sets that nearly all tasks are or pass through: delivered once, begun
    and ended at most once, in this order and on one worker. None for every other set."""
    sent = facts[0] if facts[0].type == "task-sent" else None
    told = facts[1:] if sent is not None else facts
    end_state = _STRAIGHT.get(tuple([event.type for event in told]))
    if end_state is None:
        return None
    received, acting = told[0], told[-1]
    worker, number = received.hostname, received.retries or 0
    if sent is not None and (sent.retries or 0) != number:
        return None
    clock: int | None = None
    for event in told:
        if event.hostname != worker:
            return None
        if event.clock is not None and (clock is None or event.clock > clock):
            clock = event.clock
    started = told[1] if len(told) > 1 else None
    end = told[2] if len(told) > 2 else None
    run = attempt(number, end_state, worker, sent, received, started, end)
    failed = end if end_state == FAILURE else None
    succeeded = end if end_state == SUCCESS else None
    flags = _end_flags(end) if end is not None else ()
    return _Reading(
        sent, received, started, None, None, None, failed, succeeded,
        facts[0], received, sent, acting, end, end_state, clock, (run,), flags,
    )  # fmt: skip


#: What the workers tell of such tasks, and the state after it.
_STRAIGHT: Final = {
    ("task-received",): RECEIVED,
    ("task-received", "task-started"): STARTED,
    ("task-received", "task-started", "task-failed"): FAILURE,
    ("task-received", "task-started", "task-succeeded"): SUCCESS,
}


def read(facts: Facts) -> _Reading:
    """What any set says."""
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
    return _Reading(
        sent, received, started, retried, rejected, revoked, failed, succeeded,
        first, now, sender, acting, end, state, clock, runs, _flags(facts, runs, end),
        tuple(notes),
    )  # fmt: skip


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
    return (*flags, *_end_flags(end)) if end is not None else tuple(flags)


def _end_flags(end: Event) -> tuple[str, ...]:
    if not end.expired and not end.terminated:
        return ()
    return (*(("expired",) if end.expired else ()), *(("terminated",) if end.terminated else ()))


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
