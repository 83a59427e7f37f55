"""A ledger that cannot be read takes with it what stands in it, and nothing beside that: lists,
metrics and health go on, and health and the doctor say what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.world import World
from tests.support.exposition import parsed
from umbel.store.opening import open_ledger

pytestmark = pytest.mark.anyio


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    ledger = open_ledger(tmp_path)
    world = World(ledger=ledger)
    for path in tmp_path.glob("umbel-ledger.db*"):
        path.unlink()
    (tmp_path / "umbel-ledger.db").write_bytes(b"no database " * 1_000)
    yield world
    ledger.close()


@pytest.mark.parametrize(
    "path",
    ["workers", "workers/w@h", "queues", "queues/mail", "workflows", "schedule", "route?name=a"],
)
async def test_what_is_beside_it_is_shown(world: World, path: str) -> None:
    assert (await world.get(f"/api/v1/{path}")).status_code in {200, 404}


async def test_metrics_are_told(world: World) -> None:
    answer = await world.get("/metrics")

    assert answer.status_code == 200
    assert parsed(answer.text)["flower_worker_online"].values()


async def test_health_and_the_doctor_say_so(world: World) -> None:
    health = (await world.get("/api/v1/health")).json()
    doctor = (await world.get("/api/v1/doctor")).json()

    (finding,) = [each for each in health["findings"] if each["rule"] == "store-damaged"]
    assert finding["severity"] == "critical"
    assert "umbel-ledger.db is damaged" in finding["sentence"]
    assert "put it back from a backup" in finding["sentence"]
    assert health["well"] is None
    (disk,) = [each for each in doctor["items"] if each["id"] == "disk"]
    assert (disk["verdict"], disk["finding"]) == ("fault", finding["sentence"])
