"""Which queues are paused, as every list and page of queues shows it: none while the ledger cannot
be read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import msgspec

from umbel.services.ledger_beside import beside
from umbel.services.pauses.words import paused_by
from umbel.store.queue_pauses import PauseLedger, QueuePause

_WHAT: Final = "Which queues are paused"


class PausedQueue(msgspec.Struct, frozen=True, kw_only=True):
    """Who paused a queue, since when (Unix seconds), and why ("" where no reason was given)."""

    by: str
    since: float
    reason: str


class PausedQueueOfWorker(PausedQueue, frozen=True, kw_only=True):
    """A `queue` that a worker consumed and does not now, since somebody paused it."""

    queue: str


class ResumingQueue(msgspec.Struct, frozen=True, kw_only=True):
    """Who resumed a queue, when (Unix seconds), and the `workers` that did not say yet that they
    consume it again."""

    by: str
    since: float
    workers: tuple[str, ...]


def paused_queues(ledger: PauseLedger) -> Mapping[str, QueuePause]:
    """The pauses that hold, by queue; one that somebody resumed holds no more."""
    pauses = beside(ledger.pauses, _WHAT) or {}
    return {name: each for name, each in pauses.items() if each.state == "paused"}


def paused_queue(pause: QueuePause | None) -> PausedQueue | None:
    """A pause as it is shown."""
    if pause is None:
        return None
    return PausedQueue(by=pause.actor, since=pause.at, reason=pause.reason)


def paused_queues_of(ledger: PauseLedger, worker: str) -> tuple[PausedQueueOfWorker, ...]:
    """The queues that a worker does not consume because they are paused."""
    pauses = paused_queues(ledger)
    stopped = beside(lambda: ledger.stopped_at(worker), _WHAT) if pauses else ()
    return tuple(
        PausedQueueOfWorker(queue=name, by=pause.actor, since=pause.at, reason=pause.reason)
        for name in stopped or ()
        if (pause := pauses.get(name)) is not None
    )


def paused_queues_by_worker(ledger: PauseLedger) -> Mapping[str, tuple[str, ...]]:
    """By worker, the queues that it does not consume because they are paused."""
    found: dict[str, list[str]] = {}
    for queue in sorted(paused_queues(ledger)):
        for each in beside(partial(ledger.stopped, queue), _WHAT) or ():
            found.setdefault(each.worker, []).append(queue)
    return {worker: tuple(queues) for worker, queues in found.items()}


def pauses_in_words(ledger: PauseLedger) -> Mapping[str, str]:
    """By queue, `paused by ann since 28 Nov, 12:03 UTC`."""
    return {name: paused_by(each) for name, each in paused_queues(ledger).items()}


def resuming_queue(ledger: PauseLedger, queue: str) -> ResumingQueue | None:
    """A queue that somebody resumed and that is not consumed as before yet; else None."""
    return beside(lambda: _resuming(ledger, queue), _WHAT)


def _resuming(ledger: PauseLedger, queue: str) -> ResumingQueue | None:
    pause = ledger.pauses().get(queue)
    if pause is None or pause.state != "resuming":
        return None
    workers = tuple(each.worker for each in ledger.stopped(queue))
    since = pause.at if pause.resumed is None else pause.resumed
    return ResumingQueue(by=pause.resumed_by, since=since, workers=workers) if workers else None
