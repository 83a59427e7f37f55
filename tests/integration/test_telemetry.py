"""`umbel serve` on Redis: events become spans and counters that outlive restarts of everything."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.exposition import parsed
from tests.support.otlp_receiver import named, otlp_receiver
from tests.support.sources import celery_app, dispatcher
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.timeout(180)]


def succeeded(umbel: Umbel) -> float:
    found = parsed(umbel.client.http.get("/metrics").text)["celery_task_succeeded_total"]
    return sum(found.values().values())


def run(broker: str, uuid: str) -> None:
    """A task from its reception to its end, told as a worker tells it."""
    with dispatcher(celery_app(broker)) as worker:
        worker.send("task-received", uuid=uuid, name="shop.pay", root_id=uuid)
        worker.send("task-started", uuid=uuid)
        worker.send("task-succeeded", uuid=uuid, runtime=0.2, result="1")
        worker.flush()


def test_spans_are_sent_and_counters_go_on_after_a_restart(redis_url: str, tmp_path: Path) -> None:
    first, second = str(uuid4()), str(uuid4())
    with otlp_receiver() as receiver:
        options = ("--otel-endpoint", receiver.url, "--otel-metrics", "1s")
        with umbel_serve(redis_url, tmp_path / "data", *options) as umbel:
            run(redis_url, first)
            wait_until(lambda: succeeded(umbel) == 1)
            wait_until(receiver.spans)
            wait_until(lambda: "celery_task_succeeded" in receiver.metrics())
        with umbel_serve(redis_url, tmp_path / "data", *options) as umbel:
            before = succeeded(umbel)
            run(redis_url, second)
            wait_until(lambda: succeeded(umbel) == 2)
            wait_until(lambda: len(receiver.spans()) == 2)

    assert before == 1
    ids = [named(span["attributes"])["messaging.message.id"] for span in receiver.spans()]
    assert ids == [first, second]
