"""Secrets: made once, the same for every process that shares the ledger."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from umbel.store.ledger import SECRET_BYTES, Ledger


def some(letter: bytes) -> bytes:
    return letter * SECRET_BYTES


def test_a_secret_is_made_once(ledger: Ledger) -> None:
    assert ledger.secret("session", some(b"a")) == some(b"a")

    assert ledger.secret("session", some(b"b")) == some(b"a")
    assert ledger.secret("another", some(b"c")) == some(b"c")


def test_every_process_has_the_same(shared_ledger: tuple[Ledger, Ledger]) -> None:
    first, second = shared_ledger

    made = first.secret("session", some(b"a"))

    assert second.secret("session", some(b"b")) == made


def test_of_many_that_make_one_at_the_same_time_all_get_the_same(
    shared_ledger: tuple[Ledger, Ledger],
) -> None:
    def make(number: int) -> bytes:
        return shared_ledger[number % 2].secret("session", some(bytes([number])))

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(make, range(32)))

    assert len(made) == 1


def test_trimming_the_audit_leaves_them(ledger: Ledger) -> None:
    ledger.secret("session", some(b"a"))

    ledger.trim(1_000.0)

    assert ledger.secret("session", some(b"b")) == some(b"a")
