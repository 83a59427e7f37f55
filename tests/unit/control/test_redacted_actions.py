"""Actions on tasks whose arguments are hidden, and what stays of arguments that people give."""

from __future__ import annotations

import pytest

from tests.contract.stories import BASE, begun, failed, uuid_of
from tests.unit.control.scene import ADA, Scene
from umbel.broker.base import QueuedMessage
from umbel.errors import ActionRefused
from umbel.services.control.task_sender import Apply
from umbel.services.control.types import Edit

TASK = uuid_of(1)
HIDDEN = "{'password': <hidden>, 'n': 1}"


def test_hidden_arguments_are_not_known_and_nothing_is_sent() -> None:
    scene = Scene(*failed(TASK, BASE, args="()", kwargs=HIDDEN))

    plan = scene.plan("retry", ids=[TASK])

    assert plan.count == 0
    assert "are hidden ([redact])" in next(iter(plan.skipped))
    assert "Give its arguments" in (plan.impossible or "")


def test_the_message_that_still_waits_has_the_arguments() -> None:
    scene = Scene(*begun(TASK, BASE, args="()", kwargs=HIDDEN)[:1])
    scene.cluster.queues["mail"] = [
        QueuedMessage(task_id=TASK, name="proj.a", args=[], kwargs={"password": "x", "n": 1})
    ]

    scene.do("retry", ids=[TASK])

    assert [sent.kwargs for sent in scene.cluster.sent] == [{"password": "x", "n": 1}]


def test_secrets_that_a_person_gives_are_sent_and_do_not_stay_in_the_ledger() -> None:
    scene = Scene(*failed(TASK, BASE, args="()", kwargs=HIDDEN))
    plan = scene.plan("retry", ids=[TASK], edit=Edit(args=[], kwargs={"password": "pw-1"}))

    assert "pw-1" not in repr((plan, scene.control.action(plan.id)))
    planned = scene.ledger.action(plan.id)
    assert planned is not None
    assert b"pw-1" not in planned.plan + planned.report
    scene.control.execute(plan.id, ADA, plan.confirm)
    scene.control.wait(plan.id, 10.0)

    assert [sent.kwargs for sent in scene.cluster.sent] == [{"password": "pw-1"}]
    record = scene.ledger.action(plan.id)
    assert record is not None
    assert b"pw-1" not in record.plan + record.report
    assert "pw-1" not in repr((scene.control.actions(), scene.audit()))


def test_another_process_does_not_send_tasks_without_the_secrets_that_were_given() -> None:
    scene = Scene(*failed(TASK, BASE, args="()", kwargs=HIDDEN))
    plan = scene.plan("retry", ids=[TASK], edit=Edit(args=[], kwargs={"password": "pw-1"}))

    with pytest.raises(ActionRefused, match="hidden"):
        scene.another_process().execute(plan.id, ADA, plan.confirm)
    assert not scene.cluster.sent


def test_arguments_without_secrets_are_sent_by_another_process() -> None:
    scene = Scene(*failed(TASK, BASE, args="()", kwargs=HIDDEN))
    plan = scene.plan("retry", ids=[TASK], edit=Edit(args=[1], kwargs={"n": 1}))

    other = scene.another_process()
    other.execute(plan.id, ADA, plan.confirm)
    other.wait(plan.id, 10.0)

    assert [sent.kwargs for sent in scene.cluster.sent] == [{"n": 1}]


def test_a_task_is_sent_with_its_secrets_of_which_the_audit_has_none() -> None:
    scene = Scene()
    scene.control.apply(Apply(name="proj.a", kwargs={"password": "pw-1"}), ADA)

    assert [sent.kwargs for sent in scene.cluster.sent] == [{"password": "pw-1"}]
    assert "pw-1" not in repr(scene.audit())
