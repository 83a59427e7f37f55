"""Waits between attempts."""

from umbel.broker.backoff import Backoff


def test_waits_double_up_to_the_longest() -> None:
    backoff = Backoff(first_s=1, longest_s=5, chance=lambda: 0.0)

    assert [backoff.delay_s() for _ in range(5)] == [1, 2, 4, 5, 5]


def test_chance_cuts_a_wait_by_up_to_half() -> None:
    backoff = Backoff(first_s=4, chance=lambda: 1.0)

    assert backoff.delay_s() == 2


def test_success_makes_the_next_wait_short_again() -> None:
    backoff = Backoff(first_s=1, chance=lambda: 0.0)
    backoff.delay_s()
    backoff.delay_s()

    backoff.reset()

    assert backoff.delay_s() == 1
