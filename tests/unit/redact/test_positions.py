"""Positional arguments are hidden by where they stand."""

from __future__ import annotations

import pytest

from umbel.redact.positions import hide_positions


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("(1, 'x', 2)", "(1, <hidden>, 2)"),
        ("(1, 'x')", "(1, <hidden>)"),
        ("('a',)", "('a',)"),
        ("()", "()"),
        ("['a', ['b', 'c'], 'd']", "['a', <hidden>, 'd']"),
        ("({'a': (1, 2)}, -1.5e3, None)", "({'a': (1, 2)}, <hidden>, None)"),
        ("(nan, -5, True)", "(nan, <hidden>, True)"),
        ("(Decimal('1'), uuid.UUID('x'), 3)", "(Decimal('1'), <hidden>, 3)"),
        ("(\"it's\", 'x', 3)", '("it\'s", <hidden>, 3)'),
    ],
)
def test_the_argument_at_a_position_is_hidden(text: str, shown: str) -> None:
    assert hide_positions(text, {1}) == shown


@pytest.mark.parametrize(
    "text",
    [
        "(<O'Brien>, <O'Hara>, 'hunter2')",
        "(<Point 1, 2>, 'hunter2')",
        "('C:\\', 'hunter2')",
        "(1, 'hunter2",
        "(1, 'hunt...', ...)",
        "1, hunter2",
        "(f(x, 'hunter2')",
        "(1 'hunter2')",
        "hunter2",
        "(b'x', 'y', 'hunter2')",
        "([b'x', 'y'], 'z', 'hunter2')",
        "(Smith, John, 'hunter2')",
        "(f(x), y, 'hunter2')",
        "([a], b, 'hunter2')",
    ],
)
def test_where_arguments_cannot_be_told_apart_the_rest_is_hidden(text: str) -> None:
    assert "hunt" not in hide_positions(text, {1})


def test_several_positions_are_hidden_and_those_beyond_the_last_are_none() -> None:
    assert hide_positions("(1, 2, 3, 4)", {0, 2, 9}) == "(<hidden>, 2, <hidden>, 4)"
