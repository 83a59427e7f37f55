"""docs/api.md tells of everything that there is, and of nothing else."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.api.world import World, problem_of
from umbel.web.http.parameters import fields
from umbel.web.http.problems import KINDS
from umbel.web.http.route import Route
from umbel.web.routes import ROUTES

GUIDE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
SECTIONS = {
    (method, path): text
    for method, path, text in re.findall(
        r"^### (GET|POST) (\S+)\n(.*?)(?=^##|\Z)", GUIDE, re.MULTILINE | re.DOTALL
    )
}
COMMANDS = [
    shlex.split(command.replace("\\\n", " "))
    for command in re.findall(r"```sh\n(curl .*?)```", GUIDE, re.DOTALL)
]


def test_the_guide_has_a_section_for_every_route_and_no_other() -> None:
    assert set(SECTIONS) == {(route.method, route.path) for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_section_names_the_parameters_and_has_an_example(route: Route) -> None:
    section = SECTIONS[route.method, route.path]

    for name in fields(route.asks):
        told_once = name in {"q", "tz"}  # at the beginning, for everything that takes them
        assert f"`{name}" in section or f"{{{name}}}" in route.path or told_once
    assert "```sh\ncurl " in section


def test_the_guide_lists_every_problem_with_its_status() -> None:
    listed = dict(re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", GUIDE, re.MULTILINE))

    assert {kind: int(status) for kind, status in listed.items()} == {
        kind: status for kind, (status, _) in KINDS.items()
    }


@pytest.mark.anyio
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: urlsplit(command[2]).path)
async def test_every_example_can_be_asked(world: World, command: list[str]) -> None:
    _, _, url, *options = command
    path = urlsplit(url).path

    if "--json" in options:
        response = await world.post(path, json.loads(options[options.index("--json") + 1]))
    else:
        given = dict(pair.split("=", 1) for pair in options if not pair.startswith("-"))
        async with world.client() as client:
            method = "HEAD" if path.endswith("/live") else "GET"
            response = await client.request(method, path, params=given)

    if not response.is_success:
        kind = problem_of(response)["type"].removeprefix("urn:umbel:problem:")
        assert kind in {
            "unknown-task",
            "unknown-worker",
            "unknown-action",
            "unknown-finding",
            "unknown-search",
            "unknown-session",
            "unknown-token",
            "unknown-error",
            "unknown-deploy",
            "unknown-alert",
            "refused",
        }, response.text
