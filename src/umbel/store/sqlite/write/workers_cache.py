"""The cache of workers, and what they become by their events.

A worker says something every two seconds, so those heard of last are remembered; the catalog has
the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from umbel.cluster.events import Event
from umbel.cluster.worker import SignOfLife, Worker, observe, witness
from umbel.store.sqlite.files import catalog


class WorkersCache:
    """By node name. `stored` gives a worker of the catalog. For the thread that writes."""

    def __init__(self, stored: Callable[[str], Worker | None]) -> None:
        self._stored = stored
        self._recent: dict[str, Worker] = {}

    def __len__(self) -> int:
        return len(self._recent)

    def changed(self, events: Iterable[Event], signs: Iterable[SignOfLife]) -> dict[str, Worker]:
        """The workers that really change by this, as they become."""
        changed: dict[str, Worker] = {}

        def worker(name: str) -> Worker | None:
            return changed.get(name) or self._recent.get(name) or self._stored(name)

        by_name = {sign.hostname: sign for sign in signs}
        for event in events:
            before = worker(event.hostname)
            sign = by_name.get(event.hostname)
            after = observe(before, event, sign.heard if sign else None)
            if after is not before:
                changed[event.hostname] = after
        for name, sign in by_name.items():
            before = worker(name)
            after = witness(before, sign)
            if after is not before:
                changed[name] = after
        return changed

    def update(self, workers: dict[str, Worker]) -> None:
        """Take in these, once the catalog has them."""
        recent = self._recent
        for name, worker in workers.items():
            recent.pop(name, None)
            recent[name] = worker
        for name in list(recent)[: max(0, len(recent) - catalog.WORKERS_MAX)]:
            del recent[name]
