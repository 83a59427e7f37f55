"""Who guesses passwords locks out nobody who was right before, nor who sits at the machine."""

from __future__ import annotations

from tests.support.clocks import SetClock
from umbel.web.login_throttle import ADDRESS_BURST, USER_BURST, Attempts


def guess(attempts: Attempts, address: str, name: str, times: int) -> None:
    for _ in range(times):
        attempts.begin(address, name)


def test_guesses_from_everywhere_keep_out_nobody_who_was_right_from_where_they_are() -> None:
    attempts = Attempts(SetClock())
    attempts.begin("10.0.0.1", "ana")
    attempts.right("10.0.0.1", "ana")

    for number in range(USER_BURST):
        guess(attempts, f"192.0.2.{number}", "ana", 1)

    assert attempts.begin("192.0.2.250", "ana") is not None
    assert attempts.begin("10.0.0.1", "ana") is None


def test_guesses_at_other_names_from_one_address_keep_out_nobody_who_was_right_there() -> None:
    attempts = Attempts(SetClock())
    attempts.begin("10.0.0.1", "ana")
    attempts.right("10.0.0.1", "ana")

    guess(attempts, "10.0.0.1", "bob", 2 * ADDRESS_BURST)

    assert attempts.begin("10.0.0.1", "ana") is None
    assert attempts.begin("10.0.0.1", "eve") is not None


def test_guesses_from_everywhere_do_not_keep_out_who_is_on_this_machine() -> None:
    attempts = Attempts(SetClock())
    for number in range(USER_BURST):
        guess(attempts, f"192.0.2.{number}", "ana", 1)

    assert attempts.begin("127.0.0.1", "ana") is None
    assert attempts.begin("::1", "ana") is None
    assert attempts.begin("unix socket", "ana") is None


def test_at_a_name_that_was_right_there_one_address_has_as_few_guesses_as_at_others() -> None:
    attempts = Attempts(SetClock())
    attempts.begin("10.0.0.1", "ana")
    attempts.right("10.0.0.1", "ana")

    guess(attempts, "10.0.0.1", "ana", ADDRESS_BURST)

    assert attempts.begin("10.0.0.1", "ana") is not None
