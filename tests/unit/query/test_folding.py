"""How texts are compared."""

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umbel.query.ast import Comparison
from umbel.query.folding import comparison
from umbel.query.globbing import glob


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*", "", True),
        ("?", "", False),
        ("a*", "a", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("*a*b*", "xxaxxbxx", True),
        ("*ab*ba*", "aba", False),
        ("a?c", "abc", True),
        ("a?c", "a\nc", True),
        ("*?", "x", True),
        ("?*?", "x", False),
        ("[a]*", "[a]b", True),
        ("[a]*", "ab", False),
        ("a.c", "abc", False),
    ],
)
def test_a_pattern_fits_the_whole_text(pattern: str, text: str, fits: bool) -> None:
    assert glob(pattern)(text) is fits


@given(st.text("ab*?", max_size=8), st.text("ab\n", max_size=12))
def test_patterns_mean_what_the_shells_mean(pattern: str, text: str) -> None:
    assert glob(pattern)(text) is fnmatch.fnmatchcase(text, pattern)


def test_a_pattern_of_many_stars_is_decided_at_once() -> None:
    assert not glob("*a" * 400 + "b")("a" * 65_000)


def test_any_of_several_values_will_do() -> None:
    for how, wanted, text in (
        (Comparison.EQUALS, ("x", "AB"), "ab"),
        (Comparison.CONTAINS, ("x", "B"), "abc"),
        (Comparison.GLOB, ("x*", "A*"), "abc"),
    ):
        assert comparison(how, wanted)(text)
        assert not comparison(how, wanted, cased=True)(text)
        assert not comparison(how, ("x", "y"))(text)
