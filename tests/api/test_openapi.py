"""The OpenAPI document: complete, sound, and true of what the application does."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.api.world import World
from umbel.web.http.openapi import document
from umbel.web.http.parameters import fields
from umbel.web.http.problems import KINDS
from umbel.web.http.route import Route, problems_of
from umbel.web.routes import ROUTES

DOCUMENT = json.loads(json.dumps(document()))


@pytest.mark.anyio
async def test_the_document_is_served(world: World) -> None:
    response = await world.get("/api/v1/openapi.json")

    assert response.status_code == 200
    assert response.json() == DOCUMENT
    assert DOCUMENT["openapi"].startswith("3.1")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_is_described_with_its_parameters_and_problems(route: Route) -> None:
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    in_document = {p["name"] for p in operation["parameters"] if p["in"] != "header"}

    if route.method == "POST":
        in_document |= set(body_of(operation)["properties"])

    assert operation["summary"] == route.summary
    assert in_document == set(fields(route.asks))
    for kind in problems_of(route):
        assert f"`{kind}`" in operation["responses"][str(KINDS[kind][0])]["description"]


def body_of(operation: dict[str, Any]) -> dict[str, Any]:
    """The schema of what is sent."""
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    schema: dict[str, Any] = DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]]
    return schema


def test_every_parameter_has_a_bound() -> None:
    operations = [found for path in DOCUMENT["paths"].values() for found in path.values()]
    for operation in operations:
        for parameter in operation["parameters"]:
            schema = parameter["schema"]
            assert {"maxLength", "maximum", "enum"} & set(schema) or schema["type"] == "boolean"


def test_every_reference_leads_somewhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]

    for name in re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT)):
        assert name in schemas


def test_all_keys_of_answers_are_required() -> None:
    """Every key is always present, so generated clients need no guards."""
    schemas = DOCUMENT["components"]["schemas"]

    for name, schema in schemas.items():
        if name != "Problem" and not name.endswith("Body") and "properties" in schema:
            assert set(schema["required"]) == set(schema["properties"]), name


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_says_what_permission_it_needs(route: Route) -> None:
    operation = DOCUMENT["paths"][route.path][route.method.lower()]

    assert operation.get("x-permission") == route.permission
    assert (route.permission is None) == (route.tag == "probes")


def test_what_is_sent_holds_nothing_that_is_not_described() -> None:
    bodies = {n: s for n, s in DOCUMENT["components"]["schemas"].items() if n.endswith("Body")}

    assert {"ActionRequestBody", "ApplyBody", "EditBody"} <= set(bodies)
    for schema in bodies.values():
        assert schema["additionalProperties"] is False


@pytest.mark.anyio
async def test_the_document_is_compressed_for_those_who_can_read_it(world: World) -> None:
    path = "/api/v1/openapi.json"
    plain = await world.get(path, headers={"accept-encoding": "identity"})
    zipped = await world.get(path, headers={"accept-encoding": "gzip"})

    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.json() == plain.json()
    assert plain.headers["cache-control"] == "no-store"
