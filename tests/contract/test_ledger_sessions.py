"""Sessions that were logged out, until they would have ended by themselves."""

from __future__ import annotations

import pytest

from umbel.store import memory_ledger
from umbel.store.ledger import Ledger
from umbel.store.sqlite import ledger as sqlite_ledger


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


def test_the_number_of_them_is_bounded_and_those_that_end_first_go(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (memory_ledger, sqlite_ledger):
        monkeypatch.setattr(module, "ENDED_MAX", 3)

    for number in range(5):
        ledger.end_session(f"{number}", 100.0 + number, now=10.0)

    assert [ledger.has_ended(f"{each}") for each in range(5)] == [False, False, True, True, True]


def test_trimming_the_audit_leaves_them(ledger: Ledger) -> None:
    ledger.end_session("a", 100.0, now=10.0)

    ledger.trim(1_000.0)

    assert ledger.has_ended("a")
