"""The HTTP client against servers that behave, misbehave and vanish."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from tests.unit.client.serving import Answer, Asked, Server, serving
from umbel.client import Client
from umbel.client.address import address_of
from umbel.errors import (
    ActionRefused,
    BrokerError,
    CapabilityMissing,
    CursorError,
    NotPermitted,
    NotSupported,
    QueryError,
    ResultsUnavailable,
    ServerError,
    ServerUnreachable,
    StoreError,
    UmbelError,
    UnknownAction,
)
from umbel.services.control.task_sender import Apply
from umbel.services.schedule.entry_changes import WantedEntry


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        running.say(
            {
                "items": [], "now": 1.0, "since": 0.0, "until": 1.0, "bucket_s": 60.0,
                "complete": True,
            }
        )  # fmt: skip
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    opened = Client(server.url, timeout_s=5)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "value",
    [
        Decimal("1.5"), datetime(2026, 11, 22, tzinfo=UTC), b"bytes", UUID(int=5), {1, 2},
        float("nan"), float("inf"), "half a pair: \ud800",
    ],
)  # fmt: skip
def test_values_that_json_would_change_are_refused_before_anything_is_sent(
    server: Server, client: Client, value: object
) -> None:
    within = {"deep": [value]}
    with pytest.raises(ActionRefused, match="args has a value that does not get over HTTP"):
        client.apply(Apply(name="shop.send", args=[1, within]))
    with pytest.raises(ActionRefused, match="kwargs has a value"):
        client.change_entry("x", WantedEntry(kwargs={"at": value}), dry_run=True, reason=None)

    assert not server.asked


def test_what_may_have_been_done_is_not_to_be_tried_again_by_itself(
    server: Server, client: Client
) -> None:
    def hang_up(_: Asked) -> Answer:
        raise ConnectionError

    server.answer = hang_up
    with pytest.raises(ServerUnreachable, match="may have been done") as lost:
        client.apply(Apply(name="shop.send"))
    assert not lost.value.retriable
    assert len(server.asked) == 1

    with pytest.raises(ServerUnreachable, match="refused") as unreached:
        Client("http://127.0.0.1:1").apply(Apply(name="shop.send"))
    assert unreached.value.retriable


def test_a_connection_is_kept(server: Server, client: Client) -> None:
    client.workers()
    client.workers()

    assert len({asked.connection for asked in server.asked}) == 1


def test_a_connection_that_the_server_closed_is_replaced(server: Server, client: Client) -> None:
    server.drops = True

    for _ in range(3):
        client.workers()

    assert len(server.asked) == 3


def test_any_thread_may_ask_at_the_same_time(server: Server, client: Client) -> None:
    threads = [threading.Thread(target=client.workers) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(server.asked) == 8


@pytest.mark.parametrize(
    ("path", "rows", "names"),
    [
        ("", [("default", "")], ()),
        ("", [("shop", "c/shop/"), ("mail", "c/mail/")], ("shop", "mail")),
        ("/tools", [("mail", "c/mail/")], ("mail",)),
        ("/c/mail", [("shop", "c/shop/"), ("mail", "c/mail/")], ()),
        ("/c/mail/", [("mail", "c/mail/")], ()),
    ],
)
def test_the_clusters_are_named_where_the_address_is_of_none_of_them(
    server: Server, path: str, rows: list[tuple[str, str]], names: tuple[str, ...]
) -> None:
    items = [{"name": name, "path": path} for name, path in rows]
    body = json.dumps({"items": items}).encode()
    server.answer = lambda _: (200, "application/json", body)

    with closing(Client(server.url + path)) as client:
        assert client.cluster_names() == names


def test_a_page_whose_time_ran_out_is_told_from_the_last_page(
    server: Server, client: Client
) -> None:
    beside = {"items": [], "sentence": "", "seq": 3, "incomplete": None}
    server.say({"next": "c", "complete": False, "reached": 5.0, **beside})
    timed_out = client.tasks("", order="-seen", cursor=None, limit=10)
    server.say({"next": None, "complete": True, "reached": None, **beside})
    last = client.tasks("", order="-seen", cursor="c", limit=10)

    assert (timed_out.next, timed_out.complete, timed_out.reached) == ("c", False, 5.0)
    assert (last.next, last.complete, last.reached) == (None, True, None)


def test_a_change_is_sent_once_as_json_on_a_connection_of_its_own(
    server: Server, client: Client
) -> None:
    client.workers()
    server.say({"task_id": "x", "state": "PENDING", "result": None})

    client.apply(Apply(name="shop.send", args=[1]))

    (asked,) = [each for each in server.asked if each.method == "POST"]
    assert asked.path == "/api/v1/apply"
    assert asked.headers["Content-Type"] == "application/json"
    assert b'"args":[1]' in asked.body
    assert asked.connection != server.asked[0].connection


def test_a_prefix_a_token_and_odd_names_are_sent_as_they_must_be(server: Server) -> None:
    shown = "umbel_abc"
    client = Client(f"{server.url}/tools/umbel/", token=shown)
    server.problem("unknown-task", 404, detail="No.")

    assert client.task("a/b?c é") is None

    (asked,) = server.asked
    assert asked.path == "/tools/umbel/api/v1/tasks/a%2Fb%3Fc%20%C3%A9"
    assert asked.headers["Authorization"] == f"Bearer {shown}"
    client.close()


def test_user_and_password_of_the_url_are_shown_to_the_server_alone() -> None:
    address = address_of("https://ann:s%40fe@umbel.example.com/x")

    assert address.url == "https://umbel.example.com/x"
    assert address.port == 443
    assert address.authorization == "Basic " + base64.b64encode(b"ann:s@fe").decode()


@pytest.mark.parametrize(
    "url", ["", "umbel", "ftp://host", "http://", "http://host:port", "redis://x:1", "http://["]
)
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(ServerUnreachable, match="no address of an Umbel"):
        Client(url)


def test_a_secret_is_not_told_with_a_wrong_address() -> None:
    with pytest.raises(ServerUnreachable) as wrong:
        Client("ftp://ann:hunter2@host")

    assert "hunter2" not in str(wrong.value)


@pytest.mark.parametrize("token", ["a\r\nX-Evil: 1", "é", "a\0"])
def test_a_token_cannot_smuggle_headers(token: str) -> None:
    with pytest.raises(ServerUnreachable):
        Client("http://host", token=token)


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("bad-query", 400, QueryError),
        ("bad-body", 400, ActionRefused),
        ("bad-cursor", 400, CursorError),
        ("not-in-store", 400, CapabilityMissing),
        ("refused", 409, ActionRefused),
        ("not-logged-in", 401, NotPermitted),
        ("second-factor-needed", 401, NotPermitted),
        ("second-factor-missing", 403, NotPermitted),
        ("not-permitted", 403, NotPermitted),
        ("unknown-action", 404, UnknownAction),
        ("not-supported", 501, NotSupported),
        ("broker-trouble", 503, BrokerError),
        ("results-trouble", 503, ResultsUnavailable),
        ("store-trouble", 503, StoreError),
        ("internal", 500, ServerError),
        ("of-a-later-version", 418, ServerError),
    ],
)
def test_problems_are_the_errors_that_they_were(
    server: Server, client: Client, kind: str, status: int, error: type[UmbelError]
) -> None:
    server.problem(kind, status, detail="What happened.", parameter="name", position=3, end=5)

    with pytest.raises(error) as raised:
        client.workers()

    assert type(raised.value) is error
    assert str(raised.value) == "What happened."


def test_a_wrong_body_names_its_field(server: Server, client: Client) -> None:
    server.problem("bad-body", 400, detail="No.", parameter="args")

    with pytest.raises(ActionRefused) as raised:
        client.apply(Apply(name="x"))

    assert raised.value.field == "args"


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, b"<html>"), (200, b'{"items": 5}'), (500, b"oops"), (302, b""), (404, b"{}")],
)
def test_what_is_no_umbel_is_told(server: Server, client: Client, status: int, body: bytes) -> None:
    server.answer = lambda _: (status, "text/html", body)

    with pytest.raises(ServerUnreachable, match="What answers at"):
        client.workers()


def test_a_login_that_is_not_ours_is_told(server: Server, client: Client) -> None:
    server.answer = lambda _: (401, "text/plain", b"no")

    with pytest.raises(NotPermitted, match="Give a token or a password"):
        client.workers()


def test_a_server_that_says_nothing_is_given_up(server: Server) -> None:
    silent = threading.Event()

    def wait(_: object) -> tuple[int, str, bytes]:
        silent.wait(10)
        return 200, "application/json", b"{}"

    server.answer = wait
    client = Client(server.url, timeout_s=0.1)

    with pytest.raises(ServerUnreachable, match="does not answer in time"):
        client.workers()

    silent.set()
    client.close()


def test_a_live_stream_is_read_event_by_event(server: Server, client: Client) -> None:
    row = '{"uuid": "u1", "state": "FAILURE", "seen": 1.0, "timestamp": 2.0, "intent": null}'
    server.answer = lambda _: (
        200,
        "text/event-stream",
        b"retry: 2000\n\n: still here\n\nid: 4\nevent: hello\ndata: {}\n\n"
        b'id: 5\nevent: changes\ndata: {"seq": 5, "skipped": 2, "left": [], "items": ['
        + row.encode()
        + b"]}\n\nevent: changes\ndata: half",
    )

    (changes,) = client.follow("state:FAILURE", 3)

    assert server.asked[0].path == "/api/v1/live?q=state%3AFAILURE&after=3"
    assert (changes.seq, changes.skipped) == (5, 2)
    assert [task.uuid for task in changes.items] == ["u1"]


def test_a_live_stream_that_is_refused_says_why(server: Server, client: Client) -> None:
    server.problem("bad-query", 400, detail="The quote is not closed.")

    with pytest.raises(QueryError, match="quote"):
        next(client.follow('"', None))
