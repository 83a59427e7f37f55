"""The one spelling of a query. That it means the same is a law (tests/property)."""

from __future__ import annotations

import pytest

from umbel.query.ast import And, Not, Or, Words
from umbel.query.canonical import canonical
from umbel.query.parse import parse
from umbel.query.quantities import duration_text


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("", ""),
        ("a  AND b", "a b"),
        ("NOT (a OR b)", "-(a OR b)"),
        ("(a b) OR c", "a b OR c"),
        ("task:foo id:X", "name:foo uuid:X"),
        ("state:failure,retry", "state:FAILURE,RETRY"),
        ("worker:~eu", "worker:eu"),
        ('name:"shop"', "name:shop"),
        ("kwargs:a=b", "args.a:b"),
        ("kwargs.a:b,c", "args.a:b,c"),
        ("runtime:>5000ms", "runtime:>5s"),
        ("runtime:1s..2s", "runtime:1s..2s"),
        ("runtime:>0.25s", "runtime:>250ms"),
        ("wait:>=90m", "wait:>=90m"),
        ("received:>-120m", "received:-2h.."),
        ("received:>=2026-11-22", "received:2026-11-22T00:00:00Z.."),
        ("received:2026-11-22", "received:2026-11-22T00:00:00Z..2026-11-23T00:00:00Z"),
        ("received:2026-11-22T10:00+02:00..now", "received:2026-11-22T08:00:00Z..now"),
        ("received:1795344336.5..", "received:1795344336.5.."),
        ("is:ran_again", "is:ran-again"),
        ('"a b" "OR" "-c"', '"a b" "OR" "-c"'),
        (r'"say \"a\" \\"', r'"say \"a\" \\"'),
    ],
)
def test_a_query_has_one_spelling(text: str, spelling: str) -> None:
    assert canonical(parse(text)) == spelling
    assert parse(spelling) == parse(text)


def test_queries_that_no_text_gives_are_spelt_by_their_meaning() -> None:
    assert canonical(Or(())) == "-has:uuid"
    assert canonical(Not(And(()))) == "-has:uuid"
    assert canonical(Or((And(()), Words("a")))) == "has:uuid OR a"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0s"), (0.2, "200ms"), (1e-6, "0.000001s"), (90.0, "90s"), (604_800.0, "1w")],
)
def test_durations_take_the_largest_unit_that_fits(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
