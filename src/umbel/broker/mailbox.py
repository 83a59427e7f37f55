"""Remote control: a command to all workers, and their answers in a queue of this call alone.

Celery's own client waits for silence and lets callers share a reply queue. Here every call
has a queue of its own, so no answer is ever another call's, and it ends as soon as enough
workers have answered. On AMQP the queue is exclusive: the broker removes it with the
connection, however that ends. Redis has its own way (`redis_mailbox`).
Source: kombu/pidbox.py, celery/app/control.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

from amqp.exceptions import PreconditionFailed
from kombu.entity import Queue
from kombu.messaging import Producer

from umbel.broker.command_replies import ReplyCollector
from umbel.broker.confirms import Confirms
from umbel.broker.generic import frame_of
from umbel.broker.pooled_connection import REPLY_S, PooledConnection
from umbel.clock import Clock

_Queue: Any = Queue
_Producer: Any = Producer

#: A reply queue that its caller left behind is removed by the broker after this, in seconds.
_EXPIRES_S: Final = 60.0


class Mailbox:
    """The workers' mailboxes of one application."""

    def __init__(self, app: Any, clock: Clock) -> None:
        self._mailbox = app.control.mailbox
        self._clock = clock
        accepted = set(app.conf.accept_content or ())
        is_json = bool(accepted & {"json", "application/json"})
        self._serializer = "json" if is_json else app.conf.task_serializer

    @property
    def reply_exchange(self) -> str:
        return str(self._mailbox.reply_exchange.name)

    def broadcast(
        self,
        pooled: PooledConnection,
        command: str,
        arguments: Mapping[str, object],
        workers: Sequence[str] | None,
    ) -> None:
        """Publish a command; the broker has it when this returns."""
        self._publish(pooled, self._message(command, arguments, workers))

    def ask(
        self,
        pooled: PooledConnection,
        command: str,
        arguments: Mapping[str, object],
        workers: Sequence[str] | None,
        answers: ReplyCollector,
        timeout_s: float,
    ) -> None:
        """Publish a command and collect what is answered until `answers` are complete or
        have had their time."""
        with self._replies(pooled) as (reply_to, received):
            self._publish(pooled, self._message(command, arguments, workers, reply_to))
            began = self._clock.monotonic()
            while not answers.complete:
                while received:
                    answers.add(frame_of(received.pop(), 0))
                left_s = began + answers.wait_s(timeout_s) - self._clock.monotonic()
                if answers.complete or left_s <= 0:
                    return
                with contextlib.suppress(TimeoutError, BlockingIOError):
                    pooled.connection.drain_events(timeout=left_s)

    def publish(
        self,
        pooled: PooledConnection,
        command: str,
        arguments: Mapping[str, object],
        workers: Sequence[str] | None,
        reply_to: str,
    ) -> None:
        """Publish a command whose answers go to the routing key `reply_to`."""
        self._publish(pooled, self._message(command, arguments, workers, reply_to))

    def _message(
        self,
        command: str,
        arguments: Mapping[str, object],
        workers: Sequence[str] | None,
        reply_to: str | None = None,
    ) -> dict[str, object]:
        message: dict[str, object] = {
            "method": command,
            "arguments": dict(arguments),
            "destination": list(workers) if workers is not None else None,
            "pattern": None,
            "matcher": None,
        }
        if reply_to is not None:
            message["ticket"] = reply_to
            message["reply_to"] = {"exchange": self.reply_exchange, "routing_key": reply_to}
        return message

    def _publish(self, pooled: PooledConnection, message: Mapping[str, object]) -> None:
        self._declare(pooled, self._mailbox.exchange)
        producer = _Producer(pooled.channel, auto_declare=False)
        with Confirms.of(pooled.channel) as confirms:
            producer.publish(
                message,
                exchange=self._mailbox.exchange.name,
                routing_key="",
                serializer=self._serializer,
                headers={"clock": 0, "expires": 0},
                delivery_mode="transient",
            )
            confirms.wait(REPLY_S)

    @contextlib.contextmanager
    def _replies(self, pooled: PooledConnection) -> Iterator[tuple[str, list[Any]]]:
        """The routing key of a queue of this call's own, and the messages that come to it."""
        self._declare(pooled, self._mailbox.reply_exchange)
        reply_to = f"umbel.{uuid4().hex}"
        queue = _Queue(
            f"{reply_to}.{self.reply_exchange}",
            exchange=self._mailbox.reply_exchange,
            routing_key=reply_to,
            durable=False,
            exclusive=True,
            auto_delete=True,
            expires=_EXPIRES_S,
        )(pooled.channel)
        queue.queue_declare()
        queue.queue_bind()
        received: list[Any] = []
        pooled.channel.basic_consume(
            queue.name, no_ack=True, callback=received.append, consumer_tag=reply_to
        )
        try:
            yield reply_to, received
        finally:
            with contextlib.suppress(Exception):
                pooled.channel.basic_cancel(reply_to)
                pooled.channel.queue_delete(queue.name)

    def _declare(self, pooled: PooledConnection, exchange: Any) -> None:
        """The exchange as Celery makes it, in case that no worker has been here before."""
        if exchange.name in pooled.done:
            return
        # One that is there with other properties is there, and that is enough.
        with contextlib.suppress(PreconditionFailed):
            exchange(pooled.channel).declare()
        pooled.done.add(exchange.name)
