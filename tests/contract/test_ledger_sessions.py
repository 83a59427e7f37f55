"""Sessions that were logged out, until they would have ended by themselves."""

from __future__ import annotations

from tests.contract.conftest import LedgerFactory
from umbel.store.ledger import Ledger


def test_a_session_that_was_logged_out_is_known(ledger: Ledger) -> None:
    assert not ledger.has_ended("a")

    ledger.end_session("a", 100.0, now=10.0)
    ledger.end_session("a", 100.0, now=11.0)

    assert ledger.has_ended("a")
    assert not ledger.has_ended("b")


def test_what_has_expired_is_forgotten(ledger: Ledger) -> None:
    ledger.end_session("a", 100.0, now=10.0)

    ledger.end_session("b", 200.0, now=100.0)
    ledger.end_session("c", 99.0, now=100.0)

    assert [ledger.has_ended(each) for each in "abc"] == [False, True, False]


def test_of_many_of_one_user_all_that_end_no_later_than_the_first_are_over(
    ledger_factory: LedgerFactory,
) -> None:
    ledger = ledger_factory(ended_each=3)
    ledger.end_session("of ana", 50.0, now=10.0, user="ana")

    for number in range(5):
        ledger.end_session(f"{number}", 100.0 + number, now=10.0, user="bob")

    assert all(ledger.has_ended(f"{each}", "bob", 100.0 + each) for each in range(5))
    assert ledger.has_ended("another, older one", "bob", 101.0)
    assert not ledger.has_ended("a newer one", "bob", 101.5)
    assert ledger.has_ended("of ana", "ana", 50.0)
    assert not ledger.has_ended("another of ana", "ana", 50.5)


def test_trimming_the_audit_leaves_them(ledger: Ledger) -> None:
    ledger.end_session("a", 100.0, now=10.0)

    ledger.trim(1_000.0)

    assert ledger.has_ended("a")
