"""Values as people write them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umbel.query.quantities import UNITS
from umbel.settings import kinds
from umbel.settings.kinds import ValueKind
from umbel.settings.units import show_duration, show_size

DURATION = kinds.duration(0.001, 10**9, "a duration")
SIZE = kinds.size(1, 10**15, "a size")


def refuses(kind: ValueKind, written: object) -> bool:
    try:
        kind.parse(written)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("500ms", 0.5),
        ("90s", 90),
        ("1h30min", 5400),
        ("30d", 2592000),
        ("2 W", 1209600),
        ("1d2h30m", 95400),
    ],
)
def test_a_duration_is_numbers_with_units(written: str, seconds: float) -> None:
    assert DURATION.parse(written) == seconds


@pytest.mark.parametrize("unit", [each for each in UNITS if UNITS[each] >= 0.001])
def test_a_duration_has_the_units_of_searches(unit: str) -> None:
    assert DURATION.parse(f"7{unit}") == 7 * UNITS[unit]


@pytest.mark.parametrize(
    ("written", "count"),
    [("20GB", 20 * 10**9), ("512MiB", 512 * 2**20), ("1.5kB", 1500), ("8gib", 8 * 2**30)],
)
def test_a_size_is_a_number_with_a_unit(written: str, count: int) -> None:
    assert SIZE.parse(written) == count


@pytest.mark.parametrize("written", ["30", 30, 1.5])
def test_a_number_without_a_unit_is_refused_with_examples(written: object) -> None:
    for kind in (DURATION, SIZE):
        with pytest.raises(ValueError, match="it has no unit; write for example"):
            kind.parse(written)


def test_an_unknown_unit_is_told_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=re.escape("fortnights is no unit; there are ms, s, min")):
        DURATION.parse("2fortnights")


@pytest.mark.parametrize("written", ["", "s30", "30s ago", "-5s", "1..5s", "∞", True, None, []])
def test_what_is_no_duration_is_refused(written: object) -> None:
    assert refuses(DURATION, written)


def test_bounds_are_told_in_units() -> None:
    kind = kinds.duration(0.01, 5, "a duration from 10ms to 5s")

    with pytest.raises(ValueError, match="it is above 5s"):
        kind.parse("1min")
    with pytest.raises(ValueError, match="it is below 10ms"):
        kind.parse("1ms")


@given(st.integers(1, 10**12))
def test_a_shown_size_is_understood_again(count: int) -> None:
    assert SIZE.parse(show_size(count)) == count


@given(st.integers(1, 10**12))
def test_a_shown_duration_is_understood_again(milliseconds: int) -> None:
    assert DURATION.parse(show_duration(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (kinds.number(0, 10, "a number"), True),
        (kinds.number(0, 10, "a number"), 1.5),
        (kinds.number(0, 10, "a number"), "ten"),
        (kinds.number(0, 10, "a number"), 11),
        (kinds.switch(), "maybe"),
        (kinds.choice("text", "json"), "xml"),
        (kinds.url("an address"), "localhost"),
        (kinds.url("an address"), ""),
        (kinds.path("a directory"), ""),
        (kinds.prefix(), "/a b"),
        (kinds.prefix(), "https://umbel.example.com/umbel"),
        (kinds.prefix(), "/a/../b"),
        (kinds.prefix(), "./umbel"),
        (kinds.prefix(), "/a%2Fb"),
        (kinds.prefix(), "\\umbel"),
        (kinds.networks("networks"), "10.0.0.0/99"),
        (kinds.networks("networks"), 5),
        (kinds.text("text"), 7),
        (kinds.bounds("numbers"), ""),
        (kinds.bounds("numbers"), "1,x"),
        (kinds.bounds("numbers"), "1,0.5"),
        (kinds.bounds("numbers"), [1, 1]),
        (kinds.bounds("numbers"), "inf"),
        (kinds.bounds("numbers"), "1,nan,3"),
        (kinds.bounds("numbers"), [True, 2]),
        (kinds.bounds("numbers"), 5),
        (kinds.bounds("numbers"), list(range(101))),
    ],
)
def test_a_value_of_another_kind_is_refused(kind: ValueKind, wrong: object) -> None:
    assert refuses(kind, wrong)


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        (kinds.number(0, 10**9, "a number"), "1_000", 1000),
        (kinds.switch(), "Yes", True),
        (kinds.switch(), "off", False),
        (kinds.prefix(), "umbel/", "/umbel"),
        (kinds.prefix(), "/", ""),
        (kinds.networks("networks"), ["10.0.0.0/8", "::1"], ("10.0.0.0/8", "::1")),
        (kinds.names("names"), "a, b", ("a", "b")),
        (kinds.bounds("numbers"), "0.5, 1,10,inf", (0.5, 1.0, 10.0)),
        (kinds.bounds("numbers"), [0.005, 1], (0.005, 1.0)),
        (kinds.optional(DURATION), "none", None),
        (kinds.url("an address"), "sqla+sqlite:///x.db", "sqla+sqlite:///x.db"),
    ],
)
def test_right_values_are_understood(kind: ValueKind, written: object, value: Any) -> None:
    assert kind.parse(written) == value


def test_shown_bounds_are_understood_again() -> None:
    kind = kinds.bounds("numbers")

    assert kind.show((0.005, 1.0, 1e9)) == "0.005,1,1000000000"
    assert kind.parse(kind.show((2.5e-7, 0.1, 1e22))) == (2.5e-7, 0.1, 1e22)
