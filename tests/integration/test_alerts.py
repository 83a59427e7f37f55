"""One whole story: a worker dies, people are told, somebody takes care, it comes back."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.brokers import redis_database
from tests.support.receivers import HttpReceiver, Received, http_receiver
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import CeleryWorker, celery_worker

APP = "tests.integration.deployapp"
WORKER = "a@test"
SECRET = "both sides know it"  # noqa: S105  of a test


def worker(broker: str, log: Path) -> contextlib.AbstractContextManager[CeleryWorker]:
    environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_NAMES": "shop.pay"}
    return celery_worker(APP, environment, log, name=WORKER, pool="solo", concurrency=1)


def post(umbel: Umbel, path: str, body: object) -> dict[str, Any]:
    answer = umbel.client.http.post(f"/api/v1/{path}", json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def kinds(receiver: HttpReceiver) -> list[str]:
    return [each.json["kind"] for each in receiver.received]


def is_genuine(received: Received) -> bool:
    signed = received.headers["umbel-timestamp"].encode() + b"." + received.body
    expected = "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, received.headers["umbel-signature"])


def test_a_worker_dies_people_are_told_and_told_again_when_it_is_back(tmp_path: Path) -> None:
    with contextlib.ExitStack() as running:
        receiver = running.enter_context(http_receiver())
        broker = running.enter_context(redis_database())
        hook = {"kind": "webhook", "url": f"{receiver.url}/hook", "secret": SECRET}
        umbel = running.enter_context(
            umbel_serve(
                broker, tmp_path / "umbel", "--alerts-every", "1s",
                "--alerts-notifiers", json.dumps({"oncall": hook}),
            )
        )  # fmt: skip
        rule = {
            "name": "Worker a", "condition": f"worker {WORKER} silent for 10 s",
            "severity": "critical", "clear_s": 0, "notify": ["oncall"],
        }  # fmt: skip

        def answer() -> str | None:
            (listed,) = umbel.client.get("alerts/rules")["items"]
            return None if listed["answer"] is None else listed["answer"]["answer"]

        with worker(broker, tmp_path / "first.log") as first:
            post(umbel, "alerts/rules", rule)
            wait_until(lambda: answer() == "well", timeout_s=60)
            assert receiver.received == []
            os.kill(first.process.pid, signal.SIGKILL)
            wait_until(lambda: kinds(receiver) == ["fired"], timeout_s=120)

        (told,) = receiver.received
        assert is_genuine(told)
        assert told.json["title"].startswith(f"[critical] Worker a fires: {WORKER}")
        assert told.json["link"] == f"{umbel.client.url}/workers/a%40test"
        (alert,) = umbel.client.get("alerts")["firing"]
        post(umbel, f"alerts/{alert['id']}/acknowledge", {"note": "on it"})
        (firing,) = umbel.client.get("alerts")["firing"]
        assert firing["acknowledgement"]["note"] == "on it"

        with worker(broker, tmp_path / "second.log"):
            wait_until(lambda: kinds(receiver) == ["fired", "resolved"], timeout_s=120)

        assert is_genuine(receiver.received[1])
        assert umbel.client.get("alerts")["firing"] == []
        (over,) = umbel.client.get("alerts/history")["items"]
        assert (over["id"], over["phase"]) == (alert["id"], "resolved")


@pytest.mark.thorough  # The lease of the one that died has to run out.
def test_a_message_that_was_sent_when_the_server_was_killed_comes_again(tmp_path: Path) -> None:
    with http_receiver() as receiver, redis_database() as broker:
        hook = json.dumps({"oncall": {"kind": "webhook", "url": receiver.url}})
        options = ("--alerts-every", "1s", "--alerts-notifiers", hook)
        with umbel_serve(broker, tmp_path / "umbel", *options) as umbel:
            receiver.before_answer = umbel.process.kill
            condition = "count of name:nobody < 1"
            post(umbel, "alerts/rules", {"name": "x", "condition": condition, "notify": ["oncall"]})
            wait_until(lambda: umbel.process.exit_code is not None, timeout_s=60)
        assert len(receiver.received) == 1
        receiver.before_answer = lambda: None

        with umbel_serve(broker, tmp_path / "umbel", *options) as umbel:
            wait_until(lambda: len(receiver.received) == 2, timeout_s=60)
            wait_until(lambda: umbel.client.status()["alerts"]["waiting"] == 0, timeout_s=60)
            assert len(umbel.client.get("alerts")["firing"]) == 1

    first, second = receiver.received
    assert first.headers["umbel-delivery"] == second.headers["umbel-delivery"]
    assert first.json["title"] == second.json["title"]
