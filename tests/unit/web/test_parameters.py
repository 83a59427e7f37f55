"""Query strings against the structs that say what is taken."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta

from umbel.web.http.parameters import fields, read, takes
from umbel.web.http.problems import Refusal
from umbel.web.routes import ROUTES


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    id: Annotated[str, Meta(min_length=1, max_length=5)]
    text: Annotated[str, Meta(max_length=5)] = ""
    size: Annotated[int, Meta(ge=1, le=2_000)] = 10
    since: Annotated[float, Meta(ge=0, le=9)] | None = msgspec.field(default=None, name="from")
    order: Literal["up", "down"] = "up"
    deep: bool = False


def asked(query: bytes) -> Sample:
    return read(Sample, query, {"id": "a"})


def refusal(query: bytes) -> tuple[str | None, str]:
    with pytest.raises(Refusal) as caught:
        asked(query)
    return caught.value.problem.parameter, caught.value.problem.detail


def test_what_is_not_given_has_its_default() -> None:
    assert asked(b"") == Sample(id="a")


def test_every_kind_of_value_is_read() -> None:
    found = asked(b"text=%C3%BC+b&size=20&from=1.5&order=down&deep=true")

    assert found == Sample(id="a", text="ü b", size=20, since=1.5, order="down", deep=True)


def test_empty_parts_are_nothing() -> None:
    assert asked(b"&&text=&") == Sample(id="a")


@pytest.mark.parametrize(
    ("query", "parameter", "says"),
    [
        (b"size=0", "size", "takes a whole number from 1 to 2,000, not '0'"),
        (b"size=1.5", "size", "a whole number"),
        (b"from=inf", "from", "takes a number from 0 to 9, not 'inf'"),
        (b"from=null", "from", "a number"),
        (b"order=left", "order", "takes one of down, up, not 'left'"),
        (b"deep=perhaps", "deep", "takes true or false"),
        (b"text=abcdef", "text", "takes text of 0 to 5 characters, not 'abcdef'"),
        (b"size=" + b"9" * 70, "size", "not 70 characters"),
        (b"text=a&text=b", "text", "more than once"),
        (b"text=%ff", "text", "UTF-8"),
        (b"text=a%00", "text", "NUL"),
        (b"%ff=1", "name", "UTF-8"),
        (b"id=b", "id", "There is no parameter id"),
        (b"since=1", "since", "There is no parameter since"),
        (b"siz=1", "siz", "Did you mean size?"),
        (b"SIZE=1", "SIZE", "Did you mean size?"),
        (b"zzz=1", "zzz", "There are text, size, from, order, deep."),
        (b"z" * 80 + b"=1", "z" * 60, "z" * 60 + "…"),
    ],
)
def test_a_refusal_names_the_parameter_and_what_it_takes(
    query: bytes, parameter: str, says: str
) -> None:
    told, detail = refusal(query)

    assert told == parameter
    assert says in detail


def test_what_is_required_is_asked_for() -> None:
    with pytest.raises(Refusal) as caught:
        read(Sample, b"", {})

    assert "parameter id is required: text of 1 to 5 characters" in caught.value.problem.detail


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (str, "text"),
        (int, "a whole number"),
        (Annotated[int, Meta(ge=1)], "a whole number from 1"),
        (Annotated[float, Meta(gt=0, le=9)], "a number above 0, up to 9"),
        (Annotated[float, Meta(lt=9)], "a number below 9"),
        (
            Annotated[str, Meta(min_length=1, max_length=9, pattern=r"\S")],
            "text of 1 to 9 characters that is not blank",
        ),
        (
            Annotated[
                str, Meta(min_length=2, max_length=2, pattern="^[0-9a-f]{2}$", examples=["3f"])
            ],
            "text of 2 characters that fits ^[0-9a-f]{2}$, such as 3f",
        ),
    ],
)
def test_a_kind_without_bounds_is_described_all_the_same(kind: object, words: str) -> None:
    assert takes(kind) == words


def test_every_text_and_number_of_a_route_is_bounded() -> None:
    unbounded = [
        (route.name, name)
        for route in ROUTES
        for name, field in fields(route.asks).items()
        if takes(field.type) in {"text", "a number", "a whole number"}
    ]

    assert unbounded == []


def test_an_optional_kind_is_told_without_its_null() -> None:
    assert takes(Annotated[int, Meta(ge=1, le=2)] | None) == "a whole number from 1 to 2"
