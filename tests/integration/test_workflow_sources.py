"""Groups and chords where no worker tells of them: from the result backend and waiting messages."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, Signature, chain, chord, group

from tests.support.applications import WORKERAPP, celery_client
from tests.support.brokers import ValkeyBroker
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker

pytestmark = pytest.mark.redis


def task(app: Celery, name: str, *args: Any) -> Signature:
    return app.signature(f"{WORKERAPP}.{name}", args, app=app)


def whole(umbel: Umbel, workflow_id: str) -> dict[str, Any]:
    """The workflow with all sources; empty while nothing is known of it."""
    answer = umbel.client.http.get(f"/api/v1/workflows/{workflow_id}/graph?sources=true")
    found: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
    return found


def states(found: dict[str, Any]) -> dict[str, str]:
    return {each["uuid"]: each["state"] for each in found.get("tasks", [])}


def expected(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["uuid"]: each for each in found.get("expected", [])}


class Running:
    """A worker with one process, an Umbel that reads its results, and a client."""

    def __init__(self, umbel: Umbel, app: Celery) -> None:
        self.umbel = umbel
        self.app = app


@contextlib.contextmanager
def running(broker: str, backend: str, directory: Path) -> Iterator[Running]:
    environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": backend}
    with contextlib.ExitStack() as stack:
        umbel = stack.enter_context(
            umbel_serve(broker, directory / "umbel", "--result-backend", backend)
        )
        stack.enter_context(
            celery_worker(WORKERAPP, environment, directory / "worker.log", concurrency=1)
        )
        app = stack.enter_context(celery_client(broker, backend))
        yield Running(umbel, app)
        # Results that die later would open a connection anew, to unsubscribe.
        app.backend.result_consumer.cancel_for = lambda _: None
        app.backend.result_consumer.stop()
        app.backend.client.connection_pool.disconnect()


@pytest.fixture
def shop(redis_url: str, tmp_path: Path) -> Iterator[Running]:
    with running(redis_url, redis_url, tmp_path) as found:
        yield found


def test_a_chord_that_waits_is_counted_and_its_waiting_parts_are_told(shop: Running) -> None:
    app, umbel = shop.app, shop.umbel
    parts = [task(app, "add", 1, 1), task(app, "nap", 600.0)]
    parts += [task(app, "add", number, 1) for number in range(3)]
    body = chord(group(parts, app=app), app=app)(task(app, "total"))
    first, _, *rest = [each.id for each in body.parent]

    found = wait_until(
        lambda: (
            (now := whole(umbel, first))
            and expected(now).get(body.id, {}).get("returned") == 1
            and now
        ),
        timeout_s=30,
        what="a chord that waits",
    )

    waits = expected(found)[body.id]
    assert (waits["kind"], waits["state"], waits["members"]) == ("chord", "waiting", 5)
    assert (waits["name"], waits["source"]) == (f"{WORKERAPP}.total", "results")
    assert states(found)[first] == "SUCCESS"
    # One more is in the worker's hands: neither an event nor a message tells its group.
    assert rest[-1] in states(found).keys() | expected(found).keys()
    (told,) = found["groups"]
    assert (told["size"], told["returned"], told["body_id"]) == (5, 1, body.id)
    assert told["is_whole"] is False
    assert found["sources"]["results"]["state"] == "read"
    assert found["workflow"]["state"] == "running"


def test_groups_that_tasks_sent_have_members_and_bodies(shop: Running) -> None:
    sent = task(shop.app, "start_chord").apply_async().id
    found = wait_until(
        lambda: (
            (now := whole(shop.umbel, sent))
            and [*states(now).values()] == ["SUCCESS"] * 4
            and now["groups"]
            # What was read of results before the parts ended is the answer for a while yet.
            and all(each["chord_id"] for each in now["tasks"] if each["name"].endswith(".add"))
            and now
        ),
        timeout_s=30,
        what="the chord",
    )

    by_name = {each["name"].rpartition(".")[2]: each for each in found["tasks"]}
    parts = [each for each in found["tasks"] if each["name"].endswith(".add")]
    assert {each["chord_id"] for each in parts} == {by_name["total"]["uuid"]}
    assert {each["canvas_source"] for each in parts} == {"results"}
    assert by_name["total"]["chord_id"] is None
    (told,) = found["groups"]
    assert (told["members"], told["seen"], told["body_id"]) == (2, 2, by_name["total"]["uuid"])
    assert found["workflow"]["has_canvas"] is True
    assert found["expected"] == []


def test_a_chain_with_a_group_in_it_is_a_chord(shop: Running) -> None:
    app, umbel = shop.app, shop.umbel
    middle = group([task(app, "echo"), task(app, "echo")], app=app)
    last = chain(task(app, "add", 1, 2), middle, task(app, "echo"), app=app).apply_async()
    first = last.parent.parent.id
    found = wait_until(
        lambda: (now := whole(umbel, first)) and states(now).get(last.id) == "SUCCESS"
        and len(now["tasks"]) == 4 and now["groups"] and now, timeout_s=30, what="the last link",
    )  # fmt: skip

    (told,) = found["groups"]
    assert (told["members"], told["body_id"]) == (2, last.id)
    assert sorted(each["chord_id"] or "" for each in found["tasks"]) == ["", "", last.id, last.id]


def test_a_result_backend_that_is_away_is_said(redis_url: str, tmp_path: Path) -> None:
    results = ValkeyBroker(tmp_path)
    results.start()
    with running(redis_url, results.url, tmp_path) as shop:
        sent = task(shop.app, "parent_of_two").apply_async().id
        wait_until(lambda: len(states(whole(shop.umbel, sent))) == 3, what="the tasks")
        results.stop()

        found = wait_until(
            lambda: (
                (now := whole(shop.umbel, sent))["sources"]["results"]["state"] == "failed" and now
            ),
            what="the loss to be told",
        )
        assert "does not answer" in found["sources"]["results"]["why"]
        assert len(found["tasks"]) == 3
        assert found["sources"]["messages"]["state"] == "read"
        assert shop.umbel.client.get(f"workflows/{sent}/graph")["sources"] is None


def test_without_a_result_backend_it_is_said_that_there_is_none(
    redis_url: str, tmp_path: Path
) -> None:
    environment = {"UMBEL_TEST_BROKER": redis_url, "UMBEL_TEST_BACKEND": "disabled://"}
    with (
        umbel_serve(redis_url, tmp_path / "umbel") as umbel,
        celery_worker(WORKERAPP, environment, tmp_path / "worker.log", concurrency=1),
        celery_client(redis_url, "disabled://") as app,
    ):
        sent = task(app, "parent_of_two").apply_async().id
        wait_until(lambda: len(states(whole(umbel, sent))) == 3, what="the tasks")

        # Nothing is read of tasks that have not ended.
        found = wait_until(
            lambda: (now := whole(umbel, sent))["sources"]["results"]["state"] == "absent" and now,
            what="the absence to be told",
        )
        assert "No result backend" in found["sources"]["results"]["why"]
