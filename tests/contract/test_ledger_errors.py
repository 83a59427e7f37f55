"""What was decided about errors."""

from __future__ import annotations

import msgspec

from umbel.store.ledger import ERRORS_DECIDED_MAX, ErrorDecision, Ledger


def decision(error: str = "0123456789ab", at: float = 1.0) -> ErrorDecision:
    return ErrorDecision(
        error=error, title="KeyError: <text>", state="ignored", at=at, actor="ada", note="known",
        noted_by="bob", until=9.5, rate=3, total=100,
    )  # fmt: skip


def test_nothing_is_decided_at_first(ledger: Ledger) -> None:
    assert ledger.error_decisions() == {}


def test_a_decision_is_kept_whole(ledger: Ledger) -> None:
    bare = ErrorDecision(error="b" * 12, title="E", state="resolved", at=2.0, actor="bob")
    ledger.decide_error(decision(), instead_of=None)
    ledger.decide_error(bare, instead_of=None)

    assert ledger.error_decisions() == {"b" * 12: bare, "0123456789ab": decision()}
    assert list(ledger.error_decisions()) == ["b" * 12, "0123456789ab"]


def test_a_newer_decision_replaces_an_older_one(ledger: Ledger) -> None:
    ledger.decide_error(decision(), instead_of=None)
    reopened = msgspec.structs.replace(decision(at=2.0), state="open", until=None)
    ledger.decide_error(reopened, instead_of=decision())

    assert ledger.error_decisions() == {"0123456789ab": reopened}


def test_it_is_there_for_whoever_shares_the_ledger(shared_ledger: tuple[Ledger, Ledger]) -> None:
    first, second = shared_ledger
    first.decide_error(decision(), instead_of=None)

    assert second.error_decisions() == {"0123456789ab": decision()}


def test_age_ends_no_decision(ledger: Ledger) -> None:
    ledger.decide_error(decision(at=1.0), instead_of=None)

    ledger.trim(1_000.0)

    assert list(ledger.error_decisions()) == ["0123456789ab"]


def test_the_decisions_of_the_longest_ago_are_forgotten_beyond_a_bound(ledger: Ledger) -> None:
    for number in range(ERRORS_DECIDED_MAX + 3):
        ledger.decide_error(decision(f"{number:012x}", at=float(number)), instead_of=None)

    found = ledger.error_decisions()

    assert len(found) == ERRORS_DECIDED_MAX
    assert f"{2:012x}" not in found
    assert f"{3:012x}" in found


def test_any_text_is_kept(ledger: Ledger) -> None:
    strange = msgspec.structs.replace(
        decision(), title="'; DROP TABLE x; --\u202e\x00", note="日本"
    )
    ledger.decide_error(strange, instead_of=None)

    assert ledger.error_decisions()["0123456789ab"] == strange


def test_of_two_who_decide_at_once_one_is_told_that_the_other_was_first(
    shared_ledger: tuple[Ledger, Ledger],
) -> None:
    first, second = shared_ledger
    assert first.decide_error(decision(), instead_of=None)
    again = decision(at=2.0)

    assert not second.decide_error(again, instead_of=None)
    assert not second.decide_error(again, instead_of=again)
    assert second.decide_error(again, instead_of=decision())
    assert first.error_decisions()["0123456789ab"] == again
