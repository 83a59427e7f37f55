"""The doctor over HTTP: everything at once, one check anew, muted with a reason."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest

from tests.api.world import NOW, World, problem_of
from tests.contract.stories import WORKER, heartbeat
from tests.support.memory_schedule import MemorySchedule
from umbel.beat.base import Entry, Interval
from umbel.services.doctor import sources
from umbel.services.doctor.table import DOCTOR_CHECKS

pytestmark = pytest.mark.anyio


async def test_every_check_says_something_the_worst_first() -> None:
    answer = (await World().get("/api/v1/doctor")).json()

    assert {each["id"] for each in answer["items"]} == {*DOCTOR_CHECKS}
    verdicts = [each["verdict"] for each in answer["items"]]
    assert verdicts.index("well") == len(verdicts) - verdicts.count("well")
    assert answer["advice"] == verdicts.count("advice")
    assert {each["docs"] for each in answer["items"]} == {f"docs/doctor#{n}" for n in DOCTOR_CHECKS}


async def test_a_check_is_looked_at_again_once_it_is_mended() -> None:
    world = World()
    world.worker.says["conf"] = {"task_serializer": "pickle"}
    before = {each["id"]: each for each in (await world.get("/api/v1/doctor")).json()["items"]}
    world.worker.says["conf"] = {"task_serializer": "json"}
    world.clock.time += 5

    after = (await world.get("/api/v1/doctor/serializers")).json()

    assert (before["serializers"]["verdict"], after["verdict"]) == ("fault", "well")
    absent = problem_of(await world.get("/api/v1/doctor/nothing"))
    assert "The doctor has no check nothing." in absent["detail"]


async def test_a_check_that_is_looked_at_again_asks_for_what_it_needs_alone() -> None:
    world = World()
    await world.get("/api/v1/doctor")
    world.clock.time += 5
    asked = len(world.cluster.commands)

    await world.get("/api/v1/doctor/broker-tells")
    await world.get("/api/v1/doctor/sent-events")
    assert len(world.cluster.commands) == asked
    await world.get("/api/v1/doctor/serializers")
    assert {each.name for each in world.cluster.commands[asked:]} == {"conf", "registered"}
    asked = len(world.cluster.commands)
    await world.get("/api/v1/doctor/time-limits")
    assert len(world.cluster.commands) == asked


async def test_a_worker_of_an_old_celery_is_asked_whether_it_has_a_pool_of_threads() -> None:
    world = World()
    world.worker.says["stats"] = {"pool": {"implementation": "celery.concurrency.thread:TaskPool"}}
    new = (await world.get("/api/v1/doctor/thread-pools")).json()
    beat = msgspec.structs.replace(heartbeat(WORKER, NOW + 2), sw_ver="5.5.3")
    world.store.apply([beat])
    world.clock.time += 5

    old = (await world.get("/api/v1/doctor/thread-pools")).json()

    assert new["verdict"] == "well"
    assert (old["verdict"], old["evidence"]) == ("fault", [WORKER])


async def test_all_is_looked_at_again_where_that_is_wanted() -> None:
    world = World()
    world.worker.says["conf"] = {"task_serializer": "pickle"}
    before = (await world.get("/api/v1/doctor")).json()
    world.worker.says["conf"] = {"task_serializer": "json"}
    world.clock.time += 5

    cached = (await world.get("/api/v1/doctor")).json()
    again = (await world.get("/api/v1/doctor", again="true")).json()

    assert (cached["faults"], cached["asked_at"]) == (before["faults"], before["asked_at"])
    assert (again["faults"], again["asked_at"]) == (before["faults"] - 1, before["asked_at"] + 5)


async def test_beat_is_judged_by_its_entries_and_a_source_that_fails_is_not_known() -> None:
    entry = Entry(name="e", task="t", schedule=Interval(10.0), source="django", last_run=NOW - 999)
    silent = (await World(schedule=[MemorySchedule([entry])]).get("/api/v1/doctor/beat")).json()
    broken = MemorySchedule(name="redbeat")
    broken.trouble = "Its Redis is away."
    unread = (await World(schedule=[broken]).get("/api/v1/doctor/beat")).json()

    assert (silent["verdict"], silent["fix"]["where"]) == ("fault", "a shell")
    assert "Nothing that beat should have sent was ever seen" in silent["finding"]
    assert (unread["verdict"], unread["finding"]) == ("unknown", "Its Redis is away.")


async def test_disk_and_beat_do_not_wait_for_what_takes_long_to_gather(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = Entry(name="e", task="t", schedule=Interval(10.0), source="django", last_run=NOW - 999)
    world = World(schedule=[MemorySchedule([entry])])
    monkeypatch.setattr(sources, "HEALTH_S", 0.0)
    released, series = threading.Event(), world.store.series

    def slow(*given: Any, **more: Any) -> Any:
        assert released.wait(10)
        return series(*given, **more)

    monkeypatch.setattr(world.store, "series", slow)
    try:
        found = {
            check: (await world.get(f"/api/v1/doctor/{check}")).json()
            for check in ("beat", "disk", "clocks")
        }
    finally:
        released.set()

    assert "Nothing that beat should have sent was ever seen" in found["beat"]["finding"]
    assert found["disk"]["verdict"] == "well"
    assert found["clocks"]["finding"] == "The cluster was not looked at in time."


async def test_a_check_is_muted_with_a_reason_until_it_becomes_worse() -> None:
    world = World()
    world.worker.says["conf"] = {"task_acks_late": True}
    body = {"until": NOW + 3_600, "reason": "we know"}

    muted = (await world.post("/api/v1/doctor/acks-late/mute", body)).json()
    answer = (await world.get("/api/v1/doctor")).json()

    assert muted["muted"]["reason"] == "we know"
    found = {each["id"]: each for each in answer["items"]}
    assert found["acks-late"]["muted"]["by"] == muted["muted"]["by"]
    assert answer["advice"] == sum(
        each["verdict"] == "advice" and each["muted"] is None for each in answer["items"]
    )
    audit = (await world.get("/api/v1/audit")).json()["items"][0]
    assert (audit["action"], audit["reason"]) == ("mute", "we know")

    assert (await world.post("/api/v1/doctor/acks-late/unmute")).json() == {"id": "acks-late"}
    again = problem_of(await world.post("/api/v1/doctor/acks-late/unmute"))
    assert again["status"] == 404
    wrong = problem_of(await world.post("/api/v1/doctor/acks-late/mute", {**body, "until": 1}))
    assert wrong["status"] == 400


async def test_the_report_is_markdown() -> None:
    answer = await World().get("/api/v1/doctor/report")

    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("# Umbel's doctor")


async def test_a_broker_and_results_that_are_away_are_told_and_hold_up_nothing() -> None:
    world = World()
    world.cluster.away = 99
    world.results.away = True

    answer = (await world.get("/api/v1/doctor")).json()
    found = {each["id"]: each for each in answer["items"]}

    assert found["worker-answers"]["verdict"] == "unknown"
    assert found["results"]["verdict"] in {"advice", "fault"}
    assert found["access"]["verdict"] == "unknown"
