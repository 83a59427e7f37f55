"""A worker that answers late, and knows how many questions it was asked before it had answered."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

from kombu.entity import Queue
from kombu.messaging import Consumer

from tests.support.sources import celery_app, dispatcher
from umbel.cluster.control_traffic import QUESTIONS

_Queue: Any = Queue
_Consumer: Any = Consumer

#: Who asks gives up after a second, and may ask again: then two wait here, and nobody is at fault.
_PATIENCE_S = 0.5
#: Restores nobody's messages on Redis.
_OPTIONS = {"visibility_timeout": 10 * 86_400}


class SlowWorker:
    """Says by heartbeats that it lives, and answers everything after `delay_s` with the same.
    `methods` are the questions that it was asked, `in_flight_max` how many of these waited for its
    answer at once, at most; what it is told to do is neither. Questions that a machine under load
    brought or left unanswered so late that their asker may have given up are not counted."""

    def __init__(self, url: str, delay_s: float) -> None:
        self.name = "slow@test"
        self.methods: list[str] = []
        self.in_flight_max = 0
        self._in_flight: dict[int, float] = {}
        self._listened_at = time.monotonic()
        self._lock = threading.Lock()
        self._delay_s = delay_s
        self._app = celery_app(url, broker_transport_options=_OPTIONS)
        self._stopping = threading.Event()
        self._listens = threading.Event()
        self._threads = [
            threading.Thread(target=self._listen, daemon=True),
            threading.Thread(target=self._beat, daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        assert self._listens.wait(20)

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(10)

    def _listen(self) -> None:
        mailbox = self._app.control.mailbox
        with self._app.connection_for_read() as connection:
            channel = connection.default_channel
            queue = _Queue(
                f"slow@test.{mailbox.namespace}.pidbox",
                exchange=mailbox.exchange,
                durable=False,
                auto_delete=True,
            )
            with _Consumer(channel, [queue], no_ack=True, on_message=self._asked):
                self._listens.set()
                while not self._stopping.is_set():
                    self._listened_at = time.monotonic()
                    with contextlib.suppress(TimeoutError):
                        connection.drain_events(timeout=0.05)

    def _asked(self, message: Any) -> None:
        asked = message.decode()
        named = asked.get("destination")
        if not asked.get("reply_to") or (named and self.name not in named):
            return
        if asked["method"] in QUESTIONS:
            with self._lock:
                self.methods.append(str(asked["method"]))
                now = time.monotonic()
                if now - self._listened_at < _PATIENCE_S:
                    self._in_flight[id(asked)] = now
                waiting = [at for at in self._in_flight.values() if now - at < _PATIENCE_S]
                self.in_flight_max = max(self.in_flight_max, len(waiting))
        threading.Thread(target=self._answer, args=(asked,), daemon=True).start()

    def _answer(self, asked: dict[str, Any]) -> None:
        self._stopping.wait(self._delay_s)
        if asked["method"] in QUESTIONS:
            with self._lock:
                self._in_flight.pop(id(asked), None)
        to = asked["reply_to"]
        with self._app.connection_for_write() as connection:
            mailbox = self._app.control.mailbox(connection)
            mailbox._publish_reply(
                {self.name: {"ok": "slow"}},
                *(to["exchange"], to["routing_key"], asked.get("ticket")),
                channel=connection.default_channel,
            )

    def _beat(self) -> None:
        with dispatcher(self._app) as sender:
            sender.hostname = self.name
            while not self._stopping.wait(0.5):
                sender.send("worker-heartbeat", freq=2.0, active=0, processed=0)


@contextlib.contextmanager
def slow_worker(url: str, delay_s: float = 0.05) -> Iterator[SlowWorker]:
    worker = SlowWorker(url, delay_s)
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()
