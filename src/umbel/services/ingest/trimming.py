"""Removing the oldest tasks of a store beyond its bounds, by one of its collectors at a time."""

from __future__ import annotations

import contextlib
import logging

from umbel.clock import Clock
from umbel.clock_leaps import BELIEVED_S, RemovalTime
from umbel.errors import StoreError
from umbel.services.ingest.trim_lease import TrimLease
from umbel.services.ingest.trim_timer import TrimTimer
from umbel.services.worker_clocks import ahead_of_workers_s
from umbel.store.base import Retention, Store

log = logging.getLogger(__name__)


class Trimming:
    """Trims when it is due; never without bounds (`retention` None), nor without the lease where
    there is one. One thread."""

    def __init__(
        self, store: Store, retention: Retention | None, lease: TrimLease | None, clock: Clock
    ) -> None:
        self._store = store
        self._retention = retention
        self._lease = lease
        self._clock = clock
        self._timer = TrimTimer(retention or Retention())
        self._time = RemovalTime(clock)
        self._trouble: str | None = None

    @property
    def has_bounds(self) -> bool:
        return self._retention is not None

    def add(self, tasks: int, size_bytes: int) -> None:
        """So much came in."""
        self._timer.add(tasks, size_bytes)

    def trim_if_due(self) -> None:
        if self._retention is not None and self._timer.is_due(self._clock.monotonic()):
            self.trim()

    def trim(self) -> None:
        """Now. What keeps it from that is logged once, however often it is tried."""
        if self._retention is None:
            return
        try:
            if self._lease is not None and not self._lease.take():
                return
            removed = self._store.trim(self._retention, self._believed_now())
        except StoreError as error:
            if str(error) != self._trouble:
                log.error("Old tasks cannot be removed: %s", error)
            self._trouble = str(error)
            return
        self._trouble = None
        if removed:
            log.info("Removed %d old tasks.", removed)

    def _believed_now(self) -> float:
        """The time by which tasks are old. Where most workers have an hour less, it is theirs: a
        clock that is wrong since before this process began was seen to leap by nobody."""
        now = self._clock.now()
        ahead_s = ahead_of_workers_s(self._store.workers(), now)
        return min(self._time.now(), now - ahead_s if ahead_s > BELIEVED_S else now)

    def end(self) -> None:
        """Let another collector do it."""
        if self._lease is not None:
            with contextlib.suppress(StoreError):  # it expires
                self._lease.release()
