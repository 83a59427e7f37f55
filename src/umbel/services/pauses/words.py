"""Pauses in words."""

from __future__ import annotations

import time

from umbel.store.queue_pauses import QueuePause

#: The longest reason in a sentence, characters.
_REASON_MAX = 200


def since(at: float) -> str:
    """`28 Nov, 12:03 UTC`: a sentence of the server does not know the zone of its reader."""
    moment = time.gmtime(at)
    return f"{moment.tm_mday} {time.strftime('%b, %H:%M', moment)} UTC"


def paused_by(pause: QueuePause) -> str:
    """`paused by ann since 28 Nov, 12:03 UTC (SMTP is down)`."""
    return paused_in_words(pause.actor, pause.at, pause.reason)


def paused_in_words(by: str, at: float, reason: str) -> str:
    """The same by who paused it, when (Unix seconds), and why."""
    reason = " ".join(reason.split())
    if len(reason) > _REASON_MAX:
        reason = f"{reason[: _REASON_MAX - 1]}…"
    return f"paused by {by} since {since(at)}{f' ({reason})' if reason else ''}"


def already_paused(pause: QueuePause) -> str:
    """Why it is not paused again."""
    return f"{pause.queue} is {paused_by(pause)} already."


def not_paused(queue: str) -> str:
    """Why it is not resumed."""
    return (
        f"{queue} is not paused here. Where nobody consumes it, let a worker consume it "
        "(add consumer); where another Umbel paused it, resume it there."
    )


def waits_for_resume(pause: QueuePause) -> str:
    """What becomes of what is sent to a paused queue."""
    return (
        f"The queue {pause.queue} is {paused_by(pause)}: what is sent there waits until somebody "
        "resumes it."
    )


def not_consumed_again(pause: QueuePause) -> str:
    """Why no worker is to consume a paused queue."""
    return (
        f"The queue {pause.queue} is {paused_by(pause)}, so a worker that consumes it is stopped "
        "again. Resume the queue instead."
    )
