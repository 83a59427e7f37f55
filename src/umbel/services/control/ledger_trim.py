"""Removing what the ledger need not keep any more, now and then.

The ledger grows only by actions and by lines of the audit. So whoever adds one calls this first,
and no timer is needed.
"""

from __future__ import annotations

import logging
from typing import Final

from umbel.clock import Clock
from umbel.clock_leaps import RemovalTime
from umbel.errors import StoreError
from umbel.store.ledger import Ledger

log = logging.getLogger(__name__)

#: How often something is removed, seconds.
TRIMMED_EVERY_S: Final = 3_600.0
#: How long a plan that nobody executed is kept after it expired, seconds.
PLAN_RETENTION_S: Final = 86_400.0


class LedgerTrim:
    """`keep_s`: for how many seconds the ledger keeps who did what; None is for ever. Any
    thread."""

    def __init__(self, ledger: Ledger, clock: Clock, keep_s: float | None) -> None:
        self._ledger = ledger
        self._clock = clock
        self._keep_s = keep_s
        self._time = RemovalTime(clock)
        self._next = 0.0

    def trim(self) -> None:
        """Remove plans that expired long ago and what is older than `keep_s`, unless that was done
        within the last hour. A ledger that cannot be written is only logged."""
        now = self._clock.monotonic()
        if now < self._next:
            return
        self._next = now + TRIMMED_EVERY_S
        try:
            self._ledger.forget_plans(expired=self._clock.now() - PLAN_RETENTION_S)
            if self._keep_s is not None:
                self._ledger.trim(self._time.now() - self._keep_s)
        except StoreError as error:
            log.warning("Old lines of the audit cannot be removed: %s", error)
