"""Attempts: which delivery, start and end events belong to one run of a task.

Only sent and received carry a number (`retries`). A run belongs to the last delivery
before it on the same worker that has not begun; an end belongs to the last open run on
the same worker. At a retry the wire shows sent(1), received(1), retried: the end is of the
run that began before, so ends look for runs first and deliveries second. A worker tells of
its processes with a delay, and one that is free may be quicker: run 1 may have begun before
retried, so that end looks for the run whose next try is known; and try 2 may be received
before the start of run 1 is told, so a start looks for the first try that has not begun.
Events are read in total order, never in order of arrival, so that equal sets give equal
attempts.
"""

from __future__ import annotations

import re
from operator import attrgetter
from typing import Final

import msgspec

from umbel.cluster.events import Event
from umbel.cluster.facts import Facts
from umbel.cluster.timestamps import parse_iso

PENDING = "PENDING"
RECEIVED = "RECEIVED"
STARTED = "STARTED"
RETRY = "RETRY"
REJECTED = "REJECTED"
SUCCESS = "SUCCESS"
FAILURE = "FAILURE"
REVOKED = "REVOKED"
#: Nobody knows what became of it: no event, and nobody who was asked.
UNKNOWN = "UNKNOWN"

#: Every state, from waiting to ended.
STATES = (PENDING, RECEIVED, STARTED, RETRY, REJECTED, UNKNOWN, REVOKED, FAILURE, SUCCESS)

STATE_AFTER: Final = {
    "task-received": RECEIVED,
    "task-started": STARTED,
    "task-retried": RETRY,
    "task-rejected": REJECTED,
    "task-revoked": REVOKED,
    "task-failed": FAILURE,
    "task-succeeded": SUCCESS,
}
#: When one run ended twice (a hard time limit fails twice, `Reject` fails and rejects),
#: the stronger word stands.
_STRENGTH: Final = {state: rank for rank, state in enumerate(STATES)}


#: `Retry(Retry(...), ValueError('x'), 3)`: itself, the error, and when.
_RETRY: Final = re.compile(
    r"Retry\(Retry\(\.\.\.\), (.*), (?:None|-?\d[\d.e+-]*|datetime\.\w+\(.*\))\)\Z", re.DOTALL
)


class Attempt(msgspec.Struct, frozen=True, omit_defaults=True):
    """One delivery and what came of it. Times are Unix seconds, `runtime` seconds.

    `number` is 0 for the first try, then 1, 2, ... for each retry; a redelivery repeats the
    number. `state` is RECEIVED while it waits on a worker, STARTED while it runs, UNKNOWN if
    nobody knows what came of it. `sent_as`
    is the name in its message, where the worker tells another (Celery's `shadow`).
    """

    number: int
    state: str
    worker: str | None = None
    pid: int | None = None
    sent: float | None = None
    eta: float | None = None
    received: float | None = None
    started: float | None = None
    ended: float | None = None
    runtime: float | None = None
    exception: str | None = None
    traceback: str | None = None
    redelivered: bool = False
    sent_as: str | None = None


class AttemptBuilder:
    """An attempt under construction: its events so far."""

    __slots__ = ("delivery", "end", "number", "redelivered", "started", "state", "worker")

    def __init__(self, number: int, worker: str) -> None:
        self.number = number
        self.worker = worker
        self.state = RECEIVED
        self.delivery: Event | None = None
        self.started: Event | None = None
        self.end: Event | None = None
        self.redelivered = False


def attempts(facts: Facts) -> tuple[Attempt, ...]:
    """Every attempt that `facts` tell of, in order of number, then of time."""
    return finished(facts, attempt_builders(facts))


def finished(facts: Facts, runs: list[AttemptBuilder]) -> tuple[Attempt, ...]:
    """The attempts that `runs`, gathered from these `facts`, are."""
    sent: dict[int, Event] = {}
    for event in facts:
        if event.type == "task-sent":
            sent.setdefault(event.retries or 0, event)
    return tuple([_finish(run, sent.get(run.number)) for run in runs])


def attempt_builders(facts: Facts) -> list[AttemptBuilder]:
    """The runs that `facts` tell of, each with its events, in order of number, then of time."""
    runs: list[AttemptBuilder] = []
    for event in facts:
        kind = event.type
        if kind == "task-received":
            _deliver(runs, event)
        elif kind == "task-started":
            _start(runs, event)
        elif kind in STATE_AFTER:
            _end(runs, event)
    if len(runs) > 1:
        runs.sort(key=attrgetter("number"))
    return runs


def _deliver(runs: list[AttemptBuilder], event: Event) -> None:
    run = AttemptBuilder(event.retries or 0, event.hostname)
    run.delivery = event
    for other in runs:
        if other.number == run.number:
            first = other.delivery
            run.redelivered |= first is None or _is_redelivery(first, event)
    runs.append(run)


def _is_redelivery(first: Event, event: Event) -> bool:
    """A replacement keeps the number and changes parent or name; a redelivery neither."""
    same_name = first.name == event.name or None in (first.name, event.name)
    return same_name and first.parent_id == event.parent_id


def _start(runs: list[AttemptBuilder], event: Event) -> None:
    waiting = [
        run
        for run in reversed(runs)
        if run.worker == event.hostname and run.started is None and run.end is None
    ]
    if waiting:
        run = _beginning(runs, waiting)
    else:
        run = AttemptBuilder(runs[-1].number if runs else 0, event.hostname)
        run.redelivered = bool(runs)
        runs.append(run)
    run.started = event
    run.state = STARTED


def _beginning(runs: list[AttemptBuilder], waiting: list[AttemptBuilder]) -> AttemptBuilder:
    """Of those that wait, latest first, the one that begins: no try begins before the one that
    asked for it."""
    begun = {run.number for run in runs if run.started is not None}
    first = [run for run in waiting if run.number not in begun]
    return min(first, key=attrgetter("number"), default=waiting[0])


def _end(runs: list[AttemptBuilder], event: Event) -> None:
    run = _ending(runs, event)
    state = STATE_AFTER[event.type]
    if run.end is None or _STRENGTH[state] > _STRENGTH[run.state]:
        run.end, run.state = event, state


def _ending(runs: list[AttemptBuilder], event: Event) -> AttemptBuilder:
    # Whoever was asked for the end may not know where it was.
    here = [run for run in reversed(runs) if event.hostname in ("", run.worker)]
    running = [run for run in here if run.started is not None and run.end is None]
    if running:
        retrying_run = _retrying(runs, running) if event.type == "task-retried" else None
        return retrying_run or running[0]
    for run in here:
        if run.end is None:
            return run
    if here and event.type != "task-retried":
        return here[0]
    run = AttemptBuilder(runs[-1].number if runs else 0, event.hostname)
    runs.append(run)
    return run


def _retrying(runs: list[AttemptBuilder], running: list[AttemptBuilder]) -> AttemptBuilder | None:
    """Of those that run, latest first, the one that asked for another try: where the first is
    known and no end of its number told of it yet."""
    numbers = {run.number for run in runs}
    retried = {run.number for run in runs if run.state == RETRY}
    retrying = [run for run in running if run.number + 1 in numbers and run.number not in retried]
    return min(retrying, key=attrgetter("number"), default=None)


def _finish(run: AttemptBuilder, sent: Event | None) -> Attempt:
    return attempt(
        run.number, run.state, run.worker, sent, run.delivery, run.started, run.end,
        redelivered=run.redelivered,
    )  # fmt: skip


def attempt(
    number: int,
    state: str,
    worker: str,
    sent: Event | None,
    delivery: Event | None,
    started: Event | None,
    end: Event | None,
    *,
    redelivered: bool = False,
) -> Attempt:
    """The attempt that these events, of one kind each, tell of."""
    described = delivery or sent
    runtime = end.runtime if end is not None else None
    if runtime is None and end is not None and started is not None:
        runtime = max(0.0, end.timestamp - started.timestamp)
    last = (end if end is not None and end.hostname else None) or started or delivery or end
    return Attempt(
        number,
        state,
        worker or None,
        last.pid if last is not None else None,
        sent.timestamp if sent is not None else None,
        parse_iso(described.eta) if described is not None and described.eta else None,
        delivery.timestamp if delivery is not None else None,
        started.timestamp if started is not None else None,
        end.timestamp if end is not None else None,
        runtime,
        true_exception(end) if end is not None else None,
        end.traceback if end is not None else None,
        redelivered,
        _sent_as(sent, delivery),
    )


def _sent_as(sent: Event | None, delivery: Event | None) -> str | None:
    """The name that was sent, where the delivery of the same message tells another; a
    replacement changes the parent, too."""
    if sent is None or delivery is None or sent.name == delivery.name:
        return None
    return sent.name if sent.parent_id == delivery.parent_id else None


def true_exception(event: Event) -> str | None:
    """The exception that an end tells of.

    Celery wraps errors of the worker's own (time limits, lost workers) in a class whose
    repr says nothing; the traceback's last line has the truth. Of a retry that no error caused it
    tells the text `None`. Pools without processes tell a retry as the exception that asks for it,
    in which the error is (celery/exceptions.py, `Retry`).
    """
    exception = event.exception
    if event.type == "task-retried" and exception and (wrapped := _RETRY.match(exception)):
        exception = wrapped[1]
    is_of_none = event.type == "task-retried" and exception == "None"
    if (is_of_none or exception == "ExceptionWithTraceback()") and event.traceback:
        lines = event.traceback.strip().splitlines()
        return lines[-1].strip() or exception
    return None if is_of_none else exception
