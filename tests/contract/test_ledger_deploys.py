"""Deploys, as every ledger keeps them."""

from __future__ import annotations

import msgspec

from umbel.store.ledger import DEPLOYS_KEPT_S, DEPLOYS_MAX, Deploy, ErrorDecision, Ledger


def deploy(name: str, at: float, until: float | None = None) -> Deploy:
    return Deploy(
        id=name, kind="names", at=at, until=at if until is None else until, added=("a", "b"),
        removed=("c",), added_count=2, removed_count=1, workers=3,
    )  # fmt: skip


def test_deploys_are_told_newest_first_and_whole(ledger: Ledger) -> None:
    assert ledger.deploys() == ()
    announced = Deploy(
        id="x", kind="announced", at=5.0, until=5.0, version="5.7", note="hotfix", actor="ada"
    )

    ledger.keep_deploy(announced)
    ledger.keep_deploy(deploy("b", 9.0))

    assert ledger.deploys() == (deploy("b", 9.0), announced)
    assert ledger.deploys(limit=1) == (deploy("b", 9.0),)


def test_deploys_of_a_time_are_those_that_were_under_way_in_it(ledger: Ledger) -> None:
    for name, at, until in (("a", 10.0, 15.0), ("b", 20.0, 25.0), ("c", 30.0, 30.0)):
        ledger.keep_deploy(deploy(name, at, until))

    assert [each.id for each in ledger.deploys(25.0)] == ["c", "b"]
    assert [each.id for each in ledger.deploys(25.5)] == ["c"]
    assert [each.id for each in ledger.deploys(None, 30.0)] == ["b", "a"]
    assert [each.id for each in ledger.deploys(12.0, 20.0)] == ["a"]


def test_what_becomes_known_of_a_deploy_replaces_what_was(ledger: Ledger) -> None:
    ledger.keep_deploy(deploy("a", 10.0))
    longer = msgspec.structs.replace(deploy("a", 10.0), until=40.0, workers=9)
    ledger.keep_deploy(longer)

    assert ledger.deploys() == (longer,)


def test_deploys_are_forgotten_by_whoever_made_a_mistake(ledger: Ledger) -> None:
    for name in "abc":
        ledger.keep_deploy(deploy(name, 10.0))

    assert ledger.drop_deploys(["a", "c", "unknown"]) == 2
    assert ledger.drop_deploys(["a"]) == 0
    assert [each.id for each in ledger.deploys()] == ["b"]


def test_deploys_are_bounded_by_age_and_number(ledger: Ledger) -> None:
    ledger.keep_deploy(deploy("old", 0.0))
    for number in range(DEPLOYS_MAX + 1):
        ledger.keep_deploy(deploy(f"d{number:04}", 1_000.0 + number))
    found = ledger.deploys()

    assert len(found) == DEPLOYS_MAX
    assert found[-1].id == "d0001"

    ledger.keep_deploy(deploy("late", 2_000.0 + DEPLOYS_KEPT_S))
    assert ledger.deploys()[-1].at >= 2_000.0


def test_trimming_keeps_deploys(ledger: Ledger) -> None:
    ledger.keep_deploy(deploy("a", 10.0))
    ledger.trim(1e9)

    assert ledger.deploys() == (deploy("a", 10.0),)


def test_what_deploys_are_recognized_by_is_kept_once(ledger: Ledger) -> None:
    assert ledger.fleet() is None

    ledger.keep_fleet(b"{}")
    ledger.keep_fleet(b'{"at": 1}')

    assert ledger.fleet() == b'{"at": 1}'


def test_an_error_may_be_ignored_until_the_next_deploy(ledger: Ledger) -> None:
    decision = ErrorDecision(
        error="3f9c2a1b7d04", title="boom", state="ignored", at=1.0, actor="ada", next_deploy=True
    )
    assert ledger.decide_error(decision, instead_of=None)

    assert ledger.error_decisions() == {decision.error: decision}
    opened = msgspec.structs.replace(decision, state="open", next_deploy=False)
    assert ledger.decide_error(opened, instead_of=decision)


def test_another_process_sees_a_deploy(shared_ledger: tuple[Ledger, Ledger]) -> None:
    first, second = shared_ledger
    first.keep_deploy(deploy("a", 10.0))
    first.keep_fleet(b"{}")

    assert second.deploys() == (deploy("a", 10.0),)
    assert second.fleet() == b"{}"
