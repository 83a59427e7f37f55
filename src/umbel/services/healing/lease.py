"""Of several collectors of one store, one at a time asks for what is missing: the holder of a
lease."""

from __future__ import annotations

from typing import Final

from umbel.clock import Clock
from umbel.services.renewed_lease import RenewedLease
from umbel.store.ledger import Ledger

NAME: Final = "healing"
#: How long the lease lasts after it was renewed, seconds.
LEASE_S: Final = 20.0


class HealingLease:
    """One thread."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._lease = RenewedLease(ledger, NAME, LEASE_S)
        self._clock = clock

    def take(self) -> bool:
        """Whether this collector has it now. Raises `StoreError`."""
        return self._lease.has(self._clock.now())

    def release(self) -> None:
        """Let another one have it."""
        self._lease.release()
