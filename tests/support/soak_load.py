"""A load for hours: events of tasks at a steady rate, each handed to RabbitMQ until it has
confirmed it, and counted instead of kept.

Messages are persistent and are sent again after a restart of the broker, so that the broker itself
loses none, and some come twice.
"""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import amqp

from tests.support.load import EXCHANGE, connected, life

#: So many tasks run at a time, and so many events are in a message.
RUNNING = 200
AT_ONCE = 20


class Told(Counter[str]):
    """How many tasks were told of, by `tasks`, `state:...`, `name:...`, `retried`."""


class SoakLoad:
    """About `rate` events a second to RabbitMQ at `url`, from a thread of its own until `stop`."""

    def __init__(self, url: str, rate: int, seed: int) -> None:
        self.told = Told()
        self.events = 0
        self.sent_again = 0
        self.failure: BaseException | None = None
        self._unconfirmed: bytes | None = None
        self._url = url
        self._rate = rate
        self._dice = random.Random(seed)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="soak-load", daemon=True)

    def __enter__(self) -> SoakLoad:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End every task that has begun, and return when the broker has it all."""
        self._stopping.set()
        self._thread.join(120)
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            batches = self._batches()
            self._unconfirmed = next(batches, None)
            while self._unconfirmed is not None:
                try:
                    self._publish(batches)
                except (OSError, amqp.AMQPError):  # the broker restarts
                    self.sent_again += 1
                    threading.Event().wait(0.2)
        except BaseException as failure:
            self.failure = failure

    def _publish(self, batches: Iterator[bytes]) -> None:
        """What was not confirmed, then all that comes; raises what the driver raises."""
        with connected(self._url) as connection:
            channel = connection.channel()
            channel.confirm_select()
            channel.exchange_declare(EXCHANGE, "topic", durable=True, auto_delete=False)
            began, before = time.monotonic(), self.events
            while self._unconfirmed is not None:
                message = amqp.Message(
                    self._unconfirmed,
                    content_type="application/json",
                    content_encoding="utf-8",
                    delivery_mode=2,
                    application_headers={"hostname": "gen7@client"},
                )
                channel.basic_publish_confirm(message, EXCHANGE, "task.multi")
                self._unconfirmed = next(batches, None)
                early_s = (self.events - before) / self._rate - (time.monotonic() - began)
                if early_s > 0 and not self._stopping.is_set():
                    self._stopping.wait(early_s)

    def _batches(self) -> Iterator[bytes]:
        running: list[Iterator[dict[str, Any]]] = []
        for number in itertools.count(1):
            while len(running) < RUNNING and not self._stopping.is_set():
                running.append(self._counted(life(self._dice)))
            if not running:
                return
            batch: list[dict[str, Any]] = []
            for _ in range(AT_ONCE):
                if not running:
                    break
                place = self._dice.randrange(len(running))
                event = next(running[place], None)
                if event is None:
                    running.pop(place)
                else:
                    batch.append({**event, "clock": number, "timestamp": time.time()})
            if batch:
                self.events += len(batch)
                yield json.dumps(batch).encode()

    def _counted(self, events: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        name, retries, end = "", 0, ""
        for event in events:
            name, end = event.get("name", name), event["type"]
            retries = max(retries, event.get("retries", 0))
            yield event
        self.told["tasks"] += 1
        self.told["state:SUCCESS" if end == "task-succeeded" else "state:FAILURE"] += 1
        self.told[f"name:{name}"] += 1
        self.told["retried"] += retries > 0
