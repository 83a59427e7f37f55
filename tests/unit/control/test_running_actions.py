"""An action while it runs: followed, cancelled, and left behind by a process that ended."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from tests.contract.stories import uuid_of
from tests.support.waiting import wait_until
from tests.unit.control.scene import (
    ADA,
    BOB,
    EU,
    WAITING,
    Scene,
    many,
)
from umbel.errors import ActionRefused
from umbel.services.control.action_records import DEAD_AFTER_S, Execution, decode, encode
from umbel.services.control.types import ActionRequest
from umbel.store.sqlite.ledger import SqliteLedger


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
    wait_until(lambda: any(e.action == "cancel" for e in scene.audit()))
    cancelling.join()
    gate.opened.set()

    report = scene.control.wait(plan.id, 5)
    assert (report.state, report.done, report.total) == ("cancelled", 1_000, 3_000)
    assert "Cancelled by bob." in report.sentence
    assert [(e.actor, e.action, e.outcome) for e in scene.audit()] == [
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


def test_cancelling_what_has_ended_changes_nothing() -> None:
    scene = Scene()
    report = scene.do("revoke", ids=[WAITING])

    assert scene.control.cancel(report.id, BOB) == report
    assert len(scene.audit()) == 2


def test_a_service_that_closes_stops_between_chunks() -> None:
    scene = Scene(*many(3_000))
    plan = scene.plan("revoke", q="")
    gate = Gate(scene)
    scene.control.execute(plan.id, ADA, plan.confirm)
    assert gate.reached.wait(10)
    run = scene.control._runner.runs[plan.id]
    closing = threading.Thread(target=scene.control.close)
    closing.start()
    wait_until(run._halt.is_set)
    gate.opened.set()
    closing.join()

    report = scene.another_process().action(plan.id).report
    assert report.state == "interrupted"
    assert report.done == 1_000
    assert scene.audit()[-1].outcome == "interrupted"
    with pytest.raises(ActionRefused):
        scene.control.execute(scene.plan("revoke", ids=[uuid_of(1_000)]).id, ADA)


def running_elsewhere(scene: Scene, beat: float) -> str:
    """An action that another process runs, and its last heartbeat."""
    plan = scene.plan("revoke", ids=[WAITING])
    record = scene.ledger.action(plan.id)
    assert record is not None
    entry = decode(record)
    report = msgspec.structs.replace(entry.execution.report, state="running")
    scene.ledger.keep_action(encode(plan, Execution(report, beat=beat)))
    return plan.id


def test_what_a_dead_process_ran_is_interrupted_at_the_next_start() -> None:
    scene = Scene()
    action_id = running_elsewhere(scene, scene.clock.now())
    scene.clock.time += DEAD_AFTER_S + 1

    scene.another_process()

    record = scene.ledger.action(action_id)
    assert record is not None
    assert not record.running
    assert decode(record).execution.report.state == "interrupted"
    assert [e.outcome for e in scene.audit()] == ["interrupted"]
    assert scene.ledger.running_actions() == ()


def test_what_another_process_runs_is_interrupted_once_its_heartbeat_stops() -> None:
    scene = Scene()
    action_id = running_elsewhere(scene, scene.clock.now())
    other = scene.another_process()

    assert other.action(action_id).report.state == "running"
    scene.clock.time += DEAD_AFTER_S + 1
    assert other.action(action_id).report.state == "interrupted"


def test_a_server_of_the_same_host_name_whose_processes_are_not_seen_here_is_alive() -> None:
    scene = Scene()
    action_id = running_elsewhere(scene, scene.clock.now())
    record = scene.ledger.action(action_id)
    assert record is not None
    # As two containers with one `hostname:` write it: the process number is of the other one.
    report = msgspec.json.decode(record.report)
    report["owner"] = {"host": socket.gethostname(), "pid": 2**22 - 1, "start": "1"}
    record = msgspec.structs.replace(record, report=msgspec.json.encode(report))
    scene.ledger.keep_action(record)

    assert scene.another_process().action(action_id).report.state == "running"


def test_the_heartbeat_goes_on_while_a_call_to_the_broker_hangs() -> None:
    scene = Scene()
    gate = Gate(scene)
    server = scene.another_process(beat_every_s=0.02)
    plan = scene.plan("ping")
    server.execute(plan.id, ADA)
    assert gate.reached.wait(10)

    scene.clock.time += 2 * DEAD_AFTER_S
    wait_until(lambda: beat_of(scene, plan.id) == scene.clock.time)

    assert scene.another_process().action(plan.id).report.state == "running"
    gate.opened.set()
    assert server.wait(plan.id, 10).state == "done"


def beat_of(scene: Scene, action_id: str) -> float:
    record = scene.ledger.action(action_id)
    assert record is not None
    return decode(record).execution.beat


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
    assert scene.audit()[-1].outcome == "failed"


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


def test_a_ledger_that_cannot_be_written_ends_it_and_the_end_is_still_told(tmp_path: Path) -> None:
    scene = Scene(*many(3_000), ledger=SqliteLedger(tmp_path))
    plan = scene.plan("revoke", q="")
    scene.cluster.on_call = lambda _: scene.ledger.close()

    scene.control.execute(plan.id, ADA, plan.confirm)

    report = scene.control.wait(plan.id, 5)
    assert (report.state, report.done) == ("failed", 1_000)
    assert "ledger" in report.sentence
    assert len(scene.told()) == 1
    scene.control.close()
