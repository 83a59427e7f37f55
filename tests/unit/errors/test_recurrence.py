"""What counts that are there anyway say of a decision, and what the store is asked for."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.contract.stories import BASE, failed, uuid_of
from tests.support.clocks import SetWallClock
from umbel.redact.rules import Redactor, RedactRules
from umbel.services.errors.errors import Errors
from umbel.services.errors.recurrence import Counted, surely
from umbel.store.ledger import ErrorDecision
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.series import CountBucket

NOW = BASE + 86_400
#: Three failures in the bucket of ten minutes from BASE + 6,000 on.
COUNTED = Counted((CountBucket(start=BASE + 6_000, seen=None, failed=3),), 600.0, BASE)


def decision(state: Any, at: float, **conditions: Any) -> ErrorDecision:
    return ErrorDecision(error="a", title="", state=state, at=at, actor="ada", **conditions)


@pytest.mark.parametrize(
    ("decided", "state"),
    [
        (decision("resolved", BASE + 7_000), "resolved"),  # nothing failed since
        (decision("resolved", BASE + 5_000), "open"),  # it failed after that
        (decision("resolved", BASE + 6_300), None),  # in the bucket of the failures
        (decision("resolved", BASE - 10), "open"),
        (decision("ignored", BASE + 7_000, until=NOW - 1), "open"),
        (decision("ignored", BASE + 7_000, until=NOW + 1), "ignored"),
        (decision("ignored", BASE + 5_000, total=4), "ignored"),
        (decision("ignored", BASE + 5_000, total=3), None),
        (decision("ignored", BASE - 10, total=4), None),  # before what was counted
        (decision("ignored", BASE + 5_000, rate=4), "ignored"),  # not even ten minutes had four
        (decision("ignored", BASE + 5_000, rate=3), None),
        (decision("ignored", BASE - 10), "ignored"),  # by nothing but a person
        (decision("open", BASE), "open"),
    ],
)
def test_counts_say_that_a_decision_holds_or_that_it_does_not(
    decided: ErrorDecision, state: str | None
) -> None:
    assert surely(decided, COUNTED, NOW) == state


def test_a_list_agrees_with_each_error_looked_at_by_itself() -> None:
    rng = random.Random(271)
    store, ledger = MemoryStore(), MemoryLedger()
    for number in range(400):
        kind = f"{'ABCDEFGHIJKLMNOPQRST'[rng.randrange(20)]}xError"
        at = NOW - rng.random() * 100_000
        store.apply(failed(uuid_of(number), at, exception=f"{kind}('x')"))
    errors = Errors(store, ledger, SetWallClock(NOW), Redactor(RedactRules()))
    for each in errors.groups(since=NOW - 200_000).items:
        conditions: dict[str, Any] = {
            name: rng.randrange(1, 8) for name in ("rate", "total") if rng.random() < 0.5
        }
        state: Any = rng.choice(["resolved", "ignored"])
        ledger.decide_error(
            ErrorDecision(
                error=each.id, title=each.type, state=state,
                at=NOW - rng.random() ** 3 * 100_000, actor="ada",
                **(conditions if state == "ignored" else {}),
            ),
            instead_of=None,
        )  # fmt: skip

    listed = errors.groups().items

    alone = {each.id: errors.detail(each.id).state for each in listed}
    assert {each.id: each.state for each in listed} == alone
    for state in ("open", "resolved", "ignored"):
        found = errors.groups(state=state).items
        assert {each.id for each in found} == {
            each.id for each in errors.groups().items if each.state.state == state
        } | {each.id for each in found if each.count == 0}
