"""The store's change numbers."""

from __future__ import annotations

from typing import Final

from umbel.store.base import Store

#: A number that no store gives. Asked what changed after it, a store answers at once, with
#: no tasks and the number to ask with next.
_NEVER_GIVEN: Final = -1


def newest_seq(store: Store) -> int:
    """The number of the latest change; much cheaper than `Store.status`, which counts."""
    return store.follow(_NEVER_GIVEN, limit=1).seq
