"""Workers, status and probes through the API."""

from __future__ import annotations

import pytest

from tests.api.world import NOW, World, collector, problem_of
from tests.contract.stories import WORKER
from umbel import __version__
from umbel.cluster.worker import Worker
from umbel.services.rows import WorkerRow
from umbel.store.memory import MemoryStore

pytestmark = pytest.mark.anyio


async def test_workers_are_judged_at_the_time_of_the_answer(world: World) -> None:
    online = (await world.get("/api/v1/workers")).json()
    world.clock.time = NOW + 60
    silent = (await world.get("/api/v1/workers")).json()

    assert online["now"] == NOW
    assert [(w["hostname"], w["status"]) for w in online["items"]] == [(WORKER, "online")]
    assert [w["status"] for w in silent["items"]] == ["silent"]


def test_a_worker_on_the_wire_is_the_worker_of_the_domain_and_its_status() -> None:
    fields = set(Worker.__struct_fields__) - {"told"} | {"status"}
    assert set(WorkerRow.__struct_fields__) == fields


async def test_the_status_tells_how_everything_is(world: World) -> None:
    status = (await world.get("/api/v1/status")).json()

    assert status["version"] == __version__
    assert status["now"] == NOW
    assert status["live"] == {"state": "live", "lag_s": 0.3, "sentence": "What you see is live."}
    assert status["collectors"][0]["events"] == 24
    assert status["store"]["tasks"] == 6


async def test_the_watcher_of_the_collector_is_asked_why_it_is_silent() -> None:
    world = World(store=MemoryStore(), supervised=lambda: "The collector crashed: no memory.")

    status = (await world.get("/api/v1/status")).json()

    assert status["live"]["sentence"] == "The collector crashed: no memory."


async def test_the_process_is_alive_whatever_else_is_wrong() -> None:
    response = await World(store=MemoryStore()).get("/livez")

    assert (response.status_code, response.text) == (200, "ok")


async def test_readiness_waits_for_a_collector_and_says_so() -> None:
    world = World(store=MemoryStore())

    before = await world.get("/readyz")
    world.store.report(collector())
    after = await world.get("/readyz")

    assert before.status_code == 503
    assert "collector" in problem_of(before)["detail"]
    assert (after.status_code, after.text) == (200, "ok")
