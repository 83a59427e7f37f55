"""What a real worker tells of its tasks when it is asked to: arguments, groups, chords, chains."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from celery import Celery, Signature, chain, chord

from tests.support.applications import WORKERAPP, celery_client
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker

pytestmark = pytest.mark.redis

NOTE = 'a "long" note\n' * 200
ARGS = [{"order": {"lines": [{"sku": "a-1", "count": {"of": [1, 2]}}]}}, None, NOTE]


def task(umbel: Umbel, uuid: str) -> dict[str, Any]:
    return umbel.client.task(uuid) or {}


def add(app: Celery, number: int) -> Signature:
    return app.signature(f"{WORKERAPP}.add", (number, 1), app=app)


def members(umbel: Umbel) -> list[dict[str, Any]]:
    return [task(umbel, row["uuid"]) for row in umbel.client.rows(f"name:{WORKERAPP}.add")]


def retried(umbel: Umbel, *ids: str) -> tuple[dict[str, Any], list[str]]:
    """The plan of a retry of these tasks, and the ids of the tasks that were sent."""
    http = umbel.client.http
    plan = http.post("/api/v1/actions", json={"action": "retry", "ids": list(ids)})
    assert plan.status_code == 201, plan.text
    found = plan.json()
    before = {row["uuid"] for row in umbel.client.rows()}
    body = {"confirm": found["confirm"]}
    assert http.post(f"/api/v1/actions/{found['id']}/execute", json=body).status_code == 202
    new = wait_until(
        lambda: {r["uuid"] for r in umbel.client.rows("state:SUCCESS")} - before, what="a retry"
    )
    return found, sorted(new)


def test_a_task_with_long_arguments_is_sent_again_as_it_was(redis_url: str, tmp_path: Path) -> None:
    environment = {
        "UMBEL_TEST_BROKER": redis_url,
        "UMBEL_TEST_EVENTS": "umbel.worker:StreamEvents",
        "UMBEL_TEST_ARGUMENTS": "20000",
        "UMBEL_TEST_GROUPS": "1",
    }
    with contextlib.ExitStack() as running:
        umbel = running.enter_context(umbel_serve(redis_url, tmp_path / "umbel"))
        running.enter_context(celery_worker(WORKERAPP, environment, tmp_path / "worker.log"))
        app = running.enter_context(celery_client(redis_url, "cache+memory://"))
        sent = app.send_task(f"{WORKERAPP}.echo", ARGS, {"note": NOTE, "password": "hunter2"}).id
        plain = app.send_task(f"{WORKERAPP}.echo", ARGS, {"note": NOTE}).id
        wait_until(lambda: task(umbel, sent).get("state") == "SUCCESS")
        wait_until(lambda: task(umbel, plain).get("state") == "SUCCESS")

        _, (again,) = retried(umbel, plain)

        first, second = task(umbel, plain), task(umbel, again)
        assert "..." in first["args"]
        assert first["args_json"] is not None
        assert (second["args_json"], second["kwargs_json"]) == (
            first["args_json"],
            first["kwargs_json"],
        )
        assert "hunter2" not in str(task(umbel, sent))
        assert (first["group_id"], first["chord_id"]) == (None, None)

        parts = [add(app, number) for number in range(2)]
        whole = chord(parts, app=app)(app.signature(f"{WORKERAPP}.total", app=app))
        wait_until(lambda: len(members(umbel)) == 2)
        (group_id,) = {each["group_id"] for each in members(umbel)}
        assert group_id
        assert {each["chord_id"] for each in members(umbel)} == {whole.id}
        assert {each["chord_name"] for each in members(umbel)} == {f"{WORKERAPP}.total"}

        last = chain(add(app, 7), app.signature(f"{WORKERAPP}.echo"), app=app).apply_async()
        wait_until(lambda: task(umbel, last.id).get("state") == "SUCCESS")
        assert task(umbel, last.parent.id)["chain"] == [[last.id, f"{WORKERAPP}.echo"]]
