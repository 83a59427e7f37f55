"""A cluster behind its broker: commands, tasks and queues, over kombu.

`CeleryCluster` is thin: it takes a connection from the pool, and hands it to the part that
knows the broker's way (`mailbox`, `sending`, `queues` and their Redis counterparts).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from umbel.broker.base import (
    ANSWER_S,
    Ability,
    BrokerMemory,
    Capabilities,
    Cluster,
    Declaration,
    ExchangeBindings,
    QueueDepth,
    QueuedMessage,
    QueueHead,
    Reply,
    Reservation,
    Reserved,
    Routing,
    Signature,
)
from umbel.broker.capabilities import capabilities_of
from umbel.broker.command_replies import ReplyCollector
from umbel.broker.configured_queues import configured_queues
from umbel.broker.connection_pool import ConnectionPool
from umbel.broker.link import link_to_cluster
from umbel.broker.mailbox import Mailbox
from umbel.broker.management import Management
from umbel.broker.queues import AmqpQueues, QueueOperations, VirtualQueues
from umbel.broker.redis_keys import RedisKeys
from umbel.broker.redis_mailbox import RedisMailbox
from umbel.broker.redis_memory import broker_memory
from umbel.broker.redis_queues import RedisQueues, peek
from umbel.broker.reserved_names import reserved_names
from umbel.broker.sending import Sending
from umbel.broker.timed_sending import TimedSending
from umbel.clock import Clock, SystemClock
from umbel.errors import BrokerRefused, NotSupported

if TYPE_CHECKING:
    from celery import Celery

#: A look into a queue shows at most this many messages.
PEEK_MAX: Final = 100
_MAILBOXES: Final = "the workers' mailboxes"


def open_cluster(
    app: Celery,
    clock: Clock | None = None,
    *,
    management_url: str | None = None,
    knows_queues: bool = False,
    event_queue: str | None = None,
) -> Cluster:
    """The cluster whose workers read from `app`'s broker. Connects when it is first used.

    `management_url` is the address of RabbitMQ's management API, with a user in it or the
    broker's own. `knows_queues`: `app` is the workers' own application, so a queue of it that
    the broker has not got may be declared; nothing else is ever declared. `event_queue` is
    how the name of Umbel's own queue of events begins. Raises `BrokerRefused` for addresses that
    cannot be used.
    """
    return CeleryCluster(
        app,
        clock or SystemClock(),
        management_url=management_url,
        knows_queues=knows_queues,
        event_queue=event_queue,
    )


class CeleryCluster:
    """`Cluster` over a Celery application's broker."""

    def __init__(
        self,
        app: Any,
        clock: Clock,
        *,
        management_url: str | None,
        knows_queues: bool,
        event_queue: str | None = None,
    ) -> None:
        self._app = app
        self._link = link = link_to_cluster(app)
        self._url = link.url
        is_amqp = link.transport == "amqp"
        management = None
        if management_url and is_amqp:
            template = link.template
            management = Management(
                management_url, template.userid, template.password, template.ssl
            )
        self._management = management
        self._capabilities = capabilities_of(link, management=management is not None)
        self._pool = ConnectionPool(link, clock)
        self._mailbox = _mailbox(app, clock, link.transport)
        self._queues: QueueOperations = _queues(clock, link.transport, management)
        self._sending = TimedSending(Sending(app, declares=knows_queues))
        self._reserved = reserved_names(app, link.transport, event_queue)

    @property
    def url(self) -> str:
        return self._url

    def capabilities(self) -> Capabilities:
        trouble = self._management.trouble if self._management is not None else None
        if trouble is None:
            return self._capabilities
        missing: dict[Ability, str] = {**self._capabilities.missing, "unacknowledged": trouble}
        return Capabilities(self._capabilities.transport, missing)

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
        self._require("control")
        self._must_be_free(command, arguments)
        if limit is None and workers is not None:
            limit = len(set(workers))
        answers = ReplyCollector(limit, workers, awaited)
        if workers is not None and not workers:
            return ()
        longest_s = 2 * answers.wait_s(timeout_s) + ANSWER_S
        with self._pool.pooled(_MAILBOXES, publishes=True, longest_s=longest_s) as pooled:
            self._mailbox.ask(pooled, command, arguments or {}, workers, answers, timeout_s)
        return answers.all()

    def broadcast(
        self,
        command: str,
        arguments: Mapping[str, object] | None = None,
        *,
        workers: Sequence[str] | None = None,
    ) -> None:
        self._require("control")
        self._must_be_free(command, arguments)
        if workers is not None and not workers:
            return
        with self._pool.pooled(_MAILBOXES, publishes=True) as pooled:
            self._mailbox.broadcast(pooled, command, arguments or {}, workers)

    def send(self, signatures: Sequence[Signature]) -> None:
        self._require("send")
        if not signatures:
            return
        for signature in signatures:
            _refuse(self._reserved.of_signature(signature))
        longest_s = self._sending.limit_s(len(signatures))
        with self._pool.pooled(
            "the queue of a task", publishes=True, longest_s=longest_s
        ) as pooled:
            self._sending.send(pooled, signatures)

    def depths(self, queues: Sequence[str], *, often: bool = False) -> tuple[QueueDepth, ...]:
        self._require("depth")
        if not queues:
            return ()
        with self._pool.pooled("queues") as pooled:
            return self._queues.depths(pooled, queues, often=often)

    def heads(self, queues: Sequence[str]) -> Mapping[str, tuple[QueueHead, ...]]:
        if not queues or not self._capabilities.can("depth"):
            return {}
        with self._pool.pooled("queues") as pooled:
            return self._queues.heads(pooled, queues)

    def purge(self, queue: str) -> int:
        self._require("purge")
        _refuse(self._reserved.of_queue(queue))
        with self._pool.pooled(f"the queue {queue}") as pooled:
            return self._queues.purge(pooled, queue)

    def peek(self, queue: str, limit: int) -> tuple[QueuedMessage, ...]:
        self._require("peek")
        with self._pool.pooled(f"the queue {queue}") as pooled:
            return peek(pooled, queue, max(0, min(limit, PEEK_MAX)))

    def reserved(self) -> Reserved:
        return self._reserved

    def declaration(self, queue: str) -> Declaration:
        with self._pool.pooled(f"the queue {queue}") as pooled:
            return self._queues.declaration(pooled, queue, self._sending.definition(queue))

    def destination(self, signature: Signature) -> str | None:
        self._require("send")
        return self._sending.destination(signature)

    def routing(self, signature: Signature) -> Routing:
        self._require("send")
        return self._sending.routing(signature)

    def default_queue(self) -> str:
        return str(self._app.conf.task_default_queue)

    def configured_queues(self) -> tuple[str, ...]:
        return configured_queues(self._app.conf)

    def definitions(self) -> Mapping[str, Mapping[str, object]]:
        return self._sending.definitions()

    def bindings(self, exchange: str) -> ExchangeBindings | None:
        if self._management is None:
            return None
        return self._management.bindings(self._link.template.virtual_host or "/", exchange)

    def bound_queues(self) -> tuple[str, ...]:
        if not self._capabilities.can("depth"):
            return ()
        with self._pool.pooled("queues") as pooled:
            return self._queues.bound(pooled)

    def queue_objects(self, queues: Sequence[str]) -> Mapping[str, Mapping[str, object]]:
        if self._management is None or not queues:
            return {}
        return self._management.objects(self._link.template.virtual_host or "/", queues)

    def memory(self) -> BrokerMemory | None:
        if self._link.transport != "redis":
            return None
        with self._pool.pooled("its memory") as pooled:
            return broker_memory(RedisKeys.of(pooled.channel).client)

    def close(self) -> None:
        if isinstance(self._mailbox, RedisMailbox) and self._mailbox.has_ended:
            # Redis may be gone by now, and then there is nothing to tidy.
            with contextlib.suppress(Exception), self._pool.pooled(_MAILBOXES) as pooled:
                self._mailbox.tidy(pooled)
        self._sending.close()
        if self._management is not None:
            self._management.close()
        self._pool.close()

    def _must_be_free(self, command: str, arguments: Mapping[str, object] | None) -> None:
        """A worker may be told to stop consuming whatever it consumes, but not to begin."""
        if command == "add_consumer":
            _refuse(self._reserved.of_queue(str((arguments or {}).get("queue", ""))))

    def _require(self, ability: Ability) -> None:
        sentence = self._capabilities.missing.get(ability)
        if sentence is not None:
            raise NotSupported(sentence)


def _refuse(reservation: Reservation | None) -> None:
    if reservation is not None:
        raise BrokerRefused(reservation.sentence, remedy="Name a queue or exchange of your own.")


def _mailbox(app: Any, clock: Clock, transport: str) -> Mailbox | RedisMailbox:
    mailbox = Mailbox(app, clock)
    return RedisMailbox(mailbox, clock, time.sleep) if transport == "redis" else mailbox


def _queues(clock: Clock, transport: str, management: Management | None) -> QueueOperations:
    if transport == "amqp":
        return AmqpQueues(clock, management)
    return RedisQueues() if transport == "redis" else VirtualQueues(clock)
