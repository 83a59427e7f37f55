"""Texts and what they ask for."""

from __future__ import annotations

import pytest

from umbel.cluster.task import FLAGS, STATES
from umbel.errors import QueryError
from umbel.query.ast import (
    EVERYTHING,
    And,
    Argument,
    Between,
    Comparison,
    During,
    Has,
    Matches,
    Moment,
    Node,
    Not,
    Or,
    Words,
)
from umbel.query.fields import FIELDS, Kind
from umbel.query.lexer import TEXT_MAX
from umbel.query.parse import DEPTH_MAX, TERMS_MAX, Chip, chips, parse

EQUALS, GLOB, CONTAINS = Comparison.EQUALS, Comparison.GLOB, Comparison.CONTAINS
DAY = 1_795_305_600.0  # 2026-11-22 00:00 UTC
A, B, C = Words("a"), Words("b"), Words("c")


def test_everything_of_the_design_is_understood() -> None:
    text = (
        "state:FAILURE,RETRY name:shop.* worker:~eu queue:mail runtime:>5s wait:>1m "
        "received:-2h.. retries:>=3 args.order_id:4711 exception:Timeout root:ID "
        '"free text" -name:noise (a OR b) is:redelivered has:traceback'
    )

    assert parse(text) == And(
        (
            Matches("state", EQUALS, ("FAILURE", "RETRY")),
            Matches("name", GLOB, ("shop.*",)),
            Matches("worker", CONTAINS, ("eu",)),
            Matches("queue", EQUALS, ("mail",)),
            Between("runtime", low=5.0, low_open=True),
            Between("wait", low=60.0, low_open=True),
            During("received", low=Moment(relative=-7_200.0)),
            Between("retries", low=3.0),
            Argument("order_id", "4711"),
            Matches("exception", CONTAINS, ("Timeout",)),
            Matches("root", EQUALS, ("ID",)),
            Words("free text"),
            Not(Matches("name", CONTAINS, ("noise",))),
            Or((A, B)),
            Has("redelivered"),
            Has("traceback"),
        )
    )


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("", EVERYTHING),
        ("  \n ", EVERYTHING),
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b", Or((A, B))),
        ("a b OR c", Or((And((A, B)), C))),
        ("a OR b AND c", Or((A, And((B, C))))),
        ("a (b OR c)", And((A, Or((B, C))))),
        ("(a b) c", And((A, B, C))),
        ("a OR (b OR c)", Or((A, B, C))),
        ("((a))", A),
        ("-a", Not(A)),
        ("NOT a", Not(A)),
        ("-(a b)", Not(And((A, B)))),
        ("--a", Not(Not(A))),
        ("NOT NOT a", Not(Not(A))),
        ("-a b", And((Not(A), B))),
        ("a-b", Words("a-b")),
        ("or and not", And((Words("or"), Words("and"), Words("not")))),
        ('"OR"', Words("OR")),
        ('"a b"', Words("a b")),
        ('"-a"', Words("-a")),
        ('"(a)"', Words("(a)")),
        ('"name:a"', Words("name:a")),
        (r'"say \"a\" \\ b"', Words('say "a" \\ b')),
        (r"c:\temp\new", Words(r"c:\temp\new")),
        ("http://example.org/a", Words("http://example.org/a")),
        ("KeyError: b", And((Words("KeyError:"), B))),
        ("12:30", Words("12:30")),
        ("shop.send:done", Words("shop.send:done")),
        ("customer:5", Words("customer:5")),
    ],
)
def test_terms_are_put_together(text: str, node: Node) -> None:
    assert parse(text) == node


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("state:failure", Matches("state", EQUALS, ("FAILURE",))),
        ("STATE:=Success,success", Matches("state", EQUALS, ("SUCCESS",))),
        ("name:foo", Matches("name", CONTAINS, ("foo",))),
        ("name:~foo", Matches("name", CONTAINS, ("foo",))),
        ("name:=foo", Matches("name", EQUALS, ("foo",))),
        ("name:foo,bar", Matches("name", CONTAINS, ("foo", "bar"))),
        ("name:foo?", Matches("name", GLOB, ("foo?",))),
        ('name:"a b"*', Matches("name", GLOB, ("a b*",))),
        ('name:"a*b"', Matches("name", CONTAINS, ("a*b",))),
        ("name:=a*b", Matches("name", EQUALS, ("a*b",))),
        ('name:"a,b"', Matches("name", CONTAINS, ("a,b",))),
        (
            "name:a*,b",
            Or((Matches("name", GLOB, ("a*",)), Matches("name", CONTAINS, ("b",)))),
        ),
        ("task:foo", Matches("name", CONTAINS, ("foo",))),
        ("queue:mail", Matches("queue", EQUALS, ("mail",))),
        ("queue:~mail", Matches("queue", CONTAINS, ("mail",))),
        ("id:X", Matches("uuid", EQUALS, ("X",))),
        (
            "id:ABCDEFAB-0000-4000-8000-00000000000F",
            Matches("uuid", EQUALS, ("abcdefab-0000-4000-8000-00000000000f",)),
        ),
        ("worker:celery@a:b", Matches("worker", CONTAINS, ("celery@a:b",))),
        ("args:1,2", Matches("args", CONTAINS, ("1,2",))),
        ("result:5*3", Matches("result", CONTAINS, ("5*3",))),
        ("result:=None", Matches("result", EQUALS, ("None",))),
        ("kwargs:order=5", Argument("order", "5")),
        ('kwargs:"user name = ann lee"', Argument("user name", "ann lee")),
        ("kwargs:~a=b", Matches("kwargs", CONTAINS, ("a=b",))),
        ("kwargs:order", Matches("kwargs", CONTAINS, ("order",))),
        ("args.0:5", Argument("0", "5")),
        ("kwargs.items.0.id:5", Argument("items.0.id", "5")),
        ("args.mail:~ann", Argument("mail", "ann", CONTAINS)),
        ("args.mail:*@x.org", Argument("mail", "*@x.org", GLOB)),
        ('args.note:""', Argument("note", "")),
        ('args."odd key":1', Argument("odd key", "1")),
        ("args.n:1,2", Or((Argument("n", "1"), Argument("n", "2")))),
        ("retries:3", Between("retries", 3.0, 3.0)),
        ("retries:=3", Between("retries", 3.0, 3.0)),
        ("retries:1..3", Between("retries", 1.0, 3.0)),
        ("retries:..3", Between("retries", high=3.0)),
        ("retries:<3", Between("retries", high=3.0, high_open=True)),
        ("retries:>1..<3", Between("retries", 1.0, 3.0, low_open=True, high_open=True)),
        ("runtime:>=200ms", Between("runtime", low=0.2)),
        ("runtime:<=1h30m", Between("runtime", high=5_400.0)),
        ("runtime:>1.5", Between("runtime", low=1.5, low_open=True)),
        ("duration:1s..2s", Between("runtime", 1.0, 2.0)),
        ("wait:>3days", Between("wait", low=259_200.0, low_open=True)),
        ("is:redelivered", Has("redelivered")),
        ("is:ran_again", Has("ran-again")),
        ("error:Timeout", Matches("error", CONTAINS, ("Timeout",))),
        ("error:3f9c2a1b7d04", Matches("error", EQUALS, ("3f9c2a1b7d04",))),
        ("error:~3f9c2a1b7d04", Matches("error", CONTAINS, ("3f9c2a1b7d04",))),
        ("has:error", Has("error")),
        ("has:runtime,wait", Or((Has("runtime"), Has("wait")))),
    ],
)
def test_fields_are_asked_for(text: str, node: Node) -> None:
    assert parse(text) == node


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("-2h..", Moment(relative=-7_200.0), None),
        (">-2h", Moment(relative=-7_200.0), None),
        (">=-2h", Moment(relative=-7_200.0), None),
        ("..-2h", None, Moment(relative=-7_200.0)),
        ("<-2h", None, Moment(relative=-7_200.0)),
        ("-2h..-1h", Moment(relative=-7_200.0), Moment(relative=-3_600.0)),
        ("-1d..now", Moment(relative=-86_400.0), Moment(relative=0.0)),
        ("now..+1h", Moment(relative=0.0), Moment(relative=3_600.0)),
        ("2026-11-22", Moment(absolute=DAY), Moment(absolute=DAY + 86_400)),
        ("2026-11-22..2026-11-23", Moment(absolute=DAY), Moment(absolute=DAY + 2 * 86_400)),
        (">2026-11-22", Moment(absolute=DAY + 86_400), None),
        (">=2026-11-22", Moment(absolute=DAY), None),
        ("<2026-11-22", None, Moment(absolute=DAY)),
        ("<=2026-11-22", None, Moment(absolute=DAY + 86_400)),
        ("2026-11-22T10:00", Moment(absolute=DAY + 36_000), Moment(absolute=DAY + 36_060)),
        ("2026-11-22T10:00:05Z", Moment(absolute=DAY + 36_005), Moment(absolute=DAY + 36_006)),
        ('"2026-11-22 10:00"..', Moment(absolute=DAY + 36_000), None),
        ("2026-11-22T10:00+02:00..", Moment(absolute=DAY + 28_800), None),
        ("2026-11-22T10:00-0530..", Moment(absolute=DAY + 55_800), None),
        ("2026-11-22T10:00:00.25Z..", Moment(absolute=DAY + 36_000.25), None),
        ("1795344336..", Moment(absolute=1_795_344_336.0), None),
        ("1795344336.5..", Moment(absolute=1_795_344_336.5), None),
        ("=1795344336", Moment(absolute=1_795_344_336.0), Moment(absolute=1_795_344_337.0)),
    ],
)
def test_times_are_spans(value: str, low: Moment | None, high: Moment | None) -> None:
    assert parse(f"received:{value}") == During("received", low, high)


@pytest.mark.parametrize("name", [name for name, f in FIELDS.items() if f.kind is Kind.TIME])
def test_every_time_can_be_asked_for(name: str) -> None:
    assert parse(f"{name}:-1h..") == During(name, low=Moment(relative=-3_600.0))


@pytest.mark.parametrize("state", STATES)
def test_every_state_can_be_asked_for(state: str) -> None:
    assert parse(f"state:{state.lower()}") == Matches("state", EQUALS, (state,))


@pytest.mark.parametrize("flag", FLAGS)
def test_every_mark_can_be_asked_for(flag: str) -> None:
    assert parse(f"is:{flag}") == Has(flag)


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_can_be_had_by_every_name(name: str) -> None:
    for each in (name, name.upper(), *FIELDS[name].aliases):
        assert parse(f"has:{each}") == Has(name)


@pytest.mark.parametrize(
    ("text", "position", "end", "suggestion"),
    [
        ("nmae:x", 0, 4, "name"),
        ("a statee:x", 2, 8, "state"),
        ("state:FALIURE", 6, 13, "FAILURE"),
        ("state:SUCCESS,failed", 14, 20, "FAILURE"),
        ("state:xyz", 6, 9, None),
        ("state:~fail", 6, 11, None),
        ("is:expird", 3, 9, "expired"),
        ("is:failed", 3, 9, "state:FAILURE"),
        ("has:tracebak", 4, 12, "traceback"),
        ("has:redelivered", 4, 15, "is:redelivered"),
        ("runtime:5s", 8, 10, "runtime:>5s"),
        ("runtime:>5secnds", 9, 16, "seconds"),
        ("runtime:>abc", 9, 12, None),
        ("runtime:>-5s", 9, 12, None),
        ("retries:>x", 9, 10, None),
        ("retries:3..1", 8, 12, None),
        ("retries:1..>3", 12, 13, None),
        ("retries:..", 8, 10, "has:retries"),
        ("retries:>", 9, 9, None),
        ("received:-2h", 9, 12, "received:-2h.."),
        ("received:now", 9, 12, "received:..now"),
        ("received:2h..", 9, 11, "-2h"),
        ("received:yesterday", 9, 18, None),
        ("received:2026-13-01", 9, 19, None),
        ("received:1969-12-31..", 9, 19, None),
        ("received:..", 9, 11, "has:received"),
        ("received:-1h..-2h", 9, 17, None),
        ("received:2026-11-22..2026-11-20", 9, 31, None),
        ("runtime:>" + "9" * 400, 9, 409, None),
        ("name:", 0, 5, None),
        ('name:""', 0, 7, None),
        ("name:a,,b", 0, 7, None),
        ("name:(a)", 0, 5, None),
        ('name:"a*b"*', 7, 8, None),
        ("kwargs:", 0, 7, None),
        ("args.:5", 0, 5, None),
        ("args.n:", 0, 7, None),
        ('a "b c', 2, 6, None),
        ('""', 0, 2, None),
        ("(a", 0, 1, None),
        ("a (b (c)", 2, 3, None),
        ("a)", 1, 2, None),
        (")", 0, 1, None),
        ("()", 0, 2, None),
        ("(", 0, 1, None),
        ("a OR", 2, 4, None),
        ("OR a", 0, 2, None),
        ("a AND OR b", 2, 5, None),
        ("a AND", 2, 5, None),
        ("NOT", 0, 3, None),
        ("- a", 0, 1, None),
        ("a\0b", 1, 2, None),
        ("a\ud800", 1, 2, None),
    ],
)
def test_what_cannot_be_understood_says_where_and_what_was_meant(
    text: str, position: int, end: int, suggestion: str | None
) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)

    error = caught.value
    assert (error.position, error.end, error.suggestion) == (position, end, suggestion)
    assert error.message.endswith(".")
    if suggestion:
        assert suggestion in str(error)


def test_a_text_that_is_too_long_is_refused_at_once() -> None:
    assert parse("a" * TEXT_MAX) == Words("a" * TEXT_MAX)
    for length in (TEXT_MAX + 1, 1_000_000):
        with pytest.raises(QueryError, match="at most") as caught:
            parse("(" * length)
        assert (caught.value.position, caught.value.end) == (TEXT_MAX, length)


@pytest.mark.parametrize("opening", ["(", "-", "NOT "])
def test_a_text_that_is_too_deep_is_refused(opening: str) -> None:
    closing = ")" if opening == "(" else ""
    parse(opening * DEPTH_MAX + "a" + closing * DEPTH_MAX)
    with pytest.raises(QueryError, match="deep"):
        parse(opening * 900 + "a" + closing * 900)


@pytest.mark.parametrize("text", ["a " * 300, "a OR " * 300 + "a", "id:" + "a," * 300 + "a"])
def test_a_text_of_too_many_terms_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match=f"{TERMS_MAX} terms"):
        parse(text)


def test_chips_are_the_parts_that_must_all_hold() -> None:
    text = 'state:FAILURE AND -name:x (a OR b) NOT "free t" args.k:1,2 c'

    found = chips(text)

    assert found == (
        Chip("state:FAILURE", 0, 13, "state", negated=False),
        Chip("-name:x", 18, 25, "name", negated=True),
        Chip("(a OR b)", 26, 34, None, negated=False),
        Chip('NOT "free t"', 35, 47, None, negated=True),
        Chip("args.k:1,2", 48, 58, "args.k", negated=False),
        Chip("c", 59, 60, None, negated=False),
    )


def test_alternatives_are_one_chip() -> None:
    assert chips(" a b OR c ") == (Chip("a b OR c", 1, 9, None, negated=False),)
    assert chips("(a b)") == (Chip("(a b)", 0, 5, None, negated=False),)
    assert chips("") == ()


def test_chips_of_a_bad_text_are_refused_like_the_text() -> None:
    with pytest.raises(QueryError):
        chips("(a")
