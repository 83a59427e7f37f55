"""Requests that a proxy and a server could read differently, and heads of odd sizes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from socket import SHUT_WR, create_connection

import pytest

from tests.security.flooding import PATIENCE_S, Server, served

#: What must not be answered when it stands in a body.
HIDDEN = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("http"), 1_024) as running:
        yield running


def ask(server: Server, raw: bytes) -> bytes:
    """All that is answered to this until the server closes the connection, which it must do by
    itself: the client keeps its side open."""
    with create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as connection:
        with suppress(ConnectionError):
            connection.sendall(raw)
        answer = b""
        with suppress(ConnectionError):
            while chunk := connection.recv(65_536):
                answer += chunk
        return answer


def post(*headers: bytes, version: bytes = b"1.1", body: bytes = b"0\r\n\r\n" + HIDDEN) -> bytes:
    lines = (b"POST /login HTTP/" + version, b"Host: localhost", *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


CHUNKED = b"Transfer-Encoding: chunked"


@pytest.mark.parametrize(
    "raw",
    [
        post(b"Content-Length: 4", CHUNKED),
        post(CHUNKED, b"Content-Length: 45"),
        post(CHUNKED, CHUNKED),
        post(b"Transfer-Encoding: gzip, chunked"),
        post(b"Transfer-Encoding: xchunked"),
        post(b"Transfer-Encoding : chunked"),
        post(CHUNKED, version=b"1.0"),
        post(b"Content-Length: 5", b"Content-Length: 6"),
        post(b"Content-Length: +5"),
        post(b"Host: evil.example", b"Content-Length: 5"),
        HIDDEN.replace(b"1.1", b"9.9"),
        HIDDEN.replace(b"1.1", b"2.0"),
        HIDDEN.replace(b"HTTP/1.1", b"HTTP/1.10"),
        b"GET /livez\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * 10_000 + b"\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * 200 + b"\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nx: " + b"y" * 1_000_000 + b"\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: a\r\n Content-Length: 9\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX: a" + b"\r\n\t" * 20_000 + b"\r\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX:" + b" " * 78_000 + b"\0\r\n\r\n",
        b"GET /livez HTTP/1.1\nHost: localhost\n\n",
        b"GET /livez HTTP/1.1\r\nHost: localhost\nContent-Length: 9\r\n\r\n",
    ],
    ids=["length then chunked", "chunked then length", "chunked twice", "two codings", "no coding",
         "space before the colon", "chunked in 1.0", "two lengths", "signed length", "two hosts",
         "HTTP/9.9", "HTTP/2.0", "HTTP/1.10", "HTTP/0.9", "HTTP/2 by knowledge", "10,000 headers",
         "201 headers", "giant header", "folded line", "many folded lines", "many spaces",
         "line feeds alone", "one line feed alone"],
)  # fmt: skip
def test_what_is_ambiguous_is_refused_and_the_connection_closed(server: Server, raw: bytes) -> None:
    answer = ask(server, raw)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1 + answer.count(b"HTTP/1.1 and")
    assert server.answers()


def test_a_refusal_says_what_is_wrong(server: Server) -> None:
    assert b"a Content-Length or a Transfer-Encoding, not both" in ask(
        server, post(b"Content-Length: 4", CHUNKED)
    )


def test_an_odd_head_behind_a_good_one_is_refused_as_well(server: Server) -> None:
    answer = ask(server, HIDDEN + HIDDEN.replace(b"\r\n\r\n", b"\nX: a\r\n\r\n"))

    assert answer.count(b"HTTP/1.1 200 ") == 1
    assert answer.count(b"HTTP/1.1 400 ") == 1


def test_a_hundred_requests_at_once_are_each_answered_once(server: Server) -> None:
    with create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as connection:
        connection.sendall(
            HIDDEN * 99 + HIDDEN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        )
        connection.shutdown(SHUT_WR)
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk

    assert answer.count(b"HTTP/1.1 200 ") == 100
