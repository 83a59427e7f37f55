"""Guessing passwords is slowed down, and nobody is kept out for long."""

from __future__ import annotations

from tests.support.clocks import SetClock
from umbel.web.login_throttle import ADDRESS_BURST, ADDRESS_EVERY_S, USER_BURST, LoginThrottle


def taken(throttle: LoginThrottle, address: str, user: str, tries: int) -> int:
    """How many of so many tries are let through."""
    return sum(throttle.begin(address, user) is None for _ in range(tries))


def test_an_address_has_a_few_attempts_whatever_names_it_tries() -> None:
    throttle = LoginThrottle(SetClock())

    assert sum(taken(throttle, "10.0.0.1", f"u{n}", 1) for n in range(50)) == ADDRESS_BURST
    assert taken(throttle, "10.0.0.2", "ana", 1) == 1


def test_a_name_has_more_from_however_many_addresses() -> None:
    throttle = LoginThrottle(SetClock())

    assert sum(taken(throttle, f"10.0.0.{n}", "ana", 1) for n in range(200)) == USER_BURST


def test_time_gives_attempts_back_one_by_one() -> None:
    clock = SetClock()
    throttle = LoginThrottle(clock)
    taken(throttle, "10.0.0.1", "ana", 50)

    wait_s = throttle.begin("10.0.0.1", "ana")
    assert wait_s is not None
    clock.time += wait_s
    assert taken(throttle, "10.0.0.1", "ana", 5) == 1
    clock.time += 3 * ADDRESS_EVERY_S
    assert taken(throttle, "10.0.0.1", "ana", 5) == 3


def test_what_was_right_does_not_count() -> None:
    throttle = LoginThrottle(SetClock())

    for _ in range(200):
        assert throttle.begin("10.0.0.1", "ana") is None
        throttle.right("10.0.0.1", "ana")


def test_who_has_one_ipv6_address_has_no_more_attempts_with_its_neighbours() -> None:
    throttle = LoginThrottle(SetClock())

    tries = sum(taken(throttle, f"2001:db8::{n:x}", f"u{n}", 1) for n in range(1, 100))

    assert tries == ADDRESS_BURST


def test_ipv4_addresses_written_as_ipv6_ones_are_as_many() -> None:
    throttle = LoginThrottle(SetClock())

    taken(throttle, "::ffff:10.0.0.1", "ana", 50)

    assert throttle.begin("10.0.0.1", "bob") is not None
    assert throttle.begin("::ffff:10.0.0.2", "bob") is None


def test_a_name_is_welcome_where_it_was_right_until_somebody_guesses_there() -> None:
    throttle = LoginThrottle(SetClock())
    throttle.begin("10.0.0.1", "ana")
    throttle.right("10.0.0.1", "ana")

    assert throttle.is_welcome("10.0.0.1", "ana")
    assert not throttle.is_welcome("10.0.0.1", "bob")
    assert not throttle.is_welcome("10.0.0.2", "ana")
    for number in range(USER_BURST):
        taken(throttle, f"10.0.1.{number}", "ana", 1)
    assert throttle.is_welcome("10.0.0.1", "ana")
    taken(throttle, "10.0.0.1", "bob", ADDRESS_BURST)
    assert throttle.is_welcome("10.0.0.1", "ana")
    taken(throttle, "10.0.0.1", "ana", ADDRESS_BURST)
    assert not throttle.is_welcome("10.0.0.1", "ana")


def test_more_addresses_than_can_be_remembered_take_no_more_memory() -> None:
    throttle = LoginThrottle(SetClock())

    for number in range(60_000):
        address = f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"
        throttle.begin(address, f"u{number}")
        throttle.right(address, f"u{number}")

    assert len(throttle._full_at) <= 20_000
    assert len(throttle._welcome) <= 20_000
