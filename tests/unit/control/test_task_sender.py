"""Sending one task."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.contract.stories import heartbeat
from tests.support.memory_cluster import MemoryResults
from tests.unit.control.scene import ADA, EU, NOW, US, FullLedger, Scene, actor, history
from umbel.errors import ActionRefused, BrokerUnreachable, NotPermitted, ResultsUnavailable
from umbel.results.base import Result
from umbel.services.control.task_sender import Apply, SentTask


def apply(scene: Scene, **asked: Any) -> SentTask:
    return scene.control.apply(Apply(name="shop.send", **asked), ADA)


def test_a_task_is_sent_as_asked() -> None:
    scene = Scene()

    applied = apply(
        scene, args=[1], kwargs={"a": None}, queue="mail", priority=3, countdown=5.0, expires=60.0,
        soft_time_limit=1.0, time_limit=2.0, headers={"x": 1}, task_id="mine", root_id="root",
    )  # fmt: skip

    (sent,) = scene.cluster.sent
    assert applied == SentTask("mine", "PENDING", None)
    assert (sent.id, sent.name, sent.args, sent.kwargs) == ("mine", "shop.send", (1,), {"a": None})
    assert (sent.queue, sent.priority, sent.countdown_s) == ("mail", 3, 5.0)
    assert sent.expires == scene.clock.now() + 60.0
    assert (sent.soft_time_limit_s, sent.time_limit_s) == (1.0, 2.0)
    assert (sent.headers, sent.root_id) == ({"x": 1}, "root")


def test_every_task_gets_an_id_of_its_own() -> None:
    scene = Scene()

    assert apply(scene).task_id != apply(scene).task_id


def test_a_task_is_in_the_audit_before_and_after_without_its_arguments() -> None:
    scene = Scene()

    applied = apply(scene, args=["secret"], queue="mail", reason="lost in the move")

    after, before = scene.ledger.audit().items
    assert (before.action, before.outcome, after.outcome) == ("apply", None, "done")
    assert before.target == f"shop.send as {applied.task_id} to mail"
    assert before.tasks == after.tasks == (applied.task_id,)
    assert before.reason == after.reason == "lost in the move"
    assert "secret" not in repr((before, after))


def test_a_broker_that_is_away_is_in_the_audit_too() -> None:
    scene = Scene()
    scene.cluster.away = 1

    with pytest.raises(BrokerUnreachable):
        apply(scene)

    assert scene.ledger.audit().items[0].outcome == "failed"


def test_a_task_that_the_broker_may_have_is_told_by_its_id() -> None:
    scene = Scene()
    scene.cluster.away, scene.cluster.answers_lost = 1, True

    with pytest.raises(BrokerUnreachable, match=r"shop\.send was sent is not known.* id, mine, "):
        apply(scene, task_id="mine")

    assert "not known" in (scene.ledger.audit().items[0].answer or "")


def test_who_sends_learns_that_it_was_sent_though_the_audit_cannot_be_written_any_more() -> None:
    ledger = FullLedger()
    scene = Scene(ledger=ledger)

    def fill(_name: str) -> None:
        ledger.is_full = True

    scene.cluster.on_call = fill

    assert apply(scene, task_id="mine").task_id == scene.cluster.sent[0].id == "mine"
    assert [line.outcome for line in ledger.audit().items] == [None]


def test_waiting_gives_the_result() -> None:
    result = Result(task_id="mine", state="SUCCESS", result=42)
    scene = Scene(results=MemoryResults(result))

    assert apply(scene, task_id="mine", wait=1.0) == SentTask("mine", "SUCCESS", result)


def test_without_a_backend_nothing_is_sent_that_is_to_be_waited_for() -> None:
    scene = Scene()

    with pytest.raises(ResultsUnavailable, match="No result backend"):
        apply(scene, wait=1.0)

    assert scene.cluster.sent == []


def test_a_backend_that_goes_away_does_not_hide_that_the_task_was_sent() -> None:
    results = MemoryResults()
    scene = Scene(results=results)

    def go_away(_name: str) -> None:
        results.away = 1

    scene.cluster.on_call = go_away
    applied = apply(scene, wait=1.0)

    assert applied.task_id == scene.cluster.sent[0].id
    assert applied.result is not None
    assert "does not answer" in (applied.result.unreadable or "")


def test_nothing_is_sent_while_the_backend_that_is_waited_for_is_away() -> None:
    results = MemoryResults()
    results.away = 1
    scene = Scene(results=results)

    with pytest.raises(ResultsUnavailable, match="does not answer"):
        apply(scene, wait=1.0)

    assert scene.cluster.sent == []
    assert scene.ledger.audit().items == ()


def test_a_name_that_no_worker_knows_is_refused_with_the_nearest() -> None:
    scene = Scene()
    scene.workers.registered = {EU: ["shop.sent [rate_limit=1/s]", "etl.load"], US: None}

    with pytest.raises(ActionRefused, match=r"Did you mean shop\.sent\?") as refused:
        apply(scene, check=True)

    assert refused.value.field == "name"
    assert scene.cluster.sent == []


def test_a_name_that_a_worker_knows_is_sent() -> None:
    scene = Scene()
    scene.workers.registered = {EU: ["shop.send [rate_limit=1/s]"]}

    apply(scene, check=True)

    assert len(scene.cluster.sent) == 1


@pytest.mark.parametrize("turns", [1, 2])
@pytest.mark.parametrize("heard_of", [(EU, US), ()])
@pytest.mark.parametrize("others", [{}, {EU: ["etl.load"]}])
def test_a_worker_that_answers_late_is_waited_for_before_a_task_is_refused(
    turns: int, heard_of: tuple[str, ...], others: dict[str, object]
) -> None:
    scene = Scene()
    scene.workers.names = heard_of
    scene.workers.registered = {**others, US: ["shop.send"]}
    scene.workers.late = {US: turns, EU: turns}

    apply(scene, check=True)

    assert len(scene.cluster.sent) == 1


def test_who_did_not_answer_is_named_where_a_name_is_refused() -> None:
    scene = Scene()
    scene.workers.registered = {EU: ["etl.load"]}

    with pytest.raises(ActionRefused, match=f"{US} did not answer"):
        apply(scene, check=True)


def test_nothing_is_sent_unchecked_when_nobody_answers() -> None:
    scene = Scene()

    with pytest.raises(ActionRefused, match="No worker says"):
        apply(scene, check=True)


def test_a_name_that_a_busy_worker_runs_is_sent_though_it_does_not_answer() -> None:
    scene = Scene(*history(), heartbeat(US, NOW - 5))

    apply(scene, check=True)

    assert len(scene.cluster.sent) == 1


@pytest.mark.parametrize("kind", ["worker-online", "worker-offline"])
def test_what_an_earlier_process_ran_says_nothing_of_a_worker(kind: str) -> None:
    scene = Scene(*history(), replace(heartbeat(US, NOW - 5), type=kind))

    with pytest.raises(ActionRefused, match="No worker says"):
        apply(scene, check=True)


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"countdown": 1.0, "eta": 2.0}, "countdown"), ({"queue": "a", "exchange": "b"}, "queue")],
)
def test_contradictions_are_refused(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(ActionRefused) as refused:
        apply(Scene(), **asked)

    assert refused.value.field == field


def test_who_only_reads_sends_nothing() -> None:
    scene = Scene()

    with pytest.raises(NotPermitted):
        scene.control.apply(Apply(name="shop.send"), actor("bob", "viewer"))

    assert scene.cluster.sent == []


def test_unknown_fields_are_refused_where_json_is_read() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `kwarg`"):
        msgspec.json.decode(b'{"name":"a","kwarg":{}}', type=Apply)


@pytest.mark.parametrize("header", ["task", "id", "root_id", "eta"])
def test_no_header_makes_it_another_task_than_the_audit_tells(header: str) -> None:
    scene = Scene()

    with pytest.raises(ActionRefused, match="belongs to Celery") as refused:
        apply(scene, headers={header: "shop.refund"})

    assert refused.value.field == "headers"
    assert scene.cluster.sent == []


@pytest.mark.parametrize("field", ["queue", "exchange", "routing_key", "serializer", "task_id"])
@pytest.mark.parametrize("character", ["\0", "\n", "\x1b", "\x7f", "\x85"])
def test_no_name_holds_a_control_character(field: str, character: str) -> None:
    scene = Scene()

    with pytest.raises(ActionRefused, match="contains the control character") as refused:
        apply(scene, **{field: f"a{character}b"})

    assert refused.value.field == field
    assert character not in str(refused.value)
    assert scene.cluster.sent == []


def test_arguments_hold_any_text() -> None:
    scene = Scene()

    apply(scene, args=["a\0b\x1b"], kwargs={"k\0": "\n"})

    (sent,) = scene.cluster.sent
    assert (sent.args, sent.kwargs) == (("a\0b\x1b",), {"k\0": "\n"})
