"""Muted findings, as every ledger keeps them."""

from __future__ import annotations

import msgspec

from umbel.store.ledger import MUTES_MAX, Ledger, Mute


def mute(finding: str, *, at: float = 100.0, until: float = 200.0) -> Mute:
    return Mute(
        finding=finding, actor="ada", reason="known, we add a worker", severity="warning", at=at,
        until=until,
    )  # fmt: skip


def test_a_mute_holds_until_its_end(ledger: Ledger) -> None:
    assert ledger.mutes(100.0) == ()

    ledger.keep_mute(mute("b"))
    ledger.keep_mute(mute("a", until=150.0))

    assert ledger.mutes(149.0) == (mute("a", until=150.0), mute("b"))
    assert ledger.mutes(150.0) == (mute("b"),)
    assert ledger.mutes(200.0) == ()


def test_a_later_mute_of_a_finding_replaces_the_earlier(ledger: Ledger) -> None:
    ledger.keep_mute(mute("a"))
    later = msgspec.structs.replace(mute("a", at=120.0, until=130.0), actor="bob")
    ledger.keep_mute(later)

    assert ledger.mutes(121.0) == (later,)


def test_a_mute_is_undone_once(ledger: Ledger) -> None:
    assert not ledger.drop_mute("a")
    ledger.keep_mute(mute("a"))

    assert ledger.drop_mute("a")
    assert not ledger.drop_mute("a")
    assert ledger.mutes(100.0) == ()


def test_of_too_many_mutes_those_that_end_first_go(ledger: Ledger) -> None:
    for number in range(MUTES_MAX + 2):
        ledger.keep_mute(mute(f"f{number:04}", until=200.0 + number))

    found = ledger.mutes(100.0)
    assert len(found) == MUTES_MAX
    assert found[0].finding == "f0002"


def test_another_process_sees_a_mute(shared_ledger: tuple[Ledger, Ledger]) -> None:
    first, second = shared_ledger
    first.keep_mute(mute("a"))

    assert second.mutes(100.0) == (mute("a"),)
