"""Whatever a link says, a login leads to a page of this server."""

from __future__ import annotations

from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umbel.web.http.own_paths import own_path

#: What leads elsewhere, in pieces.
_PIECES = st.sampled_from(
    [
        "/", "\\", "//", "..", ".", "%2f", "%5c", "%252f", "%2e", "\t", "\n", "\r", "\0", " ",
        "evil.example", "@", ":", "http", "https:", "javascript:", "tasks", "c/shop", "login", "?",
        "#", "api/v1/logout", "%0a", "%", "\u2028", "\uff0f", "\ud800", "ä",
    ]
)  # fmt: skip
_NEXT = st.one_of(
    st.lists(_PIECES, max_size=8).map("".join),
    st.text(max_size=40),
    st.lists(_PIECES, max_size=5).map(lambda pieces: quote("".join(pieces), errors="replace")),
)


@given(_NEXT, st.sampled_from(["", "/tools/umbel"]))
def test_a_login_never_leads_out_of_this_server_and_its_prefix(text: str, root: str) -> None:
    location = f"{root}/{own_path(text)}"

    # A browser takes tabs and line ends out, and reads backslashes as slashes.
    assert location.isascii()
    assert location.isprintable()
    assert "\\" not in location
    assert " " not in location
    found = urlsplit(urljoin("https://umbel.example/tools/umbel/login", location))
    assert (found.scheme, found.netloc) == ("https", "umbel.example")
    assert found.path.startswith(f"{root}/")
    assert not location.startswith("//")
    for path in (found.path, unquote(found.path), unquote(unquote(found.path))):
        assert ".." not in path.replace("\\", "/").split("/")


@given(_NEXT)
def test_what_is_a_page_of_ours_stays_it(text: str) -> None:
    assert own_path(own_path(text)) == own_path(text)


@pytest.mark.parametrize(
    "text",
    [
        "//evil.example", "\\\\evil.example", "/\\evil.example", "/%2f/evil.example",
        "%2F%2Fevil.example", "/%5cevil.example", "%255C%255Cevil.example", "../other", "a/../../b",
        "%2e%2e/other", "tasks/..%2f..%2fother", "/\t/evil.example", "\x00", "login", "/login/okta",
        "c/shop/login?next=login", "LOGIN", "%6cogin", "api/v1/me", "x" * 2_001,
    ],
)  # fmt: skip
def test_what_leads_elsewhere_or_in_circles_becomes_the_first_page(text: str) -> None:
    assert own_path(text) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ""),
        ("tasks?q=state:FAILURE", "tasks?q=state:FAILURE"),
        ("/workers/celery@eu-1", "workers/celery@eu-1"),
        ("c/shop/tasks/a%2Fb?open=1#log", "c/shop/tasks/a%2Fb?open=1#log"),
        ("tasks?q=%2F%2Fx%0A", "tasks?q=%2F%2Fx%0A"),
        ("tasks?q=straße x", "tasks?q=stra%C3%9Fe%20x"),
    ],
)
def test_pages_of_ours_are_led_to(text: str, found: str) -> None:
    assert own_path(text) == found
