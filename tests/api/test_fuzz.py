"""Requests made up from the OpenAPI document find no answer that it does not describe."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.schemas import BaseSchema

from tests.api.world import World
from umbel.web.app import WebOptions

WORLD = World(options=WebOptions(allowed_hosts=("testserver",)))

schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", WORLD.app)
schema.config.max_stream_events = 2
#: What the document cannot say: a search follows a grammar, a cursor was given before, and not
#: every action makes sense with every field.
schema.config.checks.positive_data_acceptance.expected_statuses = ["2xx", "400", "404", "409"]
#: A parameter may be so much too long that the whole address is; no body is no JSON.
schema.config.checks.negative_data_rejection.expected_statuses = [
    "400", "404", "405", "409", "414", "415",
]  # fmt: skip


@pytest.fixture
def document(request: pytest.FixtureRequest) -> BaseSchema:
    """The document as a fixture: its operations are then tried one after the other in one test. As
    tests of their own they have one id among them all with this pytest, of which pytest-xdist runs
    one, and every process that collects tests makes up the requests of all."""
    # Schemathesis names by this what it reports of each operation.
    request.node._nodeid = request.node.nodeid
    return schema


@pytest.mark.timeout(600)
@schemathesis.pytest.from_fixture("document").parametrize()
@settings(
    max_examples=25,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_the_document_describes(case: Case[Any]) -> None:
    case.call_and_validate()
