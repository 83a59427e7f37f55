"""Actions on tasks whose arguments are hidden, and what stays of arguments that people give."""

from __future__ import annotations

from tests.contract.stories import BASE, begun, failed, uuid_of
from tests.unit.control.scene import ADA, Scene
from umbel.broker.base import QueuedMessage
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

    assert "pw-1" not in repr(scene.control.action(plan.id))
    scene.control.execute(plan.id, ADA, plan.confirm)
    scene.control.wait(plan.id, 10.0)

    assert [sent.kwargs for sent in scene.cluster.sent] == [{"password": "pw-1"}]
    record = scene.ledger.action(plan.id)
    assert record is not None
    assert b"pw-1" not in record.plan + record.report
    assert "pw-1" not in repr((scene.control.actions(), scene.audit()))


def test_a_task_is_sent_with_its_secrets_of_which_the_audit_has_none() -> None:
    scene = Scene()
    scene.control.apply(Apply(name="proj.a", kwargs={"password": "pw-1"}), ADA)

    assert [sent.kwargs for sent in scene.cluster.sent] == [{"password": "pw-1"}]
    assert "pw-1" not in repr(scene.audit())
