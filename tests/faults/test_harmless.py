"""Watching never changes the cluster: what an Umbel does to a broker and to workers while pages,
commands and its healing ask whatever they can ask, and what it leaves after a stop and a kill."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
import redis

from tests.support.applications import WORKERAPP
from tests.support.brokers import rabbit_vhost, redis_database
from tests.support.processes import Process, children, must_be_gone
from tests.support.slow_worker import SlowWorker, slow_worker
from tests.support.sockets import connections_to
from tests.support.sources import celery_app, dispatcher
from tests.support.umbels import UMBEL, Umbel, umbel_environment, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import CeleryWorker, celery_worker

pytestmark = pytest.mark.timeout(240)

CONNECTIONS_MAX = 4
HELD = 3
#: What only Umbel's own event queue is called.
OURS = "umbel.events"


class Left(msgspec.Struct, frozen=True):
    """What stands on a broker: names of keys, queues and bindings, and who has which message."""

    names: frozenset[str]
    held: object


class Harmless(msgspec.Struct):
    """What was seen."""

    before: Left
    while_it_ran: Left
    stopped: Left
    killed: Left
    forgotten: Left
    connections_max: int
    in_flight_max: int
    asked_by_collector: int
    asked: int
    control: dict[str, int]


def on_redis(url: str) -> Left:
    """Reply lists of questions that were cut off go by themselves: they have a time to live."""
    with redis.Redis.from_url(url, decode_responses=True) as client:
        names = set()
        for key in client.scan_iter(count=1_000):
            if key.startswith("umbel.") and client.ttl(key) > 0:
                continue
            names.add(key)
            if client.type(key) == "set":
                names |= {f"{key} {member}" for member in client.smembers(key)}
        return Left(frozenset(names), (client.hgetall("unacked"), client.zcard("unacked_index")))


def on_rabbitmq(url: str) -> Left:
    def rows(*command: str) -> list[str]:
        vhost = urlsplit(url).path[1:]
        done = subprocess.run(
            ["rabbitmqctl", "-q", command[0], "-p", vhost, "--no-table-headers", *command[1:]],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout.splitlines()

    bindings = rows("list_bindings", "source_name", "destination_name", "routing_key")
    queues = rows("list_queues", "name", "messages_ready", "messages_unacknowledged")
    held = [row for row in queues if row.startswith("celery\t")]
    return Left(frozenset([*(row.split("\t")[0] for row in queues), *bindings]), held)


BROKERS: dict[str, Any] = {
    "redis": (redis_database, on_redis),
    "rabbitmq": (rabbit_vhost, on_rabbitmq),
}


@contextmanager
def pages_open(umbel: Umbel, workers: list[str]) -> Iterator[Callable[[], int]]:
    """Six people look at everything that asks workers and queues, and one acts, all the time;
    gives how many answers came."""
    stopping = threading.Event()
    whats = ("stats", "active", "reserved", "scheduled", "revoked", "registered", "conf")
    paths = [f"workers/{worker}/{what}" for what in whats for worker in workers]
    paths += ["queues", "workers", "registered", "health", "queues/celery/messages", "status"]
    count = itertools.count()
    answered = [0]

    def look(paths: list[str]) -> None:
        with httpx.Client(base_url=umbel.client.url, timeout=30) as http:
            for path in itertools.cycle(paths):
                if stopping.is_set():
                    return
                http.get(f"/api/v1/{path}")
                answered[0] = next(count)

    def act() -> None:
        with httpx.Client(base_url=umbel.client.url, timeout=30) as http:
            body = {"action": "rate_limit", "name": f"{WORKERAPP}.add", "rate": "100/s"}
            while not stopping.is_set():
                plan = http.post("/api/v1/actions", json=body).json()
                if "id" in plan:
                    http.post(
                        f"/api/v1/actions/{plan['id']}/execute", json={"confirm": plan["confirm"]}
                    )
                answered[0] = next(count)

    def quietly(work: Callable[[], None]) -> None:
        try:
            work()
        except httpx.TransportError:  # the server was killed
            return

    with ThreadPoolExecutor(7) as pool:
        for at in range(6):
            pool.submit(quietly, lambda at=at: look(paths[at:] + paths[:at]))  # type: ignore[misc]
        pool.submit(quietly, act)
        try:
            yield lambda: answered[0]
        finally:
            stopping.set()


def start_that_nobody_ended(url: str) -> None:
    """Tasks that run on a worker of which nothing more is heard: the collector asks about them."""
    with dispatcher(celery_app(url)) as sender:
        sender.hostname = "gone@test"
        sender.send("worker-online")
        for number in range(20):
            sender.send("task-received", uuid=f"doubt-{number}", name="shop.pay", retries=0)
            sender.send("task-started", uuid=f"doubt-{number}")
        sender.send("worker-offline")
        sender.flush()


def hold_messages(url: str, worker: CeleryWorker, look: Callable[[str], Left]) -> None:
    """A real worker takes messages that it does not acknowledge before an hour is over."""
    with celery_app(url) as app:
        for _ in range(HELD):
            app.send_task(f"{WORKERAPP}.nap", (0,), countdown=3_600)
    wait_until(lambda: is_held(look(url)), what="the worker to take them")
    worker.process.must_run()


def is_held(left: Left) -> bool:
    return left.held == [f"celery\t0\t{HELD}"] or str(left.held).endswith(f", {HELD})")


@pytest.fixture(scope="module", params=[
    pytest.param("redis", marks=pytest.mark.redis),
    pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
])  # fmt: skip
def seen(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Harmless:
    open_broker, look = BROKERS[request.param]
    folder = tmp_path_factory.mktemp("harmless")
    with ExitStack() as running:
        url = running.enter_context(open_broker())
        environment = {"UMBEL_TEST_BROKER": url}
        worker = running.enter_context(
            celery_worker(WORKERAPP, environment, folder / "worker.log", pool="threads")
        )
        slow = running.enter_context(slow_worker(url))
        hold_messages(url, worker, look)
        return watched(url, look, folder, worker, slow)


def watched(
    url: str, look: Callable[[str], Left], folder: Path, worker: CeleryWorker, slow: SlowWorker
) -> Harmless:
    directory, port = folder / "data", urlsplit(url).port or 0
    # Whoever restored messages would do so with those of the real worker after a second.
    is_redis = url.startswith("redis")
    options = ("--broker-option", "visibility_timeout=1") if is_redis else ()
    environment = umbel_environment(UMBEL_HEALING_UNKNOWN_AFTER="60s")

    def serve() -> Any:
        return umbel_serve(url, directory, *options, environment=environment)

    before = look(url)
    workers = [worker.name, slow.name]
    with serve() as umbel:
        wait_until(lambda: online(umbel) == set(workers), what="both workers")
        start_that_nobody_ended(url)
        pids = (umbel.process.pid, *children(umbel.process.pid))
        with pages_open(umbel, workers) as answers:
            until = time.monotonic() + 4
            most = 0
            while time.monotonic() < until:
                most = max(most, connections_to(port, *pids))
            wait_until(lambda: "query_task" in slow.methods, what="the collector to ask")
            wait_until(lambda: answers() > 30, what="answers")
            control = umbel.client.status()["control"]
            asked = len(slow.methods)
            while_it_ran = look(url)
    # What a killed one asked is still on its way when the next one asks.
    in_flight_max = slow.in_flight_max
    stopped = look(url)
    with serve() as umbel, pages_open(umbel, workers):
        pids = (*children(umbel.process.pid), umbel.process.pid)
        wait_until(lambda: len(slow.methods) > asked + 5, what="questions")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids[:-1]:
            must_be_gone(pid)
    with serve() as umbel:
        killed = wait_until(lambda: nothing_more(look(url), before, umbel), timeout_s=40)
    forget = [UMBEL, "queue", "forget", "-b", url, "--data", str(directory)]
    if not is_redis:
        with Process(forget, folder / "forget.log", env=umbel_environment()) as command:
            assert command.wait() == 0
    return Harmless(
        before=before,
        while_it_ran=while_it_ran,
        stopped=stopped,
        killed=killed,
        forgotten=look(url),
        connections_max=most,
        in_flight_max=in_flight_max,
        asked_by_collector=slow.methods.count("query_task"),
        asked=asked,
        control=control,
    )


def online(umbel: Umbel) -> set[str]:
    workers = umbel.client.get("workers")["items"]
    return {each["hostname"] for each in workers if each["status"] == "online"}


def nothing_more(left: Left, before: Left, umbel: Umbel) -> Left | None:
    """What is left if that is no more than before, but for the event queue; else somebody asks."""
    if all(OURS in name for name in left.names - before.names):
        return left
    umbel.client.http.get(f"/api/v1/workers/{time.monotonic_ns()}/stats")
    return None


def test_no_message_that_a_worker_holds_is_restored_or_moved(seen: Harmless) -> None:
    assert seen.while_it_ran.held == seen.before.held
    assert seen.stopped.held == seen.before.held
    assert seen.killed.held == seen.before.held


def test_no_key_queue_or_binding_is_left_after_a_stop(seen: Harmless) -> None:
    left = seen.stopped.names - seen.before.names

    assert [name for name in left if OURS not in name] == []
    assert seen.before.names <= seen.stopped.names


def test_none_is_left_after_a_kill_in_the_middle_of_questions(seen: Harmless) -> None:
    left = seen.killed.names - seen.before.names

    assert [name for name in left if OURS not in name] == []
    assert seen.before.names <= seen.killed.names


def test_the_event_queue_is_removed_by_a_command(seen: Harmless) -> None:
    assert seen.forgotten.names == seen.before.names


def test_workers_are_asked_one_question_at_a_time_by_server_and_collector(seen: Harmless) -> None:
    assert seen.asked_by_collector > 0
    assert seen.in_flight_max == 1


def test_collector_and_server_hold_four_connections_at_most(seen: Harmless) -> None:
    assert 1 < seen.connections_max <= CONNECTIONS_MAX


def test_the_status_tells_how_often_workers_were_asked(seen: Harmless) -> None:
    assert seen.control["questions"] <= seen.control["questions_max"]
    # Those to the other worker alone are not among what this one was asked.
    assert seen.control["questions"] >= seen.asked - 1 > 0
    assert seen.control["commands"] > 0
