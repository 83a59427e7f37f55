"""Who guesses passwords locks out nobody who was right before, nor who sits at the machine."""

from __future__ import annotations

from tests.support.clocks import SetClock
from umbel.web.login_throttle import ADDRESS_BURST, USER_BURST, LoginThrottle


def guess(throttle: LoginThrottle, address: str, name: str, times: int) -> None:
    for _ in range(times):
        throttle.begin(address, name)


def test_guesses_from_everywhere_keep_out_nobody_who_was_right_from_where_they_are() -> None:
    throttle = LoginThrottle(SetClock())
    throttle.begin("10.0.0.1", "ana")
    throttle.right("10.0.0.1", "ana")

    for number in range(USER_BURST):
        guess(throttle, f"192.0.2.{number}", "ana", 1)

    assert throttle.begin("192.0.2.250", "ana") is not None
    assert throttle.begin("10.0.0.1", "ana") is None


def test_guesses_at_other_names_from_one_address_keep_out_nobody_who_was_right_there() -> None:
    throttle = LoginThrottle(SetClock())
    throttle.begin("10.0.0.1", "ana")
    throttle.right("10.0.0.1", "ana")

    guess(throttle, "10.0.0.1", "bob", 2 * ADDRESS_BURST)

    assert throttle.begin("10.0.0.1", "ana") is None
    assert throttle.begin("10.0.0.1", "eve") is not None


def test_guesses_from_everywhere_do_not_keep_out_who_is_on_this_machine() -> None:
    throttle = LoginThrottle(SetClock())
    for number in range(USER_BURST):
        guess(throttle, f"192.0.2.{number}", "ana", 1)

    assert throttle.begin("127.0.0.1", "ana") is None
    assert throttle.begin("::1", "ana") is None
    assert throttle.begin("unix socket", "ana") is None


def test_at_a_name_that_was_right_there_one_address_has_as_few_guesses_as_at_others() -> None:
    throttle = LoginThrottle(SetClock())
    throttle.begin("10.0.0.1", "ana")
    throttle.right("10.0.0.1", "ana")

    guess(throttle, "10.0.0.1", "ana", ADDRESS_BURST)

    assert throttle.begin("10.0.0.1", "ana") is not None
