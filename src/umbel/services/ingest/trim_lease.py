"""Of several collectors of one store, one at a time removes what is old: the holder of a lease."""

from __future__ import annotations

import secrets
from typing import Final

from umbel.clock import Clock
from umbel.services.ingest.trim_timer import EVERY_S
from umbel.store.ledger import Lease, Ledger

NAME: Final = "trim"
#: How long the lease lasts after its holder last trimmed, seconds. It is taken again each time, so
#: a holder that lives keeps it; after `kill -9` another one has it when it has expired.
LEASE_S: Final = 2 * EVERY_S


class TrimLease:
    """The lease as one collector takes it. One thread."""

    def __init__(self, ledger: Ledger, collector: str, clock: Clock) -> None:
        self._ledger = ledger
        # Two that were given the same name are still two.
        self._holder = f"{collector} {secrets.token_hex(4)}"
        self._clock = clock

    def take(self) -> bool:
        """Whether this collector has it now. Raises `StoreError`."""
        now = self._clock.now()
        lease = Lease(name=NAME, holder=self._holder, expires=now + LEASE_S)
        return self._ledger.take_lease(lease, now)

    def release(self) -> None:
        """Let another one have it. Raises `StoreError`."""
        self._ledger.release_lease(NAME, self._holder)
