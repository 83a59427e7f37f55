"""What the ledger in memory has of paused queues."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from umbel.store.queue_pauses import QueuePause, StoppedConsumer, refuse_more_pauses


class MemoryPauses:
    """The part of `MemoryLedger` that pauses need: see `store.queue_pauses.PauseLedger`."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._pauses: dict[str, QueuePause] = {}
        self._stopped: dict[str, dict[str, StoppedConsumer]] = {}

    def keep_pause(self, pause: QueuePause, *, instead_of: QueuePause | None) -> bool:
        with self._lock:
            if self._pauses.get(pause.queue) != instead_of:
                return False
            refuse_more_pauses(pause, len(self._pauses), is_new=instead_of is None)
            self._pauses[pause.queue] = pause
            return True

    def drop_pause(self, pause: QueuePause) -> bool:
        with self._lock:
            if self._pauses.get(pause.queue) != pause:
                return False
            del self._pauses[pause.queue]
            self._stopped.pop(pause.queue, None)
            return True

    def pauses(self) -> Mapping[str, QueuePause]:
        with self._lock:
            return {name: self._pauses[name] for name in sorted(self._pauses)}

    def keep_stopped(self, pause: QueuePause, consumers: Sequence[StoppedConsumer]) -> bool:
        with self._lock:
            if self._pauses.get(pause.queue) != pause:
                return False
            its = self._stopped.setdefault(pause.queue, {})
            its |= {each.worker: each for each in consumers}
            return True

    def drop_stopped(self, queue: str, workers: Sequence[str]) -> None:
        with self._lock:
            for worker in workers:
                self._stopped.get(queue, {}).pop(worker, None)

    def stopped_at(self, worker: str) -> tuple[str, ...]:
        with self._lock:
            return tuple(queue for queue, its in sorted(self._stopped.items()) if worker in its)

    def stopped(self, queue: str) -> tuple[StoppedConsumer, ...]:
        with self._lock:
            its = self._stopped.get(queue, {})
            return tuple(its[worker] for worker in sorted(its))
