"""Counts of worker processes, and events that were lost by them: see `services/ingest/loss.py`."""

from __future__ import annotations

import msgspec


class ProcessCount(msgspec.Struct, frozen=True, kw_only=True):
    """One worker process, and how far its count was followed. Times are Unix seconds by the
    worker's clock: it was first heard at `since`, last at `at`, when it had begun `processed`
    tasks. `base` and the `started` events seen make up what is accounted for. `lost` of its
    events were lost, and of `untold` tasks no event told though nothing was in the way.
    `telling`: whether it tells of its tasks, None while it was not seen to run any."""

    hostname: str
    pid: int
    since: float
    at: float
    processed: int
    base: int
    started: int
    lost: int = 0
    untold: int = 0
    telling: bool | None = None


class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """So many started tasks of one worker process were never heard of, which it began between
    its heartbeats of `start` and `end` (Unix seconds, by its clock)."""

    hostname: str
    pid: int
    start: float
    end: float
    count: int


class Losses(msgspec.Struct, frozen=True, kw_only=True):
    """What has changed: processes, and losses by (hostname, pid, end). A loss of nothing is one
    that was taken back."""

    processes: tuple[ProcessCount, ...] = ()
    losses: tuple[Loss, ...] = ()
