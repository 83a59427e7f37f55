"""A lazy `Cluster`: opened when it is first used.

Celery and its transports take twenty megabytes and half a second, which a server that only
shows the history should not spend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from umbel.broker.base import (
    BrokerMemory,
    Capabilities,
    Cluster,
    Declaration,
    ExchangeBindings,
    QueueDepth,
    QueuedMessage,
    QueueHead,
    Reply,
    Reserved,
    Routing,
    Signature,
)
from umbel.lazy import Lazy


class LazyCluster:
    """See `broker.base.Cluster`. What `open_cluster` raises is raised by the call that needed
    it, and the next call tries again."""

    def __init__(self, open_cluster: Callable[[], Cluster]) -> None:
        self._lazy = Lazy(open_cluster)

    @property
    def url(self) -> str:
        return self._lazy.get().url

    def capabilities(self) -> Capabilities:
        return self._lazy.get().capabilities()

    def ask(
        self,
        command: str,
        arguments: Mapping[str, object] | None = None,
        *,
        workers: Sequence[str] | None = None,
        limit: int | None = None,
        timeout_s: float = 1.0,
        awaited: Sequence[str] = (),
    ) -> tuple[Reply, ...]:
        return self._lazy.get().ask(
            command,
            arguments,
            workers=workers,
            limit=limit,
            timeout_s=timeout_s,
            awaited=awaited,
        )

    def broadcast(
        self,
        command: str,
        arguments: Mapping[str, object] | None = None,
        *,
        workers: Sequence[str] | None = None,
    ) -> None:
        self._lazy.get().broadcast(command, arguments, workers=workers)

    def send(self, signatures: Sequence[Signature]) -> None:
        self._lazy.get().send(signatures)

    def depths(self, queues: Sequence[str], *, often: bool = False) -> tuple[QueueDepth, ...]:
        return self._lazy.get().depths(queues, often=often)

    def heads(self, queues: Sequence[str]) -> Mapping[str, tuple[QueueHead, ...]]:
        return self._lazy.get().heads(queues)

    def purge(self, queue: str) -> int:
        return self._lazy.get().purge(queue)

    def peek(self, queue: str, limit: int) -> tuple[QueuedMessage, ...]:
        return self._lazy.get().peek(queue, limit)

    def reserved(self) -> Reserved:
        return self._lazy.get().reserved()

    def declaration(self, queue: str) -> Declaration:
        return self._lazy.get().declaration(queue)

    def destination(self, signature: Signature) -> str | None:
        return self._lazy.get().destination(signature)

    def routing(self, signature: Signature) -> Routing:
        return self._lazy.get().routing(signature)

    def default_queue(self) -> str:
        return self._lazy.get().default_queue()

    def configured_queues(self) -> tuple[str, ...]:
        return self._lazy.get().configured_queues()

    def definitions(self) -> Mapping[str, Mapping[str, object]]:
        return self._lazy.get().definitions()

    def bindings(self, exchange: str) -> ExchangeBindings | None:
        return self._lazy.get().bindings(exchange)

    def bound_queues(self) -> tuple[str, ...]:
        return self._lazy.get().bound_queues()

    def queue_objects(self, queues: Sequence[str]) -> Mapping[str, Mapping[str, object]]:
        return self._lazy.get().queue_objects(queues)

    def memory(self) -> BrokerMemory | None:
        return self._lazy.get().memory()

    def close(self) -> None:
        self._lazy.close()
