"""Plans that nobody executed are known by who made them, and can be forgotten."""

from __future__ import annotations

from umbel.store.ledger import ActionRecord, Ledger

NOW = 1_000.0


def kept(running: bool = False) -> ActionRecord:
    return ActionRecord("a", NOW, b"plan", b"report", running)


def test_an_action_that_was_executed_is_not_forgotten_as_a_plan(ledger: Ledger) -> None:
    ledger.keep_action(kept(), planner="otto", expires=NOW)
    (found,) = ledger.open_plans("otto")
    assert ledger.replace_action(kept(running=True), b"report")

    ledger.forget_plans(["a"], expired=NOW + 1)

    assert (found.id, found.size) == ("a", 10)
    assert ledger.open_plans("otto") == ()
    assert ledger.action("a") is not None


def test_plans_are_forgotten_by_their_ids_and_by_their_end(ledger: Ledger) -> None:
    for number, name in enumerate("abc"):
        record = ActionRecord(name, NOW, b"plan", b"report")
        ledger.keep_action(record, planner="otto", expires=NOW + number)

    ledger.forget_plans(["b"], expired=NOW + 1)

    assert [each.id for each in ledger.open_plans("otto")] == ["c"]
    assert ledger.open_plans("ana") == ()
    assert [action.id for action in ledger.actions()] == ["c"]
