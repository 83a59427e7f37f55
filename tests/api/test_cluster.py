"""Workers, status and probes through the API."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.api.world import NOW, World, collector, problem_of
from tests.contract.stories import WORKER, heartbeat
from tests.support.memory_cluster import MemoryWorker
from tests.support.waiting import wait_until
from umbel import __version__
from umbel.broker.base import Reply
from umbel.cluster.worker import SignOfLife, Worker
from umbel.services.cluster.listed_workers import ListedWorkers
from umbel.services.search.rows import WorkerRow
from umbel.store.memory import MemoryStore

pytestmark = pytest.mark.anyio


async def test_workers_are_judged_at_the_time_of_the_answer(world: World) -> None:
    online = (await world.get("/api/v1/workers")).json()
    world.clock.time = NOW + 60
    world.store.report(collector(at=NOW + 60))
    silent = (await world.get("/api/v1/workers")).json()

    assert online["now"] == NOW
    assert [(w["hostname"], w["status"]) for w in online["items"]] == [(WORKER, "online")]
    assert [w["status"] for w in silent["items"]] == ["silent"]


async def test_workers_are_listed_with_the_numbers_of_a_time(world: World) -> None:
    hour = (await world.get("/api/v1/workers")).json()
    early = (
        await world.get("/api/v1/workers", {"since": NOW - 7_200, "until": NOW - 3_600})
    ).json()
    nobody = (await world.get("/api/v1/workers", {"name": "celery@no-1"})).json()
    wrong = await world.get("/api/v1/workers", {"since": NOW, "until": NOW - 1})

    (worker,) = hour["items"]
    assert (worker["succeeded"], worker["failed"], worker["deployment"]) == (2, 2, "celery@eu-*")
    assert (sum(worker["trend"]), sum(worker["failures"])) == (5, 2)
    assert (worker["pool"], worker["queues"], worker["restarts"]) == (None, None, None)
    assert [each["succeeded"] for each in early["items"]] == [0]
    assert nobody["items"] == []
    assert problem_of(wrong)["parameter"] in ("since", "until")


async def test_workers_are_compared(world: World) -> None:
    other = MemoryWorker("celery@eu-2")
    other.says = {
        **world.worker.says,
        "conf": {"timezone": "UTC", "broker_url": "redis://:x@other/0"},
    }
    world.cluster.workers[other.name] = other
    world.store.apply([heartbeat(other.name, NOW)])
    alone = (await world.get("/api/v1/workers/diff", {"name": "eu-1"})).json()
    response = await world.get("/api/v1/workers/diff", {"deployment": "celery@eu-*"})

    found = response.json()
    assert (alone["compared"], found["compared"]) == (0, 2)
    (broker,) = found["differences"]
    assert (broker["kind"], broker["name"], broker["odd"]) == ("setting", "broker_url", 0)
    assert [each["workers"] for each in broker["values"]] == [["celery@eu-1"], ["celery@eu-2"]]
    assert ":pw@" not in response.text


async def test_nobody_is_called_silent_while_umbel_is_blind(world: World) -> None:
    world.clock.time = NOW + 60

    (worker,) = (await world.get("/api/v1/workers")).json()["items"]
    one = (await world.get(f"/api/v1/workers/{WORKER}")).json()
    flower = (await world.get("/api/workers?status=1")).json()

    assert (worker["status"], worker["unknown_since"]) == ("unknown", NOW)
    assert (one["status"], one["unknown_since"]) == ("unknown", NOW)
    assert flower == {WORKER: True}


async def test_a_diagnosis_tells_versions_workers_and_what_was_discarded(world: World) -> None:
    world.store.report(
        collector(
            mute={WORKER: NOW - 60},
            faults={"pickle": 23},
            recent_faults={"pickle": 3},
            samples=(("pickle", "A message is pickled.", "gASV"),),
        )
    )

    found = (await world.get("/api/v1/diagnosis")).json()

    assert found["versions"]["umbel"] == __version__
    assert found["versions"]["libraries"]["celery"]
    assert found["versions"]["brokers"] == ["redis"]
    assert [(w["hostname"], w["status"], w["events"]) for w in found["workers"]] == [
        (WORKER, "online", "off")
    ]
    assert found["discarded"] == [
        {
            "reason": "pickle", "count": 23, "recent": 3,
            "sentence": "A message is pickled.", "sample": "gASV",
        }
    ]  # fmt: skip
    assert found["live"]["state"] == "partial"


def test_a_worker_on_the_wire_is_the_worker_of_the_domain_and_what_is_judged_of_it() -> None:
    kept = set(Worker.__struct_fields__) - {"took", "skews", "beats", "registers"}
    judged = {"status", "unknown_since", "skew_s", "events_off_since", "shared_name"}

    assert set(WorkerRow.__struct_fields__) == kept | judged


async def test_a_worker_that_sends_no_heartbeats_is_known_by_its_tasks_and_its_answers(
    world: World,
) -> None:
    world.store.report(collector())
    world.store.apply((), signs=[SignOfLife(hostname="quiet@h", heard=NOW - 50, takes=True)])
    world.cluster.workers = {name: MemoryWorker(name) for name in ("quiet@h", "mute@h")}
    await world.get("/api/v1/registered")

    found = {w["hostname"]: w for w in (await world.get("/api/v1/workers")).json()["items"]}
    flower = (await world.get("/api/workers?status=1")).json()

    assert (found["quiet@h"]["status"], found["mute@h"]["status"]) == ("online", "online")
    assert flower["quiet@h"] is True
    assert 'flower_worker_online{worker="quiet@h"} 1.0' in (await world.get("/metrics")).text


async def test_a_worker_that_refuses_to_tell_of_itself_answers(world: World) -> None:
    worker = MemoryWorker("shy@h")
    worker.refuses = dict.fromkeys(("stats", "active_queues", "registered", "conf"), "not now")
    world.cluster.workers = {worker.name: worker}

    found = (await world.get("/api/v1/workers/shy@h")).json()

    assert (found["answers"], found["trouble"], found["stats"]) == (True, "not now", None)


async def test_an_answer_that_cannot_be_read_is_not_silence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.store.apply((), signs=[SignOfLife(hostname="odd@h", heard=NOW)])
    monkeypatch.setattr(
        world.cluster, "ask", lambda *_, **__: (Reply("", error="It is too long."),)
    )

    found = (await world.get("/api/v1/workers/odd@h")).json()
    said = (await world.get("/api/v1/workers/odd@h/conf")).json()

    assert (found["trouble"], found["stats"]) == ("It is too long.", None)
    assert (said["answered"], said["error"], said["value"]) == (True, "It is too long.", None)
    assert (await world.get("/api/v1/workers/nobody@h/conf")).status_code == 404


def test_one_that_is_quiet_for_long_is_unknown_until_it_was_asked(world: World) -> None:
    world.store.report(collector())
    world.store.apply((), signs=[SignOfLife(hostname="quiet@h", heard=NOW - 500)])

    def status(crew: ListedWorkers) -> tuple[str, float | None]:
        found = next(w for w in crew.rows(NOW) if w.hostname == "quiet@h")
        return found.status, found.unknown_since

    asking = ListedWorkers(world.store, None, world.services.inspection)

    assert status(ListedWorkers(world.store)) == ("unknown", NOW - 500)
    wait_until(lambda: status(asking) == ("silent", None))


@pytest.mark.parametrize("name", ["a/stats", "a/b/conf@h", "зима/ü %@h", "%2F@h", "w" * 300])
async def test_names_may_hold_any_characters_a_slash_among_them(world: World, name: str) -> None:
    world.store.report(collector())
    world.store.apply((), signs=[SignOfLife(hostname=name, heard=NOW)])
    path = quote(name, safe="")

    worker = (await world.get(f"/api/v1/workers/{path}")).json()
    said = (await world.get(f"/api/v1/workers/{path}/stats")).json()

    assert worker["hostname"] == name
    assert said["worker"] == name


async def test_what_is_odd_about_a_worker_is_told(world: World) -> None:
    world.store.report(collector(mute={WORKER: NOW - 60}))
    world.store.apply((), signs=[SignOfLife(hostname=WORKER, heard=NOW, skew_s=3_600.0)])

    (worker,) = (await world.get("/api/v1/workers")).json()["items"]

    assert (worker["skew_s"], worker["events_off_since"]) == (3_600.0, NOW - 60)
    assert worker["shared_name"] is False


async def test_the_status_tells_how_everything_is(world: World) -> None:
    status = (await world.get("/api/v1/status")).json()

    assert status["version"] == __version__
    assert status["now"] == NOW
    assert status["live"] == {
        "state": "live", "lag_s": 0.3, "sentence": "What you see is live.", "troubles": [],
    }  # fmt: skip
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
    store = MemoryStore()

    before = await World(store=store).get("/readyz")
    store.report(collector())
    after = await World(store=store).get("/readyz")

    assert before.status_code == 503
    assert "collector" in problem_of(before)["detail"]
    assert (after.status_code, after.text) == (200, "ok")
