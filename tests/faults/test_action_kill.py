"""`kill -9` of a process that executes an action."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.stories import uuid_of
from tests.faults.action_runner import TASKS
from tests.unit.control.scene import ADA, Scene, many
from umbel.errors import ActionRefused
from umbel.services.control.action_records import DEAD_AFTER_S
from umbel.store.sqlite.ledger import SqliteLedger


def test_an_action_whose_process_was_killed_is_interrupted_and_audited(tmp_path: Path) -> None:
    runner = [sys.executable, "-m", "tests.faults.action_runner", str(tmp_path)]
    with subprocess.Popen(runner, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        action_id = process.stdout.readline().strip()
        alive = Scene(*many(TASKS), ledger=SqliteLedger(tmp_path))
        assert alive.control.action(action_id).report.state == "running"
        process.kill()
        process.wait()

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
