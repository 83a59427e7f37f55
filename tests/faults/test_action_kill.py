"""`kill -9` of a process that executes an action."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.stories import uuid_of
from tests.faults.action_runner import RETRY, TASKS
from tests.unit.control.scene import ADA, Scene, many
from umbel.errors import ActionRefused
from umbel.services.control.action_records import DEAD_AFTER_S
from umbel.services.control.argument_recovery import MAYBE_REPEATED, REPEATED
from umbel.store.sqlite.ledger import SqliteLedger


@contextlib.contextmanager
def running(action: str, directory: Path) -> Iterator[str]:
    """The id of an action that another process is doing, which is killed behind this."""
    runner = [sys.executable, "-m", "tests.faults.action_runner", str(directory), action]
    with subprocess.Popen(runner, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()
        process.wait()


def test_an_action_whose_process_was_killed_is_interrupted_and_audited(tmp_path: Path) -> None:
    with running("revoke", tmp_path) as action_id:
        alive = Scene(*many(TASKS), ledger=SqliteLedger(tmp_path))
        assert alive.control.action(action_id).report.state == "running"

    scene = Scene(*many(TASKS), ledger=SqliteLedger(tmp_path))
    scene.clock.time += DEAD_AFTER_S + 1

    report = scene.control.action(action_id).report
    assert report.state == "interrupted"
    assert "The process that ran it ended" in report.sentence
    after, before = scene.ledger.audit(action_id=action_id).items
    assert (before.outcome, after.outcome) == (None, "interrupted")
    # What was asked was written down before it was sent: newest tasks first, two chunks.
    newest = [uuid_of(1_000 + n) for n in range(TASKS - 2_000, TASKS)]
    assert len(scene.ledger.intents(newest)) == 2_000
    with pytest.raises(ActionRefused, match="executed already"):
        scene.control.execute(action_id, ADA, TASKS)
    alive.ledger.close()
    scene.ledger.close()


def test_what_a_killed_retry_sent_or_may_have_sent_is_not_sent_by_the_next(tmp_path: Path) -> None:
    with running("retry", tmp_path) as killed_id:
        pass
    scene = Scene(*many(TASKS), ledger=SqliteLedger(tmp_path))
    first = {each.repeats for each in scene.ledger.repetitions(action_id=killed_id, limit=TASKS)}
    assert len(first) == 400

    plan = scene.plan("retry", q="", **RETRY)
    assert plan.skipped == {REPEATED: 200, MAYBE_REPEATED: 200}
    scene.control.execute(plan.id, ADA, plan.confirm)

    assert scene.control.wait(plan.id, 30).done == TASKS - 400
    second = {each.repeats for each in scene.ledger.repetitions(action_id=plan.id, limit=TASKS)}
    assert len(second) == TASKS - 400
    assert not first & second
    scene.ledger.close()
