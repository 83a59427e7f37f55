"""What failures have more often than successes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from umbel.services.errors.over_representation import (
    FINDINGS_EACH,
    Trait,
    difference_lower,
    over_represented,
    wilson,
)

EUR, USD = Trait("kwargs.currency", "EUR"), Trait("kwargs.currency", "USD")
W1, W2 = Trait("worker", "w1"), Trait("worker", "w2")


def tasks(*counted: tuple[int, set[Trait]]) -> list[frozenset[Trait]]:
    return [frozenset(each) for number, each in counted for _ in range(number)]


def test_what_most_failures_and_few_successes_have_is_found_with_its_numbers() -> None:
    found = over_represented(
        tasks((45, {EUR, W1}), (5, {USD, W2})), tasks((10, {EUR, W1}), (90, {USD, W1}))
    )

    (eur,) = found
    assert (eur.trait, eur.failed, eur.failures) == (EUR, 45, 50)
    assert (eur.succeeded, eur.successes) == (10, 100)


def test_what_both_sides_have_alike_is_no_finding() -> None:
    assert over_represented(tasks((50, {EUR, W1})), tasks((50, {EUR, W1}))) == ()


def test_what_failures_have_less_often_is_no_finding() -> None:
    assert over_represented(tasks((2, {EUR}), (40, {W1})), tasks((40, {EUR, W1}))) == ()


def test_four_failures_are_chance() -> None:
    assert over_represented(tasks((4, {EUR})), tasks((100, {USD}))) == ()
    assert over_represented(tasks((5, {EUR})), tasks((100, {USD})))


def test_three_failures_on_one_of_five_workers_are_chance_and_five_are_not() -> None:
    evenly = tasks(*((20, {Trait("worker", f"w{number}")}) for number in range(1, 6)))

    assert over_represented(tasks((3, {W1})), evenly) == ()
    (found,) = over_represented(tasks((5, {W1})), evenly)
    assert found.trait == W1


def test_a_value_that_differs_in_each_task_is_no_finding() -> None:
    ids = [frozenset({Trait("args.0", str(number))}) for number in range(200)]

    assert over_represented(ids[:100], ids[100:]) == ()


def test_without_another_side_there_is_nothing_to_compare() -> None:
    assert over_represented(tasks((50, {EUR})), []) == ()
    assert over_represented([], tasks((50, {EUR}))) == ()


def test_the_surest_comes_first_and_one_field_does_not_take_all_the_room() -> None:
    values = [Trait("args.0", str(number)) for number in range(9)]
    failures = tasks(*((30, {value, W1}) for value in values))
    successes = tasks((500, {W2}))

    found = over_represented(failures, successes)

    assert found[0].trait == W1
    assert sum(each.trait.field == "args.0" for each in found) <= FINDINGS_EACH


def test_a_small_sample_must_be_clearer_than_a_large_one() -> None:
    assert over_represented(tasks((3, {EUR}), (3, {USD})), tasks((2, {EUR}), (8, {USD}))) == ()
    assert over_represented(tasks((300, {EUR}), (300, {USD})), tasks((200, {EUR}), (800, {USD})))


def test_the_interval_is_wilsons() -> None:
    """Numbers of the formula worked out by hand for 10 of 20 and three standard deviations."""
    low, high = wilson(10, 20)

    assert low == pytest.approx(0.2215, abs=1e-4)
    assert high == pytest.approx(0.7785, abs=1e-4)
    assert wilson(0, 10)[0] == pytest.approx(0.0)
    assert wilson(10, 10)[1] == pytest.approx(1.0)


@given(some.integers(1, 500), some.integers(1, 500), some.data())
def test_the_lower_bound_never_exceeds_the_difference(
    m: int, n: int, draw: some.DataObject
) -> None:
    a, b = draw.draw(some.integers(0, m)), draw.draw(some.integers(0, n))

    assert -1.0 - 1e-9 <= difference_lower(a, m, b, n) <= a / m - b / n + 1e-9
