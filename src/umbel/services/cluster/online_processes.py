"""The processes of workers that are to be told something once each."""

from __future__ import annotations

from umbel.cluster.worker import ONLINE
from umbel.store.base import Store

#: A worker's name and the number of its process; 0 where it did not say that.
Process = tuple[str, int]


def online_processes(store: Store, at: float) -> list[Process]:
    """Those of workers that are online at `at` (Unix seconds) and send heartbeats. Raises
    `StoreError`."""
    return [
        (worker.hostname, worker.pid or 0)
        for worker in store.workers()
        if worker.status(at) == ONLINE and worker.heartbeat is not None
    ]
