"""Rubbish finds no answer that Flower's API does not have."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.api.world import World
from tests.contract.stories import WORKER
from tests.support.examples import examples
from umbel.web.flower.routes import FLOWER_ROUTES
from umbel.web.http.route import Route

WORLD = World()
STATUSES = {200, 204, 400, 403, 404, 405, 413, 414, 503}
NAMES = [
    "args", "countdown", "eta", "expires", "hard", "headers", "json", "kwargs", "limit", "max",
    "min", "n", "offset", "priority", "queue", "ratelimit", "received_start", "refresh",
    "search", "signal", "soft", "sort_by", "started_end", "state", "status", "task_id",
    "taskname", "terminate", "timeout", "workername",
]  # fmt: skip

_texts = some.one_of(
    some.text(max_size=20),
    some.sampled_from([WORKER, "shop.mail", "1", "-1", "true", "nan", "1e999", "9" * 5_000, "\0"]),
)
_values = some.recursive(
    some.one_of(some.none(), some.booleans(), some.integers(), some.floats(), _texts),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(_texts, inner, max_size=3),
    max_leaves=6,
)
_arguments = some.dictionaries(some.sampled_from(NAMES), _texts, max_size=4)
_bodies = some.one_of(
    some.binary(max_size=40).map(lambda body: {"content": body}),
    some.dictionaries(some.sampled_from(NAMES), _values, max_size=5).map(
        lambda found: {"content": json.dumps(found).encode("utf-8", "replace")}
    ),
    _arguments.map(lambda found: {"data": found}),
    some.just({"content": b"[" * 100_000}),
    some.just({"content": b'{"args":' * 5_000}),
)
_kinds = some.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
     "multipart/form-data", "text/plain", ""]
)  # fmt: skip


async def _ask(
    route: Route, method: str, target: str, query: dict[str, str], **options: Any
) -> int:
    quoted = "".join(f"%{byte:02X}" for byte in target.encode("utf-8", "replace"))
    path = route.path.replace("{target}", quoted)
    async with WORLD.client() as client:
        response = await client.request(method, path, params=query, **options)
    return response.status_code


@given(
    route=some.sampled_from(FLOWER_ROUTES),
    other=some.sampled_from([None, None, None, None, "GET", "POST", "PUT", "HEAD"]),
    target=_texts,
    query=_arguments,
    body=_bodies,
    kind=_kinds,
)
@settings(
    max_examples=examples(250),
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_rubbish_is_answered_by_a_status_of_flowers(
    route: Route,
    other: str | None,
    target: str,
    query: dict[str, str],
    body: dict[str, Any],
    kind: str,
) -> None:
    WORLD.worker.is_deaf = False
    headers = {"content-type": kind} if kind else {}

    status = asyncio.run(_ask(route, other or route.method, target, query, **body, headers=headers))

    assert status in STATUSES
