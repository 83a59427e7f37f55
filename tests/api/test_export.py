"""Tasks that match a search, taken along as a file."""

from __future__ import annotations

import asyncio
import csv
import io

import pytest
from starlette.types import Message

from tests.api.world import World, problem_of
from tests.contract.stories import succeeded, uuid_of
from umbel.services.search.exported_lines import COLUMNS
from umbel.web.export import PAGE, ExportEndpoint
from umbel.web.http.problems import Refusal
from umbel.web.thread_pools import EXPORTS_EACH, ThreadPools

pytestmark = pytest.mark.anyio

EXPORT = "/api/v1/tasks/export"


async def test_a_sheet_has_all_tasks_that_match_and_the_columns_that_are_named(
    world: World,
) -> None:
    answer = await world.get(EXPORT, q="state:FAILURE", columns="uuid,state,seen")
    found = (await world.get("/api/v1/tasks", q="state:FAILURE")).json()["items"]

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="tasks-')
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["uuid", "state", "seen"]
    assert [row[:2] for row in rows[1:]] == [[row["uuid"], "FAILURE"] for row in found]
    assert all(row[2].endswith("Z") for row in rows[1:])


async def test_json_is_an_array_of_the_fields_that_lists_have(world: World) -> None:
    rows = (await world.get(EXPORT, format="json", columns="all")).json()

    assert [row["uuid"] for row in rows] == [uuid_of(n) for n in (6, 5, 4, 3, 2, 1)]
    assert set(rows[0]) == set(COLUMNS)
    assert (await world.get(EXPORT, q="name:nothing", format="json")).json() == []


async def test_there_are_as_many_as_there_are_and_none_runs_in_a_spreadsheet(
    world: World,
) -> None:
    count = PAGE + 20
    for number in range(100, 100 + count):
        world.store.apply(succeeded(uuid_of(number), 1_000.0 + number, name="=many()"))
    answer = await world.get(EXPORT, q="name:many", columns="name,uuid")
    rows = list(csv.reader(io.StringIO(answer.text)))

    assert len({row[1] for row in rows[1:]}) == count
    assert answer.text.splitlines()[1].startswith('"\'=many()","')


async def test_what_is_wrong_is_said_before_the_file_begins(world: World) -> None:
    assert problem_of(await world.get(EXPORT, q="stat:FAILURE"))["type"].endswith("bad-query")
    unknown = problem_of(await world.get(EXPORT, columns="uuid,nonsense"))
    assert unknown["parameter"] == "columns"
    assert "There is no column nonsense." in unknown["detail"]


async def test_more_exports_than_a_person_may_have_are_refused_until_one_ends(
    world: World,
) -> None:
    """Readers who take nothing hold their exports."""
    pools = ThreadPools()
    endpoint = ExportEndpoint(world.services, pools)
    taken, go_on = asyncio.Event(), asyncio.Event()

    async def hold(message: Message) -> None:
        if message["type"] == "http.response.body":
            taken.set()
            await go_on.wait()

    async def silent() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    scope = {"type": "http", "method": "GET", "query_string": b"", "headers": []}
    held = []
    for _ in range(EXPORTS_EACH):
        held.append(asyncio.create_task(endpoint(scope, silent, hold)))
        await taken.wait()
        taken.clear()

    with pytest.raises(Refusal) as refused:
        await endpoint(scope, silent, hold)

    assert refused.value.problem.type.endswith("too-busy")
    assert "2 of one person, are the most. Try again soon." in refused.value.problem.detail
    for each in held:
        each.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    go_on.set()
    await endpoint(scope, silent, hold)


async def test_who_asks_for_the_head_alone_gets_no_file(world: World) -> None:
    async with world.client() as client:
        answer = await client.head(EXPORT)

    assert (answer.status_code, answer.content) == (200, b"")
    assert "attachment" in answer.headers["content-disposition"]
