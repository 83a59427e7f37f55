"""A cluster's events without the cluster: published straight to RabbitMQ, and written down.

What a real client and real workers would say of thousands of tasks, interleaved, in messages
of one or a few events. The ledger keeps every message that was handed to the broker, so that
a test can hold what was stored against what was said.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp

from umbel.cluster.decode import decode
from umbel.cluster.facts import Facts, join
from umbel.cluster.task import Task, project

EXCHANGE = "celeryev"


@contextlib.contextmanager
def connected(broker_url: str) -> Iterator[amqp.Connection]:
    """A connection to RabbitMQ, closed at the end."""
    url = urlsplit(broker_url)
    connection = amqp.Connection(
        f"{url.hostname}:{url.port or 5672}",
        userid=url.username,
        password=url.password,
        virtual_host=unquote(url.path[1:]) or "/",
    )
    connection.connect()
    try:
        yield connection
    finally:
        connection.close()


class Ledger:
    """Every message that was published, in order."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.events = 0

    def add(self, body: bytes, events: int) -> None:
        self.bodies.append(body)
        self.events += events

    def tasks(self) -> dict[str, Task]:
        """What each task must look like when every event has been stored."""
        facts: dict[str, Facts] = {}
        for body in self.bodies:
            for event in decode(body, time.time()).events:
                if event.is_task:
                    facts[event.uuid] = join(facts.get(event.uuid, ()), [event])
        return {task_id: project(task_id, told) for task_id, told in facts.items()}


def life(dice: random.Random) -> Iterator[dict[str, Any]]:
    """The events of one task as its client and workers say them; times come later."""
    task_id, worker = str(uuid.UUID(int=dice.getrandbits(128))), f"w{dice.randint(1, 4)}@load"
    common = {"uuid": task_id, "hostname": worker, "pid": 100, "utcoffset": 0}
    described = {
        "name": f"shop.{dice.choice(('pay', 'ship', 'mail'))}",
        "args": f"({dice.randint(1, 9_999)}, '{'x' * dice.randint(0, 60)}')",
        "kwargs": "{'order_id': 4711}",
        "root_id": task_id,
        "parent_id": None,
        "eta": None,
        "expires": None,
    }
    client = {"hostname": "gen7@client", "queue": "mail", "exchange": "", "routing_key": "mail"}
    retries = dice.choices((0, 1, 2), (8, 1, 1))[0]
    for attempt in range(retries + 1):
        told = {**common, **described, "retries": attempt}
        yield {**told, **client, "type": "task-sent"}
        yield {**told, "type": "task-received"}
        yield {**common, "type": "task-started"}
        if attempt < retries:
            error = {"exception": f"Declined({attempt})", "traceback": "Traceback: Declined"}
            yield {**common, **error, "type": "task-retried"}
    if dice.random() < 0.1:
        yield {**common, "type": "task-failed", "exception": "Late()", "traceback": "T\nLate"}
    else:
        yield {**common, "type": "task-succeeded", "result": "'ok'", "runtime": 0.25}


class Publisher:
    """Publishes about `rate` events a second to `broker_url` from a thread until `stop`.

    `ledger` may be read while it runs. As a context manager it is always stopped.
    """

    def __init__(self, broker_url: str, rate: int, seed: int) -> None:
        self.ledger = Ledger()
        self.failure: BaseException | None = None
        self._url = broker_url
        self._rate = rate
        self._dice = random.Random(seed)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher")

    def __enter__(self) -> Publisher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End every task that has begun, make sure that the broker has it all, and return."""
        self._stopping.set()
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            with connected(self._url) as connection:
                channel = connection.channel()
                channel.exchange_declare(EXCHANGE, "topic", durable=True, auto_delete=False)
                self._publish_all(channel)
                # The answer to this comes after everything before it was taken.
                channel.close()
        except BaseException as failure:
            self.failure = failure

    def _publish_all(self, channel: amqp.Channel) -> None:
        began = time.monotonic()
        for batch in self._batches():
            for event in batch:
                event["timestamp"] = time.time()
            body = json.dumps(batch if len(batch) > 1 else batch[0]).encode()
            kind = "task.multi" if len(batch) > 1 else batch[0]["type"].replace("-", ".")
            message = amqp.Message(
                body,
                content_type="application/json",
                content_encoding="utf-8",
                delivery_mode=1,
                application_headers={"hostname": batch[0]["hostname"]},
            )
            channel.basic_publish(message, exchange=EXCHANGE, routing_key=kind)
            self.ledger.add(body, len(batch))
            early_s = self.ledger.events / self._rate - (time.monotonic() - began)
            if early_s > 0 and not self._stopping.is_set():
                self._stopping.wait(early_s)

    def _batches(self) -> Iterator[list[dict[str, Any]]]:
        """Events of fifty tasks at a time; new ones begin until it is told to stop."""
        running: list[Iterator[dict[str, Any]]] = []
        for number in itertools.count(1):
            while len(running) < 50 and not self._stopping.is_set():
                running.append(life(self._dice))
            if not running:
                return
            batch: list[dict[str, Any]] = []
            for _ in range(self._dice.choice((1, 1, 1, 2, 3))):
                place = self._dice.randrange(len(running)) if running else -1
                if place < 0:
                    break
                event = next(running[place], None)
                if event is None:
                    running.pop(place)
                else:
                    batch.append({**event, "clock": number})
            if batch:
                yield batch
