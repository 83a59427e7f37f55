"""Every error has one shape, says what to do, and tells nothing of the inside."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Collection
from urllib.parse import quote

import pytest

from tests.api.world import World, path_of, problem_of
from umbel.errors import StoreUnwritable
from umbel.store.base import StoreStatus
from umbel.store.memory import MemoryStore
from umbel.web.http.parameters import fields
from umbel.web.http.problems import KINDS
from umbel.web.http.route import Route, problems_of
from umbel.web.routes import ROUTES

pytestmark = pytest.mark.anyio

GETS = [route for route in ROUTES if route.method == "GET"]
PARAMETERS = [
    pytest.param(route, name, id=f"{route.name}-{name}")
    for route in GETS
    for name in fields(route.asks)
    if f"{{{name}}}" not in route.path
]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
async def test_every_route_refuses_a_parameter_that_it_does_not_have(
    world: World, route: Route
) -> None:
    async with world.client() as client:
        response = await client.request(route.method, f"{path_of(route)}?bogus=1")

    problem = problem_of(response)
    assert response.status_code == 400
    assert problem["parameter"] == "bogus"


@pytest.mark.parametrize("path", sorted({path_of(route) for route in ROUTES}))
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
async def test_every_address_names_the_methods_that_it_takes(
    world: World, path: str, method: str
) -> None:
    taken = {route.method for route in ROUTES if path_of(route) == path}
    if method in taken:
        return
    async with world.client() as client:
        response = await client.request(method, path)

    problem_of(response)
    assert response.status_code == 405
    assert response.headers["allow"] == ", ".join(sorted(taken | _heads(taken)))


def _heads(methods: Collection[str]) -> set[str]:
    """A GET may be asked for its head alone."""
    return {"HEAD"} if "GET" in methods else set()


@pytest.mark.parametrize(("route", "name"), PARAMETERS)
async def test_every_parameter_is_refused_when_it_is_given_twice(
    world: World, route: Route, name: str
) -> None:
    response = await world.get(f"{path_of(route)}?{name}=1&{name}=1")

    assert response.status_code == 400
    assert problem_of(response)["parameter"] == name


@pytest.mark.parametrize(("route", "name"), PARAMETERS)
@pytest.mark.parametrize("value", ["%00", "%FF", "x" * 55_000], ids=["nul", "not-utf-8", "long"])
async def test_every_parameter_refuses_what_no_value_can_be(
    world: World, route: Route, name: str, value: str
) -> None:
    response = await world.get(f"{path_of(route)}?{name}={value}")

    assert response.status_code == 400
    assert problem_of(response)["parameter"] == name


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("limit=0", "from 1 to 200"),
        ("limit=201", "from 1 to 200"),
        ("limit=many", "a whole number"),
        ("limit=1_0", "a whole number"),
        ("limit=null", "a whole number"),
        ("limit=", "a whole number"),
        ("order=newest", "one of"),
        ("q=" + "x" * 4_001, "4,000 characters"),
        ("cursor=", "text of 1 to"),
    ],
)
async def test_a_wrong_value_is_answered_with_what_is_taken(
    world: World, query: str, says: str
) -> None:
    response = await world.get(f"/api/v1/tasks?{query}")

    problem = problem_of(response)
    assert response.status_code == 400
    assert problem["parameter"] == query.partition("=")[0]
    assert says in problem["detail"]


@pytest.mark.parametrize("value", ["nan", "inf", "-1", "1e300", "yesterday"])
async def test_a_moment_that_is_none_is_refused(world: World, value: str) -> None:
    response = await world.get("/api/v1/series", {"from": value})

    assert problem_of(response)["parameter"] == "from"


async def test_a_misspelt_parameter_is_answered_with_the_right_one(world: World) -> None:
    problem = problem_of(await world.get("/api/v1/tasks", limt=5))

    assert problem["suggestion"] == "limit"
    assert "Did you mean limit?" in problem["detail"]


async def test_a_path_parameter_is_not_taken_from_the_query(world: World) -> None:
    assert problem_of(await world.get("/api/v1/tasks/x", id="y"))["parameter"] == "id"


async def test_a_bad_search_tells_where_it_is_wrong(world: World) -> None:
    response = await world.get("/api/v1/tasks", q="stat:FAILURE")

    problem = problem_of(response)
    assert response.status_code == 400
    assert problem["type"] == "urn:umbel:problem:bad-query"
    assert (problem["position"], problem["end"]) == (0, 4)
    assert problem["suggestion"] == "state"


@pytest.mark.parametrize("path", ["/api", "/api/v1/nothing", "/api/v1/", "/api/v1", "/nothing.js"])
async def test_an_unknown_address_is_a_problem(world: World, path: str) -> None:
    response = await world.get(path)

    problem_of(response)
    assert response.status_code == 404


async def test_an_unknown_address_of_the_api_is_answered_with_the_nearest(world: World) -> None:
    problem = problem_of(await world.get("/api/v1/worker"))

    assert problem["suggestion"] == "/api/v1/workers"


@pytest.mark.parametrize("id_", ["%00", "x" * 256, ""])
async def test_an_impossible_id_is_refused(world: World, id_: str) -> None:
    response = await world.get(f"/api/v1/tasks/{id_}")

    assert response.status_code == 400
    assert problem_of(response)["parameter"] == "id"


async def test_bytes_in_a_path_that_are_no_text_are_refused(world: World) -> None:
    response = await world.get("/api/v1/tasks/%FF%FE")

    assert response.status_code == 400
    problem_of(response)


async def test_an_address_longer_than_any_search_is_refused(world: World) -> None:
    response = await world.get("/api/v1/tasks?q=" + "x" * 60_000)

    assert response.status_code == 414
    problem_of(response)


async def test_a_search_of_4000_letters_of_any_script_is_read(world: World) -> None:
    response = await world.get("/api/v1/tasks?q=" + quote("\N{HERB}" * 4_000))

    assert response.status_code == 200


async def test_a_large_body_is_refused_whether_its_length_is_told_or_not(world: World) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1_000

    async with world.client() as client:
        told = await client.request("GET", "/api/v1/tasks", content=b"x" * 70_000)
        untold = await client.request("GET", "/api/v1/tasks", content=chunks())

    for response in (told, untold):
        assert response.status_code == 413
        problem_of(response)


async def test_a_small_body_does_no_harm(world: World) -> None:
    async with world.client() as client:
        response = await client.request("GET", "/api/v1/tasks", content=b"{}")

    assert response.status_code == 200


class BrokenStore(MemoryStore):
    """A store whose disk has gone, or whose code is wrong."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def status(self) -> StoreStatus:
        raise self._error


async def test_a_store_in_trouble_is_a_503_with_the_remedy(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = StoreUnwritable("The disk is full.", remedy="Free some space.")
    world = World(store=BrokenStore(error))

    response = await world.get("/api/v1/status")

    assert response.status_code == 503
    assert problem_of(response)["detail"] == "The disk is full. Free some space."
    assert response.headers["retry-after"] == "5"
    assert "disk is full" in caplog.text


async def test_a_mistake_of_ours_is_logged_and_tells_nothing_of_the_inside(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(store=BrokenStore(RuntimeError("secret at /root/x.py")))

    with caplog.at_level(logging.ERROR, "umbel.web"):
        response = await world.get("/api/v1/status")

    problem = problem_of(response)
    assert response.status_code == 500
    assert "secret" not in response.text
    assert problem["reference"] in problem["detail"]
    assert problem["reference"] in caplog.text
    assert "secret at" in caplog.text


async def test_head_gives_the_same_as_get_without_its_body(world: World) -> None:
    async with world.client() as client:
        response = await client.head("/api/v1/tasks")

    assert response.status_code == 200


async def test_answers_of_the_api_are_never_kept(world: World) -> None:
    for path in ("/api/v1/tasks", "/api/v1/tasks/nobody", "/api/v1/nothing", "/livez"):
        assert (await world.get(path)).headers["cache-control"] == "no-store"


async def test_long_answers_are_compressed_for_those_who_can_read_them(world: World) -> None:
    plain = await world.get("/api/v1/tasks", headers={"accept-encoding": "identity"})
    zipped = await world.get("/api/v1/tasks", headers={"accept-encoding": "gzip"})

    assert "content-encoding" not in plain.headers
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.json()["items"] == plain.json()["items"]


def test_every_kind_of_problem_is_one_that_a_route_can_answer() -> None:
    answered = {kind for route in ROUTES for kind in problems_of(route)}
    assert set(KINDS) - answered == {"not-found", "method-not-allowed"}
    assert answered <= set(KINDS)
