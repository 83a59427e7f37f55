"""Paused queues, as every ledger keeps them: a queue that no worker is to consume until somebody
resumes it, and the consumers that were stopped for that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

import msgspec

from umbel.errors import TooManyPauses

#: The most queues that are paused at once.
PAUSES_MAX: Final = 2_000

#: `paused` until somebody resumes it; then `resuming` until every worker that lives has its
#: consumer back.
PauseState = Literal["paused", "resuming"]


class QueuePause(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody (`actor`) paused `queue` at `at` (Unix seconds), and why, in the action `action_id`.
    `resumed` is when, and `resumed_by` who, resumed it while consumers are still to come back."""

    queue: str
    actor: str
    at: float
    action_id: str
    reason: str = ""
    state: PauseState = "paused"
    resumed: float | None = None
    resumed_by: str = ""


class StoppedConsumer(msgspec.Struct, frozen=True, kw_only=True):
    """`worker` consumed a paused queue and was told at `at` (Unix seconds) to stop. `options` are
    what `add_consumer` takes, so that the worker consumes it as before
    (celery/worker/control.py)."""

    worker: str
    at: float
    options: dict[str, object] = {}


class PauseLedger(Protocol):
    """The part of `Ledger` that is about paused queues."""

    def keep_pause(self, pause: QueuePause, *, instead_of: QueuePause | None) -> bool:
        """Keep a pause in the place of what `pauses` had of its queue before; whether that was
        still so. Of several that replace the same one succeeds. Stopped consumers stay. Raises
        `TooManyPauses` beyond `PAUSES_MAX`."""

    def drop_pause(self, pause: QueuePause) -> bool:
        """Forget a pause with its consumers if this is what is kept of its queue; whether that
        was so."""

    def pauses(self) -> Mapping[str, QueuePause]:
        """Every pause, by queue."""

    def keep_stopped(self, pause: QueuePause, consumers: Sequence[StoppedConsumer]) -> bool:
        """Keep consumers, in the place of what was kept of their workers, if this pause is still
        what is kept of its queue; whether that was so."""

    def drop_stopped(self, queue: str, workers: Sequence[str]) -> None:
        """Forget what these workers consumed."""

    def stopped_at(self, worker: str) -> tuple[str, ...]:
        """The paused queues that this worker consumed, by name."""

    def stopped(self, queue: str) -> tuple[StoppedConsumer, ...]:
        """The consumers that were stopped, by worker."""


def refuse_more_pauses(pause: QueuePause, count: int, *, is_new: bool) -> None:
    """What `keep_pause` raises where `count` queues are paused."""
    if is_new and count >= PAUSES_MAX:
        raise TooManyPauses(
            f"{PAUSES_MAX:,} queues are paused, so {pause.queue} was not.",
            remedy="Resume some that need no pause any more.",
        )
