"""Pausing and resuming a queue because a person wants it: the ledger first, then the workers."""

from __future__ import annotations

import msgspec

from umbel.errors import ActionRefused
from umbel.services.control.phrases import counted, listed, verb
from umbel.services.control.run import Run
from umbel.services.control.types import WorkerAnswer
from umbel.services.pauses.paused_consumers import PausedConsumers
from umbel.services.pauses.words import already_paused, not_paused
from umbel.store.queue_pauses import PauseLedger, QueuePause

NOBODY_CONSUMES = (
    "Nobody consumes {} now. Start a worker with -Q {}, or let one that runs consume it (add "
    "consumer)."
)


def begin_pause(ledger: PauseLedger, pause: QueuePause) -> QueuePause:
    """Write the pause into the ledger. Raises `ActionRefused` where the queue is paused already,
    and `StoreError`."""
    while True:
        there = ledger.pauses().get(pause.queue)
        if there is not None and there.state == "paused":
            raise ActionRefused(already_paused(there))
        # Consumers that are still to come back from the pause before stay in the ledger.
        if ledger.keep_pause(pause, instead_of=there):
            return pause


def begin_resume(ledger: PauseLedger, queue: str, actor: str, at: float) -> QueuePause:
    """Write into the ledger that the queue is resumed. One that somebody resumed already, and whose
    workers did not all come back, is gone on with. Raises `ActionRefused` where the queue is not
    paused, and `StoreError`."""
    while True:
        there = ledger.pauses().get(queue)
        if there is None:
            raise ActionRefused(not_paused(queue))
        if there.state == "resuming":
            return there
        resuming = msgspec.structs.replace(there, state="resuming", resumed=at, resumed_by=actor)
        if ledger.keep_pause(resuming, instead_of=there):
            return resuming


def pause_queue(run: Run, ledger: PauseLedger, consumers: PausedConsumers, at: float) -> None:
    """Do it. Raises `ActionRefused`, `BrokerError` and `StoreError`."""
    queue = run.request.queue or ""
    pause = begin_pause(
        ledger,
        QueuePause(
            queue=queue,
            actor=run.by.name if run.by is not None else run.plan.actor,
            at=at,
            action_id=run.plan.id,
            reason=run.request.reason or "",
        ),
    )
    run.conclude(f"{queue} is paused.")
    answers = run.insist(lambda: consumers.stop(pause, run.rest))
    _report(run, answers)
    run.conclude(f"{queue} is paused. {_stopped(answers)}")


def resume_queue(run: Run, ledger: PauseLedger, consumers: PausedConsumers, at: float) -> None:
    """Undo it. Raises `ActionRefused`, `BrokerError` and `StoreError`."""
    queue = run.request.queue or ""
    pause = begin_resume(ledger, queue, run.by.name if run.by is not None else run.plan.actor, at)
    run.conclude(f"{queue} is paused no more.")
    answers = run.insist(lambda: consumers.restore(pause, run.rest))
    _report(run, answers)
    run.conclude(f"{queue} is paused no more. {_consuming(answers)}")
    if run.insist(lambda: consumers.consuming(queue)) == ():
        run.note(NOBODY_CONSUMES.format(queue, queue))


def _report(run: Run, answers: tuple[WorkerAnswer, ...]) -> None:
    for each in answers:
        if each.outcome == "gone":  # it has nothing to do any more
            continue
        run.answer(each)
        failed = each.outcome == "refused"
        run.advance(1, failed=int(failed), why=each.answer)


def _stopped(answers: tuple[WorkerAnswer, ...]) -> str:
    if not answers:
        return "No worker consumed it."
    done = sum(each.outcome == "ok" for each in answers)
    sentence = f"{done:,} of {counted(len(answers), 'worker')} stopped consuming it."
    return sentence + _others(answers)


def _consuming(answers: tuple[WorkerAnswer, ...]) -> str:
    if not answers:
        return "No consumer was stopped for it."
    there = [each for each in answers if each.outcome != "gone"]
    done = sum(each.outcome == "ok" for each in there)
    sentence = f"{done:,} of {counted(len(there), 'worker')} {verb(done, 'consumes', 'consume')} "
    sentence += "it again."
    return sentence + _others(answers)


def _others(answers: tuple[WorkerAnswer, ...]) -> str:
    open_ = [each.worker for each in answers if each.outcome == "unknown"]
    refused = [each.worker for each in answers if each.outcome == "refused"]
    gone = [each.worker for each in answers if each.outcome == "gone"]
    parts = [
        f" {listed(names)} {words}."
        for names, words in (
            (open_, f"did not confirm it, and {verb(len(open_), 'is', 'are')} asked again"),
            (refused, "refused"),
            (gone, f"{verb(len(gone), 'is', 'are')} gone"),
        )
        if names
    ]  # fmt: skip
    return "".join(parts)
