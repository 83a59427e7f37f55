"""The status of a worker: `online`, `silent`, `offline`, or `unknown`.

A worker from which no heartbeat comes may be dead, or nothing may be recorded (the broker is away,
no collector runs). So a worker is called `silent` only if something was recorded for long enough
that its heartbeat should have come; else it is `unknown`, since the last time anything was
recorded. Example: the collector was down from 12:00 to 12:10, and at 12:10:01 no worker is silent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from umbel.cluster.worker import SILENT, Worker
from umbel.services.health.liveness import BEHIND_AFTER_S, blind_since, recording
from umbel.store.base import CollectorStatus

UNKNOWN: Final = "unknown"


class RecordingState(msgspec.Struct, frozen=True):
    """Whether events are recorded. `blind_since` (Unix seconds) is when one was last recorded,
    None while they are; `heard_from` is when recording began, None while it does not go on or no
    collector ever reported; `lag_s` is how far behind it is."""

    blind_since: float | None = None
    heard_from: float | None = None
    lag_s: float = 0.0


class WorkerStatus(NamedTuple):
    """A worker's status; for `unknown`, `since` when (Unix seconds)."""

    status: str
    since: float | None = None


def recording_state(collectors: Sequence[CollectorStatus], now: float) -> RecordingState:
    """Whether events are recorded at `now` (Unix seconds)."""
    working = recording(collectors, now)
    if not working:
        return RecordingState(blind_since=blind_since(collectors, now))
    lag_s = min(c.lag_s for c in working)
    return RecordingState(
        heard_from=min(c.connected_since or c.started for c in working),
        lag_s=lag_s if lag_s > BEHIND_AFTER_S else 0.0,
    )


def worker_status(worker: Worker, now: float, heard: RecordingState) -> WorkerStatus:
    """The worker's status at `now` (Unix seconds), as far as it can be known."""
    status = worker.status(now)
    if status != SILENT:
        return WorkerStatus(status)
    if heard.blind_since is not None:
        return WorkerStatus(UNKNOWN, heard.blind_since)
    if heard.lag_s and worker.status(now - heard.lag_s) != SILENT:
        return WorkerStatus(UNKNOWN, now - heard.lag_s)
    if heard.heard_from is not None and 0 <= now - heard.heard_from < worker.allowed_s:
        return WorkerStatus(UNKNOWN, worker.last_heard or None)
    return WorkerStatus(status)
