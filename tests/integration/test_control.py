"""Actions on tasks and queues: on real workers, over real brokers, with the states that events
tell."""

from __future__ import annotations

from signal import Signals

import pytest

from tests.support.applications import WORKERAPP, task
from tests.support.operated import ADA, Operated
from tests.support.waiting import wait_until
from umbel.cluster.task import STARTED
from umbel.services.control.task_sender import Apply
from umbel.services.control.types import ActionRequest, Edit


def test_a_revoked_task_never_runs(operated: Operated) -> None:
    uuid = operated.send("add", 1, 1, countdown=2)
    operated.until(uuid, "RECEIVED")

    report = operated.do("revoke", ids=[uuid])

    assert report.state == "done"
    assert operated.ledger.intents([uuid])[uuid].kind == "revoke"
    assert operated.until(uuid, "REVOKED").started is None


def test_a_running_task_is_terminated_on_its_worker(operated: Operated) -> None:
    uuid = operated.send("nap", 60)
    operated.until(uuid, "STARTED")

    report = operated.do("terminate", q=f"uuid:{uuid}", signal="SIGKILL")

    assert [(a.worker, a.outcome) for a in report.workers] == [(operated.worker.name, "ok")]
    assert uuid in (report.workers[0].answer or "")
    assert "terminated" in operated.until(uuid, "REVOKED").flags


def test_a_failed_task_is_sent_again_with_its_exact_arguments(operated: Operated) -> None:
    uuid = operated.send("decline", 4711)
    operated.until(uuid, "FAILURE")
    plan = operated.control.plan(ActionRequest(action="retry", ids=[uuid]), ADA)
    assert plan.fidelity == {"exact": 1}

    report = operated.do("retry", ids=[uuid])

    again = operated.until(report.sent[uuid], "FAILURE")
    assert again.args == "(4711,)"
    assert (again.root_id, again.parent_id) == (uuid, uuid)
    assert [each.repeats for each in operated.ledger.repeats([again.uuid])] == [uuid]


def test_an_edited_retry_runs_with_what_the_person_gave(operated: Operated) -> None:
    uuid = operated.send("echo", "x" * 2_000)
    operated.until(uuid, "SUCCESS")

    report = operated.do("retry", ids=[uuid], edit=Edit(args=["short"], kwargs={"a": 1}))

    assert operated.until(report.sent[uuid], "SUCCESS").result == "['short', {'a': 1}]"


def test_what_is_applied_runs_and_its_result_comes_back(operated: Operated) -> None:
    applied = operated.control.apply(
        Apply(name=f"{WORKERAPP}.add", args=[2, 3], check=True, wait=20.0), ADA
    )

    assert applied.state == "SUCCESS"
    assert applied.result is not None
    assert applied.result.result == 5
    assert operated.until(applied.task_id, "SUCCESS").result == "5"


def test_a_queue_is_emptied(operated: Operated) -> None:
    for number in range(3):
        task(operated.app, "add", number, 1).apply_async(queue="nobody-reads")

    request = ActionRequest(action="purge", queue="nobody-reads")
    # On RabbitMQ nobody waited for the messages to arrive.
    wait_until(lambda: operated.control.plan(request, ADA).count == 3, what="three messages")
    report = operated.do("purge", queue="nobody-reads")

    assert report.sentence == "Removed 3 messages from the queue nobody-reads."


def test_all_tasks_that_a_search_finds_are_revoked(operated: Operated) -> None:
    ids = [operated.send("total", [number], countdown=2) for number in range(3)]
    for uuid in ids:
        operated.until(uuid, "RECEIVED")

    report = operated.do("revoke", q="name:*.total state:RECEIVED")

    assert (report.state, report.done) == ("done", 3)
    assert [operated.until(uuid, "REVOKED").started for uuid in ids] == [None] * 3


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGHUP"])
def test_a_task_is_terminated_with_the_signal_that_was_chosen(
    operated: Operated, signal: str
) -> None:
    uuid = operated.send("nap", 60)
    operated.until(uuid, "STARTED")

    operated.do("terminate", ids=[uuid], signal=signal)

    operated.until(uuid, "REVOKED")
    number = Signals[signal].value
    assert f"Terminating {uuid} ({number})" in operated.worker.process.output()


def test_a_task_that_looks_whether_it_was_aborted_ends_early(operated: Operated) -> None:
    uuid = operated.send("work_until_aborted", 60, False)
    operated.until(uuid, "STARTED")

    report = operated.do("abort", ids=[uuid])

    assert report.sentence == "Marked as aborted: 1 task."
    assert operated.until(uuid, "SUCCESS").result == "'aborted'"


def test_a_task_that_was_aborted_and_tells_no_end_stays_as_events_tell_it(
    operated: Operated,
) -> None:
    uuid = operated.send("work_until_aborted", 60, True)
    operated.until(uuid, "STARTED")

    operated.do("abort", ids=[uuid])

    wait_until(lambda: uuid not in str(operated.asked("active")), what="the task to end")
    assert operated.results.get(uuid).state == "ABORTED"
    assert operated.app.AsyncResult(uuid).state == "ABORTED"
    found = operated.store.task(uuid)
    assert found is not None
    assert found.state == STARTED
    assert operated.ledger.intents([uuid])[uuid].kind == "abort"


def test_without_its_result_a_task_is_sent_again_with_what_events_tell(
    operated: Operated,
) -> None:
    uuid = operated.send("echo", "one", kwargs={"number": 2})
    operated.until(uuid, "SUCCESS")
    operated.app.AsyncResult(uuid).forget()
    plan = operated.control.plan(ActionRequest(action="retry", ids=[uuid]), ADA)
    assert plan.fidelity == {"literal": 1}

    report = operated.do("retry", ids=[uuid])

    assert operated.until(report.sent[uuid], "SUCCESS").result == "['one', {'number': 2}]"


def test_without_its_result_cut_arguments_are_not_sent_again(operated: Operated) -> None:
    uuid = operated.send("echo", "x" * 2_000)
    operated.until(uuid, "SUCCESS")
    operated.app.AsyncResult(uuid).forget()

    plan = operated.control.plan(ActionRequest(action="retry", ids=[uuid]), ADA)

    assert (plan.count, plan.fidelity) == (0, {})
    assert "None of these tasks can be sent again as it was." in (plan.impossible or "")


def test_what_is_applied_without_waiting_runs(operated: Operated) -> None:
    applied = operated.control.apply(Apply(name=f"{WORKERAPP}.add", args=[20, 3]), ADA)

    assert (applied.state, applied.result) == ("PENDING", None)
    assert operated.until(applied.task_id, "SUCCESS").result == "23"


def test_what_is_applied_keeps_to_the_time_that_it_was_given(operated: Operated) -> None:
    applied = operated.control.apply(
        Apply(name=f"{WORKERAPP}.nap", args=[60], soft_time_limit=1.0, wait=20.0), ADA
    )

    assert applied.state == "FAILURE"
    assert "SoftTimeLimitExceeded" in (operated.until(applied.task_id, "FAILURE").exception or "")
