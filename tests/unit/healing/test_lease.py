"""Of several collectors of one store, one asks for what is missing."""

from __future__ import annotations

from tests.support.clocks import SetClock
from umbel.services.healing.lease import LEASE_S, HealingLease
from umbel.store.memory_ledger import MemoryLedger

NOW = 1_800_000_000.0


def test_one_of_two_asks_and_keeps_asking() -> None:
    clock, ledger = SetClock(NOW), MemoryLedger()
    one, two = HealingLease(ledger, clock), HealingLease(ledger, clock)

    asks = []
    for _ in range(120):
        asks.append((one.take(), two.take()))
        clock.time += 0.5

    assert set(asks) == {(True, False)}


def test_another_goes_on_at_once_when_it_leaves() -> None:
    clock, ledger = SetClock(NOW), MemoryLedger()
    one, two = HealingLease(ledger, clock), HealingLease(ledger, clock)
    assert one.take()

    one.release()

    assert two.take()


def test_another_goes_on_when_it_was_killed() -> None:
    clock, ledger = SetClock(NOW), MemoryLedger()
    one, two = HealingLease(ledger, clock), HealingLease(ledger, clock)
    assert one.take()
    assert not two.take()

    clock.time += LEASE_S + 1

    assert two.take()
    assert not one.take()


def test_a_clock_that_is_set_back_leaves_one_who_asks() -> None:
    clock, ledger = SetClock(NOW), MemoryLedger()
    one, two = HealingLease(ledger, clock), HealingLease(ledger, clock)
    assert one.take()

    clock.time -= 3_600
    for _ in range(120):
        clock.time += 0.5
        asks = (one.take(), two.take())

    assert sum(asks) == 1
