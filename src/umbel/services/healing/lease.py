"""Of several collectors of one store, one at a time asks for what is missing: the holder of a
lease."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Final

from umbel.clock import Clock
from umbel.errors import StoreError
from umbel.store.ledger import Lease, Ledger

NAME: Final = "healing"
#: How long the lease lasts after it was renewed, seconds; it is renewed when half of that is over.
LEASE_S: Final = 20.0


class HealingLease:
    """One thread."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._holder = secrets.token_hex(8)
        self._until = 0.0
        self._try_at = 0.0

    def take(self) -> bool:
        """Whether this collector has it now. Raises `StoreError`."""
        now = self._clock.now()
        if now < self._until - LEASE_S / 2:
            return True
        if now < self._try_at:
            return False
        lease = Lease(name=NAME, holder=self._holder, expires=now + LEASE_S)
        has = self._ledger.take_lease(lease, now)
        self._until = lease.expires if has else 0.0
        self._try_at = now if has else now + LEASE_S / 4
        return has

    def release(self) -> None:
        """Let another one have it."""
        if self._until:
            with suppress(StoreError):  # it expires by itself
                self._ledger.release_lease(NAME, self._holder)
