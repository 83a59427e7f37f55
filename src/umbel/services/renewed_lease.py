"""A lease of the ledger for a thread that comes again and again: of several servers one does the
work, and after `kill -9` another one goes on when the lease has expired."""

from __future__ import annotations

import secrets
from contextlib import suppress

from umbel.errors import StoreError
from umbel.store.ledger import LEASE_MAX_S, Lease, Ledger


class RenewedLease:
    """A lease as one thread takes it: renewed when less than `spare_s` of it is left, half of it
    unless given, so that not every turn is a write to the ledger. What takes no longer than that
    is done before another one has it."""

    def __init__(
        self, ledger: Ledger, name: str, lasts_s: float, spare_s: float | None = None
    ) -> None:
        self._ledger = ledger
        self._name = name
        self._lasts_s = lasts_s
        self._spare_s = lasts_s / 2 if spare_s is None else spare_s
        self._holder = secrets.token_hex(8)
        self._until = 0.0
        #: Whether this thread did not have it until `has` was called last: others may have.
        self.is_taken_over = False

    def has(self, at: float) -> bool:
        """Whether this thread has it at `at` (Unix seconds). Raises `StoreError`."""
        found = self._ledger.lease(self._name)
        is_ours = found is not None and found.holder == self._holder
        self.is_taken_over = False
        if is_ours and self._until - self._lasts_s <= at < self._until - self._spare_s:
            return True
        lease = Lease(name=self._name, holder=self._holder, expires=at + self._lasts_s)
        is_taken = found is not None and not is_ours and at < found.expires <= at + LEASE_MAX_S
        has = not is_taken and self._ledger.take_lease(lease, at)
        self._until = lease.expires if has else 0.0
        self.is_taken_over = has and not is_ours
        return has

    def release(self) -> None:
        """Let another one have it."""
        if self._until:
            with suppress(StoreError):  # it expires by itself
                self._ledger.release_lease(self._name, self._holder)
