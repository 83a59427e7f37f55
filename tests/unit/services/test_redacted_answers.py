"""What workers, queues and the result backend tell is shown without what `[redact]` hides."""

from __future__ import annotations

from typing import Any

from tests.contract.stories import heartbeat, succeeded, uuid_of
from tests.support.clocks import SetClock
from tests.support.memory_cluster import MemoryCluster, MemoryResults, MemoryWorker
from umbel.broker.base import QueuedMessage
from umbel.cluster.events import Event
from umbel.redact.rules import Redactor, RedactRules
from umbel.results.base import Result
from umbel.services.cluster_services import ClusterServices, make_services
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger

NOW = 1_000_000.0
TASK = uuid_of(1)
SHADOWED = uuid_of(2)
RULES = RedactRules(results=("proj.export",), positions={"proj.pay": (1,)})


def services(
    rules: RedactRules, *results: Result, message: Any = None, **says: object
) -> ClusterServices:
    store = MemoryStore()
    worker = MemoryWorker("celery@a")
    worker.says.update(says)
    names = {"task-sent": "proj.export", "task-received": "a shadow"}
    for kind, name in names.items():
        event = Event(type=kind, timestamp=NOW - 9, hostname="a", uuid=SHADOWED, name=name)
        store.apply([event])
    store.apply([heartbeat(worker.name, NOW), *succeeded(TASK, NOW - 9, name="proj.export")])
    cluster = MemoryCluster(worker)
    if message is not None:
        cluster.queues["celery"] = [message]
    return make_services(
        store, MemoryLedger(), cluster, MemoryResults(*results), SetClock(NOW),
        redactor=Redactor(rules),
    )  # fmt: skip


def test_queued_messages_are_shown_without_secrets() -> None:
    message = QueuedMessage(
        task_id="a", name="proj.pay", args=[1, "4111"], kwargs={"token": "x", "n": 1},
        args_repr="(1, '4111')",
    )  # fmt: skip
    (shown,) = services(RULES, message=message).queues.peek("celery", 10).items

    assert (shown.args, shown.kwargs) == ("[1, <hidden>]", "{'token': <hidden>, 'n': 1}")
    assert shown.args_repr == "(1, <hidden>)"


def test_messages_without_secrets_are_shown_as_they_are() -> None:
    message = QueuedMessage(task_id="a", name="proj.a", args=[1, {"n": 2}], kwargs={})
    (shown,) = services(RULES, message=message).queues.peek("celery", 10).items

    assert shown == message


def test_tasks_that_a_worker_lists_are_shown_without_secrets() -> None:
    task = {"id": "a", "name": "proj.pay", "args": [1, "4111"], "kwargs": {"password": "x"}}
    eta = {"eta": "2026", "request": {**task, "args": "(1, '4111')", "kwargs": "{'pin': 1}"}}
    found = services(RULES, active=[task], scheduled=[eta])

    assert found.inspection.ask("active")["celery@a"] == [
        {**task, "args": [1, "<hidden>"], "kwargs": {"password": "<hidden>"}}
    ]
    assert "4111" not in repr(found.inspection.ask("scheduled"))
    assert "'pin': 1" not in repr(found.inspection.ask("scheduled"))


def test_results_have_no_secrets_and_no_arguments_but_those_that_were_sent() -> None:
    kept = Result(
        task_id="a", state="SUCCESS", name="proj.pay", result={"access_token": "x", "n": 1},
        args=[1, "4111"], kwargs={"n": 1},
    )  # fmt: skip
    failed = Result(
        task_id="b", state="FAILURE", exception="ValueError(\"password='x'\")",
        traceback="ValueError: password='x'",
    )  # fmt: skip
    results = services(RULES, kept, failed).results

    shown = results.get("a")
    assert (shown.result, shown.args) == ({"access_token": "<hidden>", "n": 1}, None)
    assert shown.kwargs == {"n": 1}
    assert "'x'" not in repr(results.wait("b", 1))
    assert list(results.get_many(["a", "b"])) == [shown, results.get("b")]


def test_a_result_is_hidden_by_the_name_that_the_history_knows() -> None:
    kept = Result(task_id=TASK, state="SUCCESS", result=[1])
    other = Result(task_id="other", state="SUCCESS", result=[1], name="proj.other")
    results = services(RULES, kept, other).results

    assert results.get(TASK).result == "<hidden>"
    assert results.get("other").result == [1]
    assert services(RedactRules(), kept).results.get(TASK).result == [1]


def test_a_task_under_another_name_is_hidden_by_both() -> None:
    listed = {"id": "a", "name": "a shadow", "type": "proj.pay", "args": "(1, '4111')"}
    message = QueuedMessage(task_id="a", name="proj.b", shadow="proj.pay", args=[1, "4111"])
    kept = Result(task_id=SHADOWED, state="SUCCESS", result=[1])
    found = services(RULES, kept, message=message, active=[listed])

    assert "4111" not in repr(found.inspection.ask("active"))
    assert "4111" not in repr(found.queues.peek("celery", 10).items)
    assert found.results.get(SHADOWED).result == "<hidden>"
