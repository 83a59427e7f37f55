"""A server with several clusters: each has addresses, people, tokens and an audit of its own."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.api.two_clusters import PAGE, Two
from tests.api.world import NOW, World, collector, problem_of
from tests.support.exposition import parsed
from umbel.auth.tokens import make_token
from umbel.errors import StoreCorrupt
from umbel.web.request_slots import requester_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def two(tmp_path: Path) -> Two:
    return Two(tmp_path)


@pytest.mark.parametrize("api", ["/api/v1/clusters/{}", "/c/{}/api/v1"])
async def test_each_cluster_has_its_name_in_the_address(two: Two, api: str) -> None:
    async with two.client("otto") as client:
        for name in ("shop", "mail"):
            page = (await client.get(f"{api.format(name)}/tasks")).json()

            assert [row["uuid"] for row in page["items"]] == [f"{name}-task"]


async def test_encoded_slashes_stay_in_their_part_of_the_address(two: Two) -> None:
    async with two.client("otto") as client:
        answer = await client.get("/api/v1/clusters/shop/tasks/a%2Fstats")

    assert "a/stats" in problem_of(answer)["detail"]


async def test_an_address_without_a_cluster_says_to_name_one(two: Two) -> None:
    async with two.client("otto") as client:
        problem = problem_of(await client.get("/api/v1/tasks"))
        page = await client.get("/", headers=PAGE)
        flowers = await client.get("/api/workers")

    assert problem["status"] == 404
    assert "/api/v1/clusters/NAME/" in problem["detail"]
    assert (page.status_code, page.headers["location"]) == (303, "/clusters")
    assert flowers.status_code == 404


async def test_the_list_has_each_cluster_with_its_health_and_ones_role(two: Two) -> None:
    two.shop.store.report(collector(at=NOW - 600, broker_url="redis://shop.example:6379/0"))
    for services in two.clusters.values():
        services.health_findings.answer()

    async with two.client("otto") as client:
        rows = (await client.get("/api/v1/clusters")).json()["items"]
        inside = (await client.get("/c/mail/api/v1/clusters")).json()["items"]

    assert [(row["name"], row["label"], row["path"], row["role"]) for row in rows] == [
        ("shop", "Web shop", "c/shop/", "operator"),
        ("mail", "mail.example", "c/mail/", "operator"),
    ]
    assert [row["colour"] for row in rows] == ["red", None]
    assert [row["live"]["state"] for row in rows] == ["blind", "live"]
    assert inside == rows


async def listed(two: Two) -> list[dict[str, Any]]:
    async with two.client("otto") as client:
        answer = await client.get("/api/v1/clusters")
    rows: list[dict[str, Any]] = answer.json()["items"]
    return rows


async def test_the_list_has_the_gravest_finding_of_each_cluster(two: Two) -> None:
    two.shop.store.report(collector(heard_at=NOW, lag_s=900.0))
    for services in two.clusters.values():
        services.health_findings.answer()

    shop, mail = [row["health"] for row in await listed(two)]

    assert (shop["severity"], shop["findings"], shop["well"]) == ("critical", 1, False)
    assert shop["sentence"].startswith("What you see is 15 min behind the cluster")
    assert (mail["severity"], mail["findings"], mail["well"]) == (None, 0, True)
    assert mail["sentence"].startswith("All well so far: 1 worker, ")
    assert mail["asked_at"] == NOW


async def test_a_cluster_that_is_slow_or_broken_leaves_the_others_as_they_are(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.mail.health_findings.answer()
    released = threading.Event()
    series = two.shop.store.series

    def waiting(*args: Any, **kwargs: Any) -> Any:
        released.wait(30)
        return series(*args, **kwargs)

    monkeypatch.setattr(two.shop.store, "series", waiting)
    shop, mail = [row["health"] for row in await listed(two)]
    released.set()

    assert "still being asked" in shop["sentence"]
    assert (shop["severity"], shop["well"], mail["well"]) == (None, False, True)

    def broken(_now: float) -> Any:
        raise StoreCorrupt("The ledger is damaged.")

    monkeypatch.setattr(two.shop.ledger, "mutes", broken)
    shop, mail = [row["health"] for row in await listed(two)]
    assert shop["sentence"] == "The ledger is damaged."
    assert mail["well"]


async def test_who_has_no_role_in_a_cluster_finds_none_there(two: Two) -> None:
    async with two.client("vera") as client:
        rows = (await client.get("/api/v1/clusters")).json()["items"]
        refused = await client.get("/api/v1/clusters/shop/tasks")
        absent = await client.get("/api/v1/clusters/absent/tasks")
        page = await client.get("/c/shop/tasks", headers=PAGE)
        metrics = (await client.get("/metrics")).text

    assert [row["name"] for row in rows] == ["mail"]
    assert problem_of(refused)["status"] == problem_of(absent)["status"] == 404
    assert refused.text.replace("shop", "absent") == absent.text
    assert (page.status_code, page.headers["location"]) == (303, "/clusters?absent=shop")
    assert 'cluster="mail"' in metrics
    assert 'cluster="shop"' not in metrics


async def test_who_has_no_role_in_the_only_cluster_is_not_led_in_a_circle(tmp_path: Path) -> None:
    only = Two(tmp_path, names=("shop",))

    async with only.client("vera", follow_redirects=True) as client:
        page = await client.get("/tasks", headers=PAGE)

    assert problem_of(page)["status"] == 404


async def test_a_role_in_a_cluster_goes_before_the_one_everywhere(two: Two) -> None:
    purge = {"action": "purge", "queue": "celery"}

    async with two.client("ada") as client:
        in_shop = await client.post("/api/v1/clusters/shop/actions", json=purge)
        in_mail = await client.post("/api/v1/clusters/mail/actions", json=purge)
        me = (await client.get("/c/shop/api/v1/me")).json()

    assert problem_of(in_shop)["status"] == 403
    assert in_mail.status_code == 201
    assert (me["role"], me["permissions"]) == ("viewer", ["read"])


async def test_what_is_refused_stands_in_the_audit_of_that_cluster_alone(two: Two) -> None:
    async with two.client("ada") as client:
        await client.post("/c/shop/api/v1/actions", json={"action": "purge", "queue": "celery"})

    for services in two.clusters.values():
        services.login_audit.settle()
    assert [line.actor for line in two.shop.ledger.audit().items] == ["ada"]
    assert two.mail.ledger.audit().items == ()


def audited(two: Two) -> dict[str, list[tuple[str, str, str]]]:
    """Actor, action and target of each line, the oldest first, by cluster."""
    return {
        name: [(each.actor, each.action, each.target) for each in services.ledger.audit().items][
            ::-1
        ]
        for name, services in two.clusters.items()
    }


async def test_a_login_stands_in_the_audit_of_every_cluster_with_a_role(two: Two) -> None:
    for user in ("otto", "vera"):
        async with two.client() as browser:
            await browser.post("/c/mail/login", json={"user": user, "password": f"pw-{user}"})
            await browser.post("/c/shop/api/v1/logout", json={})

    def lines(user: str) -> list[tuple[str, str, str]]:
        return [(user, "login", "their session begins"), (user, "logout", "their session ends")]

    assert audited(two) == {
        "shop": lines("otto"),
        "mail": lines("otto") + lines("vera"),
    }


@pytest.mark.parametrize("path", ["/login", "/c/shop/login", "/c/mail/login", "/c/pear/login"])
async def test_a_wrong_password_stands_in_the_audit_of_every_cluster(two: Two, path: str) -> None:
    async with two.client() as browser:
        await browser.post(path, json={"user": "otto", "password": "wrong"})

    line = ("anonymous", "login", 'the name "otto"')
    assert audited(two) == {"shop": [line], "mail": [line]}


async def test_a_wrong_token_stands_in_the_audit_of_the_cluster_that_was_asked(two: Two) -> None:
    wrong = {"authorization": f"Bearer umbel_ci_{'0' * 64}"}
    line = ("anonymous", "login", 'the token "ci"')
    async with two.client() as client:
        await client.get("/c/mail/api/v1/tasks", headers=wrong)
        of_one = audited(two)
        await client.get("/metrics", headers=wrong)

    assert of_one == {"shop": [], "mail": [line]}
    assert audited(two) == {"shop": [line], "mail": [line, line]}


async def test_one_login_is_good_for_every_cluster(two: Two) -> None:
    async with two.client() as browser:
        led = await browser.get("/c/mail/tasks?q=state:failure", headers=PAGE)
        page = await browser.get("/c/mail/login")
        body = {"user": "otto", "password": "pw-otto"}
        logged_in = await browser.post("/c/mail/login", json=body)
        here, there = [await browser.get(f"/c/{name}/api/v1/me") for name in ("mail", "shop")]
        server = await browser.get("/api/v1/me")

    assert led.headers["location"] == "/c/mail/login?next=tasks%3Fq%3Dstate%3Afailure"
    assert '<base href="/c/mail/" />' in page.text
    assert "path=/;" in logged_in.headers["set-cookie"].lower()
    assert [each.json()["name"] for each in (here, there, server)] == ["otto"] * 3


async def test_a_token_opens_the_cluster_that_it_was_made_for(two: Two) -> None:
    token = make_token(two.mail.ledger, "ci", "viewer", now=0, expires_s=None)
    headers = {"authorization": f"Bearer {token}"}

    async with two.client() as client:
        client.headers.update(headers)
        own = await client.get("/api/v1/clusters/mail/tasks")
        other = await client.get("/api/v1/clusters/shop/tasks")
        rows = (await client.get("/api/v1/clusters")).json()["items"]

    assert own.status_code == 200
    assert problem_of(other)["status"] == 401
    assert [row["name"] for row in rows] == ["mail"]


async def test_tokens_of_one_name_in_two_clusters_count_apart(two: Two) -> None:
    requesters = []
    for name, services in two.clusters.items():
        token = make_token(services.ledger, "ci", "viewer", now=0, expires_s=None)
        headers = [(b"authorization", f"Bearer {token}".encode())]
        principal = await two.accesses[name].identify(
            {"type": "http", "path": "/api/v1/tasks", "headers": headers}
        )
        requesters.append(requester_of({"umbel.principal": principal}))

    assert [each.who for each in requesters] == ["name shop token:ci", "name mail token:ci"]


async def test_metrics_and_flowers_api_are_below_each_cluster(two: Two) -> None:
    async with two.client("otto") as client:
        await client.get("/")  # so that there is a request to tell of
        of_one = (await client.get("/c/shop/metrics")).text
        of_all = (await client.get("/metrics")).text
        tasks = (await client.get("/c/mail/api/tasks")).json()

    assert "cluster=" not in of_one
    assert parsed(of_all).keys() == parsed(of_one).keys() | {"umbel_cluster_readable"}
    assert list(tasks) == ["mail-task"]


async def test_the_server_is_ready_while_one_of_its_clusters_is(two: Two) -> None:
    two.shop.store.report(collector(at=NOW - 600))

    async with two.client("otto") as client:
        whole, shop, mail = [
            await client.get(path) for path in ("/readyz", "/c/shop/readyz", "/c/mail/readyz")
        ]

    assert [each.status_code for each in (whole, shop, mail)] == [200, 503, 200]


async def test_pages_say_which_cluster_they_are_of(two: Two) -> None:
    async with two.client("otto") as client:
        shop = (await client.get("/c/shop/tasks", headers=PAGE)).text
        mail = (await client.get("/c/mail/tasks", headers=PAGE)).text
        server = (await client.get("/clusters", headers=PAGE)).text

    assert '<base href="/c/shop/" /><meta name="umbel-cluster" content="shop" />' in shop
    assert '<meta name="umbel-label" content="Web shop" />' in shop
    assert '<meta name="umbel-colour" content="red" />' in shop
    assert '<meta name="umbel-host" content="mail.example" />' in mail
    assert '<base href="/" /><meta name="umbel-cluster" content="" />' in server
    assert "umbel-label" not in server


async def test_where_one_logs_in_labels_tell_not_which_clusters_there_are(two: Two) -> None:
    async with two.client() as client:
        pages = [
            (await client.get(f"/c/{name}/login")).text.replace(name, "NAME")
            for name in ("shop", "mail", "absent")
        ]

    assert pages[0] == pages[1] == pages[2]


@pytest.mark.parametrize(
    ("only", "told"),
    [
        (
            "shop",
            '<meta name="umbel-label" content="Web shop" />'
            '<meta name="umbel-colour" content="red" />',
        ),
        ("mail", ""),
    ],
)
async def test_where_one_logs_in_at_one_cluster_its_label_is_told_but_no_host(
    tmp_path: Path, only: str, told: str
) -> None:
    async with Two(tmp_path, names=(only,)).client() as client:
        page = (await client.get("/login")).text

    assert page == f'<base href="/" />{told}<title>login</title>'


async def test_a_page_that_is_not_there_tells_strangers_no_host(tmp_path: Path) -> None:
    async with Two(tmp_path, names=("mail",)).client() as client:
        absent = await client.get("/login%2Fno", headers=PAGE)

    assert (absent.status_code, "mail.example" in absent.text) == (404, False)


async def test_with_one_cluster_addresses_stay_and_its_name_is_understood() -> None:
    world = World()

    rows = (await world.get("/api/v1/clusters")).json()["items"]
    plain = await world.get("/api/v1/tasks", limit=2)
    named = await world.get("/api/v1/clusters/default/tasks", limit=2)

    assert [(row["name"], row["label"], row["path"]) for row in rows] == [
        ("default", "localhost", "")
    ]
    assert plain.json() == named.json()
    assert msgspec.json.decode(plain.content)["items"]


async def test_whoever_has_a_session_can_end_it_without_a_role(two: Two) -> None:
    async with two.client() as browser:
        await browser.post("/login", json={"user": "vera", "password": "pw-vera"})
        ((name, value),) = browser.cookies.items()
        out = await browser.post("/c/shop/api/v1/logout", json={})
        copied = await browser.get("/c/mail/api/v1/me", headers={"cookie": f"{name}={value}"})

    assert (out.status_code, out.json()) == (200, {"logged_out": True, "go_on": None})
    assert copied.status_code == 401
