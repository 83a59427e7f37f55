"""Plans of a ledger of before whose they were was kept: those that nobody executed go."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from umbel.services.control.action_records import Execution, encode
from umbel.services.control.types import ActionPlan, ActionReport, ActionRequest, ActionState
from umbel.store.sqlite.files.migrations import migrate, scripts
from umbel.store.sqlite.files.paths import ledger_path
from umbel.store.sqlite.ledger import SqliteLedger

DAY_S = 86_400.0
MADE = 1_000.0
WITHOUT_OWNERS = 4
LOOKALIKE = '"state":"planned"'


def older_ledger(directory: Path, *states: ActionState) -> SqliteLedger:
    """A ledger that an older Umbel wrote, with an action in each of these states, named by it,
    and with texts that look like the state of a plan."""
    directory.mkdir(exist_ok=True)
    connection = apsw.Connection(str(ledger_path(directory)))
    migrate(connection, "ledger", scripts("ledger")[:WITHOUT_OWNERS])
    for state in states:
        plan = ActionPlan(
            id=state,
            request=ActionRequest(action="ping", reason=LOOKALIKE),
            actor="ada",
            made=MADE,
            expires=MADE + 600,
            count=1,
            sentence="",
        )
        record = encode(plan, Execution(ActionReport(id=state, state=state, sentence=LOOKALIKE)))
        connection.execute("INSERT INTO action VALUES (?, ?, ?)", (state, MADE, record.plan))
        connection.execute(
            "INSERT INTO report VALUES (?, ?, ?)", (state, record.report, record.running)
        )
    connection.close()
    return SqliteLedger(directory)


def kept_after(ledger: SqliteLedger, now: float) -> set[str]:
    ledger.forget_plans(expired=now)
    return {action.id for action in ledger.actions()}


@pytest.mark.parametrize("state", ["running", "done", "failed", "cancelled", "interrupted"])
def test_what_was_executed_stays(tmp_path: Path, state: ActionState) -> None:
    ledger = older_ledger(tmp_path, state)

    assert kept_after(ledger, MADE + 10 * DAY_S) == {state}


def test_a_plan_that_nobody_executed_stays_for_a_day_and_then_goes(tmp_path: Path) -> None:
    ledger = older_ledger(tmp_path, "planned", "done")

    assert kept_after(ledger, MADE + DAY_S - 1) == {"planned", "done"}
    assert kept_after(ledger, MADE + DAY_S + 1) == {"done"}


def test_an_old_plan_that_is_executed_now_stays(tmp_path: Path) -> None:
    ledger = older_ledger(tmp_path, "planned")
    ledger.forget_plans(expired=0.0)
    [planned] = ledger.actions()
    running = type(planned)(planned.id, planned.at, planned.plan, b'{"r":1}', running=True)

    assert ledger.replace_action(running, planned.report)
    assert kept_after(ledger, MADE + 10 * DAY_S) == {"planned"}
