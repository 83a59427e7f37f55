"""The Python API on a real cluster: in this process, and through a running Umbel."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from celery import Celery

import umbel
from tests.support.applications import WORKERAPP
from tests.support.forks import answer_of_fork
from tests.support.waiting import wait_until
from tests.support.watched_clusters import WatchedCluster, watched_cluster
from tests.support.workers import CeleryWorker
from umbel import (
    Events,
    get_task_by_id,
    get_task_result,
    iter_tasks,
    task_abort,
    task_apply,
    task_async_apply,
    task_rate_limit,
    task_revoke,
    task_send_task,
    task_series,
    task_timeout,
)
from umbel.errors import (
    ActionRefused,
    BrokerError,
    NoAnswer,
    ResultsUnavailable,
    ServerUnreachable,
    TaskFailed,
    TaskNotRegistered,
    TaskTimeout,
    TaskUnknown,
)

pytestmark = pytest.mark.redis


class World(NamedTuple):
    """A cluster with one worker, and events that see and act on it."""

    app: Celery
    worker: CeleryWorker
    events: Events


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedCluster]:
    with watched_cluster(tmp_path_factory.mktemp("python-api")) as running:
        yield running


@pytest.fixture(scope="module", params=["in this process", "of a running Umbel"])
def world(request: pytest.FixtureRequest, cluster: WatchedCluster) -> Iterator[World]:
    source = cluster.app if request.param == "in this process" else cluster.url
    with Events(source) as events:
        yield World(cluster.app, cluster.worker, events)


def named(name: str) -> str:
    return f"{WORKERAPP}.{name}"


def until(world: World, task_id: str, state: str) -> umbel.TaskInfo:
    """The task once it is in this state."""

    def look() -> umbel.TaskInfo | None:
        task = get_task_by_id(world.events, task_id)
        return task if task is not None and task["state"] == state else None

    return wait_until(look, what=f"{task_id} to be {state}")


def test_a_forked_process_acts_and_reads_as_its_parent_does(world: World) -> None:
    sent = task_async_apply(world.events, named("add"), (1, 1)).task_id
    assert get_task_result(world.events, sent, timeout=20)["result"] == 2
    until(world, sent, "SUCCESS")

    def apply_and_read() -> list[object]:
        result = task_apply(world.events, named("add"), (2, 3), timeout=20)
        until(world, result.task_id, "SUCCESS")
        found = get_task_by_id(world.events, sent)
        return [result["result"], found["result"] if found else None]

    assert answer_of_fork(apply_and_read) == [5, "2"]
    assert task_apply(world.events, named("add"), (3, 4), timeout=20)["result"] == 7


def test_applying_waits_and_gives_result_and_metadata(world: World) -> None:
    answer = task_apply(world.events, named("add"), (2, 3), timeout=20)

    assert (answer["state"], answer["result"], answer["success"]) == ("SUCCESS", 5, True)
    assert answer["worker"] == world.worker.name
    assert answer["id"] == answer["task-id"] == answer.task_id


def test_applying_takes_keyword_arguments_and_options(world: World) -> None:
    mine = str(uuid.uuid4())

    answer = task_apply(
        world.events, named("echo"), [1], {"user": 4}, timeout=20, task_id=mine, queue="celery"
    )

    assert answer["task_id"] == mine
    assert answer["result"] == [1, {"user": 4}]


def test_a_task_that_fails_raises_its_own_failure(world: World) -> None:
    with pytest.raises(TaskFailed, match="order 7 was declined") as failure:
        task_apply(world.events, named("decline"), [7], timeout=20)

    assert failure.value.state == "FAILURE"
    assert "Declined" in (failure.value.exception or "")
    assert "Traceback" in (failure.value.traceback or "")


def test_a_task_that_takes_too_long_raises_a_timeout(world: World) -> None:
    with pytest.raises(TimeoutError, match=r"the timeout of 0\.3 s was over") as late:
        task_apply(world.events, named("nap"), [2], timeout=0.3)

    assert isinstance(late.value, TaskTimeout)
    assert late.value.task_id is not None
    assert get_task_result(world.events, late.value.task_id, timeout=20)["result"] == "rested"


@pytest.mark.parametrize("function", [task_apply, task_async_apply])
def test_a_name_that_no_worker_knows_is_not_sent(world: World, function: Any) -> None:
    with pytest.raises(TaskNotRegistered, match=r"nope: it is not registered\.") as unknown:
        function(world.events, named("nope"))

    assert isinstance(unknown.value, LookupError)


def test_an_option_that_there_is_not_names_the_right_one(world: World) -> None:
    with pytest.raises(TypeError, match=r"no option quee\. Did you mean queue"):
        task_apply(world.events, named("add"), (1, 2), quee="mail")


def test_sending_gives_id_and_state_at_once(world: World) -> None:
    applied = task_async_apply(world.events, named("add"), (1, 1))
    sent = task_send_task(world.events, named("add"), (1, 2))

    assert applied["state"] == sent["state"] == "PENDING"
    assert until(world, applied["task_id"], "SUCCESS")["result"] == "2"
    assert until(world, sent["task_id"], "SUCCESS")["result"] == "3"


def test_a_result_has_state_result_traceback_and_success(world: World) -> None:
    good = task_async_apply(world.events, named("add"), (20, 22))
    bad = task_async_apply(world.events, named("decline"), [8])

    done = get_task_result(world.events, good["task_id"], timeout=20)
    failed = get_task_result(world.events, bad["task_id"], timeout=20)

    assert (done["state"], done["result"], done["success"]) == ("SUCCESS", 42, True)
    assert done["traceback"] is None
    assert (failed["state"], failed["result"], failed["success"]) == ("FAILURE", None, False)
    assert "order 8" in failed["traceback"]


def test_a_result_that_is_not_there_yet_says_so(world: World) -> None:
    sent = task_async_apply(world.events, named("add"), (1, 1), countdown=30)

    answer = get_task_result(world.events, sent["task_id"], timeout=0.1)

    assert answer["success"] is None
    assert answer["state"] in ("PENDING", "RECEIVED")
    task_revoke(world.events, sent["task_id"])


def test_an_unknown_id_is_a_typed_error(world: World) -> None:
    with pytest.raises(TaskUnknown, match=r"no such task: .* no-such-task"):
        get_task_result(world.events, "no-such-task")


def test_a_revoked_task_is_not_run(world: World) -> None:
    sent = task_async_apply(world.events, named("add"), (1, 1), countdown=2)
    until(world, sent["task_id"], "RECEIVED")

    answers = task_revoke(world.events, sent["task_id"])

    assert "ok" in answers[world.worker.name]
    assert until(world, sent["task_id"], "REVOKED")["revoked"] is not None


def test_terminating_kills_what_runs_and_the_worker_answers(world: World) -> None:
    sent = task_async_apply(world.events, named("nap"), [60])
    until(world, sent["task_id"], "STARTED")

    answers = task_revoke(world.events, sent["task_id"], terminate=True, signal="SIGKILL")

    assert "ok" in answers[world.worker.name]
    until(world, sent["task_id"], "REVOKED")


def test_what_has_ended_is_left_out_of_a_revoke(world: World) -> None:
    done = task_apply(world.events, named("add"), (1, 1), timeout=20)
    until(world, done["task_id"], "SUCCESS")

    answers = task_revoke(world.events, done["task_id"])

    assert answers == {}
    assert "ended" in answers.sentence


def test_an_abort_is_marked_in_the_result_backend(world: World) -> None:
    sent = task_async_apply(world.events, named("nap"), [1.5])
    until(world, sent["task_id"], "STARTED")

    task_abort(world.events, sent["task_id"])

    assert get_task_result(world.events, sent["task_id"])["state"] == "ABORTED"


def test_limits_are_answered_by_the_worker(world: World) -> None:
    rated = task_rate_limit(world.events, named("add"), "100/s", world.worker.name)
    timed = task_timeout(world.events, named("add"), soft=50, hard=60)

    assert "rate limit" in (rated[world.worker.name]["ok"] or "")
    assert "time limits" in (timed[world.worker.name]["ok"] or "")
    task_rate_limit(world.events, named("add"), 0)


def test_every_argument_can_be_named(world: World) -> None:
    name, worker = named("add"), world.worker.name

    applied = task_apply(task_name=name, args=(4, 5), timeout=20, events=world.events)
    rated = task_rate_limit(world.events, task_name=name, rate_limit="9/s", workername=worker)
    timed = task_timeout(world.events, task_name=name, soft=50, hard=60, workername=worker)
    older: Any = task_rate_limit
    lifted = older(world.events, name=name, ratelimit=0, workername=worker)

    assert applied["result"] == 9
    assert [list(each) for each in (rated, timed, lifted)] == [[worker]] * 3


def test_answers_can_be_awaited_as_well_as_read(world: World) -> None:
    async def run() -> list[Any]:
        applied = await task_apply(world.events, named("add"), (4, 5), timeout=20)
        again = await get_task_result(world.events, applied["task_id"])
        return [applied, again, await task_revoke(world.events, applied["task_id"])]

    applied, again, revoked = asyncio.run(run())

    assert (applied["result"], again["result"], again["success"]) == (9, 9, True)
    assert revoked.sentence


def test_a_worker_that_refuses_says_why(world: World) -> None:
    answers = task_rate_limit(world.events, named("nope"), "1/s", world.worker.name)

    assert "unknown task" in (answers[world.worker.name]["error"] or "")


def test_no_answer_is_a_typed_error(world: World) -> None:
    with pytest.raises(NoAnswer):
        task_timeout(world.events, named("add"), 1, 2, workername="nobody@nowhere")


def test_arguments_that_make_no_sense_are_refused(world: World) -> None:
    with pytest.raises(ActionRefused, match="not a rate"):
        task_rate_limit(world.events, named("add"), "often")
    with pytest.raises(ActionRefused, match="not a signal"):
        task_revoke(world.events, "x", terminate=True, signal="SIGTREM")
    for wrong in ([], "", 5, [None]):
        with pytest.raises(ValueError, match="no task id"):
            task_revoke(world.events, wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="priority"):
        task_send_task(world.events, named("add"), (1, 1), priority=999)
    with pytest.raises(ValueError, match="no control characters"):
        task_send_task(world.events, "shop\0send")
    with pytest.raises(ActionRefused, match="control character"):
        task_send_task(world.events, named("add"), (1, 1), queue="a\nb")
    with pytest.raises(ValueError, match="named by a text"):
        task_apply(world.events, "")


def test_without_events_the_last_opened_are_asked(world: World) -> None:
    with Events(world.events.url if "http" in world.events.url else world.app):
        assert task_apply(named("add"), (4, 5), timeout=20)["result"] == 9
        assert task_apply(named("add"), (4, 5), timeout=20, events=world.events)["result"] == 9


def test_an_application_itself_can_be_acted_on(world: World) -> None:
    assert task_apply(world.app, named("add"), (4, 5), timeout=20)["result"] == 9


def test_tasks_are_found_by_what_they_were_given(world: World) -> None:
    mark = uuid.uuid4().hex
    sent = task_async_apply(world.events, named("echo"), [mark], {"user": 4})
    until(world, sent["task_id"], "SUCCESS")

    found = list(
        iter_tasks(
            world.events,
            type=named("echo"),
            worker=world.worker.name,
            state="SUCCESS",
            received_start=time.time() - 60,
            search=f"args:{mark} kwargs:user=4",
            sort_by="-started",
        )
    )

    assert [task["uuid"] for task in found] == [sent["task_id"]]
    assert found[0]["worker"] is not None
    assert found[0]["worker"]["sw_ident"] == "py-celery"


def test_tasks_are_counted_over_time_and_by_group(world: World) -> None:
    sent = task_apply(world.events, named("add"), (1, 2), timeout=10)
    until(world, sent["task_id"], "SUCCESS")

    counts = task_series(world.events, by="name")
    runtimes = task_series(world.events, "runtime", by="worker", type=named("add"))

    by_name = {group.value: group.total for group in counts.groups}
    assert by_name[named("add")].succeeded > 0
    assert counts.complete
    assert [group.value for group in runtimes.groups] == [world.worker.name]
    assert runtimes.total is not None
    assert runtimes.total.n > 0


def test_what_is_done_stands_in_the_audit(world: World) -> None:
    sent = task_async_apply(world.events, named("add"), (1, 1), countdown=30)

    answers = task_revoke(world.events, sent["task_id"])

    lines = world.events.source.audit(limit=10, action="revoke").items
    assert answers.action_id in {line.action_id for line in lines}
    assert {line.outcome for line in lines if line.action_id == answers.action_id} >= {None, "done"}


def test_no_result_backend_is_a_typed_error_and_nothing_is_sent(world: World) -> None:
    app = Celery(broker=world.app.conf.broker_url, set_as_current=False)
    mine = str(uuid.uuid4())

    with pytest.raises(ResultsUnavailable):
        task_apply(app, named("add"), (1, 1), task_id=mine)
    with pytest.raises(ResultsUnavailable):
        get_task_result(app, "x")

    assert get_task_by_id(world.events, mine) is None
    app.close()


def test_what_cannot_be_reached_says_so() -> None:
    with pytest.raises(BrokerError):
        Events("redis://127.0.0.1:1/0", connect_timeout=1)
    with pytest.raises(ServerUnreachable, match="Check the address"):
        umbel.connect("http://127.0.0.1:1")


def test_a_closed_source_leaves_nothing_behind(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with Events(world.app):
        assert list(tmp_path.iterdir())

    assert list(tmp_path.iterdir()) == []


def test_events_can_be_kept_in_a_directory(world: World, tmp_path: Path) -> None:
    with Events(world.app, directory=tmp_path) as events:
        done = task_apply(events, named("add"), (6, 6), timeout=20)
        wait_until(lambda: get_task_by_id(events, done["task_id"]))

    with Events(directory=tmp_path) as later:
        found = get_task_by_id(later, done["task_id"])
    assert found is not None
    assert found["name"] == named("add")
