"""The workers that lists show: all that are known, without those that are long gone."""

from __future__ import annotations

import msgspec

from umbel.cluster.worker import ONLINE, Worker
from umbel.store.base import Store


class Crew(msgspec.Struct, frozen=True):
    """`gone_after_s`: for how many seconds nothing is heard of a worker that is still listed;
    None is for ever."""

    store: Store
    gone_after_s: float | None = None

    def listed(self, now: float) -> tuple[Worker, ...]:
        """The workers by name at `now` (Unix seconds). Their tasks stay, whoever is left out.
        Raises `StoreError`."""
        workers = self.store.workers()
        if self.gone_after_s is None:
            return workers
        return tuple(each for each in workers if not is_gone(each, now, self.gone_after_s))


def is_gone(worker: Worker, now: float, after_s: float) -> bool:
    """Whether a worker is not online, and was last heard of more than so long ago."""
    if worker.status(now) == ONLINE:
        return False
    heard = max(worker.heartbeat or 0.0, worker.online or 0.0, worker.offline or 0.0)
    return now - heard > after_s
