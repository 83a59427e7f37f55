"""A sample of workers, from their heartbeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from umbel.cluster.worker import ONLINE, Worker
from umbel.services.health.worker_status import recording_state
from umbel.services.samples.worker_profiles import WorkerProfile
from umbel.store.base import CollectorStatus
from umbel.store.samples import Values


def online(workers: Sequence[Worker], now: float) -> tuple[Worker, ...]:
    """Those of which there is something to sample."""
    return tuple(worker for worker in workers if worker.status(now) == ONLINE)


def are_all_gone(
    workers: Sequence[Worker], collectors: Sequence[CollectorStatus], now: float
) -> bool:
    """Whether it is sure, where no worker is online, that none is: these `workers` would be
    heard by now, since something is recorded for long enough."""
    heard = recording_state(collectors, now)
    if not workers or heard.heard_from is None or heard.lag_s:
        return False
    # One that sends no heartbeats may live and say nothing.
    silent_s = max(each.allowed_s for each in workers)
    return all(each.sends_heartbeats for each in workers) and now - heard.heard_from >= silent_s


class WorkerSampling:
    """Remembers what workers had begun at the sample before; one thread."""

    def __init__(self) -> None:
        self._before: dict[str, tuple[int | None, int]] = {}

    def sample(
        self, workers: Sequence[Worker], profiles: Mapping[str, WorkerProfile]
    ) -> dict[str, Values]:
        """The measures of `store.samples` by name, of workers that are online."""
        found = {worker.hostname: self._values(worker, profiles) for worker in workers}
        self._before = {
            worker.hostname: (worker.pid, worker.processed)
            for worker in workers
            if worker.processed is not None
        }
        return found

    def _values(self, worker: Worker, profiles: Mapping[str, WorkerProfile]) -> Values:
        load = worker.loadavg[0] if worker.loadavg else None
        profile = profiles.get(worker.hostname, WorkerProfile())
        return load, worker.active, worker.active, self._processed(worker), profile.pool

    def _processed(self, worker: Worker) -> int | None:
        """How many tasks it has begun since the sample before; None where two speak under one
        name, and for the first sample, which could be of any time."""
        before = self._before.get(worker.hostname)
        if before is None or worker.processed is None or worker.is_shared:
            return None
        pid, processed = before
        if pid != worker.pid or worker.processed < processed:
            return worker.processed
        return worker.processed - processed
