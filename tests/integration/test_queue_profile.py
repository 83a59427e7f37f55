"""One queue as a server tells it, over real brokers with a real worker."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu.entity import Exchange, Queue

from tests.support.applications import WORKERAPP, celery_client, task
from tests.support.brokers import rabbit_vhost, redis_database, valkey_broker
from tests.support.rabbitmq_management import management_api
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker

_Queue: Any = Queue
_Exchange: Any = Exchange


@contextlib.contextmanager
def scene(
    broker: str, directory: Path, *options: str, queues: str = "celery"
) -> Iterator[tuple[Umbel, Any, str]]:
    """A server, an application that sends, and the name of the one worker."""
    with contextlib.ExitStack() as running:
        enter = running.enter_context
        backend = enter(redis_database())
        umbel = enter(umbel_serve(broker, directory / "umbel", *options))
        app = enter(celery_client(broker, backend))
        environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": backend}
        log = directory / "worker.log"
        worker = enter(
            celery_worker(
                WORKERAPP, environment, log, name="w@test", concurrency=2,
                options=("-Q", queues),
            )
        )  # fmt: skip
        yield umbel, app, worker.name


def profile(umbel: Umbel, name: str) -> dict[str, Any]:
    found: dict[str, Any] = umbel.client.get(f"queues/{name}")
    return found


def test_a_queue_of_redis_tells_who_holds_what_of_it_and_its_priorities(tmp_path: Path) -> None:
    with redis_database() as broker, scene(broker, tmp_path, queues="slow,quick") as found:
        umbel, app, worker = found
        for _ in range(6):
            task(app, "nap", 60).apply_async(queue="slow")
        task(app, "nap", 60).apply_async(queue="later", priority=0)
        for _ in range(2):
            task(app, "nap", 60).apply_async(queue="later", priority=9)

        def busy() -> dict[str, Any] | None:
            slow = profile(umbel, "slow")
            is_busy = slow["consuming"] and slow["consuming"][0]["running"] == 2
            return slow if is_busy and slow["consuming"][0]["reserved"] else None

        slow = wait_until(busy, timeout_s=60, what="two tasks that run and others in reserve")
        quick, later = profile(umbel, "quick"), profile(umbel, "later")

    (consumer,) = slow["consuming"]
    assert (consumer["worker"], consumer["pool"]) == (worker, 2)
    assert consumer["reserved"] + 2 + slow["ready"] == 6
    assert (quick["consuming"][0]["running"], quick["consuming"][0]["reserved"]) == (0, 0)
    assert slow["declared"]["source"] == "worker"
    assert {step: n for step, n in later["priorities"].items() if n} == {"0": 1, "9": 2}
    assert (later["consuming"], later["priorities_unknown"], later["dead_letters"]) == (
        [],
        None,
        None,
    )
    assert later["broker"].startswith("redis://")


@pytest.mark.rabbitmq
@pytest.mark.parametrize("managed", [True, False])
def test_a_queue_of_rabbitmq_tells_its_priorities_and_dead_letters_as_far_as_they_are_known(
    managed: bool, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as running:
        enter = running.enter_context
        options = ("--broker-api", enter(management_api())) if managed else ()
        broker = enter(rabbit_vhost())
        umbel, app, _ = enter(scene(broker, tmp_path, *options))
        arguments = {"x-max-priority": 3, "x-dead-letter-exchange": "dlx", "x-message-ttl": 10**9}
        with app.connection_for_write() as connection:
            channel = connection.default_channel
            _Queue("jobs", _Exchange("jobs"), "jobs", queue_arguments=arguments)(channel).declare()
            _Queue("dead", _Exchange("dlx"), "jobs")(channel).declare()
            producer = connection.Producer()
            for priority in (0, 3, 3):
                producer.publish({}, routing_key="jobs", priority=priority)
            producer.publish({}, routing_key="dead")

        def whole() -> dict[str, Any] | None:
            jobs = profile(umbel, "jobs")
            return jobs if not managed or sum(jobs["priorities"].values()) == 3 else None

        jobs = wait_until(whole, timeout_s=30, what="figures that are new enough")

    assert jobs["ready"] == 3
    if managed:
        assert jobs["priorities"] == {"0": 1, "1": 0, "2": 0, "3": 2}
        assert jobs["declared"]["arguments"] == arguments
        assert jobs["dead_letters"]["queues"] == [{"name": "dead", "ready": 1}]
        assert jobs["dead_letters"]["note"] is None
    else:
        # Neither a worker nor the application declares it, and AMQP tells no arguments.
        assert (jobs["declared"], jobs["dead_letters"], jobs["priorities"]) == (None, None, {})
        assert "guest:guest" not in str(jobs)


def test_a_broker_that_ended_is_told_and_the_time_before_is_still_there(tmp_path: Path) -> None:
    with valkey_broker(tmp_path) as broker, umbel_serve(broker.url, tmp_path / "umbel") as umbel:
        profile(umbel, "celery")
        broker.kill()

        def refused() -> dict[str, Any] | None:
            answer = umbel.client.http.get("/api/v1/queues/celery")
            return answer.json() if answer.status_code == 503 else None

        down = wait_until(refused, what="that the broker is away")
        rates = umbel.client.get("queues/celery/rates")

    assert down["type"] == "urn:umbel:problem:broker-trouble"
    assert rates["name"] == "celery"
