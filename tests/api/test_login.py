"""Logging in and out, and what keeps others from doing it for somebody."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from tests.api.doors import USERS, basic, bearer, door
from tests.api.world import NOW, World, problem_of
from umbel.web.app import WebOptions, create_app
from umbel.web.authentication import Access
from umbel.web.login_throttle import ADDRESS_BURST, USER_BURST, LoginThrottle
from umbel.web.open_access import NoUsers

pytestmark = pytest.mark.anyio

OTTO = {"user": "otto", "password": "pw-otto"}


@pytest.fixture
def closed(tmp_path: Path) -> World:
    """An Umbel with a login, and with pages."""
    for page in ("index", "login"):
        (tmp_path / f"{page}.html").write_text(f'<base href="/" /><title>{page}</title>')
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a.css").write_text("p {}")
    return World(users=USERS, options=WebOptions(pages=tmp_path))


@pytest.fixture
async def browser(closed: World) -> AsyncIterator[httpx.AsyncClient]:
    """Keeps cookies, follows no redirects, and says where its requests come from."""
    async with closed.client(headers={"sec-fetch-site": "same-origin"}) as client:
        yield client


async def test_a_login_opens_the_api_to_this_browser_with_the_role_of_the_user(
    browser: httpx.AsyncClient,
) -> None:
    response = await browser.post("/login", json=OTTO)
    me = await browser.get("/api/v1/me")

    assert response.status_code == 200
    told, entry = me.json(), "the entry of otto in the settings"
    session = told.pop("session")
    assert (session["began"], session["expires"]) == (NOW, NOW + 3_600)
    assert told == {
        "name": "otto",
        "role": "operator",
        "permissions": ["read", "operate"],
        "read_only": False,
        "login": True,
        "via": "browser",
        "provider": "password",
        "label": "",
        "email": None,
        "because": entry,
        "grants": [],
        "access": [{"cluster": "default", "role": "operator", "because": entry, "grants": []}],
        "claims": {},
        "second_factor": {"possible": True, "since": None, "required": False},
    }
    assert response.json() == me.json()
    assert (await browser.get("/api/v1/tasks")).status_code == 200


async def test_the_cookie_is_hidden_from_scripts_and_other_sites(
    browser: httpx.AsyncClient,
) -> None:
    cookie = (await browser.post("/login", json=OTTO)).headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/;" in cookie
    assert "Max-Age=3600" in cookie
    assert "Secure" not in cookie
    assert "otto" not in cookie
    assert "pw-otto" not in cookie


async def test_behind_https_the_cookie_is_sent_over_https_alone(
    browser: httpx.AsyncClient,
) -> None:
    headers = {"x-forwarded-proto": "https", "x-forwarded-prefix": "/tools/umbel"}

    cookie = (await browser.post("/login", json=OTTO, headers=headers)).headers["set-cookie"]

    assert "Secure" in cookie
    assert "Path=/tools/umbel;" in cookie


async def test_a_logout_ends_the_session_for_every_copy_of_the_cookie(
    closed: World, browser: httpx.AsyncClient
) -> None:
    await browser.post("/login", json=OTTO)
    copy = dict(browser.cookies)

    response = await browser.post("/api/v1/logout", json={})

    assert response.json() == {"logged_out": True, "go_on": None}
    assert not browser.cookies
    async with closed.client(cookies=copy) as thief:
        assert (await thief.get("/api/v1/tasks")).status_code == 401


async def test_a_session_ends_by_itself(closed: World, browser: httpx.AsyncClient) -> None:
    await browser.post("/login", json=OTTO)

    closed.clock.time = NOW + 3_599
    assert (await browser.get("/api/v1/me")).status_code == 200
    closed.clock.time = NOW + 3_600
    assert (await browser.get("/api/v1/me")).status_code == 401


@pytest.mark.parametrize(
    "users", [("otto:operator:other",), ("otto:viewer:pw-otto",), ("eve:admin:x",)]
)
async def test_another_password_another_role_or_no_user_any_more_end_the_session(
    browser: httpx.AsyncClient, users: tuple[str, ...]
) -> None:
    await browser.post("/login", json=OTTO)

    async with World(users=users).client(cookies=dict(browser.cookies)) as later:
        assert (await later.get("/api/v1/me")).status_code == 401


async def test_a_server_beside_it_with_the_same_key_knows_the_session(
    closed: World, browser: httpx.AsyncClient
) -> None:
    await browser.post("/login", json=OTTO)

    async with World(users=USERS, ledger=closed.ledger).client(
        cookies=dict(browser.cookies)
    ) as beside:
        assert (await beside.get("/api/v1/me")).json()["name"] == "otto"


async def test_a_cookie_that_was_altered_is_nobodys(
    closed: World, browser: httpx.AsyncClient
) -> None:
    await browser.post("/login", json=OTTO)
    ((name, value),) = browser.cookies.items()

    for altered in (value[1:], value[:-1], value + "0", "a" + value, value.upper(), ".", ""):
        async with closed.client(cookies={name: altered}) as other:
            assert (await other.get("/api/v1/me")).status_code == 401, altered


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"user": "otto", "password": "wrong"}, 401),
        ({"user": "nobody", "password": "pw-otto"}, 401),
        ({"user": "otto"}, 400),
        ({"user": "otto", "password": ""}, 400),
        ({"user": "otto", "password": "pw-otto", "role": "admin"}, 400),
        ({"user": ["otto"], "password": {}}, 400),
        ([], 400),
        ({"user": "o" * 101, "password": "x"}, 400),
    ],
)
async def test_a_login_that_is_wrong_sets_no_cookie(
    browser: httpx.AsyncClient, body: object, status: int
) -> None:
    response = await browser.post("/login", json=body)

    problem_of(response)
    assert response.status_code == status
    assert "set-cookie" not in response.headers


async def test_a_wrong_name_is_answered_as_a_wrong_password_is(
    browser: httpx.AsyncClient,
) -> None:
    name = await browser.post("/login", json={"user": "nobody", "password": "x"})
    password = await browser.post("/login", json={"user": "otto", "password": "x"})

    assert name.content == password.content
    assert name.headers == password.headers


async def test_a_form_of_another_site_cannot_log_anybody_in(closed: World) -> None:
    async with closed.client() as client:
        form = await client.post("/login", data=OTTO)
        text = await client.post(
            "/login", content=json.dumps(OTTO), headers={"content-type": "text/plain"}
        )

    assert (form.status_code, text.status_code) == (415, 415)


async def test_guessing_is_slowed_down_and_the_right_password_has_to_wait_too(
    closed: World,
) -> None:
    async with closed.client() as client:
        wrong = [
            (await client.post("/login", json={**OTTO, "password": f"{n}"})).status_code
            for n in range(ADDRESS_BURST)
        ]
        refused = await client.post("/login", json=OTTO)
        by_header = await client.get("/api/v1/tasks", headers=basic("otto", "pw-otto"))

    assert set(wrong) == {401}
    for response in (refused, by_header):
        assert response.status_code == 429
        assert problem_of(response)["type"] == "urn:umbel:problem:too-many-logins"
        assert 0 < int(response.headers["retry-after"]) <= 10


async def test_who_was_right_before_is_not_kept_out_by_a_guesser(closed: World) -> None:
    async with closed.client() as client:
        assert (await client.get("/api/v1/me", headers=basic("ada", "pw-ada"))).status_code == 200
        for number in range(2 * USER_BURST):
            await client.post(
                "/login",
                json={"user": "ada", "password": f"{number}"},
                headers={"x-forwarded-for": f"203.0.113.{number}"},
            )

        again = await client.get("/api/v1/me", headers=basic("ada", "pw-ada"))

    assert again.status_code == 200


async def test_a_guesser_beside_them_keeps_out_no_session_and_no_token(
    closed: World, browser: httpx.AsyncClient
) -> None:
    await browser.post("/login", json=OTTO)
    for number in range(ADDRESS_BURST + 1):
        await closed.post("/login", {"user": "otto", "password": f"{number}"})

    session = await browser.get("/api/v1/me")
    token = await closed.get("/api/v1/me", headers=bearer(closed.ledger, "viewer"))

    assert (session.status_code, token.status_code) == (200, 200)


@pytest.mark.parametrize("guesser", ["127.0.0.1", "203.0.113.9"])
async def test_who_guessed_too_often_is_not_told_by_the_answer_that_the_next_guess_is_right(
    closed: World, guesser: str
) -> None:
    forwarded = {"x-forwarded-for": guesser}
    async with closed.client() as client:
        assert (await client.get("/api/v1/me", headers=basic("ada", "pw-ada"))).status_code == 200
        for number in range(ADDRESS_BURST):
            await client.get("/api/v1/me", headers={**basic("ada", f"pw-{number}"), **forwarded})

        right = await client.get("/api/v1/me", headers={**basic("ada", "pw-ada"), **forwarded})

    assert right.status_code == 429


async def test_many_guesses_at_once_gain_nothing(closed: World) -> None:
    found: list[int] = []

    async def guess(client: httpx.AsyncClient, number: int) -> None:
        body = {"user": "otto", "password": f"{number}"}
        found.append((await client.post("/login", json=body)).status_code)

    async with closed.client() as client, anyio.create_task_group() as group:
        for number in range(40):
            group.start_soon(guess, client, number)

    assert 0 < found.count(401) <= ADDRESS_BURST
    assert set(found) <= {401, 429, 503}


async def test_where_there_is_no_login_nobody_can_log_in() -> None:
    response = await World().post("/login", OTTO)

    assert response.status_code == 404
    assert "there is no login" in problem_of(response)["detail"]


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/", "/login"),
        ("/tasks?q=state:FAILURE", "/login?next=tasks%3Fq%3Dstate%3AFAILURE"),
        ("/tasks/a%2Fb", "/login?next=tasks%2Fa%252Fb"),
        ("/tasks/a%3Fb%23c?x=%25", "/login?next=tasks%2Fa%253Fb%2523c%3Fx%3D%2525"),
        (
            "/queues/gr%C3%B6%C3%9Fe%2F%252F",
            "/login?next=queues%2Fgr%25C3%25B6%25C3%259Fe%252F%25252F",
        ),
        ("/workers/celery@eu-1", "/login?next=workers%2Fcelery%40eu-1"),
        ("//evil.example/", "/login?next=evil.example%2F"),
    ],
)
async def test_people_are_led_to_the_login_and_back(
    browser: httpx.AsyncClient, path: str, target: str
) -> None:
    response = await browser.get(f"http://localhost{path}", headers={"accept": "text/html,*/*"})

    assert response.status_code == 303
    assert response.headers["location"] == target


async def test_under_a_prefix_people_are_led_to_the_login_there(
    browser: httpx.AsyncClient,
) -> None:
    headers = {"accept": "text/html", "x-forwarded-prefix": "/tools"}

    response = await browser.get("/tools/workers", headers=headers)

    assert response.headers["location"] == "/tools/login?next=workers"


async def test_the_page_of_the_login_and_what_it_is_made_of_are_shown_to_everybody(
    browser: httpx.AsyncClient,
) -> None:
    page = await browser.get("/login?next=tasks", headers={"accept": "text/html"})

    assert "<title>login</title>" in page.text
    assert (await browser.get("/assets/a.css")).status_code == 200


async def test_programs_are_told_in_plain_text_what_to_send(browser: httpx.AsyncClient) -> None:
    for path in ("/api/tasks", "/metrics", "/workers?json=1"):
        response = await browser.get(path)
        assert response.status_code == 401
        assert response.headers["content-type"].startswith("text/plain")
        assert "www-authenticate" not in response.headers


SITES: list[tuple[dict[str, str], bool]] = [
    ({}, True),
    ({"sec-fetch-site": "same-origin"}, True),
    ({"sec-fetch-site": "none"}, True),
    ({"sec-fetch-site": "same-site"}, False),
    ({"sec-fetch-site": "cross-site"}, False),
    ({"sec-fetch-site": "cross-site", "origin": "http://localhost"}, False),
    ({"origin": "http://localhost"}, True),
    ({"origin": "https://localhost"}, True),
    ({"origin": "http://localhost:8000"}, False),
    ({"origin": "http://127.0.0.1"}, False),
    ({"origin": "http://localhost.evil.example"}, False),
    ({"origin": "null"}, False),
    ({"origin": ""}, False),
    ({"origin": "http://[::1"}, False),
    ({"origin": "http://umbel.example", "x-forwarded-host": "umbel.example"}, True),
    ({"origin": "https://umbel.example:8443", "x-forwarded-host": "umbel.example:8443"}, True),
]


@pytest.mark.parametrize(("headers", "ours"), SITES)
@pytest.mark.parametrize("users", [(), USERS], ids=["open", "closed"])
async def test_no_other_site_changes_anything(
    headers: dict[str, str], ours: bool, users: tuple[str, ...]
) -> None:
    world = World(users=users, options=WebOptions(only_loopback=not users))
    shown = basic("ada", "pw-ada") if users else {}
    # A proxy may have put loopback into `Host`; JSON and the cookie keep other sites out then.
    ours = ours or (bool(users) and "sec-fetch-site" not in headers)

    changed = await world.post("/api/v1/logout", headers=headers | shown)
    looked = await world.get("/api/v1/me", headers=headers | shown)

    assert changed.status_code == (200 if ours else 403)
    if not ours:
        assert problem_of(changed)["type"] == "urn:umbel:problem:cross-site"
    assert looked.status_code == 200


@pytest.mark.parametrize("users", [(), USERS], ids=["open", "closed"])
async def test_under_a_name_of_its_own_a_server_takes_changes_of_its_own_pages_alone(
    users: tuple[str, ...],
) -> None:
    options = WebOptions(only_loopback=False, allowed_hosts=("umbel.example", "*.corp"))
    world = World(users=users, options=options)
    shown = basic("ada", "pw-ada") if users else {}

    async def post(host: str, origin: str, kind: str = "application/json") -> int:
        headers = {"host": host, "origin": origin, "content-type": kind} | shown
        async with world.client() as client:
            answer = await client.post("/api/v1/logout", content=b"{}", headers=headers)
        return answer.status_code

    assert await post("umbel.example", "http://evil.example") == 403
    assert await post("umbel.example", "https://umbel.example") == 200
    assert await post("localhost:5555", "https://umbel.example") == 200
    assert await post("localhost:5555", "http://a.corp") == 200
    assert await post("localhost:5555", "http://evil.example", "text/plain") == 403
    assert await post("localhost:5555", "http://evil.example") == (200 if users else 403)


async def test_without_a_login_what_a_proxy_passes_on_is_not_judged() -> None:
    for headers in (basic("proxy", "user"), {"authorization": "Bearer eyJhbGciOi.x.y"}):
        me = (await World().get("/api/v1/me", headers=headers)).json()
        assert (me["name"], me["login"]) == ("anonymous", False)


async def test_a_token_of_ours_counts_even_without_a_login() -> None:
    world = World()

    viewer = (await world.get("/api/v1/me", headers=bearer(world.ledger, "viewer"))).json()
    revoked = await world.get(
        "/api/v1/me", headers={"authorization": "Bearer umbel_gone_" + "0" * 64}
    )

    assert (viewer["name"], viewer["permissions"]) == ("token:a-viewer", ["read"])
    assert revoked.status_code == 401


async def test_the_audit_will_know_by_which_way_somebody_came() -> None:
    world = World()

    async def via(**headers: str) -> str:
        found: dict[str, Any] = (await world.get("/api/v1/me", headers=headers)).json()
        return str(found["via"])

    assert await via() == "api"
    assert await via(**{"sec-fetch-site": "same-origin"}) == "browser"
    assert await via(**{"x-umbel-via": "cli"}) == "cli"
    assert await via(**{"x-umbel-via": "root"}) == "api"


async def test_a_live_stream_ends_with_the_token_that_opened_it(closed: World) -> None:
    async def receive() -> dict[str, Any]:
        await anyio.sleep_forever()
        raise AssertionError

    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if sum(b"event: hello" in each.get("body", b"") for each in sent) == 1:
            closed.ledger.drop_token("a-viewer")

    closed.access.recheck_s = 0.01
    headers = {"host": "localhost", **bearer(closed.ledger, "viewer")}
    scope = {
        "type": "http", "method": "GET", "path": "/api/v1/live", "raw_path": b"/api/v1/live",
        "query_string": b"", "root_path": "", "scheme": "http", "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip

    with anyio.fail_after(10):
        await closed.app(scope, receive, send)

    assert sent[0]["status"] == 200
    assert sent[-1].get("more_body", False) is False


async def test_a_server_whose_people_have_no_passwords_is_not_open() -> None:
    """As when they come from an identity provider alone."""
    world = World()
    sessions = door(USERS, world.ledger, world.services.login_audit, world.clock).sessions
    access = Access(
        NoUsers(), sessions, LoginThrottle(world.clock), world.services.login_audit, is_open=False
    )
    world.app = create_app({"default": world.services}, options=WebOptions(), access=access)

    assert problem_of(await world.get("/api/v1/tasks"))["status"] == 401
    assert problem_of(await world.post("/login", OTTO))["status"] == 401
    assert (await world.get("/metrics")).status_code == 401


async def test_a_page_changes_nothing_once_another_tab_logged_somebody_else_in(
    browser: httpx.AsyncClient,
) -> None:
    """Tabs share one cookie: a page that still shows one person would act as the other."""
    ping = {"action": "ping"}
    opened_by = {"x-umbel-opened-by": "otto"}
    await browser.post("/login", json=OTTO)
    assert (await browser.post("/api/v1/actions", json=ping, headers=opened_by)).status_code == 201
    await browser.post("/login", json={"user": "ada", "password": "pw-ada"})

    refused = await browser.post("/api/v1/actions", json=ping, headers=opened_by)
    seen = await browser.get("/api/v1/tasks", headers=opened_by)
    reloaded = await browser.post(
        "/api/v1/actions", json=ping, headers={"x-umbel-opened-by": "%61da"}
    )

    assert problem_of(refused)["type"] == "urn:umbel:problem:another-person"
    assert problem_of(refused)["detail"].startswith(
        "This page was opened by otto, and by now ada is logged in in this browser. Nothing was"
    )
    assert (refused.status_code, seen.status_code, reloaded.status_code) == (409, 200, 201)
