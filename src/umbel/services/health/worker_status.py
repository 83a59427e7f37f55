"""Whether a worker that is not heard is silent, or we are deaf.

A worker is judged by what it says of itself, and while nothing is recorded it can say nothing
to us. So nobody is called silent while Umbel is blind, nor before a worker had the time to be
heard again after that: its status is `unknown`, since we last heard anything at all.
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
    """`blind_since` (Unix seconds) is when anything was last recorded, None while something is;
    `heard_from` is when that began, None while blind or where no collector ever reported;
    `lag_s` is how far what is recorded is behind."""

    blind_since: float | None = None
    heard_from: float | None = None
    lag_s: float = 0.0


class WorkerStatus(NamedTuple):
    """A worker's status: `online`, `silent`, `offline`, or `unknown` since then."""

    status: str
    since: float | None = None


def recording_state(collectors: Sequence[CollectorStatus], now: float) -> RecordingState:
    """What can be heard at `now` (Unix seconds)."""
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
    if heard.heard_from is not None and now - heard.heard_from < worker.allowed_s:
        return WorkerStatus(UNKNOWN, worker.last_heard or None)
    return WorkerStatus(status)
