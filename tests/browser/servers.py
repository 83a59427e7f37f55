"""The server that browser tests look at, and the shop's real workers for those that act on them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from celery import Celery

from tests.browser.history import MEDIA, ORDERS, write_history
from tests.support.brokers import redis_database
from tests.support.umbels import Client, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker

#: Each real worker's queues, as in the demo.
QUEUES = {ORDERS: "orders,mail", MEDIA: "images,reports"}


class Server:
    """A running Umbel on the shop's history, whose collector reads `broker` (a Redis database,
    its result backend as well)."""

    def __init__(self, client: Client, broker: str, directory: Path) -> None:
        self.client = client
        self.broker = broker
        self.directory = directory


@contextlib.contextmanager
def history_server(directory: Path) -> Iterator[Server]:
    """A server on a fresh copy of the history, ended at the end."""
    write_history(directory / "data", time.time())
    with (
        redis_database() as broker,
        umbel_serve(broker, directory / "data", "--result-backend", broker) as umbel,
    ):
        yield Server(umbel.client, broker, directory)


@contextlib.contextmanager
def shop_workers(server: Server) -> Iterator[None]:
    """`orders@shop` and `media@shop` as processes that answer; their heartbeats are stored."""
    environment = {"SHOP_BROKER": server.broker, "TMPDIR": str(server.directory)}
    with contextlib.ExitStack() as running:
        for name, queues in QUEUES.items():
            log = server.directory / f"{name}.log"
            options = ("-Q", queues, "--without-mingle", "--without-gossip")
            running.enter_context(
                celery_worker("umbel.demo.shop", environment, log, name=name, options=options)
            )
        _until_all_answer(server)
        yield


def _until_all_answer(server: Server) -> None:
    def answers() -> bool:
        return len(app.control.inspect(timeout=2, limit=len(QUEUES)).ping() or ()) == len(QUEUES)

    def online() -> set[str]:
        workers = server.client.get("workers")["items"]
        return {worker["hostname"] for worker in workers if worker["status"] == "online"}

    app = Celery(broker=server.broker, set_as_current=False)
    wait_until(answers, timeout_s=60, what="an answer of each worker")
    app.close()
    wait_until(lambda: online() >= set(QUEUES), what="a heartbeat of each worker")
