"""A cluster's queues and mailboxes on a real Redis, which must look afterwards as before."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery
from kombu.pidbox import Node

from tests.support.applications import WORKERAPP
from tests.support.brokers import ValkeyBroker, valkey_broker
from tests.support.processes import Process
from tests.support.real_clusters import cluster_at, signature
from tests.support.waiting import wait_until
from umbel.errors import BrokerRefused

pytestmark = pytest.mark.redis

_Node: Any = Node

REPLIES = "_kombu.binding.reply.celery.pidbox"


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


def everything(client: redis.Redis) -> dict[Any, object]:
    return {key: client.dump(key) for key in client.keys("*")}


def test_a_queue_that_nobody_consumes_is_known_by_its_binding(
    redis_url: str, client: redis.Redis
) -> None:
    client.mset({f"celery-task-meta-{number}": "{}" for number in range(5_000)})
    with Celery("sender", broker=redis_url, set_as_current=False) as app:
        app.send_task("shop.report", queue="reports")
    before = everything(client)

    with cluster_at(redis_url) as cluster:
        wait_until(lambda: "reports" in cluster.bound_queues(), what="the queue")
        (depth,) = cluster.depths(["reports"])

    assert depth.ready == 1
    assert everything(client) == before


def test_a_look_at_an_empty_redis_leaves_no_key(redis_url: str, client: redis.Redis) -> None:
    with cluster_at(redis_url) as cluster:
        cluster.ask("ping", timeout_s=0.05)
        cluster.broadcast("ping")
        cluster.depths(["celery"])
        cluster.peek("celery", 10)
        cluster.purge("celery")
        during = client.keys("*")

    assert during == []
    assert client.keys("*") == []


def test_aged_unacknowledged_messages_of_others_are_never_restored(
    redis_url: str, client: redis.Redis
) -> None:
    """kombu puts back what is older than the client's own visibility timeout."""
    message = {"body": "e30=", "headers": {}, "properties": {"delivery_info": {}, "priority": 0}}
    client.zadd("unacked_index", {"tag-1": time.time() - 86_400})
    client.hset("unacked", "tag-1", json.dumps([message, "", "celery"]))
    client.sadd("_kombu.binding.celery", "celery\x06\x16\x06\x16celery")
    before = everything(client)
    options = {"visibility_timeout": 0, "unacked_restore_throttle": 1}

    with cluster_at(redis_url, broker_transport_options=options) as cluster:
        for _ in range(5):
            cluster.ask("ping", timeout_s=0.05)
            cluster.peek("celery", 10)
            cluster.depths(["celery"])
        looked = everything(client)
        cluster.send([signature("add", 1, 1, queue="other")])

    assert looked == before
    assert everything(client).keys() - before.keys() == {b"other"}
    assert all(client.dump(key) == dump for key, dump in before.items())


def test_an_answer_that_comes_too_late_makes_no_key(redis_url: str, client: redis.Redis) -> None:
    slow = mailbox_of(redis_url, "slow@test", delay_s=0.4)
    with cluster_at(redis_url) as cluster, slow as answered:
        assert cluster.ask("ping", timeout_s=0.1) == ()
        assert answered.wait(10)
        left = client.keys("*reply*")

    assert left == []
    assert client.keys("*reply*") == []


def test_a_caller_that_was_killed_is_swept_by_the_next_one(
    redis_url: str, client: redis.Redis, tmp_path: Path
) -> None:
    """Its list goes by itself; its member in the shared table is removed when it is overdue."""
    code = (
        "from umbel.applications import bare_application;"
        "from umbel.broker.cluster import open_cluster;"
        f"open_cluster(bare_application({redis_url!r})).ask('ping', timeout_s=50)"
    )
    with Process(
        [sys.executable, "-c", code], tmp_path / "caller.log", env=dict(os.environ)
    ) as one:
        wait_until(lambda: client.exists(REPLIES), what="the caller to ask")
        one.kill()
    (lost,) = client.keys("umbel.*.reply.celery.pidbox")
    assert 0 < client.ttl(lost) <= 90
    overdue = "umbel.1000.abc"
    client.sadd(REPLIES, f"{overdue}\x06\x16\x06\x16{overdue}.reply.celery.pidbox")
    client.sadd(REPLIES, "a\x06\x16\x06\x16a.reply.celery.pidbox")

    with cluster_at(redis_url) as cluster:
        cluster.ask("ping", timeout_s=0.05)
    members = client.smembers(REPLIES)

    assert not any(overdue.encode() in member for member in members)
    assert b"a\x06\x16\x06\x16a.reply.celery.pidbox" in members


def test_depths_count_every_priority_step_under_any_prefix(redis_url: str) -> None:
    options = {"global_keyprefix": "shop:", "priority_steps": [0, 5, 9], "sep": "::"}
    with cluster_at(redis_url, broker_transport_options=options) as cluster:
        cluster.send(
            [signature("add", 1, 1, queue="mail", priority=priority) for priority in (0, 5, 6, 9)]
        )

        mail, none = cluster.depths(["mail", "none"])

    assert (mail.ready, mail.priorities) == (4, {0: 1, 5: 2, 9: 1})
    assert (mail.unacknowledged, mail.consumers) == (0, None)
    assert (none.ready, none.trouble) == (0, None)


def test_what_workers_hold_is_counted_by_queue(redis_url: str, client: redis.Redis) -> None:
    for number in range(3):
        client.hset("unacked", str(number), json.dumps([{}, "", "mail" if number else "celery"]))
    with cluster_at(redis_url) as cluster:
        celery, mail = cluster.depths(["celery", "mail"])

        client.hset("unacked", "9", json.dumps([{}, "topics", "a.b"]))
        (unknown,) = cluster.depths(["mail"])

    assert (celery.unacknowledged, mail.unacknowledged) == (1, 2)
    assert unknown.unacknowledged is None


def test_a_key_that_is_no_queue_is_told_as_trouble(redis_url: str, client: redis.Redis) -> None:
    client.set("mail", "text")
    with cluster_at(redis_url) as cluster:
        mail, other = cluster.depths(["mail", "other"])

    assert mail.ready is None
    assert "WRONGTYPE" in str(mail.trouble)
    assert other.ready == 0


def test_a_purge_empties_all_priority_steps_and_counts(redis_url: str, client: redis.Redis) -> None:
    with cluster_at(redis_url) as cluster:
        cluster.send([signature("add", 1, 1, queue="mail", priority=p) for p in (0, 3, 9)])
        cluster.send([signature("add", 1, 1, queue="other")])

        assert cluster.purge("mail") == 3
        assert cluster.purge("mail") == 0

    assert client.keys("*") == [b"other"]


def test_messages_are_seen_in_the_order_in_which_workers_get_them(
    redis_url: str, client: redis.Redis
) -> None:
    with cluster_at(redis_url) as cluster:
        late = [signature("echo", n, queue="mail", priority=6) for n in range(2)]
        first = [signature("echo", n, queue="mail", id=f"first-{n}") for n in range(25)]
        cluster.send([*late, *first])
        before = everything(client)

        seen = cluster.peek("mail", 100)
        few = cluster.peek("mail", 3)

    assert [one.task_id for one in seen] == [one.id for one in [*first, *late]]
    assert [one.args for one in few] == [[0], [1], [2]]
    assert (seen[0].name, seen[0].retries, seen[-1].priority) == (f"{WORKERAPP}.echo", 0, 6)
    assert everything(client) == before


def test_a_task_of_another_serializer_is_seen_and_not_read(redis_url: str) -> None:
    with cluster_at(redis_url) as cluster:
        cluster.send([signature("echo", 1, queue="mail", serializer="pickle")])

        (seen,) = cluster.peek("mail", 1)

    assert seen.name == f"{WORKERAPP}.echo"
    assert seen.args is None
    assert "reads only JSON" in str(seen.unreadable)


def test_rubbish_in_a_queue_is_seen_as_such(redis_url: str, client: redis.Redis) -> None:
    client.lpush("mail", b"\xff\x00rubbish", b"[1]", b'{"body": "!", "properties": {}}')
    with cluster_at(redis_url) as cluster:
        seen = cluster.peek("mail", 10)

    assert [one.task_id for one in seen] == [None, None, None]
    assert all(one.unreadable for one in seen)


def test_workers_under_a_key_prefix_answer(redis_url: str, client: redis.Redis) -> None:
    options: dict[str, object] = {"global_keyprefix": "shop:"}
    worker = mailbox_of(redis_url, "w1@test", options=options)
    with cluster_at(redis_url, broker_transport_options=options) as cluster, worker:
        (reply,) = cluster.ask("ping", limit=1, timeout_s=10)

    assert reply.value == "pong"
    assert client.keys("*reply*") == []


def test_a_pickled_answer_is_counted_and_not_read(redis_url: str) -> None:
    odd = mailbox_of(redis_url, "odd@test", serializer="pickle")
    with cluster_at(redis_url) as cluster, odd:
        (reply,) = cluster.ask("ping", limit=1, timeout_s=10)

    assert (reply.worker, reply.value) == ("", None)
    assert "only JSON" in str(reply.error)


def test_twelve_workers_answer_within_300_ms(redis_url: str) -> None:
    with contextlib.ExitStack() as running, cluster_at(redis_url) as cluster:
        for number in range(12):
            running.enter_context(mailbox_of(redis_url, f"w{number}@test"))
        cluster.ask("ping", limit=12, timeout_s=10)

        times = []
        for _ in range(5):
            began = time.monotonic()
            assert len(cluster.ask("ping", limit=12, timeout_s=10)) == 12
            times.append(time.monotonic() - began)

    assert min(times) < 0.3


def test_a_wrong_password_is_refused(tmp_path: Path) -> None:
    with valkey_broker(tmp_path, password="right") as broker:  # noqa: S106
        wrong = cluster_at(broker.url.replace("right", "wrong"))
        with wrong as cluster, pytest.raises(BrokerRefused, match="refused the password") as told:
            cluster.ask("ping", timeout_s=0.1)

    assert "wrong@" not in str(told.value)


def test_a_redis_that_restarted_is_found_again(valkey: ValkeyBroker) -> None:
    with cluster_at(valkey.url) as cluster:
        cluster.send([signature("add", 1, 1)])
        valkey.kill()
        valkey.start()

        (celery,) = cluster.depths(["celery"])

    assert celery.ready == 0


@contextlib.contextmanager
def mailbox_of(
    url: str,
    name: str,
    *,
    delay_s: float = 0.0,
    serializer: str = "json",
    options: dict[str, object] | None = None,
) -> Iterator[threading.Event]:
    """kombu's own end of remote control, as a worker has it, in a thread. The event is set
    once it has answered."""
    app = Celery(broker=url, set_as_current=False)
    app.conf.broker_transport_options = options or {}
    answered, stopping, listens = threading.Event(), threading.Event(), threading.Event()

    def serve() -> None:
        with app.connection_for_read() as connection:
            mailbox = app.control.mailbox(connection)
            mailbox.serializer = serializer
            node = _Node(name, channel=connection.channel(), mailbox=mailbox)

            def ping(_state: object, **_arguments: object) -> dict[str, str]:
                stopping.wait(delay_s)
                return {"ok": "pong"}

            node.handler(ping)

            def handle(body: Any, message: Any) -> None:
                node.handle_message(body, message)
                answered.set()

            node.listen(callback=handle)
            while not stopping.is_set():
                with contextlib.suppress(TimeoutError):
                    connection.drain_events(timeout=0.1)
                listens.set()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert listens.wait(20)
    try:
        yield answered
    finally:
        stopping.set()
        thread.join(10)
        app.close()


def test_who_asks_often_learns_the_same_and_leaves_no_key(
    redis_url: str, client: redis.Redis
) -> None:
    for number in range(3):
        client.hset("unacked", str(number), json.dumps([{}, "", "mail"]))
    sent = [signature("add", 1, number, queue="mail") for number in range(3)]
    with cluster_at(redis_url) as cluster:
        cluster.send(sent)
        before = everything(client)

        (mail, none) = cluster.depths(["mail", "none"], often=True)
        heads = cluster.heads(["mail", "none"])

        assert everything(client) == before
    assert (mail.ready, mail.unacknowledged, none.ready) == (3, 3, 0)
    assert [head.task_id for head in heads["mail"]] == [sent[0].id]
    assert heads["none"] == ()


def test_the_first_of_each_priority_is_told(redis_url: str) -> None:
    urgent, usual = signature("add", 1, 2, priority=0), signature("add", 3, 4, priority=9)
    with cluster_at(redis_url) as cluster:
        cluster.send([usual, signature("add", 5, 6, priority=9), urgent])

        heads = cluster.heads(["celery"])["celery"]

    assert [head.task_id for head in heads] == [urgent.id, usual.id]


def test_what_is_dear_to_tell_is_not_told_to_who_asks_often(
    redis_url: str, client: redis.Redis
) -> None:
    with client.pipeline() as pipe:
        for number in range(1_001):
            pipe.hset("unacked", str(number), json.dumps([{}, "", "mail"]))
        pipe.execute()
    client.lpush("large", "x" * 300_000)
    client.set("text", "no queue")
    with cluster_at(redis_url) as cluster:
        (often,) = cluster.depths(["mail"], often=True)
        (once,) = cluster.depths(["mail"])
        first = cluster.heads(["large", "text", "mail"])
        later = cluster.heads(["large", "text", "mail"])

    assert (often.unacknowledged, once.unacknowledged) == (None, 1_001)
    assert set(first) == {"large", "text", "mail"}
    assert set(later) == {"text", "mail"}


def test_answers_and_messages_that_are_too_large_stay_in_redis(
    redis_url: str, client: redis.Redis
) -> None:
    """redis-py reads an answer whole: ten messages of a queue, or the first of fifty queues, would
    be gigabytes here."""
    large = "x" * 20_000_000

    def answer() -> None:
        with redis.Redis.from_url(redis_url) as stranger:
            wait_until(lambda: stranger.smembers(REPLIES), what="the question")
            (member,) = stranger.smembers(REPLIES)
            stranger.lpush(member.split(b"\x06\x16")[-1], *[large] * 4)

    with cluster_at(redis_url) as cluster:
        client.rpush("large", *[large] * 4)
        read = client.info("stats")["total_net_output_bytes"]
        assert cluster.heads(["large"]) == {}
        assert len(cluster.peek("large", 10)) == 1  # more than that is not looked at
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        (told,) = cluster.ask("ping", workers=["w@z"], timeout_s=10)
        thread.join(10)
        sent = client.info("stats")["total_net_output_bytes"] - read

    assert "more than 64 MB" in str(told.error)
    assert sent < 2.5 * len(large)
    assert client.keys("*") == [b"large"]


def test_how_redis_makes_room_is_told_to_who_may_know(tmp_path: Path) -> None:
    with valkey_broker(tmp_path) as broker, broker.client() as owner:
        owner.config_set("maxmemory", "4mb")
        owner.config_set("maxmemory-policy", "allkeys-lru")
        owner.mset({f"filler-{number}": "x" * 20_000 for number in range(100)})
        for number in range(400):
            owner.set(f"more-{number}", "x" * 20_000)
        with cluster_at(broker.url) as cluster:
            found = cluster.memory()

        assert found is not None
        assert (found.policy, found.limit_bytes) == ("allkeys-lru", 4 * 2**20)
        assert found.evicted > 0

        owner.execute_command("ACL", "SETUSER", "default", "-info")
        with cluster_at(broker.url) as cluster:
            assert cluster.memory() is None
