"""The plans of pausing and resuming a queue, in sentences. Pure."""

from __future__ import annotations

from typing import Final

from umbel.services.control.phrases import counted, listed, verb
from umbel.services.control.plan import plan_of
from umbel.services.control.plan_inputs import PlanHeader, QueueAtPause
from umbel.services.control.types import ActionPlan
from umbel.services.pauses.words import paused_by
from umbel.store.queue_pauses import QueuePause

REMEMBERED: Final = (
    "Umbel remembers the pause: while umbel serve runs, a worker that starts meanwhile is stopped "
    "from consuming the queue, too."
)
WAITS: Final = "Nothing is lost: what waits in the queue, and what is sent there, waits for resume."


def plan_pause(header: PlanHeader, found: QueueAtPause) -> ActionPlan:
    """The plan of stopping everybody from consuming a queue."""
    queue = header.request.queue or ""
    sentence = f"Pause the queue {queue}: "
    if found.workers:
        sentence += f"stop {counted(len(found.workers), 'worker')} consuming it{_ready(found)}."
    else:
        sentence += f"no worker that answers consumes it{_ready(found)}."
    return plan_of(
        header,
        sentence=sentence,
        count=len(found.workers),
        consequences=() if found.impossible else (*_of_pausing(found), WAITS, REMEMBERED),
        workers=found.workers,
        impossible=found.impossible,
    )


def plan_resume(header: PlanHeader, pause: QueuePause | None, found: QueueAtPause) -> ActionPlan:
    """The plan of bringing its consumers back."""
    queue = header.request.queue or ""
    consumers = (
        f"let {counted(len(found.workers), 'worker')} consume it again"
        if found.workers
        else "no worker was stopped for it"
    )
    consequences = []
    if pause is not None and not found.impossible:
        consequences.append(_whose(pause))
        consequences.append(
            "Workers that are gone are left out. One that was started anew since consumes what it "
            "was started with."
        )
        if found.ready:
            consequences.append(
                f"{counted(found.ready, 'message')} {verb(found.ready, 'waits', 'wait')} and "
                f"{verb(found.ready, 'begins', 'begin')} to run at once."
            )
        if not found.workers:
            consequences.append(
                f"Nobody consumes it then, unless a worker is started with -Q {queue}."
            )
    return plan_of(
        header,
        sentence=f"Resume the queue {queue}: {consumers}{_ready(found)}.",
        count=len(found.workers),
        consequences=tuple(consequences),
        workers=found.workers,
        impossible=found.impossible,
    )


def _whose(pause: QueuePause) -> str:
    if pause.state == "paused":
        return f"The queue is {paused_by(pause)}."
    return (
        f"{pause.resumed_by} resumed the queue already; these workers have not confirmed that they "
        "consume it again."
    )


def _ready(found: QueueAtPause) -> str:
    if found.ready is None:
        return ""
    return f"; {counted(found.ready, 'message')} {verb(found.ready, 'waits', 'wait')} there"


def _of_pausing(found: QueueAtPause) -> list[str]:
    sentences = [_fetched(found)] if found.workers else []
    if found.silent:
        they, are = verb(len(found.silent), "it", "they"), verb(len(found.silent), "is", "are")
        consume = verb(len(found.silent), "consumes", "consume")
        answer = verb(len(found.silent), "answers", "answer")
        sentences.append(
            f"{listed(found.silent)} did not say what {they} {consume}, and may go on: {they} "
            f"{are} asked again until {they} {answer} or {are} gone."
        )
    others = (found.counted or 0) - len(found.workers)
    if others > 0:
        sentences.append(
            f"The broker counts {counted(others, 'consumer')} more than these workers. Who has "
            "no remote control (worker_enable_remote_control), or is no worker of Celery, goes on."
        )
    return sentences


def _fetched(found: QueueAtPause) -> str:
    """What will not stop."""
    parts = [
        f"{number:,} {words}"
        for number, words in (
            (found.running, verb(found.running or 0, "runs now", "run now")),
            (found.reserved, verb(found.reserved or 0, "waits in a worker", "wait in workers")),
            (found.scheduled, verb(found.scheduled or 0, "is for later", "are for later")),
        )
        if number
    ]
    if found.running is None and found.reserved is None:
        return "What workers have fetched already still runs; how much that is they did not say."
    at_least = " (at least: not all of them answered)" if found.more else ""
    if not parts:
        return f"The workers have fetched nothing from it that still runs{at_least}."
    return f"What workers have fetched already still runs: {', '.join(parts)}{at_least}."
