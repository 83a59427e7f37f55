"""Cookies of strangers: one is looked for by its name, and nothing else is read of them."""

from __future__ import annotations

import pytest

from umbel.web.http.cookies import COOKIES_MAX, cookie


def sent(*lines: bytes) -> str | None:
    """The cookie `umbel_1` of a request with these lines of cookies."""
    headers = [(b"host", b"localhost"), *((b"cookie", line) for line in lines)]
    return cookie({"type": "http", "headers": headers}, "umbel_1")


@pytest.mark.parametrize(
    "line",
    [
        b"umbel_1=a.b",
        b"umbel_1=a.b;",
        b"x=1; umbel_1=a.b; y=2",
        b"x;;=;umbel_1 =\ta.b ;z",
        b'q="; umbel_1=a.b; r="',
        b"umbel_1=a.b; umbel_1=c",
        b"UMBEL_1=x; umbel_12=x; xumbel_1=x; umbel_1=a.b",
    ],
)
def test_our_cookie_is_found_among_others(line: bytes) -> None:
    assert sent(line) == "a.b"


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (b"",),
        (b"umbel_12=a.b",),
        (b'"umbel_1"=a.b',),
        (b"x=" + b"y" * COOKIES_MAX + b"; umbel_1=a.b",),
        (b"umbel_1=a.b", b"x" * COOKIES_MAX),
    ],
    ids=["none", "empty", "longer name", "quoted name", "far too many", "far too many in two"],
)
def test_there_is_none_where_there_is_none(lines: tuple[bytes, ...]) -> None:
    assert sent(*lines) is None


def test_a_cookie_may_stand_in_a_line_of_its_own() -> None:
    assert sent(b"x=1", b"umbel_1=a.b") == "a.b"


def test_nothing_is_unquoted() -> None:
    assert sent(b'umbel_1="a\\342b"') == '"a\\342b"'
