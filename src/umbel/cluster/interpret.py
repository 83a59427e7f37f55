"""Interpretation of a task's events: state, attempts and flags, by the rules in `cluster.task`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Final

import msgspec

from umbel.cluster.attempts import (
    FAILURE,
    PENDING,
    RECEIVED,
    RETRY,
    REVOKED,
    STATE_AFTER,
    SUCCESS,
    UNKNOWN,
    Attempt,
    AttemptBuilder,
    attempt,
    attempt_builders,
    finished,
)
from umbel.cluster.events import DESCRIBING, TASK_RANK, Event
from umbel.cluster.facts import Facts, is_full
from umbel.cluster.reconciled import ReconciledFact, Reconciliation, reconcile

#: States after which nothing more is expected.
ENDED: Final = frozenset({SUCCESS, FAILURE, REVOKED})

#: What is odd about a task, each one word that the interface explains: the broker delivered
#: an attempt more than once; a run began after the task had ended; events that must have
#: happened were never seen; so many events that only the first and last were kept; revoked
#: because it expired; revoked by killing the process that ran it; some of it was not heard but
#: asked for.
FLAGS: Final = (
    "redelivered",
    "ran-again",
    "partial",
    "shortened",
    "expired",
    "terminated",
    "reconciled",
)


class Note(msgspec.Struct, frozen=True):
    """An event of the application's own (`task-progress`, ...). `detail` is JSON text."""

    type: str
    timestamp: float
    hostname: str
    detail: str


class Interpretation(msgspec.Struct, gc=False):
    """The events of a set that matter, chosen by the rules: the last event of each kind (those
    of runs by attempt, then time), the one that describes the task `now`, the one that described
    it at `first`, the one that names its `sender`, and its `end`. `worker` and `pid` are those
    that acted last."""

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
    worker: str | None
    pid: int | None
    end: Event | None
    state: str
    clock: int | None
    runs: tuple[Attempt, ...]
    flags: tuple[str, ...]
    notes: tuple[Note, ...] = ()
    reconciled: tuple[ReconciledFact, ...] = ()


def simple_history(facts: Facts) -> Interpretation | None:
    """A fast path of `interpret` for simple histories (`simple_events`). None for every other
    set."""
    found = simple_events(facts)
    if found is None:
        return None
    sent, received, started, end, worker, number, clock, state, flags = found
    if worker is None:
        return Interpretation(
            sent, None, None, None, None, None, None, None,
            sent, sent, sent, None, None, None, PENDING, None, (), (),
        )  # fmt: skip
    run = attempt(number, state, worker, sent, received, started, end)
    now = received or sent
    return Interpretation(
        sent, received, started, None, None, None,
        end if state == FAILURE else None, end if state == SUCCESS else None,
        sent or received, _completed(now, facts) if now is not None else None, sent,
        worker, facts[-1].pid, end, state, clock, (run,), flags,
    )  # fmt: skip


#: What was sent, received, started and ended; the worker, the number of the attempt, the clock, the
#: state and the flags.
SimpleEvents = tuple[
    Event | None, Event | None, Event | None, Event | None,
    str | None, int, int | None, str, tuple[str, ...],
]  # fmt: skip


def simple_events(facts: Facts) -> SimpleEvents | None:
    """What there is of a simple history: delivered, started and ended at most once, in this order
    and on one worker, as nearly all are, whatever of it was heard. Its worker is None where none
    told anything. None for every other set."""
    sent = facts[0] if facts[0].type == "task-sent" else None
    worker_events = facts[1:] if sent is not None else facts
    if not worker_events:
        return sent, None, None, None, None, 0, None, PENDING, ()
    known = _SIMPLE_HISTORIES.get(tuple([event.type for event in worker_events]))
    if known is None:
        return None
    state, is_received, is_started, is_ended, flags = known
    worker = worker_events[0].hostname
    received = worker_events[0] if is_received else None
    number = (received.retries or 0) if received is not None else 0
    if not worker or (sent is not None and (sent.retries or 0) != number):
        return None
    clock: int | None = None
    for event in worker_events:
        if event.hostname != worker:
            return None
        if event.clock is not None and (clock is None or event.clock > clock):
            clock = event.clock
    started = worker_events[is_received] if is_started else None
    end = worker_events[-1] if is_ended else None
    if end is not None and (end.expired or end.terminated):
        flags = (*flags, *_end_flags(end))
    return sent, received, started, end, worker, number, clock, state, flags


def _simple_histories() -> Iterator[tuple[tuple[str, ...], _SimpleHistory]]:
    """What of a usual run may have been heard, by the types of the worker's events."""
    heard = (("", "task-received"), ("", "task-started"), ("", "task-failed", "task-succeeded"))
    for received, started, ended in product(*heard):
        types = tuple(filter(None, (received, started, ended)))
        if types:
            state = STATE_AFTER[types[-1]]
            is_partial = not received if started else state == SUCCESS
            flags = ("partial",) if is_partial else ()
            yield types, (state, bool(received), bool(started), bool(ended), flags)


#: The state after it; whether it was received, was started and has ended; its flags.
_SimpleHistory = tuple[str, bool, bool, bool, tuple[str, ...]]
_SIMPLE_HISTORIES: Final = dict(_simple_histories())


def interpret(facts: Facts) -> Interpretation:
    """The interpretation of any set of events."""
    facts = _without_killed_successes(facts)
    reconciliation = reconcile(facts)
    if reconciliation is not None:
        return _reconciled(_interpret(reconciliation.events, reconciliation), reconciliation)
    return _interpret(facts)


def _without_killed_successes(facts: Facts) -> Facts:
    """The events but those of a success that was none: pools of greenlets call the kill of a task
    that was terminated a success of no result after no time (celery/concurrency/gevent.py,
    eventlet.py: `_make_killable_target`)."""
    killers = {each.hostname for each in facts if each.type == "task-revoked" and each.terminated}
    if not killers:
        return facts
    return tuple(each for each in facts if not (each.hostname in killers and _is_empty(each)))


def _is_empty(event: Event) -> bool:
    return event.type == "task-succeeded" and event.runtime is None and event.result is None


def _reconciled(it: Interpretation, reconciliation: Reconciliation) -> Interpretation:
    it.reconciled = reconciliation.facts
    if any(fact.holds for fact in reconciliation.facts):
        it.flags = (*it.flags, "reconciled")
    if reconciliation.unknown:
        it.state = UNKNOWN
        if it.runs and it.runs[-1].ended is None:
            it.runs = (*it.runs[:-1], msgspec.structs.replace(it.runs[-1], state=UNKNOWN))
    return it


def _interpret(facts: Facts, reconciliation: Reconciliation | None = None) -> Interpretation:
    last: dict[str, Event] = {}
    notes: list[Note] = []
    first: Event | None = None
    now: Event | None = None
    sender: Event | None = None
    clock: int | None = None
    for event in facts:
        kind = event.type
        last[kind] = event
        if kind in STATE_AFTER:
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
    if now is None and reconciliation is not None:
        now = first = reconciliation.described
    builders = attempt_builders(facts)
    _order_by_attempt(last, builders)
    runs = finished(facts, builders)
    state, end = _state(runs, last)
    worker, pid = (end.hostname, end.pid) if end is not None and end.hostname else _last_actor(runs)
    sent, received, started, retried, rejected, revoked, failed, succeeded = map(
        last.get, TASK_RANK
    )
    return Interpretation(
        sent, received, started, retried, rejected, revoked, failed, succeeded,
        first, _completed(now, facts) if now else None, sender, worker, pid, end, state, clock,
        runs, _flags(facts, runs, end), tuple(notes),
    )  # fmt: skip


def _order_by_attempt(last: dict[str, Event], runs: list[AttemptBuilder]) -> None:
    """Of deliveries, starts and retries the last is that of the latest attempt that has one,
    whatever the clocks of other hosts say."""
    for run in runs:
        for event in (run.delivery, run.started):
            if event is not None:
                last[event.type] = event
        if run.end is not None and run.end.type == "task-retried":
            last["task-retried"] = run.end


def _last_actor(runs: tuple[Attempt, ...]) -> tuple[str | None, int | None]:
    """Node and process that acted last for a task that has not ended: those of the latest
    attempt, but not while it waits as the run that asked for it has just told so."""
    if not runs:
        return None, None
    run, retrying = runs[-1], _retrying(runs)
    if retrying is not None and retrying.ended is not None:
        run = retrying
    return run.worker, run.pid


#: What a description may lack, as senders of old protocols leave it empty.
_DESCRIBED: Final = ("name", "args", "kwargs", "root_id", "eta", "expires")


def _completed(now: Event, facts: Facts) -> Event:
    """What describes the task now, with what it lacks from others of the same try: a received
    event of message protocol 1 has empty texts where the sent event has the arguments."""
    if len(facts) < 2 or (now.name and now.args and now.kwargs and now.root_id):
        return now
    tries = now.retries or 0
    found: dict[str, str] = {}
    for event in facts:
        if event.type in DESCRIBING and (event.retries or 0) == tries:
            found |= {
                field: value
                for field in _DESCRIBED
                if not getattr(now, field) and (value := getattr(event, field))
            }
    return msgspec.structs.replace(now, **found) if found else now


def _state(runs: tuple[Attempt, ...], last: dict[str, Event]) -> tuple[str, Event | None]:
    succeeded = last.get("task-succeeded")
    if succeeded is not None:
        return SUCCESS, succeeded
    failed, revoked = last.get("task-failed"), last.get("task-revoked")
    if failed is not None and (revoked is None or _is_later(failed, revoked)):
        return FAILURE, failed
    if revoked is not None:
        return REVOKED, revoked
    if not runs:
        return PENDING, None
    retrying = _retrying(runs)
    return runs[-1].state if retrying is None else retrying.state, None


def _retrying(runs: tuple[Attempt, ...]) -> Attempt | None:
    """The run that asked for the latest try, if that was delivered while it was still on."""
    run = runs[-1]
    if run.state == RECEIVED and run.received is not None:
        begun = [other for other in runs if other.state != RECEIVED and other.number < run.number]
        if begun and run.received <= (begun[-1].ended or math.inf):
            return begun[-1]
    return None


def _is_later(failed: Event, revoked: Event) -> bool:
    return failed.timestamp >= revoked.timestamp


def _describes_better(event: Event, best: Event) -> bool:
    """By (retries, received over sent); of two equals the later, which comes second."""
    tries, best_tries = event.retries or 0, best.retries or 0
    if tries != best_tries:
        return tries > best_tries
    return event.type == "task-received" or best.type == "task-sent"


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
    """Whether a run began after another had ended the task, as a redelivery makes it."""
    ends = [run for run in runs if run.state in ENDED and run.ended is not None]
    return any(_began_after(run, end) for run in runs for end in ends if run is not end)


def _began_after(run: Attempt, end: Attempt) -> bool:
    """One of an earlier try did not, whatever the clocks say. Nor, on another host, is one of
    the same try said to before it has ended as well: clocks apart, a run that was lost with its
    worker, and was redelivered for that, looks the same."""
    if run.started is None or end.ended is None or run.number < end.number:
        return False
    is_reported = run.worker == end.worker or run.number > end.number or run.state in ENDED
    return is_reported and run.started > end.ended and run.ended != end.ended


def _is_partial(run: Attempt) -> bool:
    if run.started is not None:
        return run.received is None
    return run.state in {SUCCESS, RETRY}
