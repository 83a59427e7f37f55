"""The whole table of routes, asked by each role and by nobody, with and without read-only."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from starlette.routing import Route as Address

from tests.api.doors import ROLES, USERS, basic, bearer
from tests.api.world import World, path_of, problem_of
from umbel.auth.base import GRANTS, Role
from umbel.web.authorization import OPEN
from umbel.web.cluster_router import ByCluster
from umbel.web.http.route import Route
from umbel.web.routes import ROUTES

pytestmark = pytest.mark.anyio

NAMES: dict[Role, str] = {"viewer": "vera", "operator": "otto", "admin": "ada"}
CLOSED = [route for route in ROUTES if route.permission is not None]
OPEN_ROUTES = [route for route in ROUTES if route.permission is None]


def name_of(route: Route) -> str:
    return route.name


async def ask(world: World, route: Route, headers: dict[str, str]) -> httpx.Response:
    """The least that can be asked of a route; a stream is asked for its head."""
    async with world.client() as client:
        if route.method == "POST":
            return await client.post(path_of(route), json={}, headers=headers)
        method = "HEAD" if route.events else "GET"
        return await client.request(method, path_of(route), headers=headers)


@pytest.fixture(params=[False, True], ids=["", "read-only"])
def closed(request: pytest.FixtureRequest) -> World:
    """An Umbel with a login."""
    return World(users=USERS, read_only=request.param)


def may(route: Route, role: Role, world: World) -> bool:
    permission = route.permission
    assert permission is not None
    return permission in GRANTS[role] and (permission == "read" or not world.access.read_only)


def shown_by(role: Role, world: World) -> Iterator[dict[str, str]]:
    """Everything that somebody of this role can show: a password or a token."""
    yield basic(NAMES[role], f"pw-{NAMES[role]}")
    yield bearer(world.ledger, role)


@pytest.mark.parametrize("route", CLOSED, ids=name_of)
@pytest.mark.parametrize("role", ROLES)
async def test_each_role_gets_what_it_is_granted_and_nothing_else(
    closed: World, route: Route, role: Role
) -> None:
    for headers in shown_by(role, closed):
        response = await ask(closed, route, headers)

        if may(route, role, closed):
            assert response.status_code not in {401, 403, 405}, response.text
        else:
            assert problem_of(response)["type"] == "urn:umbel:problem:not-permitted"
            assert response.status_code == 403


#: What shows nobody.
SHOWN_BY_NOBODY: dict[str, dict[str, str]] = {
    "nothing": {},
    "password": basic("ada", "wrong"),
    "name": basic("nobody", "pw-ada"),
    "no base64": {"authorization": "Basic %%%"},
    "token": {"authorization": "Bearer umbel_ci_" + "0" * 64},
    "jwt": {"authorization": "Bearer eyJhbGciOiJub25lIn0"},
    "digest": {"authorization": "Digest x"},
    "cookie": {"cookie": "umbel_00000000=x.y"},
}


@pytest.mark.parametrize("route", CLOSED, ids=name_of)
async def test_nobody_gets_nothing(closed: World, route: Route) -> None:
    for shown, headers in SHOWN_BY_NOBODY.items():
        response = await ask(closed, route, headers)

        assert response.status_code == 401, shown
        assert "www-authenticate" not in response.headers
        if not route.events:
            assert problem_of(response)["type"] == "urn:umbel:problem:not-logged-in", shown


@pytest.mark.parametrize("route", OPEN_ROUTES, ids=name_of)
async def test_probes_answer_everybody(closed: World, route: Route) -> None:
    assert (await ask(closed, route, {})).status_code == 200


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
async def test_without_a_login_everybody_may_do_everything(route: Route) -> None:
    response = await ask(World(), route, {})

    assert response.status_code not in {401, 403}


@pytest.mark.parametrize("route", CLOSED, ids=name_of)
async def test_read_only_holds_without_a_login_too(route: Route) -> None:
    response = await ask(World(read_only=True), route, {})

    if route.permission == "read":
        assert response.status_code not in {401, 403}
    else:
        assert response.status_code == 403
        assert "--read-only" in problem_of(response)["detail"]


async def test_every_address_is_closed_but_the_few_that_are_open() -> None:
    """Whatever is added to the application, in the table or beside it."""
    world = World(users=USERS)
    async with world.client() as client:
        [by_cluster] = world.app.routes
        assert isinstance(by_cluster, ByCluster)
        for address in by_cluster.routes:
            assert isinstance(address, Address)
            path = re.sub(r"\{[^}]*\}", "x", address.path)
            for method in sorted((address.methods or set()) - {"HEAD"}):
                response = await client.request(method, path, json={})
                is_open = path in OPEN or path.startswith("/login/")
                assert (response.status_code == 401) != is_open, (method, path)


def test_the_table_asks_for_a_permission_wherever_something_is_told_or_done() -> None:
    assert {route.name for route in OPEN_ROUTES} == {"livez", "readyz"}
