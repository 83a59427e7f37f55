"""What people do with Flower in Python, on a real worker: filtering, searching, running and
control, results, cleaning up, reckoning and errors, as Flower's published description shows it."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import Celery

from flower.api.control import TaskRateLimit, TaskTimout, WorkerPoolGrow, WorkerPoolShrink
from flower.api.tasks import (
    GetQueueLengths,
    ListTasks,
    ListTaskTypes,
    TaskApply,
    TaskAsyncApply,
    TaskInfo,
    TaskResult,
    TaskRevoke,
    TaskSend,
)
from flower.api.workers import ListWorkers
from flower.events import Events
from flower.inspector import Inspector
from flower.utils.search import parse_search_terms, satisfies_search_terms
from flower.utils.tasks import (
    get_task_by_id,
    get_task_result,
    iter_tasks,
    task_apply,
    task_async_apply,
    task_rate_limit,
    task_revoke,
    task_timeout,
)
from tests.support.applications import WORKERAPP
from tests.support.waiting import wait_until
from tests.support.watched_clusters import WatchedCluster, watched_cluster
from tests.support.workers import ROOT
from umbel.errors import NoAnswer, TaskUnknown

pytestmark = pytest.mark.redis

ADD, DECLINE, ECHO, NAP = (f"{WORKERAPP}.{name}" for name in ("add", "decline", "echo", "nap"))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedCluster]:
    with watched_cluster(tmp_path_factory.mktemp("flower-examples")) as running:
        yield running


@pytest.fixture(scope="module")
def events(cluster: WatchedCluster) -> Iterator[Events]:
    """With three tasks that succeeded and two that failed."""
    io_loop = asyncio.new_event_loop()
    opened = Events(cluster.app, io_loop)
    opened.start()
    for number in range(3):
        task_apply(task_name=ADD, args=[number, 1], timeout=20)
    for number in range(2):
        failed = task_async_apply(DECLINE, args=[number])
        get_task_result(failed["task_id"], timeout=20)
    wait_until(lambda: len(list(iter_tasks(opened, state="FAILURE"))) == 2, what="the failures")
    wait_until(lambda: len(list(iter_tasks(opened, state="SUCCESS"))) >= 3, what="the others")
    yield opened
    opened.stop()
    io_loop.close()


def is_in(events: Events, task_id: str, state: str) -> bool:
    task = get_task_by_id(events, task_id)
    return task is not None and bool(task.state == state)


def test_filtering(events: Events, cluster: WatchedCluster) -> None:
    failed = list(iter_tasks(events, state="FAILURE", limit=100))
    of_one = list(iter_tasks(events, worker=cluster.worker.name, limit=50))
    hour = datetime.now() - timedelta(hours=1)  # noqa: DTZ005  as people write it
    recent = list(iter_tasks(events, received_start=hour, sort_by="received"))

    assert len(failed) == 2
    assert len(of_one) >= 5
    assert [task["received"] for task in recent] == sorted(task["received"] for task in recent)
    assert get_task_by_id(events, failed[0]["uuid"]).state == "FAILURE"


def test_searching(events: Events) -> None:
    name_and_state = parse_search_terms("name:decline state:FAILURE")
    words = parse_search_terms("error database connection")

    found = [task for task in iter_tasks(events) if satisfies_search_terms(task, name_and_state)]
    others = [
        task for task in iter_tasks(events, state="FAILURE") if satisfies_search_terms(task, words)
    ]

    assert [task["name"] for task in found] == [DECLINE] * 2
    assert others == []


def test_running_and_control(events: Events) -> None:
    async def run() -> tuple[Any, Any, Any]:
        done = await TaskApply().post(ECHO, args=[1, 2, 3], kwargs={"timeout": 30})
        sent = await TaskAsyncApply().post(ADD, args=[1, 2], countdown=2)
        return done, sent, await TaskRevoke().post(sent["task-id"], terminate=True)

    done, sent, revoked = asyncio.run(run())

    assert (done["state"], done["result"]) == ("SUCCESS", [1, 2, 3, {"timeout": 30}])
    assert "1 task" in revoked["message"]
    wait_until(lambda: is_in(events, sent["task-id"], "REVOKED"), what="its end")


def test_following_a_result(events: Events) -> None:
    async def follow(task_id: str) -> Any:
        result = await TaskResult().get(task_id, timeout=10)
        if result["state"] == "SUCCESS":
            return result["result"]
        return result["traceback"]

    async def run() -> list[Any]:
        good = await TaskAsyncApply().post(ADD, args=[20, 22])
        bad = await TaskSend().post(DECLINE, args=[7])
        return [await follow(good["task-id"]), await follow(bad["task-id"]), good["task-id"]]

    result, traceback, task_id = asyncio.run(run())
    wait_until(lambda: is_in(events, task_id, "SUCCESS"), what="the task")
    info = asyncio.run(TaskInfo().get(task_id))

    assert result == 42
    assert "Traceback" in traceback
    assert (info["name"], info["state"]) == (ADD, "SUCCESS")
    assert info["hostname"].endswith("@test")
    assert info.get("runtime", "N/A") >= 0
    with pytest.raises(TaskUnknown, match="no such task"):
        asyncio.run(TaskInfo().get("nobody"))
    assert asyncio.run(TaskResult().get("nobody")) == {"task-id": "nobody", "state": "PENDING"}


def test_taking_batches(events: Events) -> None:
    wait_until(
        lambda: all(task["received"] for task in iter_tasks(events)), what="their times to stand"
    )
    seen: list[str] = []
    offset = 0
    while batch := list(iter_tasks(events, limit=2, offset=offset, sort_by="received")):
        seen += [task["uuid"] for task in batch]
        offset += 2

    assert sorted(seen) == sorted(uuid for uuid, _ in iter_tasks(events))
    assert len(seen) == len(set(seen)) >= 5


def test_cleaning_up(events: Events) -> None:
    sent = [task_async_apply(NAP, args=[0], countdown=3)["task_id"] for _ in range(2)]
    wait_until(
        lambda: all(is_in(events, each, "RECEIVED") for each in sent), what="the tasks to wait"
    )

    async def clean() -> int:
        ended = 0
        for task in iter_tasks(events, type=NAP):
            await task_revoke(task["uuid"])
            ended += 1
        for task in iter_tasks(events, state="FAILURE"):
            await task_revoke(task["uuid"])
        return ended

    assert asyncio.run(clean()) == 2
    wait_until(
        lambda: all(is_in(events, each, "REVOKED") for each in sent),
        what="the end of both",
    )


def test_reckoning(events: Events) -> None:
    day = datetime.now() - timedelta(days=1)  # noqa: DTZ005
    tasks = list(iter_tasks(events, received_start=day, sort_by="received"))

    states = Counter(task["state"] for task in tasks)
    names = Counter(task["name"] for task in tasks)
    runtimes = defaultdict(list)
    for task in tasks:
        if task["state"] == "SUCCESS" and task.get("runtime"):
            runtimes[task["name"]].append(task["runtime"])

    assert states["SUCCESS"] >= 3
    assert states["FAILURE"] >= 2
    assert names[DECLINE] >= 2
    assert sum(runtimes[ADD]) / len(runtimes[ADD]) > 0


@pytest.mark.parametrize("awaited", [True, False])
def test_errors_have_the_words_that_are_looked_for(events: Events, awaited: bool) -> None:
    assert events

    async def words(call: Any) -> str:
        try:
            answer = call()
            if awaited:
                await answer
        except Exception as error:
            return str(error).lower()
        return "none"

    async def run() -> list[str]:
        return [
            await words(lambda: task_apply(ADD, args=[1, 2])),
            await words(lambda: task_apply(NAP, args=[2], timeout=0.2)),
            await words(lambda: task_apply("my_task", args=[1, 2, 3])),
            await words(lambda: get_task_result("task-id")),
        ]

    fine, late, unknown, missing = asyncio.run(run())

    assert fine == "none"
    assert "timeout" in late
    assert "not registered" in unknown
    assert "no such task" in missing


def test_limits_take_the_names_of_the_description(events: Events, cluster: WatchedCluster) -> None:
    name = cluster.worker.name

    async def run() -> list[Any]:
        return [
            await task_rate_limit(task_name=ADD, rate_limit="100/s", workername=name),
            await task_timeout(task_name=ADD, soft=50, hard=60),
            await TaskRateLimit(events).post(ADD, "100/s"),
            await TaskTimout(events).post(ADD, hard=60),
            await WorkerPoolGrow(events).post(name),
            await WorkerPoolShrink(events).post(name, n=1),
        ]

    found = asyncio.run(run())

    assert name in found[0]
    assert all(each["message"] for each in found[2:])
    task_rate_limit(ADD, 0)
    with pytest.raises(NoAnswer):
        asyncio.run(WorkerPoolGrow(events).post("nobody@nowhere"))


def test_lists_of_tasks_workers_and_queues(events: Events, cluster: WatchedCluster) -> None:
    async def run() -> list[Any]:
        return [
            await ListTasks(events).get(taskname=DECLINE, sort_by="received", limit=2),
            await ListTaskTypes(events).get(),
            await ListWorkers(events).get(),
            await ListWorkers(events).get(status=True),
            await GetQueueLengths(events).get(),
        ]

    tasks, types, workers, status, queues = asyncio.run(run())
    name = cluster.worker.name

    assert [task["worker"] for task in tasks.values()] == [name] * 2
    assert ADD in types["task-types"]
    assert {"stats", "registered", "conf", "active_queues"} <= workers[name].keys()
    assert status == {name: True}
    assert "celery" in [queue["name"] for queue in queues["active_queues"]]


def test_the_state_is_read_as_celerys(events: Events, cluster: WatchedCluster) -> None:
    state = events.state
    wait_until(lambda: cluster.worker.name in state.workers, what="a heartbeat")
    worker = state.workers[cluster.worker.name]

    newest = [uuid for uuid, _ in state.tasks_by_timestamp(limit=2)]
    failed = list(state.tasks_by_type(DECLINE))

    assert len(newest) == 2
    assert {task.state for _, task in failed} == {"FAILURE"}
    assert state.tasks[failed[0][0]].as_dict()["worker"].hostname == cluster.worker.name
    assert state.tasks.get("nobody") is None
    assert {ADD, DECLINE} <= set(state.task_types())
    assert state.task_count == len(dict(state.tasks.items())) >= 5
    assert (worker.alive, worker.status_string, len(worker.heartbeats)) == (True, "ONLINE", 1)
    assert [each.id for each in state.alive_workers()] == [f"{worker.hostname}.{worker.pid}"]
    assert [uuid for uuid, _ in state.itertasks(limit=2)] == newest
    assert [uuid for uuid, _ in state.tasks_by_time(limit=2)] == newest
    oldest, *_ = (task for _, task in state.tasks_by_time(reverse=False))
    assert oldest.received == min(task.received for task in state.tasks.values())
    assert [task.uuid for task in state.tasks_by_type[DECLINE]] == [uuid for uuid, _ in failed]
    by_worker = state.tasks_by_worker(cluster.worker.name, limit=1)
    assert [uuid for uuid, _ in by_worker] == newest[:1]
    assert state.freeze_while(len, state.tasks) == state.task_count
    assert worker.heartbeat_expires > worker.heartbeats[-1]
    assert events.is_alive()


def test_workers_are_inspected(cluster: WatchedCluster) -> None:
    inspector = Inspector(None, cluster.app, 5.0)

    async def run() -> set[Any]:
        futures = inspector.inspect(cluster.worker.name)
        done, _ = await asyncio.wait(futures)
        return {future.result() for future in done}

    assert asyncio.run(run()) == {None}
    found = inspector.workers[cluster.worker.name]
    assert {*Inspector.methods, "timestamp"} == found.keys()
    assert "celery" in [queue["name"] for queue in found["active_queues"]]
    assert inspector.workers["nobody"] == {}


def test_workers_are_inspected_without_a_loop(cluster: WatchedCluster) -> None:
    inspector = Inspector(None, cluster.app, 1.0)

    for future in inspector.inspect():
        assert future.result(timeout=30) is None

    assert "stats" in inspector.workers[cluster.worker.name]


def test_a_broker_that_does_not_answer_an_inspection_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Celery(broker="redis://127.0.0.1:1/0", set_as_current=False)
    app.conf.broker_connection_retry = False
    inspector = Inspector(None, app, 0.5)

    inspector._inspect("stats", None)

    assert "Inspect method stats failed" in caplog.text
    assert inspector.workers == {}
    app.close()


def test_events_of_workers_without_events_are_switched_on(cluster: WatchedCluster) -> None:
    cluster.app.control.disable_events()
    other = Events(cluster.app)
    try:
        other.start()

        applied: list[str] = []

        def seen() -> bool:
            applied.append(task_apply(other.opened, ADD, [1, 1], timeout=20)["task_id"])
            tasks = [get_task_by_id(other, task_id) for task_id in applied]
            return any(task is not None and task.worker is not None for task in tasks)

        wait_until(seen, timeout_s=80, what="events of the worker")
    finally:
        other.stop()


def test_a_history_is_kept_where_it_is_persistent(cluster: WatchedCluster, tmp_path: Any) -> None:
    database = str(tmp_path / "flower")
    first = Events(cluster.app, None, db=database, persistent=True)
    first.start()
    mine = str(uuid.uuid4())
    task_apply(first.opened, ADD, [1, 1], timeout=20, task_id=mine)
    wait_until(lambda: get_task_by_id(first, mine), what="the task")
    first.stop()

    second = Events(cluster.app, None, db=database, persistent=True)
    assert get_task_by_id(second, mine).uuid == mine
    second.stop()


def test_wrong_arguments_are_type_errors() -> None:
    with pytest.raises(TypeError, match="nonsense"):
        Events(Celery(set_as_current=False), None, nonsense=1)


def test_the_example_of_the_page_runs(events: Events, cluster: WatchedCluster) -> None:
    page = (ROOT / "compat" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    known: dict[str, Any] = {}
    exec(compile(example, "compat/README.md", "exec"), known)  # noqa: S102  it is our own page
    sent = task_async_apply(events.opened, ADD, [1, 1], countdown=3)["task_id"]
    wait_until(lambda: is_in(events, sent, "RECEIVED"), what="the task to wait")

    asyncio.run(known["revoke_what_waits"](events))

    wait_until(lambda: is_in(events, sent, "REVOKED"), what="its end")
    assert cluster
