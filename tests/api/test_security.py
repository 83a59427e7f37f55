"""What protects the person who looks: headers, host names, the prefix, the pages."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.api.world import World, problem_of
from umbel.web.app import WebOptions
from umbel.web.security import CONTENT_SECURITY_POLICY

pytestmark = pytest.mark.anyio

INDEX = '<!doctype html><html><head><base href="/" /><script src="./assets/a.js"></script></head>'


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A small build of the browser's application."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "assets" / "index-D3adB33f.js").write_text("console.log('umbel')\n" * 200)
    (tmp_path / "assets" / "umbel.svg").write_text("<svg/>")
    (tmp_path.parent / "secret.txt").write_text("secret")
    return tmp_path


@pytest.fixture
def paged(pages: Path) -> World:
    return World(options=WebOptions(pages=pages))


@pytest.mark.parametrize(
    "path", ["/", "/assets/umbel.svg", "/api/v1/tasks", "/api/v1/nothing", "/livez", "/a.b"]
)
async def test_every_answer_carries_the_security_headers(paged: World, path: str) -> None:
    headers = (await paged.get(path)).headers

    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:5555",
        "127.0.0.1",
        "127.8.9.1:80",
        "[::1]:5555",
        "umbel.test",
        "a.in",
    ],
)
async def test_our_own_host_names_are_answered(host: str) -> None:
    world = World(options=WebOptions(allowed_hosts=("umbel.test", "*.in")))

    assert (await world.get("/livez", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "",
        "a:b:c",
        "in",
    ],
)
async def test_foreign_host_names_are_refused_with_the_setting_to_change(host: str) -> None:
    world = World(options=WebOptions(allowed_hosts=("umbel.test", "*.in")))

    response = await world.get("/api/v1/tasks", headers={"host": host})

    assert response.status_code == 421
    assert "allowed_hosts" in problem_of(response)["detail"]


async def test_a_forwarded_host_does_not_open_the_door(world: World) -> None:
    """A page that rebinds its name to loopback can send any header but Host."""
    response = await world.get(
        "/api/v1/tasks", headers={"host": "evil.example", "x-forwarded-host": "localhost"}
    )

    assert response.status_code == 421


async def test_bound_to_more_than_loopback_any_name_is_answered() -> None:
    world = World(options=WebOptions(only_loopback=False))

    assert (await world.get("/livez", headers={"host": "umbel.example"})).status_code == 200


async def test_the_page_is_shown_wherever_the_application_links_to(paged: World) -> None:
    for path in ("/", "/tasks", "/tasks/00000000-0000", "/tasks/nightly.report", "/workers/"):
        response = await paged.get(path)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/html")
        assert '<base href="/" />' in response.text
        assert response.headers["cache-control"] == "no-cache"


async def test_a_page_that_does_not_exist_is_shown_and_is_a_404(paged: World) -> None:
    for path in ("/nosuch", "/nosuch/celery", "/healthcheck/"):
        answer = await paged.get(path)

        assert answer.status_code == 404, path
        assert "<base href" in answer.text


@pytest.mark.parametrize("path", ["/umbel/tasks", "/umbel", "/tasks", "/"])
async def test_the_page_knows_the_prefix(pages: Path, path: str) -> None:
    world = World(options=WebOptions(pages=pages, url_prefix="/umbel"))

    assert '<base href="/umbel/" />' in (await world.get(path)).text


async def test_the_document_of_the_api_knows_the_prefix() -> None:
    world = World(options=WebOptions(url_prefix="/umbel"))

    document = (await world.get("/umbel/api/v1/openapi.json")).json()

    assert document["servers"] == [{"url": "/umbel"}]


async def test_the_application_can_be_mounted_into_another(paged: World) -> None:
    outer = Starlette(routes=[Mount("/tools/umbel", paged.app)])
    transport = httpx.ASGITransport(app=outer)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        page = await client.get("/tools/umbel/tasks")
        tasks = await client.get("/tools/umbel/api/v1/tasks")
        missing = await client.get("/tools/umbel/api/v1/nothing")

    assert '<base href="/tools/umbel/" />' in page.text
    assert len(tasks.json()["items"]) == 6
    assert missing.status_code == 404


async def test_what_is_named_by_its_content_is_kept_for_good(paged: World) -> None:
    hashed = await paged.get("/assets/index-D3adB33f.js")
    plain = await paged.get("/assets/umbel.svg")

    assert "immutable" in hashed.headers["cache-control"]
    assert hashed.headers["content-type"].startswith("text/javascript")
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.headers["content-type"] == "image/svg+xml"


async def test_a_file_that_is_known_is_not_sent_again(paged: World, pages: Path) -> None:
    etag = (await paged.get("/assets/umbel.svg")).headers["etag"]

    known = await paged.get("/assets/umbel.svg", headers={"if-none-match": f'"x", {etag}'})
    strong = etag.removeprefix("W/")  # as some proxies write it
    for asked in (strong, f'"x",{strong}', "*"):
        again = await paged.get("/assets/umbel.svg", headers={"if-none-match": asked})
        assert again.status_code == 304
    (pages / "assets" / "umbel.svg").write_text("<svg>changed</svg>")
    changed = await paged.get("/assets/umbel.svg", headers={"if-none-match": etag})

    assert (known.status_code, known.content) == (304, b"")
    assert changed.text == "<svg>changed</svg>"


async def test_files_are_compressed_for_those_who_can_read_them(paged: World) -> None:
    path = "/assets/index-D3adB33f.js"
    plain = await paged.get(path, headers={"accept-encoding": "identity"})
    zipped = await paged.get(path, headers={"accept-encoding": "gzip"})
    weighed = await paged.get(path, headers={"accept-encoding": "br, GZIP; q=0.5"})
    refused = await paged.get(path, headers={"accept-encoding": "gzip;q=0, x-gzip"})

    assert weighed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in refused.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert int(zipped.headers["content-length"]) < int(plain.headers["content-length"])
    assert zipped.text == plain.text


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "//etc/passwd.txt",
        "/assets/a%00.js",
        "/assets/" + "a" * 300 + ".js",
        "/assets.d/x.js",
    ],
)
async def test_nothing_outside_the_build_is_served(paged: World, path: str) -> None:
    response = await paged.get(path)

    assert response.status_code == 404
    assert "secret" not in response.text


async def test_a_link_out_of_the_build_is_not_followed(paged: World, pages: Path) -> None:
    (pages / "assets" / "link.txt").symlink_to(pages.parent / "secret.txt")

    assert (await paged.get("/assets/link.txt")).status_code == 404


async def test_a_build_that_is_missing_is_told_as_such(tmp_path: Path) -> None:
    world = World(options=WebOptions(pages=tmp_path / "none", url_prefix="/umbel"))

    response = await world.get("/")

    assert response.status_code == 503
    assert "make ui" in response.text
    assert 'href="/umbel/api/v1/status"' in response.text


async def test_pages_name_the_columns_that_are_set_for_everybody(pages: Path) -> None:
    world = World(options=WebOptions(pages=pages, tasks_columns=("uuid", "state")))

    page = (await world.get("/tasks")).text

    assert '<meta name="umbel-tasks-columns" content="uuid,state" />' in page
