"""Tasks as Celery's own client sends them, with three differences.

Nothing is declared on AMQP that may be there with other arguments: a message says that it
must be routed (`mandatory`), and only a queue that the application knows and the broker has
not got is declared. Nothing is asked of the result backend, whose client would subscribe to
every task that is sent. Nothing is sent twice by itself: the error says which were taken, and
`task-sent` follows when they were (`sent_events`).

Routes, defaults of registered tasks, native delayed delivery and signals are Celery's own code.
Source: celery/app/base.py (`send_task`), celery/app/amqp.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, Final

import msgspec
from celery import Celery
from celery.exceptions import QueueNotFound
from kombu.exceptions import InconsistencyError, KombuError, OperationalError
from kombu.transport import virtual

from umbel.broker.acceptance import Acceptance, Batch
from umbel.broker.base import Routing, Signature
from umbel.broker.confirms import Confirms
from umbel.broker.errors import translated
from umbel.broker.pooled_connection import REPLY_S, PooledConnection
from umbel.broker.redis_batch import RedisBatch
from umbel.broker.sent_events import SentEvents
from umbel.broker.task_producer import TaskProducer
from umbel.errors import BrokerError, BrokerRefused, BrokerUnreachable

_send_task: Any = Celery.send_task
_VirtualChannel: Any = virtual.Channel

#: So many messages may be under way before the broker has confirmed the first.
_WINDOW: Final = 256


class Sending:
    """Sends tasks for one application. `declares`: whether the application is the workers'
    own, so that what it says of queues is right."""

    def __init__(self, app: Any, *, declares: bool) -> None:
        self._app = app
        self._quiet = _WithoutResults(app)
        self._declares = declares
        self._application_queues: dict[str, Any] | None = None
        # Celery's own would keep events that cannot be published, and hide why.
        self._dispatcher = app.events.Dispatcher(enabled=False, buffer_while_offline=False)

    def send(
        self,
        pooled: PooledConnection,
        signatures: Sequence[Signature],
        acceptance: Acceptance | None = None,
    ) -> None:
        """As `Cluster.send`. The caller may look at `acceptance` meanwhile, and give it up."""
        self._queues()  # before Celery adds those that this sending names
        acceptance = acceptance or Acceptance()
        events = SentEvents(self._dispatcher)
        try:
            self._announce_exchanges(pooled)
            with _batch(pooled) as batch:
                producer = TaskProducer(pooled.channel, auto_declare=False)
                for signature in signatures:
                    number = batch.published + 1
                    try:
                        self._publish(producer, signature, events)
                    except BrokerRefused:
                        self._settle(pooled, batch, acceptance, events, 0)
                        raise
                    acceptance.add(signature.id, number)
                    if len(batch.outstanding) >= _WINDOW:
                        self._settle(pooled, batch, acceptance, events, _WINDOW // 2)
                self._settle(pooled, batch, acceptance, events, 0)
        except Exception as error:
            raise self._failed(error, pooled, acceptance) from error

    def destination(self, signature: Signature) -> str | None:
        """As `Cluster.destination`."""
        return self.routing(signature).queue

    def routing(self, signature: Signature) -> Routing:
        """As `Cluster.routing`. A registered task has options of its own, and a route may add an
        exchange to the queue that somebody names. Sources: celery/app/base.py (`send_task`),
        celery/app/routes.py, celery/app/amqp.py (`send_task_message`)."""
        routed = self._routed(signature)
        exchange, routing_key = routed.get("exchange"), routed.get("routing_key")
        if exchange or routing_key:
            return Routing(
                queue=None,
                exchange=_name(exchange),
                routing_key=routing_key,
                by_application=self._declares,
            )
        return _to_queue(routed.get("queue") or self._app.amqp.default_queue, self._declares)

    def _routed(self, signature: Signature) -> dict[str, Any]:
        """What routes, the task's own options and those that somebody names come to."""
        self._queues()  # before Celery adds those that this asking names
        named = {"queue": signature.queue, "exchange": signature.exchange,
                 "routing_key": signature.routing_key}  # fmt: skip
        options = self._own_options(signature.name)
        options |= {name: value for name, value in named.items() if value is not None}
        try:
            routed: dict[str, Any] = self._app.amqp.router.route(
                options, signature.name, signature.args, dict(signature.kwargs)
            )
        except QueueNotFound as error:
            raise _unroutable(signature, error) from error
        return routed

    def _own_options(self, name: str) -> dict[str, object]:
        """Where the task of that name wants to go, if the application has registered it."""
        task = self._app._tasks.get(name)
        found = {each: getattr(task, each, None) for each in ("queue", "exchange", "routing_key")}
        return {each: value for each, value in found.items() if value is not None}

    def definition(self, queue: str) -> Any:
        """The application's own definition of a queue (kombu's), None if it has none."""
        return self._queues().get(queue)

    def definitions(self) -> dict[str, dict[str, object]]:
        """Those of all its queues, by name, as workers tell of theirs."""
        return {name: queue.as_dict(recurse=True) for name, queue in self._queues().items()}

    def _publish(self, producer: Any, signature: Signature, events: SentEvents) -> None:
        try:
            options = _options(_with_a_way(signature, producer.channel))
        except (ArithmeticError, ValueError, OSError) as error:
            raise _unwritable(signature, error) from error
        try:
            _send_task(
                self._quiet,
                signature.name,
                signature.args,
                signature.kwargs,
                producer=producer,
                result_cls=_nobody,
                retry=False,
                declare=[],
                mandatory=True,
                event_dispatcher=events,
                **options,
            )
        except QueueNotFound as error:
            raise _unroutable(signature, error) from error
        except OperationalError:
            raise
        except (TypeError, ValueError, ArithmeticError, KombuError) as error:
            raise _unwritable(signature, error) from error

    def _settle(
        self,
        pooled: PooledConnection,
        batch: Batch,
        acceptance: Acceptance,
        events: SentEvents,
        at_most: int,
    ) -> None:
        """Wait until the broker has all but `at_most` messages and has routed them. Where it
        refused one, all others are waited for before that is raised."""
        if acceptance.is_given_up:  # redis-py would connect again, and send
            raise BrokerError("The sending was given up.")
        known = len(acceptance.sent)
        _wait(batch, acceptance, at_most)
        refusal = self._route_again(pooled, batch, acceptance) or acceptance.refusal(batch)
        if refusal is not None:
            _wait(batch, acceptance, 0)
        events.publish_of(acceptance.sent[known:], pooled, batch)
        if refusal is not None:
            raise refusal

    def _route_again(
        self, pooled: PooledConnection, batch: Batch, acceptance: Acceptance
    ) -> BrokerRefused | None:
        """Send once more what came back since its queue is not there yet; the first refusal."""
        refusal: BrokerRefused | None = None
        again: set[str] = set()
        while batch.returned:
            returned, batch.returned = batch.returned, []
            for exchange, routing_key, message in returned:
                task_id = _task_id(message)
                try:
                    self._declare_defined(pooled, exchange, routing_key, task_id in again)
                except BrokerRefused as error:
                    refusal = refusal or error
                    continue
                again.add(task_id)
                acceptance.moved(task_id, batch.published + 1)
                pooled.channel.basic_publish(
                    message, exchange=exchange, routing_key=routing_key, mandatory=True
                )
            _wait(batch, acceptance, 0)
        return refusal

    def _declare_defined(
        self, pooled: PooledConnection, exchange: str, routing_key: str, is_second: bool
    ) -> None:
        """Declare the queue that a message was to reach, if it is the application's; else, or
        if that did not help the message before, say that it is not there."""
        queue = self._queues().get(routing_key) if not exchange else None
        if queue is None or is_second:
            where = f"the queue {routing_key}" if not exchange else f"the exchange {exchange}"
            raise BrokerRefused(
                f"The broker at {pooled.link.url} has no queue for tasks that are sent to {where}.",
                remedy="Check the name, or start a worker that reads it first: workers declare "
                "their queues.",
            )
        if f"queue {routing_key}" not in pooled.done:
            pooled.done.add(f"queue {routing_key}")
            channel = pooled.connection.channel()
            queue(channel).declare()
            channel.close()

    def _announce_exchanges(self, pooled: PooledConnection) -> None:
        """Virtual transports route by what their own process knows of exchanges; this puts
        nothing into the broker."""
        if (
            not isinstance(pooled.connection.transport, virtual.Transport)
            or "exchanges" in pooled.done
        ):
            return
        for queue in self._queues().values():
            exchange = queue.exchange
            if exchange is not None and exchange.name and exchange.type != "direct":
                exchange(pooled.channel).declare()
        pooled.done.add("exchanges")

    def _queues(self) -> dict[str, Any]:
        """The application's own queues; Celery adds those that it is asked for later."""
        if self._application_queues is None:
            self._application_queues = dict(self._app.amqp.queues) if self._declares else {}
        return self._application_queues

    def _failed(
        self, error: Exception, pooled: PooledConnection, acceptance: Acceptance
    ) -> BrokerError:
        explained = translated(error, pooled.link, "the queue or exchange of a task")
        explained.sent = frozenset(acceptance.sent)
        if isinstance(explained, BrokerUnreachable):
            explained.maybe_sent = acceptance.unsure
            explained.unsure = len(explained.maybe_sent)
        return explained


def _to_queue(queue: Any, by_application: bool) -> Routing:
    """To a queue, given by its name or as kombu's: a direct exchange is left out by Celery."""
    name, exchange = (queue, None) if isinstance(queue, str) else (str(queue.name), queue.exchange)
    if exchange is None or exchange.type in (None, "direct"):
        return Routing(queue=name, exchange="", routing_key=name, by_application=by_application)
    return Routing(
        queue=name,
        exchange=_name(exchange),
        routing_key=queue.routing_key,
        by_application=by_application,
    )


def _name(exchange: Any) -> str | None:
    """Of an exchange, given by its name or as kombu's."""
    return exchange if exchange is None or isinstance(exchange, str) else str(exchange.name)


def _wait(batch: Batch, acceptance: Acceptance, at_most: int) -> None:
    """Wait for the broker; whatever comes of it, `acceptance` knows what it has."""
    try:
        batch.wait(REPLY_S, at_most)
    finally:
        for _, _, message in batch.returned:
            acceptance.lost(_task_id(message))
        acceptance.confirmed(batch)


def _batch(pooled: PooledConnection) -> AbstractContextManager[Batch]:
    if pooled.link.transport == "redis":
        return RedisBatch.of(pooled.channel)
    return Confirms.of(pooled.channel)


class _WithoutResults:
    """The application, but for its result backend, and for the queue that Celery names for
    replies of which nobody reads any: on Redis they would make it and stay."""

    thread_oid = None

    def __init__(self, app: Any) -> None:
        self._app = app
        self.backend = SimpleNamespace(on_task_call=lambda *_args, **_options: None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)


def _unroutable(signature: Signature, error: QueueNotFound) -> BrokerRefused:
    return BrokerRefused(
        f"Task {signature.name} cannot be routed: {error.args[0]}.",
        remedy="Name a queue of the application's task_queues.",
    )


def _unwritable(signature: Signature, error: Exception) -> BrokerRefused:
    return BrokerRefused(
        f"Task {signature.name} cannot be written as a message: {error}.",
        remedy="Check its arguments, its serializer and its times.",
    )


def _task_id(message: Any) -> str:
    return str(message.properties.get("correlation_id"))


def _nobody(task_id: str) -> Any:
    """Where Celery would make a result to wait for."""
    return SimpleNamespace(id=task_id)


def _with_a_way(signature: Signature, channel: Any) -> Signature:
    """A virtual transport drops what no binding of its exchange takes, and does not tell. Where the
    type of an exchange is not known here (a topic is taken for direct), nothing may be found though
    workers bound a queue: then the task goes to the queue itself, where that is named."""
    exchange, routing_key = signature.exchange, signature.routing_key
    if not (signature.queue and exchange) or not isinstance(channel, _VirtualChannel):
        return signature
    try:
        bindings = channel.get_table(exchange)
    except InconsistencyError:
        bindings = []
    if channel.typeof(exchange).lookup(bindings, exchange, routing_key, None):
        return signature
    return msgspec.structs.replace(signature, exchange=None, routing_key=None)


def _options(signature: Signature) -> dict[str, object]:
    """The signature in the words of `send_task`; what is not set is not said, so that routes
    and the task's own defaults decide."""
    options: dict[str, object | None] = {
        "task_id": signature.id,
        "root_id": signature.root_id,
        "parent_id": signature.parent_id,
        "queue": signature.queue,
        "exchange": signature.exchange,
        "routing_key": signature.routing_key,
        "priority": signature.priority,
        "countdown": signature.countdown_s,
        "eta": _utc(signature.eta),
        "expires": _utc(signature.expires),
        "serializer": signature.serializer,
        "soft_time_limit": signature.soft_time_limit_s,
        "time_limit": signature.time_limit_s,
        "reply_to": signature.reply_to,
        "argsrepr": signature.args_repr,
        "kwargsrepr": signature.kwargs_repr,
        "headers": dict(signature.headers) or None,
    }
    return {name: value for name, value in options.items() if value is not None}


def _utc(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
