"""The account of one worker process: what its count says, and what was heard of it.

`base` + `started` + losses that are open + `untold` = `processed`. See `loss` for the theory.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from umbel.cluster.losses import Loss, ProcessCount

#: A difference counts when it was there at this many heartbeats in a row.
BEATS: Final = 3

Key = tuple[str, int]


class ProcessAccount:
    """Of the process `key` (hostname and pid), first heard at `at` (Unix seconds)."""

    __slots__ = (
        "anchor",
        "at",
        "base",
        "beats",
        "doubt",
        "earlier",
        "heard",
        "interruption",
        "is_new",
        "key",
        "lost",
        "mute_since",
        "open",
        "processed",
        "quiet",
        "since",
        "sound",
        "started",
        "telling",
        "untold",
    )  # fmt: skip

    def __init__(self, key: Key, at: float) -> None:
        self.key = key
        self.since = self.at = at
        #: None until its first heartbeat.
        self.processed: int | None = None
        self.base = self.started = self.lost = self.untold = self.quiet = 0
        self.telling: bool | None = None
        self.heard = False
        self.mute_since: float | None = None
        #: Losses that may still be taken back, oldest first.
        self.open: list[Loss] = []
        #: How much of `lost` was counted when it last told of a task.
        self.sound = 0
        #: The last heartbeats: when, and the difference then; and the one before all of them.
        self.anchor = at
        self.beats: deque[tuple[float, int]] = deque(maxlen=BEATS + 1)
        #: Whether nothing but its first heartbeat was heard.
        self.is_new = False
        self.interruption = 0
        self.doubt = 0
        #: What was missing already before the last interruption, and is none of its.
        self.earlier = 0

    @property
    def unsettled(self) -> int:
        return sum(loss.count for loss in self.open)

    @property
    def pending(self) -> int:
        """What was missing at the last heartbeat, and is not counted yet."""
        if not self.beats:
            return 0
        return max(0, self.beats[-1][1] - self.unsettled - self.untold)

    def overtake(self, stamp: float) -> None:
        """A start of that time is heard only now: heartbeats after it had counted it already."""
        if self.is_new:
            self.base -= 1
        self.lower(1, after=stamp)

    def lower(self, count: int, after: float = -math.inf) -> None:
        """So many fewer are missing at the heartbeats after that time."""
        for position, (at, difference) in enumerate(self.beats):
            if at > after:
                self.beats[position] = (at, difference - count)

    def rebase(self, processed: int) -> None:
        """What is accounted for now is the whole: nothing is missing."""
        self.base = processed - self.started - self.unsettled - self.untold
        self.forget_beats()

    def forget_beats(self) -> None:
        self.beats.clear()
        self.anchor = self.at

    def begin_anew(self, processed: int) -> None:
        """Another process has got the same pid."""
        self.base, self.started, self.processed = processed, 0, processed
        self.is_new = True
        self.lost = self.untold = self.sound = self.quiet = 0
        self.since = self.at
        self.telling, self.heard, self.mute_since = None, False, None
        self.open.clear()
        self.forget_beats()

    def share_lost(self, missing: int) -> int:
        """Of tasks that are missing after an interruption, those of which an event was sent: as
        many of them as usual."""
        if missing <= 0:
            return 0
        sent = self.started
        return missing * sent // (sent + self.untold) if self.untold else missing

    def count(self) -> ProcessCount:
        """What a store keeps of it."""
        hostname, pid = self.key
        return ProcessCount(
            hostname=hostname, pid=pid, since=self.since, at=self.at,
            processed=self.processed or 0,
            base=self.base + self.unsettled,  # what is kept is settled
            started=self.started, lost=self.lost, untold=self.untold,
            telling=self.telling,
        )  # fmt: skip


def restored(count: ProcessCount) -> ProcessAccount:
    """The account that a store has kept."""
    process = ProcessAccount((count.hostname, count.pid), count.since)
    process.at = process.anchor = count.at
    process.processed = count.processed
    process.base, process.started = count.base, count.started
    process.lost = process.sound = count.lost
    process.untold, process.telling = count.untold, count.telling
    return process
