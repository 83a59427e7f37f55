"""Commands to workers and queues: each is sent once, and every answer is in the report."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.control.scene import (
    ADA,
    EU,
    RUNNING,
    US,
    WAITING,
    Scene,
)


def test_every_worker_that_was_planned_has_its_answer() -> None:
    scene = Scene()
    scene.us.is_deaf = True
    scene.eu.refuses["pool_grow"] = "not supported with autoscale"

    report = scene.do("pool_grow", n=2)

    assert {(a.worker, a.outcome) for a in report.workers} == {(EU, "refused"), (US, "unknown")}
    assert scene.told("pool_grow")[0].arguments == {"n": 2}
    assert "1 refused (celery@eu-1: not supported with autoscale)" in report.sentence
    assert scene.workers.forgotten == 1


@pytest.mark.parametrize(
    ("action", "request_"),
    [
        ("rate_limit", {"name": "shop.send", "rate": "1/s"}),
        ("revoke", {"ids": [WAITING]}),
        ("terminate", {"ids": [WAITING]}),
    ],
)
def test_a_worker_that_is_silent_is_not_left_out_of_what_is_said_to_all(
    action: str, request_: dict[str, Any]
) -> None:
    """It may be busy with a solo pool, and then does it later, or dead."""
    scene = Scene()
    scene.workers.names, scene.workers.quiet = (US,), (EU,)
    scene.eu.is_deaf = True

    plan = scene.plan(action, **request_)
    report = scene.do(action, **request_)

    assert plan.workers == (EU, US)
    assert f"Nothing is heard of {EU} now, so no answer may come from there." in plan.consequences
    assert {(a.worker, a.outcome) for a in report.workers} == {(EU, "unknown"), (US, "ok")}


def test_a_worker_that_is_busy_and_alone_is_told_as_well() -> None:
    scene = Scene()
    scene.workers.names, scene.workers.quiet = (), (EU,)
    scene.eu.is_deaf = scene.us.is_deaf = True

    report = scene.do("revoke", ids=[WAITING])

    assert [(a.worker, a.outcome) for a in report.workers] == [(EU, "unknown")]
    assert scene.told("revoke")


@pytest.mark.parametrize(
    ("action", "request_"),
    [("pool_grow", {"n": 2, "workers": [US]}), ("revoke", {"ids": [RUNNING, WAITING]})],
)
def test_what_no_worker_confirmed_is_not_done_in_the_audit(
    action: str, request_: dict[str, Any]
) -> None:
    scene = Scene()
    scene.us.is_deaf = scene.eu.is_deaf = True

    report = scene.do(action, **request_)

    assert {each.outcome for each in report.workers} == {"unknown"}
    assert report.is_unconfirmed
    assert scene.audit()[-1].outcome == "unknown"
    scene.us.is_deaf = False
    scene.do(action, **request_)
    assert scene.audit()[-1].outcome == "done"


def test_a_pool_that_shrank_in_part_is_not_said_to_have_refused() -> None:
    """billiard ends the processes that are idle, and then says that it cannot."""
    scene = Scene()
    scene.eu.refuses["pool_shrink"] = 'ValueError("Can\'t shrink pool. All processes busy!")'

    report = scene.do("pool_shrink", n=3, workers=[EU])

    (answer,) = report.workers
    assert answer.outcome == "unknown"
    assert "those that were have ended" in (answer.answer or "")
    assert "refused" not in report.sentence
    assert "1 did it in part (celery@eu-1: " in report.sentence
    assert scene.audit()[-1].outcome == "unknown"
    assert scene.do("pool_shrink", n=1, workers=[EU]).workers[0].outcome == "refused"


def test_the_plan_names_workers_whose_pool_would_have_no_process_left() -> None:
    scene = Scene()
    scene.workers.stats = {
        EU: {"pool": {"processes": [11, 12, 13, 14]}},
        US: {"pool": {"processes": [21, 22, 23, 24, 25]}},
    }

    emptied = scene.plan("pool_shrink", n=4).consequences
    others = scene.plan("pool_shrink", n=3).consequences

    assert (
        "No process that is idle would be left at celery@eu-1 (4 processes): it goes on fetching "
        "tasks, and runs none of them until the pool grows."
    ) in emptied
    assert not [each for each in others if "No process" in each]


def test_a_command_to_one_worker_goes_to_it_alone() -> None:
    scene = Scene()

    report = scene.do("rate_limit", name="shop.send", rate="10/m", workers=[EU])

    (command,) = scene.told("rate_limit")
    assert command.workers == (EU,)
    assert command.arguments == {"task_name": "shop.send", "rate_limit": "10/m"}
    assert report.sentence == "1 of 1 worker confirmed it."


def test_a_command_is_never_sent_twice() -> None:
    scene = Scene()
    calls: list[str] = []
    scene.cluster.on_call = calls.append
    plan = scene.plan("pool_grow", n=1)
    scene.cluster.away = 1

    scene.control.execute(plan.id, ADA)

    report = scene.control.wait(plan.id, 5)
    assert report.state == "failed"
    assert calls == ["pool_grow"]


def test_workers_that_shut_down_are_unknown_until_they_are_seen_offline() -> None:
    scene = Scene()

    report = scene.do("shutdown", workers=[US])
    assert scene.audit()[-1].outcome == "done"

    assert scene.us.is_deaf
    assert not scene.eu.is_deaf
    assert [(a.worker, a.outcome) for a in report.workers] == [(US, "unknown")]
    assert report.sentence == "Told 1 worker to shut down."


def test_a_purge_tells_how_many_messages_went() -> None:
    scene = Scene()
    scene.cluster.queues["mail"] = [None] * 3  # type: ignore[list-item]

    report = scene.do("purge", queue="mail")

    assert report.sentence == "Removed 3 messages from the queue mail."
    assert scene.cluster.queues["mail"] == []


def test_a_purge_without_an_answer_is_not_said_to_have_removed_nothing() -> None:
    scene = Scene()
    scene.cluster.queues["mail"] = [None] * 3  # type: ignore[list-item]
    plan = scene.plan("purge", queue="mail")
    scene.cluster.away, scene.cluster.answers_lost = 1, True

    scene.control.execute(plan.id, ADA, plan.confirm)

    report = scene.control.wait(plan.id, 5)
    assert (report.state, report.is_unsure) == ("failed", True)
    assert report.sentence.startswith("Whether anything was done is not known: ")
    assert "Removed 0" not in report.sentence
    assert scene.audit()[-1].count is None


def test_a_purge_that_never_reached_the_broker_removed_nothing() -> None:
    scene = Scene()
    scene.cluster.queues["mail"] = [None] * 3  # type: ignore[list-item]
    plan = scene.plan("purge", queue="mail")
    scene.cluster.away = 1

    scene.control.execute(plan.id, ADA, plan.confirm)

    report = scene.control.wait(plan.id, 5)
    assert report.sentence.startswith("Removed 0 messages from the queue mail.")
    assert scene.audit()[-1].count == 0
