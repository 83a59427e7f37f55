"""Messages that nobody should send: each is counted, none stops the flow or its neighbours."""

from __future__ import annotations

import json
import pickle
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import amqp
import pytest

from tests.support.brokers import rabbit_vhost
from tests.support.load import EXCHANGE, connected
from tests.support.umbels import Client, umbel_serve
from tests.support.waiting import wait_until

pytestmark = pytest.mark.rabbitmq


class Bomb:
    """Leaves a file where it was unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def event(uuid: str, **fields: Any) -> dict[str, Any]:
    base = {"type": "task-sent", "hostname": "gen1@h", "timestamp": time.time(), "uuid": uuid}
    return {**base, **fields}


class Poisoned(NamedTuple):
    """An Umbel that was sent everything bad, and then one good event."""

    client: Client
    bomb: Path


JSON = "application/json"
BAD_BODIES: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"{nonsense", JSON),
    "nothing": (b"", JSON),
    "another shape": (b'"text"', JSON),
    "invalid UTF-8": (b"\xff\xfe\x00", JSON),
    "deep nesting": (b"[" * 100_000, JSON),
    "no uuid": (json.dumps(event("")).encode(), JSON),
    "no hostname": (json.dumps(event("x", hostname=None)).encode(), JSON),
    "long uuid": (json.dumps(event("u" * 10_000)).encode(), JSON),
    "unknown content type": (b"\x01\x02", "application/x-unheard-of"),
}
ODD_EVENTS: dict[str, dict[str, Any]] = {
    "numbers-as-text": {"timestamp": str(time.time()), "pid": "12", "retries": "1"},
    "nan": {"timestamp": float("nan")},
    "far-future": {"timestamp": 99_999_999_999.0},
    "ten-megabytes": {"args": "x" * 10_000_000},
    "nul": {"name": "a\0b", "args": "\0"},
    "lone-surrogate": {"name": "a\ud800b"},
    "unknown-fields": {"novelty": {"a": [1, 2, 3]}},
    "odd-types": {"pid": [], "retries": {}, "eta": 7, "runtime": "fast"},
}


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Poisoned]:
    """Everything bad was sent, and what came after it is stored."""
    directory = tmp_path_factory.mktemp("poison")
    bomb = directory / "bomb"
    with rabbit_vhost() as broker, umbel_serve(broker, directory / "umbel") as umbel:
        with connected(broker) as connection, connection.channel() as channel:

            def publish(body: bytes, content_type: str = JSON) -> None:
                channel.basic_publish(
                    amqp.Message(body, content_type=content_type, content_encoding="utf-8"),
                    exchange=EXCHANGE,
                    routing_key="task.multi",
                )

            for body, content_type in BAD_BODIES.values():
                publish(body, content_type)
            publish(pickle.dumps(Bomb(bomb)), "application/x-python-serialize")
            for name, fields in ODD_EVENTS.items():
                publish(json.dumps(event(name, **fields)).encode())
            batch = [event("before"), "bad", event("x", hostname=""), event("after")]
            publish(json.dumps(batch).encode())
            publish(json.dumps(event("last")).encode())
        wait_until(lambda: umbel.client.task("last"), what="the event after all the bad ones")
        yield Poisoned(umbel.client, bomb)


def test_what_can_be_understood_is_stored_and_nothing_else(poisoned: Poisoned) -> None:
    stored = {row["uuid"] for row in poisoned.client.rows()}

    assert stored == {*ODD_EVENTS, "before", "after", "last"}


def test_nothing_is_unpickled(poisoned: Poisoned) -> None:
    assert not poisoned.bomb.exists()


def test_each_bad_message_is_counted_by_its_reason(poisoned: Poisoned) -> None:
    def counted() -> dict[str, Any] | None:
        (collector,) = poisoned.client.status()["collectors"]
        return collector if collector["malformed"] >= len(BAD_BODIES) + 3 else None

    collector: dict[str, Any] = wait_until(counted, what="the counts")

    assert collector["malformed"] == len(BAD_BODIES) + 3
    assert sum(collector["faults"].values()) == collector["malformed"]
    assert collector["faults"].keys() >= {"not-json", "not-an-event", "no-uuid", "no-hostname"}


def test_samples_show_what_came(poisoned: Poisoned) -> None:
    (collector,) = poisoned.client.status()["collectors"]

    assert any("{nonsense" in sample for _, _, sample in collector["samples"])


def test_ten_megabytes_of_arguments_are_cut_and_say_so(poisoned: Poisoned) -> None:
    task = poisoned.client.task("ten-megabytes")

    assert task is not None
    assert task["args"].endswith("[cut by Umbel, 10,000,000 characters]")


def test_times_that_no_clock_can_have_meant_become_the_time_of_arrival(poisoned: Poisoned) -> None:
    for name in ("nan", "far-future"):
        task = poisoned.client.task(name)
        assert task is not None
        assert abs(task["sent"] - time.time()) < 600


def test_the_collector_never_ended(poisoned: Poisoned) -> None:
    status = poisoned.client.status()

    # It goes on, and says that not all was read.
    assert status["live"]["state"] == "partial"
    assert [trouble["kind"] for trouble in status["live"]["troubles"]] == ["discarded"]
    assert status["collectors"][0]["reconnections"] == 0
