"""Leases: of several that would do one thing, one does it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from umbel.store.ledger import LEASE_MAX_S, Lease, Ledger

NOW = 1_795_344_000.0


def of(holder: str, expires: float, name: str = "trim") -> Lease:
    return Lease(name=name, holder=holder, expires=expires)


def test_one_of_two_has_it(shared_ledger: tuple[Ledger, Ledger]) -> None:
    first, second = shared_ledger
    assert first.lease("trim") is None

    assert first.take_lease(of("a", NOW + 60), NOW)

    assert not second.take_lease(of("b", NOW + 61), NOW + 1)
    assert second.lease("trim") == of("a", NOW + 60)
    assert second.take_lease(of("b", NOW + 61, "another"), NOW + 1)


def test_of_many_that_take_it_at_the_same_time_one_gets_it(
    shared_ledger: tuple[Ledger, Ledger],
) -> None:
    def take(number: int) -> bool:
        return shared_ledger[number % 2].take_lease(of(f"{number}", NOW + 60), NOW)

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(take, range(16)))

    assert given.count(True) == 1
    assert shared_ledger[0].lease("trim") == of(f"{given.index(True)}", NOW + 60)


def test_it_passes_on_when_it_expires(shared_ledger: tuple[Ledger, Ledger]) -> None:
    first, second = shared_ledger
    first.take_lease(of("a", NOW + 60), NOW)

    assert not second.take_lease(of("b", NOW + 119), NOW + 59)
    assert second.take_lease(of("b", NOW + 120), NOW + 60)

    assert not first.renew_lease(of("a", NOW + 180))
    assert not first.take_lease(of("a", NOW + 180), NOW + 61)
    assert first.lease("trim") == of("b", NOW + 120)


def test_its_holder_keeps_it_by_renewing_or_taking_it_again(
    shared_ledger: tuple[Ledger, Ledger],
) -> None:
    first, second = shared_ledger
    first.take_lease(of("a", NOW + 60), NOW)

    assert first.renew_lease(of("a", NOW + 100))
    assert not second.take_lease(of("b", NOW + 150), NOW + 90)
    assert first.take_lease(of("a", NOW + 150), NOW + 90)
    assert not second.take_lease(of("b", NOW + 200), NOW + 140)


def test_late_but_before_anybody_else_it_is_renewed(ledger: Ledger) -> None:
    ledger.take_lease(of("a", NOW + 60), NOW)

    assert ledger.renew_lease(of("a", NOW + 150))


def test_one_that_was_given_back_is_free(shared_ledger: tuple[Ledger, Ledger]) -> None:
    first, second = shared_ledger
    first.take_lease(of("a", NOW + 60), NOW)

    first.release_lease("trim", "a")

    assert first.lease("trim") is None
    assert not first.renew_lease(of("a", NOW + 90))
    assert second.take_lease(of("b", NOW + 61), NOW + 1)


def test_nobody_gives_back_what_another_has(ledger: Ledger) -> None:
    ledger.take_lease(of("a", NOW + 60), NOW)

    ledger.release_lease("trim", "b")
    ledger.release_lease("another", "a")

    assert ledger.lease("trim") == of("a", NOW + 60)


def test_nobody_renews_what_was_never_taken(ledger: Ledger) -> None:
    assert not ledger.renew_lease(of("a", NOW + 60))
    assert ledger.lease("trim") is None


def test_a_holder_whose_clock_was_a_day_ahead_keeps_nobody_waiting(ledger: Ledger) -> None:
    ledger.take_lease(of("a", NOW + 86_400 + 60), NOW + 86_400)

    assert ledger.take_lease(of("b", NOW + 60), NOW)

    assert not ledger.renew_lease(of("a", NOW + 120))


def test_a_clock_that_steps_back_makes_a_lease_at_most_so_much_longer(ledger: Ledger) -> None:
    ledger.take_lease(of("a", NOW + 60), NOW)

    stepped = NOW - 600
    assert not ledger.take_lease(of("b", stepped + 60), stepped)
    assert not ledger.take_lease(of("b", NOW + 119), NOW + 59)
    assert ledger.take_lease(of("b", NOW + 61 - LEASE_MAX_S), NOW + 59 - LEASE_MAX_S)


def test_trimming_the_audit_leaves_them(ledger: Ledger) -> None:
    ledger.take_lease(of("a", NOW + 60), NOW)

    ledger.trim(NOW + 1)

    assert ledger.lease("trim") == of("a", NOW + 60)
