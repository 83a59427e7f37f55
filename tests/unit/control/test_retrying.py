"""Tasks that are sent again: with which arguments, to which queue, and each of them once."""

from __future__ import annotations

import msgspec
import pytest

from tests.contract.stories import BASE, failed, succeeded, uuid_of
from tests.support.memory_cluster import MemoryCluster, MemoryResults, MemoryWorker
from tests.unit.control.scene import (
    ADA,
    EU,
    FAILED,
    REVOKED,
    SUCCEEDED,
    Scene,
    history,
)
from umbel.broker.base import QueuedMessage
from umbel.errors import UmbelError
from umbel.results.base import Result
from umbel.services.control.argument_recovery import MAYBE_REPEATED, REPEATED
from umbel.services.control.types import Edit
from umbel.store.ledger import Repeat


def test_a_retry_sends_the_same_again_and_keeps_the_lineage() -> None:
    scene = Scene()

    report = scene.do("retry", ids=[FAILED])

    (sent,) = scene.cluster.sent
    assert (sent.name, sent.args, sent.kwargs) == ("shop.send", (7, "EUR"), {"fast": True})
    assert sent.queue == "mail"
    assert sent.id != FAILED
    assert (sent.root_id, sent.parent_id) == (FAILED, FAILED)
    assert sent.headers == {"umbel_repeats": FAILED}
    assert (sent.eta, sent.expires, sent.countdown_s) == (None, None, None)
    assert report.sent == {FAILED: sent.id}
    (repeat,) = scene.ledger.repeats([FAILED])
    assert (repeat.task_id, repeat.repeats, repeat.actor) == (sent.id, FAILED, "ada")
    assert scene.ledger.repeats([sent.id]) == (repeat,)


def test_a_child_that_is_sent_again_keeps_its_place_in_the_workflow() -> None:
    child = uuid_of(50)
    scene = Scene(*history(), *failed(child, BASE, root="the-root", parent="the-parent"))

    scene.do("retry", ids=[child])

    assert (scene.cluster.sent[0].root_id, scene.cluster.sent[0].parent_id) == (
        "the-root", "the-parent",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("key", "queue"), [("mails.out", "mails"), ("mail", "mail"), ("celery", "celery"), ("x", None)]
)
def test_a_task_that_was_delayed_by_the_broker_goes_to_its_queue(
    key: str, queue: str | None
) -> None:
    """Of what is sent with a countdown to quorum queues events tell Celery's delayed delivery; a
    queue is declared with that routing key, was seen, is configured, or is not known."""
    delayed = uuid_of(60)
    sent, *others = failed(delayed, BASE, args="(1,)")
    sent = msgspec.structs.replace(
        sent, queue=None, exchange="celery_delayed_27", routing_key=f"{'0.' * 27}1.{key}"
    )
    scene = Scene(*history(), sent, *others)
    scene.cluster.defined = {"mails": {"name": "mails", "routing_key": "mails.out"}}
    scene.cluster.configured = ("celery",)

    report = scene.do("retry", ids=[delayed])

    (new,) = scene.cluster.sent
    assert report.sent == {delayed: new.id}
    assert (new.queue, new.exchange, new.routing_key) == (queue, None, None)


def test_edited_parts_replace_those_of_before() -> None:
    scene = Scene()
    edit = Edit(args=[8], queue="slow", priority=3, countdown=5.0, expires=60.0)

    scene.do("retry", ids=[FAILED], edit=edit)

    (sent,) = scene.cluster.sent
    assert (sent.args, sent.kwargs) == ((8,), {"fast": True})
    assert (sent.queue, sent.priority, sent.countdown_s) == ("slow", 3, 5.0)
    assert sent.expires == scene.clock.now() + 60.0


def test_what_a_sender_hides_stays_hidden_when_it_is_sent_again() -> None:
    task = uuid_of(78)
    exact = Result(
        task_id=task, state="FAILURE", name="shop.send", args=["pw-1"], kwargs={"n": 1}, worker=EU
    )
    events = failed(task, BASE, args="(***)", kwargs="{'n': 1}")
    scene = Scene(*events, results=MemoryResults(exact))

    scene.do("retry", ids=[task])
    scene.do("retry", ids=[task], edit=Edit(args=["pw-2"]))

    sent = [(each.args, each.args_repr, each.kwargs_repr) for each in scene.cluster.sent]
    assert sent == [(("pw-1",), "(***)", "{'n': 1}"), (("pw-2",), None, "{'n': 1}")]


def test_the_message_that_waits_says_what_is_shown_of_its_arguments() -> None:
    task = uuid_of(79)
    scene = Scene(*failed(task, BASE, args="('pw-1',)", kwargs="{}")[:1])
    scene.cluster.queues["mail"] = [
        QueuedMessage(task_id=task, name="shop.send", args=["pw-1"], kwargs={}, args_repr="(***)")
    ]

    scene.do("retry", ids=[task])

    assert [(each.args, each.args_repr) for each in scene.cluster.sent] == [(("pw-1",), "(***)")]


def test_cut_arguments_are_never_sent() -> None:
    cut = uuid_of(77)
    scene = Scene(*history(), *failed(cut, BASE + 9, args="('long te...', 1)"))

    report = scene.do("retry", ids=[FAILED, cut])

    assert [signature.headers["umbel_repeats"] for signature in scene.cluster.sent] == [FAILED]
    assert (report.done, report.skipped) == (1, 1)
    assert any("cut" in sentence for sentence in report.left_out)
    assert sum(report.failures.values()) == report.failed == 0


def test_exact_arguments_come_before_texts() -> None:
    exact = Result(
        task_id=SUCCEEDED, state="SUCCESS", name="shop.send", args=[1], kwargs={}, worker=EU
    )
    scene = Scene(results=MemoryResults(exact))

    scene.do("retry", ids=[SUCCEEDED])

    assert scene.cluster.sent[0].args == (1,)


def test_a_search_is_retried_whole_and_its_repetitions_are_not_repeated() -> None:
    tasks = [e for n in range(450) for e in failed(uuid_of(n), BASE + n, args=f"({n},)")]
    scene = Scene(*tasks)

    def arrive(_name: str) -> None:
        # What was sent so far comes back as tasks that match the search as well.
        for each in scene.cluster.sent:
            scene.store.apply(failed(each.id, BASE + 900))

    scene.cluster.on_call = arrive
    report = scene.do("retry", q="state:FAILURE")

    assert report.done == 450
    assert sorted(each.args[0] for each in scene.cluster.sent) == list(range(450))  # type: ignore[type-var]
    assert len({each.id for each in scene.cluster.sent}) == 450


def test_a_broker_that_goes_away_while_sending_gets_each_task_once() -> None:
    scene = Scene(*[e for n in range(10) for e in failed(uuid_of(n), BASE + n, args=f"({n},)")])
    scene.cluster.away, scene.cluster.sends_before = 2, 3

    report = scene.do("retry", q="")

    assert report.state == "done"
    assert sorted(each.args[0] for each in scene.cluster.sent) == list(range(10))  # type: ignore[type-var]
    assert len(scene.ledger.repeats([uuid_of(n) for n in range(10)])) == 10


def test_a_broker_that_stays_away_ends_it_with_how_many_were_done() -> None:
    scene = Scene(*[e for n in range(10) for e in failed(uuid_of(n), BASE + n, args=f"({n},)")])
    scene.cluster.away, scene.cluster.sends_before = 99, 1

    report = scene.do("retry", q="")

    assert report.state == "failed"
    assert report.done == len(scene.cluster.sent) == len(report.sent)
    assert 0 < report.done < 10
    assert "does not answer" in report.sentence
    assert len(scene.ledger.repeats([uuid_of(n) for n in range(10)])) == report.done


def test_what_the_broker_may_have_is_not_told_as_not_sent_and_is_not_sent_twice() -> None:
    scene = Scene(*[e for n in range(10) for e in failed(uuid_of(n), BASE + n, args=f"({n},)")])
    plan = scene.plan("retry", q="")

    def fall_silent(name: str) -> None:
        scene.cluster.away = int(name == "send" and not scene.cluster.sent)

    scene.cluster.sends_before, scene.cluster.answers_lost = 3, True
    scene.cluster.on_call = fall_silent
    scene.control.execute(plan.id, ADA)
    report = scene.control.wait(plan.id, 10)

    assert sorted(each.args[0] for each in scene.cluster.sent) == list(range(10))  # type: ignore[type-var]
    assert (report.state, report.done, report.is_unsure) == ("done", 3, True)
    assert report.sentence.startswith("Sent again: 3 tasks. Whether 7 more tasks (")
    assert f"{scene.cluster.sent[3].id}, " in report.sentence
    assert "were sent is not known" in report.sentence
    assert report.sentence in (scene.audit()[-1].answer or "")


def test_what_a_killed_server_may_have_sent_is_left_out_until_it_is_known() -> None:
    """Before anything goes to the broker the ledger has that it may be sent: nobody writes anything
    down in a process that is killed then."""
    scene = Scene(*[e for n in range(4) for e in failed(uuid_of(n), BASE + n, args=f"({n},)")])
    left: list[Repeat] = []

    def be_killed(name: str) -> None:
        if name == "send" and not left:
            left.extend(scene.ledger.repeats([uuid_of(n) for n in range(4)]))

    scene.cluster.on_call = be_killed
    scene.do("retry", q="")
    assert [each.maybe for each in left] == [True] * 4

    restarted = Scene(*[e for n in range(4) for e in failed(uuid_of(n), BASE + n, args="(1,)")])
    restarted.ledger.repeat(left)
    restarted.store.apply(succeeded(left[0].task_id, BASE + 900))
    plan = restarted.plan("retry", q="state:FAILURE")
    assert (plan.count, plan.skipped) == (0, {REPEATED: 1, MAYBE_REPEATED: 3})
    assert "may have been sent again" in (plan.impossible or "")
    assert "1 of these may have been sent again" in " ".join(
        restarted.plan("retry", ids=[left[1].repeats]).consequences
    )
    assert restarted.do("retry", ids=[left[1].repeats]).done == 1


def test_what_a_cancelled_retry_did_not_send_is_free_for_the_next() -> None:
    scene = Scene(*[e for n in range(10) for e in failed(uuid_of(n), BASE + n, args=f"({n},)")])
    scene.cluster.away, scene.cluster.sends_before = 99, 0

    assert scene.do("retry", q="").state == "failed"

    scene.cluster.away = 0
    assert scene.do("retry", q="").done == 10


def test_a_single_task_that_the_broker_may_have_is_not_said_to_be_sent() -> None:
    scene = Scene(*failed(uuid_of(1), BASE, args="(1,)"))
    plan = scene.plan("retry", q="")

    def fall_silent(name: str) -> None:
        scene.cluster.away = int(name == "send")

    scene.cluster.answers_lost = True
    scene.cluster.on_call = fall_silent
    scene.control.execute(plan.id, ADA)
    report = scene.control.wait(plan.id, 10)

    (sent,) = scene.cluster.sent
    assert (report.state, report.done, report.sent) == ("failed", 0, {})
    assert report.sentence.startswith(f"Whether 1 task ({sent.id}) was sent is not known: ")
    assert any("does not answer" in note for note in report.notes)
    assert scene.audit()[-1].count is None


def test_a_backend_that_comes_back_is_waited_for() -> None:
    exact = Result(
        task_id=SUCCEEDED, state="SUCCESS", name="shop.send", args=[1], kwargs={}, worker=EU
    )
    scene = Scene(results=MemoryResults(exact))
    plan = scene.plan("retry", ids=[SUCCEEDED])
    assert scene.results is not None
    scene.results.away = 2

    scene.control.execute(plan.id, ADA)

    assert scene.control.wait(plan.id, 10).done == 1


def test_a_broker_that_cannot_control_is_told_not_tried() -> None:
    scene = Scene(cluster=MemoryCluster(MemoryWorker(EU), missing={"send": "Read only."}))
    plan = scene.plan("retry", ids=[FAILED, REVOKED])

    with pytest.raises(UmbelError, match="Read only"):
        scene.control.execute(plan.id, ADA)


def test_a_task_that_was_published_to_an_exchange_goes_there_again() -> None:
    task = uuid_of(91)
    sent, *rest = failed(task, BASE, queue="celery")
    scene = Scene(msgspec.structs.replace(sent, exchange="topics", routing_key="a.x"), *rest)

    scene.do("retry", ids=[task])
    scene.do("retry", ids=[task], edit=Edit(queue="slow"))

    assert [(each.queue, each.exchange, each.routing_key) for each in scene.cluster.sent] == [
        ("celery", "topics", "a.x"),
        ("slow", None, None),
    ]


def test_a_task_whose_route_was_never_told_goes_where_the_application_says() -> None:
    task = uuid_of(90)
    unsent = [e for e in failed(task, BASE) if e.type != "task-sent"]
    scene = Scene(*unsent)

    plan = scene.plan("retry", ids=[task])
    scene.control.execute(plan.id, ADA)

    assert any("queue of 1 is not known" in each for each in plan.consequences)
    (sent,) = scene.cluster.sent
    assert (sent.queue, sent.exchange, sent.routing_key) == (None, None, None)
