"""What happens when plans are executed: to the workers, to the ledger, in the report."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from tests.contract.stories import BASE, begun, failed, succeeded, uuid_of
from tests.support.memory_cluster import MemoryCluster, MemoryResults, MemoryWorker
from tests.support.waiting import wait_until
from tests.unit.control.scene import (
    ADA,
    BOB,
    EU,
    FAILED,
    REVOKED,
    RUNNING,
    SUCCEEDED,
    US,
    WAITING,
    Scene,
    actor,
    history,
    many,
)
from umbel.errors import ActionRefused, NotPermitted, StoreUnwritable, UmbelError, UnknownAction
from umbel.results.base import Result
from umbel.services.control.action_records import Kept, Owner, decode, encode
from umbel.services.control.control import Control
from umbel.services.control.types import ActionRequest, Edit
from umbel.store.ledger import AuditEntry
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.sqlite.ledger import SqliteLedger


def lines(scene: Scene) -> list[AuditEntry]:
    """The audit, oldest first."""
    return list(scene.ledger.audit().items)[::-1]


# -- tasks ---------------------------------------------------------------------------------


def test_a_revoke_tells_every_worker_and_marks_the_intent() -> None:
    scene = Scene()

    report = scene.do("revoke", ids=[WAITING, SUCCEEDED])

    assert report.state == "done"
    assert (report.done, report.failed, report.skipped) == (1, 0, 1)
    assert report.sentence == "Told the workers to revoke 1 task. 1 was left out."
    assert {answer.outcome for answer in report.workers} == {"ok"}
    assert scene.eu.revoked == scene.us.revoked == {WAITING}
    intent = scene.control.intents([WAITING, SUCCEEDED])
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


def test_the_report_tells_when_more_matched_than_were_planned() -> None:
    scene = Scene()
    plan = scene.plan("revoke", q="state:RECEIVED")
    scene.store.apply(many(3))

    scene.control.execute(plan.id, ADA)
    report = scene.control.wait(plan.id, 5)

    assert (report.done, report.total) == (4, 4)
    assert report.sentence.endswith("1 had been counted for the plan.")


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


# -- retry ---------------------------------------------------------------------------------


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
    (repeat,) = scene.control.repeats([FAILED])
    assert (repeat.task_id, repeat.repeats, repeat.actor) == (sent.id, FAILED, "ada")
    assert scene.control.repeats([sent.id]) == (repeat,)


def test_a_child_that_is_sent_again_keeps_its_place_in_the_workflow() -> None:
    child = uuid_of(50)
    scene = Scene(*history(), *failed(child, BASE, root="the-root", parent="the-parent"))

    scene.do("retry", ids=[child])

    assert (scene.cluster.sent[0].root_id, scene.cluster.sent[0].parent_id) == (
        "the-root", "the-parent",
    )  # fmt: skip


def test_edited_parts_replace_those_of_before() -> None:
    scene = Scene()
    edit = Edit(args=[8], queue="slow", priority=3, countdown=5.0, expires=60.0)

    scene.do("retry", ids=[FAILED], edit=edit)

    (sent,) = scene.cluster.sent
    assert (sent.args, sent.kwargs) == ((8,), {"fast": True})
    assert (sent.queue, sent.priority, sent.countdown_s) == ("slow", 3, 5.0)
    assert sent.expires == scene.clock.now() + 60.0


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


# -- workers and queues --------------------------------------------------------------------


def test_every_worker_that_was_planned_has_its_answer() -> None:
    scene = Scene()
    scene.us.is_deaf = True
    scene.eu.refuses["pool_grow"] = "not supported with autoscale"

    report = scene.do("pool_grow", n=2)

    assert {(a.worker, a.outcome) for a in report.workers} == {(EU, "refused"), (US, "unknown")}
    assert scene.told("pool_grow")[0].arguments == {"n": 2}
    assert "1 refused (celery@eu-1: not supported with autoscale)" in report.sentence
    assert scene.workers.forgotten == 1


def test_a_command_to_one_worker_goes_to_it_alone() -> None:
    scene = Scene()

    report = scene.do("rate_limit", name="shop.send", rate="10/m", workers=[EU])

    (command,) = scene.told("rate_limit")
    assert command.workers == (EU,)
    assert command.arguments == {"task_name": "shop.send", "rate_limit": "10/m"}
    assert report.sentence == "1 of 1 worker did it."


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


# -- who, when, and how often --------------------------------------------------------------


def test_an_action_is_in_the_audit_before_and_after() -> None:
    scene = Scene()
    scene.cluster.on_call = lambda _: seen.append(len(lines(scene)))
    seen: list[int] = []

    report = scene.do("revoke", q="state:RECEIVED", reason="poison since 14:00")

    before, after = lines(scene)
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
    assert [line.reason for line in lines(scene)] == ["poison since 14:00"] * 2
    assert scene.control.action(plan.id).plan.request.reason == "poison since 14:00"


def test_a_retry_names_the_tasks_that_it_sent_in_the_audit() -> None:
    scene = Scene()

    report = scene.do("retry", ids=[FAILED], edit=Edit(args=[1], kwargs={}))

    before, after = lines(scene)
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
    assert len(lines(scene)) == 2


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

    assert sorted((e.actor, e.outcome or "") for e in lines(scene)) == [
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


# -- following, cancelling, dying ----------------------------------------------------------


class Gate:
    """Holds the cluster's next call until it is opened."""

    def __init__(self, scene: Scene) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        scene.cluster.on_call = self._hold

    def _hold(self, _name: str) -> None:
        self.reached.set()
        assert self.opened.wait(10)


def test_long_work_is_told_running_with_its_progress() -> None:
    scene = Scene(*many(3_000))
    plan = scene.plan("revoke", q="")
    gate = Gate(scene)

    report = scene.control.execute(plan.id, ADA, plan.confirm)

    assert report.state == "running"
    assert report.sentence == "Revoking: 0 of 3,000 tasks."
    assert scene.control.action(plan.id).report.state == "running"
    assert scene.another_process().action(plan.id).report.state == "running"
    gate.opened.set()
    assert scene.control.wait(plan.id, 5).done == 3_000


def test_cancelling_stops_between_chunks_and_says_who() -> None:
    scene = Scene(*many(3_000))
    plan = scene.plan("revoke", q="")
    gate = Gate(scene)
    scene.control.execute(plan.id, ADA, plan.confirm)
    assert gate.reached.wait(5)

    cancelling = threading.Thread(target=scene.control.cancel, args=(plan.id, BOB))
    cancelling.start()
    wait_until(lambda: any(e.action == "cancel" for e in lines(scene)))
    cancelling.join()
    gate.opened.set()

    report = scene.control.wait(plan.id, 5)
    assert (report.state, report.done, report.total) == ("cancelled", 1_000, 3_000)
    assert "Cancelled by bob." in report.sentence
    assert [(e.actor, e.action, e.outcome) for e in lines(scene)] == [
        ("ada", "revoke", None), ("bob", "cancel", "asked"), ("ada", "revoke", "cancelled"),
    ]  # fmt: skip


def test_another_process_may_cancel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("umbel.services.control.run.SAVED_EVERY_S", 0.0)
    scene = Scene(*many(3_000), ledger=SqliteLedger(tmp_path))
    other = scene.another_process()
    plan = scene.plan("revoke", q="")
    gate = Gate(scene)
    scene.control.execute(plan.id, ADA, plan.confirm)
    assert gate.reached.wait(5)

    other.cancel(plan.id, BOB)
    gate.opened.set()

    report = scene.control.wait(plan.id, 5)
    assert report.state == "cancelled"
    assert "Cancelled by bob." in report.sentence
    assert report.done < 3_000
    assert other.wait(plan.id, 5) == report


def test_a_plan_that_is_withdrawn_cannot_be_executed() -> None:
    scene = Scene()
    plan = scene.plan("revoke", ids=[WAITING])

    assert scene.control.cancel(plan.id, BOB).state == "cancelled"

    with pytest.raises(ActionRefused, match="withdrawn"):
        scene.control.execute(plan.id, ADA)


def test_cancelling_what_has_ended_changes_nothing() -> None:
    scene = Scene()
    report = scene.do("revoke", ids=[WAITING])

    assert scene.control.cancel(report.id, BOB) == report
    assert len(lines(scene)) == 2


def test_a_service_that_closes_stops_between_chunks() -> None:
    scene = Scene(*many(3_000))
    plan = scene.plan("revoke", q="")
    gate = Gate(scene)
    scene.control.execute(plan.id, ADA, plan.confirm)
    assert gate.reached.wait(10)
    run = scene.control._runs[plan.id]
    closing = threading.Thread(target=scene.control.close)
    closing.start()
    wait_until(run._halt.is_set)
    gate.opened.set()
    closing.join()

    report = scene.another_process().action(plan.id).report
    assert report.state == "interrupted"
    assert report.done == 1_000
    assert lines(scene)[-1].outcome == "interrupted"
    with pytest.raises(ActionRefused):
        scene.control.execute(scene.plan("revoke", ids=[uuid_of(1_000)]).id, ADA)


def running_elsewhere(scene: Scene, owner: Owner, beat: float) -> str:
    """An action that another process ran."""
    plan = scene.plan("revoke", ids=[WAITING])
    record = scene.ledger.action(plan.id)
    assert record is not None
    entry = decode(record)
    report = msgspec.structs.replace(entry.kept.report, state="running")
    kept = Kept(report, owner=owner, beat=beat)
    scene.ledger.keep_action(encode(plan, kept))
    return plan.id


def test_what_a_dead_process_ran_is_interrupted_at_the_next_start() -> None:
    scene = Scene()
    myself = Owner.myself()
    dead = Owner(myself.host, myself.pid, "another start")
    action_id = running_elsewhere(scene, dead, scene.clock.now())

    scene.another_process()

    record = scene.ledger.action(action_id)
    assert record is not None
    assert not record.running
    assert decode(record).kept.report.state == "interrupted"
    assert [e.outcome for e in lines(scene)] == ["interrupted"]
    assert scene.ledger.running_actions() == ()


def test_what_a_living_process_runs_is_left_to_it() -> None:
    scene = Scene()
    action_id = running_elsewhere(scene, Owner.myself(), scene.clock.now())

    assert scene.another_process().action(action_id).report.state == "running"


def test_what_runs_on_another_machine_is_interrupted_when_it_is_long_silent() -> None:
    scene = Scene()
    action_id = running_elsewhere(scene, Owner("elsewhere", 1, "1"), scene.clock.now())

    assert scene.control.action(action_id).report.state == "running"
    scene.clock.time += 61
    assert scene.control.action(action_id).report.state == "interrupted"


def test_an_error_of_ours_becomes_a_sentence() -> None:
    scene = Scene()
    plan = scene.plan("revoke", ids=[WAITING])

    def explode(_name: str) -> None:
        raise RuntimeError("a bug")

    scene.cluster.on_call = explode
    scene.control.execute(plan.id, ADA)

    report = scene.control.wait(plan.id, 5)
    assert report.state == "failed"
    assert "a bug" in report.sentence
    assert lines(scene)[-1].outcome == "failed"


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


def test_no_more_than_sixteen_actions_run_at_once() -> None:
    scene = Scene()
    gate = Gate(scene)
    gate.opened.clear()
    plans = [scene.control.plan(ActionRequest(action="ping", workers=[EU]), ADA) for _ in range(17)]
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda plan: scene.control.execute(plan.id, ADA), plans[:16]))

    with pytest.raises(ActionRefused, match="16 actions run already"):
        scene.control.execute(plans[16].id, ADA)

    gate.opened.set()
    for plan in plans[:16]:
        assert scene.control.wait(plan.id, 10).state == "done"
    assert scene.control.execute(plans[16].id, ADA).state == "done"


def test_a_broker_that_cannot_control_is_told_not_tried() -> None:
    scene = Scene(cluster=MemoryCluster(MemoryWorker(EU), missing={"send": "Read only."}))
    plan = scene.plan("retry", ids=[FAILED, REVOKED])

    with pytest.raises(UmbelError, match="Read only"):
        scene.control.execute(plan.id, ADA)


def test_a_task_whose_route_was_never_told_goes_where_the_application_says() -> None:
    task = uuid_of(90)
    unsent = [e for e in failed(task, BASE) if e.type != "task-sent"]
    scene = Scene(*unsent)

    plan = scene.plan("retry", ids=[task])
    scene.control.execute(plan.id, ADA)

    assert any("queue of 1 is not known" in each for each in plan.consequences)
    (sent,) = scene.cluster.sent
    assert (sent.queue, sent.exchange, sent.routing_key) == (None, None, None)


def test_a_started_task_of_unknown_worker_is_told_to_everybody() -> None:
    task = uuid_of(91)
    events = [msgspec.structs.replace(e, hostname="") for e in begun(task, BASE)]
    scene = Scene(*events)

    scene.do("terminate", ids=[task])

    assert [command.workers for command in scene.told()] == [None]


def test_a_ledger_that_cannot_be_written_ends_it_and_the_end_is_still_told(tmp_path: Path) -> None:
    scene = Scene(*many(3_000), ledger=SqliteLedger(tmp_path))
    plan = scene.plan("revoke", q="")
    scene.cluster.on_call = lambda _: scene.ledger.close()

    scene.control.execute(plan.id, ADA, plan.confirm)

    report = scene.control.wait(plan.id, 5)
    assert (report.state, report.done) == ("failed", 1_000)
    assert "ledger" in report.sentence
    assert len(scene.told()) == 1


class FullLedger(MemoryLedger):
    """A ledger that has no room for another line of the audit."""

    is_full = False

    def record(self, entry: AuditEntry) -> int:
        if self.is_full:
            raise StoreUnwritable("The disk is full.")
        return super().record(entry)


def test_an_action_is_not_begun_that_cannot_be_audited() -> None:
    ledger = FullLedger()
    scene = Scene(ledger=ledger)
    plan = scene.plan("revoke", ids=[WAITING])

    ledger.is_full = True
    with pytest.raises(StoreUnwritable):
        scene.control.execute(plan.id, ADA)

    assert scene.told() == []
    assert scene.control.action(plan.id).report.state == "failed"


def test_the_ledger_keeps_what_was_done_for_as_long_as_it_is_told() -> None:
    scene = Scene()
    old = scene.control.plan(ActionRequest(action="ping"), ADA)
    scene.clock.time += 90_000

    new = scene.another_process(keep_s=86_400).plan(ActionRequest(action="ping"), ADA)

    assert [each.plan.id for each in scene.control.actions()] == [new.id]
    with pytest.raises(UnknownAction):
        scene.control.action(old.id)
