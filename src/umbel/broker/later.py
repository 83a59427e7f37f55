"""A cluster that is opened when it is first used.

Celery and its transports take twenty megabytes and half a second, which a server that only
shows the history should not spend.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from umbel.broker.base import (
    Capabilities,
    Cluster,
    QueueDepth,
    QueuedMessage,
    Reply,
    Signature,
)


class LaterCluster:
    """See `broker.base.Cluster`. What `open_cluster` raises is raised by the call that needed
    it, and the next call tries again."""

    def __init__(self, open_cluster: Callable[[], Cluster]) -> None:
        self._open = open_cluster
        self._lock = threading.Lock()
        self._cluster: Cluster | None = None

    @property
    def url(self) -> str:
        return self._opened().url

    def capabilities(self) -> Capabilities:
        return self._opened().capabilities()

    def ask(
        self,
        command: str,
        arguments: Mapping[str, object] | None = None,
        *,
        workers: Sequence[str] | None = None,
        limit: int | None = None,
        timeout_s: float = 1.0,
    ) -> tuple[Reply, ...]:
        return self._opened().ask(
            command, arguments, workers=workers, limit=limit, timeout_s=timeout_s
        )

    def tell(
        self,
        command: str,
        arguments: Mapping[str, object] | None = None,
        *,
        workers: Sequence[str] | None = None,
    ) -> None:
        self._opened().tell(command, arguments, workers=workers)

    def send(self, signatures: Sequence[Signature]) -> None:
        self._opened().send(signatures)

    def depths(self, queues: Sequence[str]) -> tuple[QueueDepth, ...]:
        return self._opened().depths(queues)

    def purge(self, queue: str) -> int:
        return self._opened().purge(queue)

    def peek(self, queue: str, limit: int) -> tuple[QueuedMessage, ...]:
        return self._opened().peek(queue, limit)

    def default_queue(self) -> str:
        return self._opened().default_queue()

    def close(self) -> None:
        with self._lock:
            if self._cluster is not None:
                self._cluster.close()

    def _opened(self) -> Cluster:
        with self._lock:
            if self._cluster is None:
                self._cluster = self._open()
            return self._cluster
