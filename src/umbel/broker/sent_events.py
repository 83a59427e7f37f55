"""The `task-sent` events of tasks that Umbel sends.

Celery publishes each behind its task, on the same channel. A broker that refuses the event (its
user may not publish on that channel, or not declare that exchange) then looks like one that refused
the task, which it has: whoever tries again has the task run twice. So the events wait until the
broker has their tasks, and one that is refused is logged and is no failure of the sending.
Source: celery/app/amqp.py (`send_task_message`), celery/events/dispatcher.py (`publish`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from typing import Any

from umbel.broker.confirms import Confirms
from umbel.broker.pooled_connection import REPLY_S, PooledConnection
from umbel.broker.redis_batch import RedisBatch
from umbel.broker.task_producer import TaskProducer
from umbel.secret_scrubbing import scrub

log = logging.getLogger(__name__)


class SentEvents:
    """Those of one sending; has the part of Celery's dispatcher that sending needs."""

    def __init__(self, dispatcher: Any) -> None:
        self._dispatcher = dispatcher
        self._waiting: dict[str, dict[str, Any]] = {}

    def publish(self, _type: str, fields: dict[str, Any], *_: object, **_options: object) -> None:
        """Keep the event of a task that is being sent, with the time of now."""
        self._waiting[fields["uuid"]] = {"timestamp": time.time(), **fields}

    def publish_of(
        self, task_ids: Iterable[str], pooled: PooledConnection, batch: Confirms | RedisBatch
    ) -> None:
        """Publish those of tasks that the broker has."""
        events = [self._waiting.pop(each) for each in task_ids if each in self._waiting]
        if not events:
            return
        try:
            if isinstance(batch, RedisBatch):
                self._publish(events, pooled.channel)
                batch.wait(REPLY_S)
                if batch.refused:
                    raise next(iter(batch.refused.values()))
            else:
                with pooled.connection.channel() as channel:  # a refusal closes this one alone
                    self._publish(events, channel)
        except Exception as error:
            log.warning(
                "%d tasks were sent, but the broker did not take their task-sent events: %s",
                len(events), scrub(str(error)),
            )  # fmt: skip

    def _publish(self, events: Iterable[dict[str, Any]], channel: Any) -> None:
        producer: Any = TaskProducer(channel, auto_declare=False)
        for event in events:
            self._dispatcher.publish("task-sent", event, producer, retry=False)
