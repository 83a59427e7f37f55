"""Who may execute a plan, when, and how often; and what the audit has of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.waiting import wait_until
from tests.unit.control.scene import (
    ADA,
    BOB,
    FAILED,
    RUNNING,
    US,
    WAITING,
    FullLedger,
    Scene,
    actor,
    many,
)
from umbel.errors import ActionRefused, NotPermitted, StoreUnwritable, UnknownAction
from umbel.services.control.argument_recovery import REPEATED
from umbel.services.control.control import Control
from umbel.services.control.types import ActionRequest, Edit
from umbel.store.sqlite.ledger import SqliteLedger


def test_an_action_is_in_the_audit_before_and_after() -> None:
    scene = Scene()
    scene.cluster.on_call = lambda _: seen.append(len(scene.audit()))
    seen: list[int] = []

    report = scene.do("revoke", q="state:RECEIVED", reason="poison since 14:00")

    before, after = scene.audit()
    assert seen == [1]
    assert (before.actor, before.address, before.via) == ("ada", "10.0.0.1", "api")
    assert (before.action, before.query, before.count) == ("revoke", "state:RECEIVED", 1)
    assert before.reason == "poison since 14:00"
    assert before.outcome is None
    assert (after.outcome, after.count, after.action_id) == ("done", 1, report.id)
    assert report.sentence in (after.answer or "")


def test_the_reason_given_when_executing_goes_in_the_place_of_the_plans() -> None:
    scene = Scene()
    plan = scene.plan("revoke", ids=[WAITING], reason="to see what it would do")

    scene.control.execute(plan.id, ADA, reason="poison since 14:00")

    scene.control.wait(plan.id, 5)
    assert [line.reason for line in scene.audit()] == ["poison since 14:00"] * 2
    assert scene.control.action(plan.id).plan.request.reason == "poison since 14:00"


def test_a_retry_names_the_tasks_that_it_sent_in_the_audit() -> None:
    scene = Scene()

    report = scene.do("retry", ids=[FAILED], edit=Edit(args=[1], kwargs={}))

    before, after = scene.audit()
    assert before.tasks == ()
    assert after.tasks == (report.sent[FAILED],)


def test_a_plan_is_executed_once() -> None:
    scene = Scene()
    plan = scene.plan("revoke", ids=[WAITING])
    scene.control.execute(plan.id, ADA)

    with pytest.raises(ActionRefused, match="executed already by ada"):
        scene.control.execute(plan.id, BOB)

    assert len(scene.told()) == 1


def test_of_many_who_execute_a_plan_at_once_in_several_processes_one_succeeds(
    tmp_path: Path,
) -> None:
    scene = Scene(ledger=SqliteLedger(tmp_path))
    plan = scene.plan("revoke", ids=[WAITING])
    processes = [scene.control, *(scene.another_process() for _ in range(3))]

    def execute(control: Control) -> bool:
        try:
            control.execute(plan.id, BOB)
        except ActionRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        succeeded_ = list(threads.map(execute, processes * 4))

    assert sum(succeeded_) == 1
    assert len(scene.told()) == 1
    assert len(scene.audit()) == 2


def test_two_people_at_once_are_both_audited_and_neither_is_lost() -> None:
    scene = Scene()
    first, second = scene.plan("revoke", ids=[WAITING]), scene.plan("terminate", ids=[RUNNING])

    with ThreadPoolExecutor(2) as threads:
        list(
            threads.map(
                lambda pair: scene.control.execute(pair[0].id, pair[1]),
                [(first, ADA), (second, BOB)],
            )
        )
    for plan in (first, second):
        assert scene.control.wait(plan.id, 5).state == "done"

    assert sorted((e.actor, e.outcome or "") for e in scene.audit()) == [
        ("ada", ""), ("ada", "done"), ("bob", ""), ("bob", "done"),
    ]  # fmt: skip


def test_a_number_that_is_not_typed_right_does_nothing() -> None:
    scene = Scene(*many(150))
    plan = scene.plan("revoke", q="")

    for wrong in (None, 149, 0):
        with pytest.raises(ActionRefused, match="confirmed by that number") as refused:
            scene.control.execute(plan.id, ADA, wrong)
        assert refused.value.field is None

    assert scene.told() == []
    assert scene.control.execute(plan.id, ADA, 150).state == "done"


def test_an_expired_plan_is_unknown() -> None:
    scene = Scene()
    plan = scene.plan("revoke", ids=[WAITING])
    scene.clock.time += 601

    with pytest.raises(UnknownAction, match="expired"):
        scene.control.execute(plan.id, ADA)

    assert scene.told() == []


def test_an_impossible_plan_is_refused_with_its_reason() -> None:
    scene = Scene()
    plan = scene.plan("log_level", level="debug")

    with pytest.raises(ActionRefused, match="no command that changes"):
        scene.control.execute(plan.id, ADA)


def test_an_id_that_was_never_given_is_unknown() -> None:
    scene = Scene()

    for ask in (
        lambda: scene.control.action("x"),
        lambda: scene.control.wait("x", 0),
        lambda: scene.control.execute("x", ADA),
        lambda: scene.control.cancel("x", ADA),
    ):
        with pytest.raises(UnknownAction):
            ask()


def test_who_may_not_plan_may_not_execute_or_cancel_either() -> None:
    scene = Scene()
    plan = scene.plan("shutdown", workers=[US])

    for ask in (scene.control.execute, scene.control.cancel):
        with pytest.raises(NotPermitted):
            ask(plan.id, actor("bob", "operator"))

    assert scene.told("shutdown") == []


def test_a_plan_that_is_withdrawn_cannot_be_executed() -> None:
    scene = Scene()
    plan = scene.plan("revoke", ids=[WAITING])

    assert scene.control.cancel(plan.id, BOB).state == "cancelled"

    with pytest.raises(ActionRefused, match="withdrawn"):
        scene.control.execute(plan.id, ADA)


def test_actions_are_listed_newest_first() -> None:
    scene = Scene()
    ids = []
    for _ in range(5):
        scene.clock.time += 1
        ids.append(scene.plan("ping").id)

    first = scene.control.actions(limit=3)
    rest = scene.control.actions(before=first[-1].plan.made)

    assert [action.plan.id for action in (*first, *rest)] == ids[::-1]


def test_a_request_survives_the_ledger(tmp_path: Path) -> None:
    scene = Scene(ledger=SqliteLedger(tmp_path))
    edit = Edit(args=[1, {"a": [None, "ü"]}], kwargs={}, eta=1e9)

    plan = scene.plan("retry", ids=[FAILED], edit=edit)

    assert scene.another_process().action(plan.id).plan == plan


def test_an_action_is_not_begun_that_cannot_be_audited() -> None:
    ledger = FullLedger()
    scene = Scene(ledger=ledger)
    plan = scene.plan("revoke", ids=[WAITING])

    ledger.is_full = True
    with pytest.raises(StoreUnwritable):
        scene.control.execute(plan.id, ADA)

    assert scene.told() == []
    assert scene.control.action(plan.id).report.state == "failed"


def test_what_the_ledger_could_not_take_is_written_when_it_can() -> None:
    """Though nobody looks at the action meanwhile."""
    ledger = FullLedger()
    scene = Scene(ledger=ledger)
    control = scene.another_process(beat_every_s=0.01)
    plan = scene.plan("retry", ids=[FAILED], edit=Edit(args=[1], kwargs={}))

    def fill(_name: str) -> None:
        ledger.is_full = True

    scene.cluster.on_call = fill
    control.execute(plan.id, ADA)
    wait_until(lambda: len(scene.cluster.sent) == 1, what="the task to be sent")
    ledger.is_full = False

    wait_until(lambda: len(scene.audit()) == 2, what="the end to be in the audit")
    assert scene.audit()[-1].count == 1
    assert [each.repeats for each in ledger.repeats([FAILED])] == [FAILED]
    assert scene.plan("retry", q="state:FAILURE").skipped == {REPEATED: 1}


def test_the_ledger_keeps_what_was_done_for_as_long_as_it_is_told() -> None:
    scene = Scene()
    old = scene.control.plan(ActionRequest(action="ping"), ADA)
    scene.clock.time += 90_000

    new = scene.another_process(keep_s=86_400).plan(ActionRequest(action="ping"), ADA)

    assert [each.plan.id for each in scene.control.actions()] == [new.id]
    with pytest.raises(UnknownAction):
        scene.control.action(old.id)
