"""Tasks that are revoked, terminated or aborted: who is told, and what the report says."""

from __future__ import annotations

import msgspec

from tests.contract.stories import BASE, begun, succeeded, uuid_of
from tests.support.memory_cluster import MemoryResults
from tests.unit.control.scene import (
    ADA,
    EU,
    FAILED,
    NOW,
    RUNNING,
    SUCCEEDED,
    US,
    WAITING,
    Scene,
    many,
)


def test_a_revoke_tells_every_worker_and_marks_the_intent() -> None:
    scene = Scene()

    report = scene.do("revoke", ids=[WAITING, SUCCEEDED])

    assert report.state == "done"
    assert (report.done, report.failed, report.skipped) == (1, 0, 1)
    assert report.sentence == "Told the workers to revoke 1 task. 1 was left out."
    assert {answer.outcome for answer in report.workers} == {"ok"}
    assert scene.eu.revoked == scene.us.revoked == {WAITING}
    intent = scene.ledger.intents([WAITING, SUCCEEDED])
    assert set(intent) == {WAITING}
    assert (intent[WAITING].kind, intent[WAITING].actor) == ("revoke", "ada")
    assert intent[WAITING].action_id == report.id


def test_the_intent_is_written_before_the_command_is_sent() -> None:
    scene = Scene()
    seen: list[bool] = []
    scene.cluster.on_call = lambda _: seen.append(WAITING in scene.ledger.intents([WAITING]))

    scene.do("revoke", ids=[WAITING])

    assert seen == [True]


def test_the_state_of_a_revoked_task_is_left_to_events() -> None:
    scene = Scene()

    scene.do("revoke", ids=[WAITING])

    task = scene.store.task(WAITING)
    assert task is not None
    assert task.state == "RECEIVED"


def test_ten_thousand_tasks_are_revoked_by_search_in_ten_commands() -> None:
    scene = Scene(*many(10_000))

    report = scene.do("revoke", q="state:RECEIVED")

    assert (report.state, report.done, report.total) == ("done", 10_000, 10_000)
    sizes = [len(command.arguments["task_id"]) for command in scene.told()]
    assert sizes == [1_000] * 10
    assert len(scene.eu.revoked) == 10_000
    assert scene.ledger.intents([uuid_of(1_000), uuid_of(10_999)]).keys() == {
        uuid_of(1_000), uuid_of(10_999),
    }  # fmt: skip


def test_the_report_tells_when_more_match_than_were_planned() -> None:
    scene = Scene()
    plan = scene.plan("revoke", q="state:RECEIVED")
    scene.store.apply(many(3))

    scene.control.execute(plan.id, ADA)
    report = scene.control.wait(plan.id, 5)

    assert (report.done, report.total) == (4, 4)
    assert report.sentence.endswith("1 had been counted for the plan.")


def test_tasks_that_came_after_the_plan_was_shown_are_left_out() -> None:
    """One of a worker whose clock is ahead was there before, and is no such task."""
    there = uuid_of(60)
    scene = Scene(*begun(WAITING, BASE)[:2], *begun(there, NOW + 3_000)[:2])
    scene.clock.time = NOW + 1
    plan = scene.plan("revoke", q="state:RECEIVED")
    scene.clock.time = NOW + 60
    scene.store.apply(many(3, at=NOW + 30))

    scene.control.execute(plan.id, ADA)
    report = scene.control.wait(plan.id, 5)

    assert (plan.count, report.done, report.skipped) == (2, 2, 3)
    assert report.left_out == {"It came after the plan was made, which does not show it.": 3}
    assert scene.eu.revoked == {WAITING, there}


def test_a_task_that_ended_after_the_plan_is_left_out() -> None:
    scene = Scene()
    plan = scene.plan("revoke", ids=[WAITING])
    scene.store.apply(succeeded(WAITING, BASE))

    scene.control.execute(plan.id, ADA)

    report = scene.control.wait(plan.id, 5)
    assert (report.state, report.done, report.skipped) == ("done", 0, 1)
    assert scene.told() == []


def test_terminating_tells_only_the_worker_that_runs_the_task() -> None:
    scene = Scene()

    report = scene.do("terminate", ids=[RUNNING], signal="SIGKILL")

    (command,) = scene.told()
    assert command.workers == (US,)
    assert command.arguments == {"task_id": [RUNNING], "terminate": True, "signal": "SIGKILL"}
    assert [(a.worker, a.outcome, a.answer) for a in report.workers] == [
        (US, "ok", f"terminate: {RUNNING}")
    ]
    assert scene.us.running == set()
    assert scene.ledger.intents([RUNNING])[RUNNING].kind == "terminate"


def test_terminating_what_nobody_is_known_to_run_tells_everybody() -> None:
    scene = Scene()

    report = scene.do("terminate", ids=[WAITING, RUNNING])

    assert {command.workers for command in scene.told()} == {None, (US,)}
    assert {answer.worker for answer in report.workers} == {EU, US}


def test_a_worker_that_does_not_answer_is_unknown_and_no_failure() -> None:
    scene = Scene()
    scene.us.is_deaf = True

    report = scene.do("terminate", ids=[RUNNING])

    assert report.state == "done"
    assert report.failed == 0
    assert [answer.outcome for answer in report.workers] == ["unknown"]
    assert "says nothing" in (report.workers[0].answer or "")


def test_a_worker_that_cannot_terminate_is_a_failure_with_its_words() -> None:
    scene = Scene()
    scene.us.refuses["revoke"] = "NotImplementedError: TaskPool does not implement kill_job"
    scene.us.says["stats"] = {"pool": {"implementation": "celery.concurrency.thread:TaskPool"}}

    report = scene.do("terminate", ids=[RUNNING])

    assert (report.state, report.failed) == ("failed", 1)
    assert report.workers[0].outcome == "refused"
    assert report.failures == {"Refused by the worker: its pool (threads) cannot terminate.": 1}


def test_aborting_marks_each_task_in_the_backend() -> None:
    scene = Scene(results=MemoryResults())

    report = scene.do("abort", ids=[RUNNING, FAILED])

    assert scene.results is not None
    assert scene.results.aborted == [RUNNING]
    assert (report.done, report.skipped) == (1, 1)
    assert scene.ledger.intents([RUNNING])[RUNNING].kind == "abort"


def test_a_started_task_of_unknown_worker_is_told_to_everybody() -> None:
    task = uuid_of(91)
    events = [msgspec.structs.replace(e, hostname="") for e in begun(task, BASE)]
    scene = Scene(*events)

    scene.do("terminate", ids=[task])

    assert [command.workers for command in scene.told()] == [None]
