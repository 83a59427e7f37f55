"""The workers that lists show, each with its status: all that are known, without those that
are long gone."""

from __future__ import annotations

import msgspec

from umbel.cluster.worker import ONLINE, SILENT, Worker
from umbel.services.hearing import UNKNOWN, Hearing, Standing, hearing, standing
from umbel.services.rows import WorkerRow, worker_row
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

    def standings(self, now: float) -> tuple[tuple[Worker, Standing], ...]:
        """The same, each with its status. Raises `StoreError`."""
        heard = self._hearing(now)
        return tuple((worker, standing(worker, now, heard)) for worker in self.listed(now))

    def rows(self, now: float) -> tuple[WorkerRow, ...]:
        """The same, as they are shown. Raises `StoreError`."""
        return tuple(worker_row(worker, *found) for worker, found in self.standings(now))

    def row(self, worker: Worker, now: float) -> WorkerRow:
        """One worker as it is shown, listed or not. Raises `StoreError`."""
        return worker_row(worker, *standing(worker, now, self._hearing(now)))

    def alive(self, now: float) -> tuple[tuple[Worker, bool], ...]:
        """The listed workers, and whether each is online; while nothing is heard, whether it
        was when anything last was: Flower's API knows no third answer. Raises `StoreError`."""
        return tuple((worker, _alive(worker, found)) for worker, found in self.standings(now))

    def _hearing(self, now: float) -> Hearing:
        return hearing(self.store.collectors(), now)


def _alive(worker: Worker, found: Standing) -> bool:
    if found.status == UNKNOWN:
        return found.since is None or worker.status(found.since) != SILENT
    return found.status == ONLINE


def is_gone(worker: Worker, now: float, after_s: float) -> bool:
    """Whether a worker is not online, and was last heard of more than so long ago."""
    if worker.status(now) == ONLINE:
        return False
    heard = max(worker.heartbeat or 0.0, worker.online or 0.0, worker.offline or 0.0)
    return now - heard > after_s
