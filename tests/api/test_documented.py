"""docs/api.md tells of everything that there is, and of nothing else."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import pytest

from tests.api.world import World, problem_of
from umbel.cluster.gaps import Cause
from umbel.services.control.permissions import REQUIRED_PERMISSION
from umbel.services.health.findings import Kind
from umbel.services.search.doubt import Why
from umbel.services.workflows.rows import WORKFLOW_FILTERS
from umbel.web.http.openapi import document
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
PATHS = document()["paths"]
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


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_section_says_how_much_is_given(route: Route) -> None:
    told_elsewhere = route.path.startswith("/api/v1/all/")  # `limit` as in `/api/v1/tasks`
    operation = PATHS[route.path][route.method.lower()]
    section = SECTIONS[route.method, route.path]

    for parameter in operation.get("parameters", []):
        if parameter["name"] in {"limit", "cap", "top", "days"} and not told_elsewhere:
            of = parameter["schema"]
            wanted = {f"{int(of[key]):,}" for key in ("default", "maximum") if key in of}
            assert {number for number in wanted if number not in section} == set(), parameter


def test_the_guide_lists_every_problem_with_its_status() -> None:
    listed = dict(re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", GUIDE, re.MULTILINE))

    assert {kind: int(status) for kind, status in listed.items()} == {
        kind: status for kind, (status, _) in KINDS.items()
    }


@pytest.mark.parametrize(
    ("section", "words"),
    [
        (("GET", "/api/v1/status"), {*get_args(Kind)} - {"lost"}),  # pages alone say lost
        (("GET", "/api/v1/gaps"), {*get_args(Cause)}),
        (("GET", "/api/v1/tasks/{id}"), {*get_args(Why)}),
        (("GET", "/api/v1/workflows"), {*WORKFLOW_FILTERS}),
        (("POST", "/api/v1/actions"), {*REQUIRED_PERMISSION}),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_every_word_of_an_answer_is_told(section: tuple[str, str], words: set[str]) -> None:
    assert {word for word in words if f"`{word}`" not in SECTIONS[section]} == set()


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
            "unknown-queue",
            "unknown-action",
            "unknown-finding",
            "unknown-search",
            "unknown-session",
            "unknown-token",
            "unknown-error",
            "unknown-deploy",
            "unknown-entry",
            "unknown-alert",
            "refused",
        }, response.text
