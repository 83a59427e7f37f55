"""The matrix of faults, on Redis and on RabbitMQ: nothing that was committed is lost, and after
healing every task's state is what the application knows of it. Cells on RabbitMQ run with `make
test-thorough`.

| fault | Redis | RabbitMQ |
|---|---|---|
| collector killed | `test_healing_matrix.py` | `test_kill.py` |
| server killed | here | `test_kill.py` |
| broker restarted | here | here |
| network cut | here | here |
| disk full | here | `test_disk_full.py` |
| clock set an hour on, and back | here | here |
| clock set back while the collector is killed | here | here |
| partition damaged, the newest and one before | here | here |
| killed in a migration | `test_migration_kill.py` | the same: no broker is part of it |
| result backend away | here | here |
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.stories import uuid_of
from tests.faults.matrix import (
    World,
    assert_healed,
    differences,
    kill,
    kill_collector,
    rabbitmq_world,
    redis_world,
)
from tests.faults.test_store_damage import TASKS, numbers_of, opened, spoil, tell
from tests.support.history import assert_files_are_sound
from tests.support.mounts import fill_disk, small_disk
from tests.support.umbels import Umbel
from tests.support.waiting import wait_until
from umbel.query.ast import EVERYTHING
from umbel.store.opening import open_store

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.redis,
    # Celery's result backend leaves sockets open in the client whose broker was restarted.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

WORLDS = {"redis": redis_world, "rabbitmq": rabbitmq_world}
SET_CLOCK = Path("tests/support/set_clock").absolute()
#: A node of its own, which is restarted, takes a while.
MARKS = (pytest.mark.rabbitmq, pytest.mark.thorough)


@pytest.fixture(scope="module", params=["redis", pytest.param("rabbitmq", marks=MARKS)])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with WORLDS[request.param](tmp_path_factory.mktemp(request.param)) as world:
        yield world


def test_server_and_collector_are_killed(world: World, tmp_path: Path) -> None:
    directory = tmp_path / "data"
    with world.umbel(directory) as umbel, world.load() as load:
        load.more(60)
        kill(umbel)
        load.more(60)
        with world.umbel(directory) as again:
            load.more(60)

            assert_healed(again, load, 180)
    assert_files_are_sound(directory)


def test_the_broker_is_restarted(world: World, tmp_path: Path) -> None:
    with world.umbel(tmp_path / "data") as umbel, world.load() as load:
        load.more(80)

        world.restart_broker()

        wait_until(umbel.is_live, timeout_s=60, what="it to be live again")
        load.more(80)
        assert_healed(umbel, load, 100)


def test_the_network_is_cut(world: World, tmp_path: Path) -> None:
    with world.umbel(tmp_path / "data") as umbel, world.load() as load:
        load.more(60)

        world.network.silent = True
        world.network.cut()
        wait_until(lambda: umbel.client.live()["state"] == "blind", what="it to be told")
        load.more(60)
        world.network.silent = False

        wait_until(umbel.is_live, timeout_s=60, what="it to be live again")
        load.more(60)
        assert_healed(umbel, load, 180)


@pytest.mark.thorough
def test_the_disk_is_full_for_a_while(world: World, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "size=48m"):
        with world.umbel(disk / "data") as umbel, world.load() as load:
            load.more(60)
            ballast = fill_disk(disk, 64 * 1024)
            wait_until(lambda: "is full" in umbel.client.live()["sentence"], timeout_s=90)
            load.more(60)

            ballast.unlink()

            wait_until(umbel.is_live, timeout_s=60, what="it to be live again")
            load.more(60)
            assert_healed(umbel, load, 180)
        assert_files_are_sound(disk / "data")


def set_clock(offset: Path, seconds: float) -> None:
    offset.with_suffix(".new").write_text(str(seconds))
    offset.with_suffix(".new").replace(offset)


def off_by(offset: Path) -> dict[str, str]:
    """The environment of processes whose clock is off by what that file says."""
    return {"PYTHONPATH": str(SET_CLOCK), "TEST_CLOCK_OFFSET": str(offset)}


@pytest.mark.thorough
def test_the_clock_is_set_an_hour_on_and_back(world: World, tmp_path: Path) -> None:
    """The clock of server and collector alone."""
    offset = tmp_path / "offset"

    set_clock(offset, 0)
    with world.umbel(tmp_path / "data", **off_by(offset)) as umbel, world.load() as load:
        now = umbel.client.status()["now"]
        load.more(60)

        set_clock(offset, 3_600)
        assert umbel.client.status()["now"] > now + 3_000
        load.more(60)
        load.more(60)
        set_clock(offset, 0)
        assert umbel.client.status()["now"] < now + 3_000
        load.more(60)

        wait_until(umbel.is_live, timeout_s=60, what="it to be live again")
        assert_healed(umbel, load, 240)


@pytest.mark.thorough
def test_the_clock_is_set_back_while_the_collector_is_killed(world: World, tmp_path: Path) -> None:
    """What is kept of the run before has times that lie ahead of now."""
    offset = tmp_path / "offset"
    set_clock(offset, 3_600)
    with world.umbel(tmp_path / "data", **off_by(offset)) as umbel, world.load() as load:
        load.more(60)

        set_clock(offset, 0)
        kill_collector(umbel)
        load.more(60)

        wait_until(umbel.is_live, timeout_s=60, what="it to be live again")
        assert_healed(umbel, load, 100)


@pytest.mark.parametrize("which", ["newest", pytest.param("earlier", marks=pytest.mark.thorough)])
def test_a_partition_is_damaged(world: World, tmp_path: Path, which: str) -> None:
    """What stood in it alone is gone; that is told, and all else goes on."""
    directory = tmp_path / "data"
    with contextlib.closing(opened(directory)) as store:
        for first in range(0, TASKS, 50):
            tell(store, range(first, first + 50))
    with (
        world.umbel(directory, UMBEL_RETENTION_MAX_AGE="none") as umbel,
        world.load() as load,
    ):
        load.more(60)
        files = sorted(directory.glob("tasks-*.db"))
        damaged = files[-1] if which == "newest" else files[1]
        stood_in_it = numbers_of(directory, damaged.name)
        spoil(damaged)

        wait_until(lambda: damaged.name in damaged_files(umbel), timeout_s=60, what="it to be told")
        before = set(load.sent)
        load.more(60)
        truth = load.truth()
        after = {uuid: state for uuid, state in truth.items() if uuid not in before}
        wait_until(lambda: not differences(directory, after), timeout_s=60)
        if which == "earlier":
            wait_until(lambda: not differences(directory, truth), timeout_s=60)
        others = {uuid_of(number): "SUCCESS" for number in set(range(TASKS)) - stood_in_it}
        assert not differences(directory, others)
        assert len(after) >= 50
        assert len(others) > 600


def damaged_files(umbel: Umbel) -> str:
    return str(umbel.client.status()["store"]["damaged"])


@pytest.mark.thorough
def test_the_result_backend_is_away(world: World, tmp_path: Path) -> None:
    """Nothing is called unknown of which it will know."""
    with world.umbel(tmp_path / "data") as umbel, world.load() as load:
        load.more(40)
        world.results_network.silent = True
        world.results_network.cut()
        kill_collector(umbel)
        load.more(40)
        load.truth()
        asked = asked_in_vain(umbel) if world.is_redis else True
        assert asked
        assert umbel.client.get("tasks/count", q="state:UNKNOWN")["total"] == 0

        world.results_network.silent = False

        assert_healed(umbel, load, 80)


def asked_in_vain(umbel: Umbel) -> bool:
    """Until it is told that the result backend cannot be asked, if anything is in doubt."""

    def is_told() -> bool:
        (healing,) = [each["healing"] for each in umbel.client.status()["collectors"][:1]]
        return bool(healing["trouble"]) or not healing["waiting"]

    return bool(wait_until(is_told, timeout_s=30))


def test_no_task_is_called_unknown_when_all_is_well(world: World, tmp_path: Path) -> None:
    with world.umbel(tmp_path / "data") as umbel, world.load() as load:
        load.more(40)
        assert_healed(umbel, load, 40)
    store = open_store(tmp_path / "data", write=False)
    states = {task.state for task in store.search(EVERYTHING, now=0.0, limit=100).items}
    store.close()
    assert states == {"SUCCESS", "FAILURE"}
