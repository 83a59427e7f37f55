"""No secret of real tasks is found on the disk, in the log, or in any answer."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery.canvas import xstarmap

from tests.support.applications import WORKERAPP, celery_client, task
from tests.support.brokers import redis_database
from tests.support.umbels import Client, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import CeleryWorker, celery_worker
from umbel.store.opening import open_store

MARK = "Zq7hunter"
RULES = [
    "--redact-positions", f'{{"{WORKERAPP}.add": [1]}}',
    "--redact-arguments", f"{WORKERAPP}.total,*.decline",
    "--redact-results", f"{WORKERAPP}.total,{WORKERAPP}.add",
    "--redact-exceptions", f"{WORKERAPP}.decline",
]  # fmt: skip


class Ran:
    """A cluster on which tasks with secrets ran, and the ids of those."""

    def __init__(self, client: Client, directory: Path, worker: CeleryWorker) -> None:
        self.client = client
        self.directory = directory
        self.worker = worker
        self.ids: dict[str, str] = {}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    directory = tmp_path_factory.mktemp("redaction")
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        url = enter(redis_database())
        umbel = enter(umbel_serve(url, directory / "data", "--result-backend", url, *RULES))
        environment = {"UMBEL_TEST_BROKER": url, "UMBEL_TEST_BACKEND": url}
        found = Ran(
            umbel.client,
            directory / "data",
            enter(celery_worker(WORKERAPP, environment, directory / "worker.log")),
        )
        app = enter(celery_client(url, url))
        kwargs = {"password": MARK, "n": 1, "url": f"amqp://bob:{MARK}@host//"}
        body = json.dumps({"password": MARK, "n": 1})
        calls: dict[str, Any] = {
            "nested": task(app, "echo", {"user": {"api_key": MARK}}, body, kwargs=kwargs),
            "cut": task(app, "echo", kwargs={"secret": [MARK + "x" * 3_000], "z": 1}),
            "position": task(app, "add", "a", MARK),
            "whole": task(app, "total", [1, 2]),
            "error": task(app, "decline", MARK),
            "shadow": task(app, "add", "a", MARK).set(shadow="a shadow"),
            "mapped": xstarmap(task=task(app, "add"), it=[("a", MARK)], app=app),
        }
        for name, call in calls.items():
            found.ids[name] = call.delay().id
        waiting = task(app, "echo", kwargs={"token": MARK})
        found.ids["waiting"] = waiting.apply_async(queue="nobody").id

        def has_ended(name: str) -> bool:
            known = found.client.task(found.ids[name])
            return known is not None and known["finished"] is not None

        for name in calls:
            wait_until(lambda name=name: has_ended(name), what=name)  # type: ignore[misc]
        yield found


def test_what_is_shown_of_tasks_has_no_secret(ran: Ran) -> None:
    nested, position = ran.client.task(ran.ids["nested"]), ran.client.task(ran.ids["position"])
    whole, error = ran.client.task(ran.ids["whole"]), ran.client.task(ran.ids["error"])
    assert nested is not None
    assert position is not None
    assert whole is not None
    assert error is not None

    assert nested["kwargs"].startswith(
        "{'password': <hidden>, 'n': 1, 'url': 'amqp://<hidden>@host"
    )
    assert "'api_key': <hidden>" in nested["args"]
    assert "'api_key': <hidden>" in nested["result"]
    assert position["args"] == "('a', <hidden>)"
    assert (whole["args"], whole["result"]) == ("<hidden>", "<hidden>")
    assert (error["exception"], error["traceback"]) == ("<hidden>", "<hidden>")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/tasks", "/api/v1/queues/nobody/messages", "/api/v1/errors", "/api/v1/audit",
        "/api/v1/status", "/api/tasks", "/api/workers", "/metrics",
        f"/api/v1/suggest?q={MARK[:4]}",
    ],
)  # fmt: skip
def test_no_answer_has_a_secret(ran: Ran, path: str) -> None:
    answer = ran.client.http.get(path)

    assert MARK not in answer.text


def test_results_and_tasks_have_no_secret_in_either_api(ran: Ran) -> None:
    for task_id in ran.ids.values():
        for path in ("/api/v1/results", "/api/v1/tasks", "/api/task/info", "/api/task/result"):
            assert MARK not in ran.client.http.get(f"{path}/{task_id}").text


def test_rules_by_name_hold_under_a_shadow_and_in_a_task_that_carries_others(ran: Ran) -> None:
    shadow, mapped = ran.client.task(ran.ids["shadow"]), ran.client.task(ran.ids["mapped"])
    assert shadow is not None
    assert mapped is not None

    assert (shadow["name"], shadow["args"]) == ("a shadow", "('a', <hidden>)")
    assert (mapped["kwargs"], mapped["result"]) == ("<hidden>", "<hidden>")


def test_what_is_given_for_a_retry_is_not_repeated(ran: Ran) -> None:
    edit = {"args": [], "kwargs": {"password": MARK}}
    plan = {"action": "retry", "ids": [ran.ids["nested"]], "edit": edit}
    answer = ran.client.http.post("/api/v1/actions", json=plan)
    assert answer.is_success

    assert MARK not in answer.text
    assert MARK not in ran.client.http.get("/api/v1/actions").text


def test_a_secret_cannot_be_searched_for(ran: Ran) -> None:
    assert ran.client.get("tasks", q=MARK)["items"] == []
    assert ran.client.get("tasks", q=f"kwargs.password:{MARK}")["items"] == []
    assert len(ran.client.get("tasks", q="kwargs:hidden")["items"]) >= 3


def test_a_retry_finds_what_the_message_still_has(ran: Ran) -> None:
    plan = {"action": "retry", "ids": [ran.ids["waiting"]]}
    answer = ran.client.http.post("/api/v1/actions", json=plan)

    assert MARK not in answer.text


def test_no_file_has_a_secret(ran: Ran) -> None:
    with contextlib.closing(open_store(ran.directory, write=False)) as store:
        tasks = store.tasks(ran.ids.values())
    assert len(tasks) == len(ran.ids)
    assert MARK not in repr(tasks)

    files = [path for path in ran.directory.rglob("*") if path.is_file()]
    assert len(files) > 3
    for path in [*files, ran.directory.with_name("data.log")]:
        assert MARK.encode() not in path.read_bytes(), path
