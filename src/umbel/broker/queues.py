"""Queues of AMQP brokers and of kombu's virtual transports: how long, and how to empty them.

Nothing here declares a queue: RabbitMQ is asked passively, and a virtual transport that would
make a queue by asking (SQS) is asked for its name first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from umbel.broker.base import ANSWER_S, Declaration, QueueDepth, QueueHead
from umbel.broker.errors import translated
from umbel.broker.management import Management, QueueFigures
from umbel.broker.pooled_connection import REPLY_S, PooledConnection
from umbel.broker.queue_declaration import declaration
from umbel.clock import Clock
from umbel.errors import BrokerError, BrokerRefused, BrokerUnreachable

_NO_TIME = "There was no time to ask the broker for this queue."
#: AMQP's reply code for what is not there.
_NOT_FOUND = 404


class QueueOperations(Protocol):
    """The queues of one kind of broker."""

    def depths(
        self, pooled: PooledConnection, names: Sequence[str], *, often: bool = False
    ) -> tuple[QueueDepth, ...]:
        """As `Cluster.depths`."""

    def heads(
        self, pooled: PooledConnection, names: Sequence[str]
    ) -> Mapping[str, tuple[QueueHead, ...]]:
        """As `Cluster.heads`."""

    def purge(self, pooled: PooledConnection, name: str) -> int:
        """As `Cluster.purge`."""

    def bound(self, pooled: PooledConnection) -> tuple[str, ...]:
        """As `Cluster.bound_queues`."""

    def declaration(self, pooled: PooledConnection, name: str, definition: Any) -> Declaration:
        """As `Cluster.declaration`, of a queue whose definition in the application is given,
        if it has one."""


class AmqpQueues:
    """Queues of RabbitMQ, classic, quorum or stream."""

    def __init__(self, clock: Clock, management: Management | None) -> None:
        self._clock = clock
        self._management = management

    def depths(
        self, pooled: PooledConnection, names: Sequence[str], *, often: bool = False
    ) -> tuple[QueueDepth, ...]:
        figures = self._figures(names, pooled) if often else {}
        if figures:
            return tuple(_reported(name, figures.get(name)) for name in names)
        deadline = self._clock.monotonic() + ANSWER_S - REPLY_S
        found = [self._depth(pooled, name, deadline) for name in names]
        figures = {} if often else self._figures(names, pooled)
        return tuple(_completed(depth, figures.get(depth.name)) for depth in found)

    def heads(
        self, pooled: PooledConnection, names: Sequence[str]
    ) -> Mapping[str, tuple[QueueHead, ...]]:
        """Where an interceptor or the sender stamps messages, and the management API is there."""
        figures = self._figures(names, pooled, recent=True)
        sent = {name: found.head_sent for name, found in figures.items()}
        return {name: (QueueHead(sent=at),) for name, at in sent.items() if at is not None}

    def purge(self, pooled: PooledConnection, name: str) -> int:
        return int(pooled.channel.queue_purge(name))

    def bound(self, pooled: PooledConnection) -> tuple[str, ...]:
        if self._management is None:
            return ()
        return self._management.names(pooled.link.template.virtual_host or "/")

    def declaration(self, pooled: PooledConnection, name: str, definition: Any) -> Declaration:
        return declaration(pooled, name, definition)

    def _depth(self, pooled: PooledConnection, name: str, deadline: float) -> QueueDepth:
        if self._clock.monotonic() > deadline:
            return QueueDepth(name=name, trouble=_NO_TIME)
        try:
            declared = pooled.channel.queue_declare(name, passive=True)
        except pooled.connection.channel_errors as error:
            # The broker closed the channel with its answer; the line opens another.
            explained = translated(error, pooled.link, f"the queue {name}")
            if isinstance(explained, BrokerUnreachable):
                raise
            is_absent = getattr(error, "reply_code", None) == _NOT_FOUND
            return QueueDepth(name=name, trouble=str(explained), is_absent=is_absent)
        return QueueDepth(
            name=name, ready=declared.message_count, consumers=declared.consumer_count
        )

    def _figures(
        self, names: Sequence[str], pooled: PooledConnection, *, recent: bool = False
    ) -> dict[str, QueueFigures]:
        if self._management is None:
            return {}
        vhost = pooled.link.template.virtual_host or "/"
        return self._management.queues(vhost, names, recent=recent)


class VirtualQueues:
    """Queues of a transport that kombu makes up from something else."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def depths(
        self,
        pooled: PooledConnection,
        names: Sequence[str],
        *,
        often: bool = False,  # noqa: ARG002
    ) -> tuple[QueueDepth, ...]:
        deadline = self._clock.monotonic() + ANSWER_S - REPLY_S
        return tuple(self._depth(pooled, name, deadline) for name in names)

    def heads(
        self,
        pooled: PooledConnection,  # noqa: ARG002
        names: Sequence[str],  # noqa: ARG002
    ) -> Mapping[str, tuple[QueueHead, ...]]:
        return {}

    def purge(self, pooled: PooledConnection, name: str) -> int:
        _must_be_there(pooled, name)
        channel = pooled.channel
        if not _is_sqs(channel):
            return int(channel.queue_purge(name) or 0)
        # kombu counts SQS' messages up to ten times over while it purges them.
        ready = int(channel._size(name))
        channel.queue_purge(name)
        return ready

    def bound(self, pooled: PooledConnection) -> tuple[str, ...]:  # noqa: ARG002
        return ()

    def declaration(self, pooled: PooledConnection, name: str, definition: Any) -> Declaration:  # noqa: ARG002
        return Declaration()

    def _depth(self, pooled: PooledConnection, name: str, deadline: float) -> QueueDepth:
        if self._clock.monotonic() > deadline:
            return QueueDepth(name=name, trouble=_NO_TIME)
        try:
            _must_be_there(pooled, name)
            ready = int(pooled.channel._size(name))
        except Exception as error:
            failure: BrokerError = translated(error, pooled.link, f"the queue {name}")
            return QueueDepth(name=name, trouble=str(failure))
        # Where a transport cannot count it says -1.
        return QueueDepth(name=name, ready=ready if ready >= 0 else None)


def _reported(name: str, figures: QueueFigures | None) -> QueueDepth:
    """As the management API alone tells of a queue."""
    if figures is None:
        return QueueDepth(name=name, trouble=f"RabbitMQ's management API does not list {name}.")
    return QueueDepth(
        name=name,
        ready=figures.ready,
        consumers=figures.consumers,
        unacknowledged=figures.unacknowledged,
        kind=figures.kind,
    )


def _is_sqs(channel: Any) -> bool:
    return hasattr(channel, "_resolve_queue_url")


def _must_be_there(pooled: PooledConnection, name: str) -> None:
    """SQS' channel makes a queue that it is asked about; looking for its address does not."""
    if not _is_sqs(pooled.channel):
        return
    try:
        pooled.channel._resolve_queue_url(name)
    except Exception as error:
        if not type(error).__module__.startswith("kombu"):
            raise
        raise BrokerRefused(
            f"{str(error).rstrip('.')}.",
            remedy="Check its name, or start a worker that reads it: workers make it.",
        ) from error


def _completed(depth: QueueDepth, figures: QueueFigures | None) -> QueueDepth:
    if figures is None or depth.trouble is not None:
        return depth
    return QueueDepth(
        name=depth.name,
        ready=depth.ready,
        consumers=depth.consumers,
        unacknowledged=figures.unacknowledged,
        kind=figures.kind,
    )
