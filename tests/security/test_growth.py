"""Whatever is read of a request takes time that grows with its length, not with the square of it.

Every place of a request (each header, the path, parameters, bodies) is filled with each of the
patterns that make parsers slow, at one size and at eight times that size. What is quadratic takes
64 times as long then; more than `RATIO_MAX` times fails. `NOISE_S` of CPU time is no growth, but
what a machine does beside.
"""

from __future__ import annotations

import ast
import base64
import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import anyio
import h11
import pytest
from starlette.types import ASGIApp, Message

from tests.api.doors import USERS
from tests.api.provider_world import ProviderWorld
from tests.api.world import World
from tests.architecture.sources import imports, modules
from umbel.web.serving.request_heads import StrictConnection

GROWTH: Final = 8
RATIO_MAX: Final = 32
NOISE_S: Final = 0.03
#: The smaller size of what stands in a head, and of a body, bytes.
HEAD: Final = 6_500
BODY: Final = 60_000

PATTERNS: Final = (
    *("a", "0", "-", "/", ".", ":", "%", " ", "\t", '"', "\\", "\\0", '\\"', "=", ";", ",", "&"),
    *("(", "[", "{", "'", "*", "?", "a=b;", 'a="', ';a="', "; a*1=b", "; name*2=c", "a;q=0,"),
    *("::1,", "127.0.0.1, ", "::1%a,", "%41", "%2f", "../", "./", "a-", "-.", "a&", "a=1&"),
    *("a:", "a.", "@", "\xe9", "NOT ", "(a OR ", "a:b ", '"a" ', "a:*?", ">", "!="),
)
#: Those that were slow in some library, for every run; all of them come with the floods.
WORST: Final = (";", "\\0", "; name*2=c", "(", "::1,", "-", " ")
ALL_OR_WORST: Final = pytest.mark.parametrize(
    "patterns",
    [pytest.param(WORST, id="worst"), pytest.param(PATTERNS, id="all", marks=pytest.mark.flood)],
)
HEADERS: Final = (
    *("accept", "accept-encoding", "content-length", "content-type", "cookie", "host"),
    *("if-none-match", "last-event-id", "origin", "sec-fetch-site", "transfer-encoding"),
    *("x-forwarded-for", "x-forwarded-host", "x-forwarded-prefix", "x-forwarded-proto"),
    *("x-umbel-opened-by", "x-umbel-via", "authorization", "user-agent", "referer"),
)
#: What comes before the pattern, where a parser looks further only then.
BEGINNINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "authorization": ("Basic ", "Bearer umbel_", "Bearer "),
    "content-type": ("", "multipart/form-data; boundary=b", "application/json;"),
    "cookie": ("", "umbel_00000000=", 'a="'),
    "host": ("", "[", "localhost:"),
    "origin": ("", "http://", "http://["),
    "x-forwarded-for": ("", "203.0.113.9, ", "203.0.113.9:", "["),
    "x-forwarded-prefix": ("", "/"),
}
#: Libraries whose readers are quadratic somewhere, or read more than is wanted.
BANNED: Final = ("http.cookies", "email", "cgi", "multipart", "python_multipart", "http.server")
BANNED_NAMES: Final = ("cookies", "form", "urlsplit", "urlparse")
#: Every regular expression that reads what comes from outside, seen to be linear: no part that may
#: repeat is followed by another that could take the same characters, unless both are bounded.
SEEN: Final = frozenset(
    {
        r"(?:/[A-Za-z0-9._~-]+)+",
        r"[0-9a-f]{16}",
        r"[A-Za-z0-9.:\[\]_-]{1,255}",
        r"(?:\[([0-9a-fA-F:.]{2,45})\]|([0-9.]{7,15})(?=:))(?::[0-9]{1,5})?",
        r"[\x00-\x08\x0e-\x1f]",
        r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]",
        rb';[ \t]*([A-Za-z*]+)=("(?:[^"\\]|\\.)*"|[^";\s]+)[ \t]*',
        rb"\\(.)",
        r"(\[[0-9a-f:.]+\]|[^]:/?#@\[\s]+)(?::(\d{1,5}))?",
        r"<base\s[^>]*>",  # of our own pages
        r"[^/]+[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+",  # of names of files that are there
        r" - at `(?:key in )?\$(.*)`$",  # of sentences of msgspec
        "%2F",
        r"/c/([a-z0-9-]{1,40})(/.*)?",
        r"/api/v1/clusters/([a-z0-9-]{1,40})(/.+)",
        rb"\n\r?\n",
        rb"(?<!\r)\n|\n[ \t]",
        rb"[ \t]{2,}",
        rb"[^a-z0-9]",
        r"[\x00-\x1f\x7f-\x9f\u2028\u2029]",
        r"(?:c/[^/]+/)?(?:login|api)(?:/|\Z)",  # at the beginning alone
        r'(\w+)="((?:[^"\\]|\\.)*)"',  # of labels of our own
        r'\\[\\"n]',
    }
)


def filled(pattern: str, size: int) -> str:
    return (pattern * (size // len(pattern) + 1))[:size]


def grows_too_fast(read: Callable[[int], object], size: int) -> bool:
    """Whether reading `GROWTH` times `size` takes far more than that many times the CPU time; the
    best of some runs, since others use the machine."""
    for _ in range(3):
        small = _cpu_time(read, size)
        if _cpu_time(read, size * GROWTH) <= max(NOISE_S, small * RATIO_MAX):
            return False
    return True


def _cpu_time(read: Callable[[int], object], size: int) -> float:
    gc.disable()  # which looks through all there is whenever much is made
    try:
        began = time.process_time()
        read(size)
        return time.process_time() - began
    finally:
        gc.enable()


def ask(
    app: ASGIApp,
    method: str = "GET",
    path: str = "/",
    query: str = "",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> None:
    """One request, as a server passes it on."""
    given = {"host": "localhost", "content-length": str(len(body)), **(headers or {})}
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode("utf-8"), "root_path": "",
        "query_string": query.encode("latin-1"), "client": ("127.0.0.1", 50_000),
        "server": ("localhost", 80),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
    }  # fmt: skip
    came = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return came.pop() if came else {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        pass

    async def answer() -> None:
        await app(scope, receive, send)

    anyio.run(answer)


@pytest.fixture(scope="module")
def closed() -> World:
    return World(users=USERS)


@pytest.fixture(scope="module")
def opened() -> World:
    return World()


def slow(reads: Iterator[tuple[str, Callable[[int], object]]], size: int) -> list[str]:
    return [name for name, read in reads if grows_too_fast(read, size)]


@pytest.mark.parametrize("header", HEADERS)
@ALL_OR_WORST
def test_headers_of_strangers(closed: World, header: str, patterns: tuple[str, ...]) -> None:
    def reads() -> Iterator[tuple[str, Callable[[int], object]]]:
        for begin in BEGINNINGS.get(header, ("",)):
            for pattern in patterns:

                def read(size: int, begin: str = begin, pattern: str = pattern) -> None:
                    headers = {header: begin + filled(pattern, size)}
                    ask(closed.app, "POST", "/api/v1/actions", headers=headers)

                yield begin + pattern, read

    assert slow(reads(), HEAD) == []


LOGINS: Final = (
    ("/login/options", "referer", "http://localhost/login?"),
    ("/login/options", "", ""),
    ("/login", "", "next="),
    ("/login", "", "code=x&state="),
    ("/login/okta", "", "next="),
    ("/login/okta", "cookie", ""),
    ("/login/okta/callback", "", "code=x&state="),
    ("/login/okta/callback", "", "error="),
)


@pytest.mark.parametrize(("path", "header", "begin"), LOGINS)
@ALL_OR_WORST
def test_what_strangers_send_to_log_in_by_a_provider(
    tmp_path: Path, path: str, header: str, begin: str, patterns: tuple[str, ...]
) -> None:
    world = ProviderWorld(tmp_path)

    def read(pattern: str, size: int) -> None:
        text = begin + filled(pattern, size)
        ask(world.app, "GET", path, "" if header else text, {header: text} if header else {})

    assert slow(((each, partial(read, each)) for each in patterns), HEAD) == []


def test_names_and_passwords_of_strangers(closed: World) -> None:
    def read(size: int) -> None:
        shown = base64.b64encode(b"\xff:" + b":" * (size // 2)).decode()
        ask(closed.app, headers={"authorization": f"Basic {shown}"})

    assert not grows_too_fast(read, HEAD)


PATHS: Final = ("/", "/assets/", "/api/v1/workers/", "/api/task/info/", "/login/")


@pytest.mark.parametrize("path", PATHS)
@ALL_OR_WORST
def test_paths(opened: World, path: str, patterns: tuple[str, ...]) -> None:
    def reads() -> Iterator[tuple[str, Callable[[int], object]]]:
        for pattern in patterns:
            yield pattern, partial(read, pattern)

    def read(pattern: str, size: int) -> None:
        ask(opened.app, path=path + filled(pattern, size))

    assert slow(reads(), HEAD) == []


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/api/v1/tasks", ""), ("/api/v1/tasks", "q="), ("/api/v1/tasks", "cursor="),
        ("/api/v1/tasks", "ids="), ("/api/v1/tasks", "order="), ("/api/v1/tasks", "tz="),
        ("/api/v1/tasks", "limit="), ("/api/v1/suggest", "q="), ("/api/v1/series", "from="),
        ("/api/tasks", ""), ("/api/tasks", "search="), ("/api/tasks", "sort_by="),
        ("/api/tasks", "received_start="), ("/api/task/result/x", "timeout="), ("/", "json="),
        ("/login", ""), ("/livez", ""),
    ],
)  # fmt: skip
@ALL_OR_WORST
def test_parameters(opened: World, path: str, parameter: str, patterns: tuple[str, ...]) -> None:
    def reads() -> Iterator[tuple[str, Callable[[int], object]]]:
        for pattern in patterns:
            yield pattern, partial(read, pattern)

    def read(pattern: str, size: int) -> None:
        ask(opened.app, path=path, query=parameter + filled(pattern, size))

    assert slow(reads(), HEAD) == []


JSON_PARTS: Final = (
    *("[", '{"a":', '"', '\\"', "\\u0041", "0", "1e9", "0.", "[],", "{},", '"a",', " ", "\xe9"),
    *("-", "1,", '"x":1,'),
)


@pytest.mark.flood
@pytest.mark.parametrize("begin", ["", '{"user":"', '{"user":', '{"args":[', '{"ids":["'])
@pytest.mark.parametrize(
    ("path", "size"),
    [("/login", 1_900), ("/api/v1/actions", BODY), ("/api/task/send-task/a", BODY)],
)
def test_bodies_in_json(opened: World, path: str, begin: str, size: int) -> None:
    def reads() -> Iterator[tuple[str, Callable[[int], object]]]:
        for part in JSON_PARTS:

            def read(size: int, part: str = part) -> None:
                body = (begin + filled(part, size)).encode("latin-1")
                ask(opened.app, "POST", path, "", {"content-type": "application/json"}, body)

            yield part, read

    assert slow(reads(), size) == []


@pytest.mark.flood
@pytest.mark.parametrize(
    ("kind", "begin"),
    [
        ("application/x-www-form-urlencoded", ""),
        ("multipart/form-data; boundary=b", ""),
        ("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; "),
        ("multipart/form-data; boundary=b", '--b\r\nContent-Disposition: form-data; name="n"\r\n'),
        ("multipart/form-data; boundary=b", '--b\r\nContent-Disposition: form-data; name="n'),
        ("multipart/form-data; boundary=" + "-" * 70, ""),
    ],
)
def test_forms(opened: World, kind: str, begin: str) -> None:
    parts = (
        *PATTERNS,
        "\r\n",
        "\r\n--b",
        "\r\n--b\r\n",
        "--b",
        "\r\n--b\r\nContent-Disposition: a",
    )

    def reads() -> Iterator[tuple[str, Callable[[int], object]]]:
        for part in parts:

            def read(size: int, part: str = part) -> None:
                body = (begin + filled(part, size)).encode("latin-1")
                path = "/api/worker/pool/grow/celery@a"
                ask(opened.app, "POST", path, "", {"content-type": kind}, body)

            yield part, read

    assert slow(reads(), 8_000) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"GET /", b" HTTP/1.1\r\nHost: a\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"\x00\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: a", b"\r\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b": b\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: b", b""),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"\r\n"),
    ],
    ids=["path", "value", "wrong value", "wrong end", "name", "no end", "chunk"],
)
@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(1, id="byte by byte", marks=pytest.mark.flood),
        pytest.param(65_536, id="at once"),
    ],
)
def test_heads_on_the_wire(before: bytes, after: bytes, piece: int) -> None:
    parts = (b"a", b" ", b"\t", b"\r", b"a: b\r\n", b"a:\r\n", b"\r\n b", b"\r\n ", b"\n", b":")

    def reads() -> Iterator[tuple[str, Callable[[int], object]]]:
        for part in parts:

            def read(size: int, part: bytes = part) -> None:
                raw = before + (part * size)[:size] + after
                connection = StrictConnection(h11.SERVER, 80 * 1024)
                with suppress(h11.RemoteProtocolError):
                    for at in range(0, len(raw), piece):
                        connection.receive_data(raw[at : at + piece])
                        while connection.next_event() not in (h11.NEED_DATA, h11.PAUSED):
                            pass

            yield repr(part), read

    assert slow(reads(), HEAD) == []


@cache
def _web() -> tuple[tuple[str, ast.Module], ...]:
    return tuple(each for each in modules() if each[0].startswith("umbel.web"))


def test_no_reader_is_used_that_is_known_to_be_slow() -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, tree in _web()
        for imported in imports(tree)
        if imported.startswith(tuple(f"{banned}." for banned in BANNED)) or imported in BANNED
    ]
    wrong += [
        f"{name} uses {node.attr}"
        for name, tree in _web()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in BANNED_NAMES
    ]

    assert wrong == []


def test_every_header_that_is_read_is_walked() -> None:
    read = {
        str(node.args[0].value)
        for _, tree in _web()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"get", "getlist"}
        and "eaders" in ast.unparse(node.func.value)
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }

    assert "cookie" in HEADERS
    assert {name.lower() for name in read} <= {*HEADERS, "allow"}  # of our own answers


def test_every_regular_expression_was_seen() -> None:
    found = {
        node.args[0].value
        for _, tree in _web()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).startswith("re.")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }

    assert found - SEEN == set()
    assert SEEN - found == set()
