"""Health in sentences over HTTP: what is wrong, muted and heard of again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.api.world import NOW, World, collector, problem_of
from tests.contract.stories import heartbeat
from umbel.services.health.health_findings import HealthAnswer
from umbel.store.base import KeptGap

pytestmark = pytest.mark.anyio

HEALTH = "/api/v1/health"


@pytest.fixture
def world() -> World:
    """A queue that nobody consumes, and a history that is behind."""
    made = World()
    made.cluster.configured = ("lost",)
    made.cluster.queues = {"lost": [None] * 3}  # type: ignore[list-item]
    made.store.report(collector(heard_at=NOW, lag_s=30.0))
    return made


async def health(world: World, **params: Any) -> dict[str, Any]:
    response = await world.get(HEALTH, **params)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def by_rule(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["rule"]: each for each in found["findings"]}


async def mute(world: World, finding: str, **changes: Any) -> Any:
    body = {"until": NOW + 3_600, "reason": "We add a worker at noon."} | changes
    return await world.post(f"{HEALTH}/{finding}/mute", body)


async def test_what_is_wrong_comes_worst_first_with_evidence_and_one_action(world: World) -> None:
    found = await health(world)

    assert found["well"] is None
    assert found["findings"][0]["rule"] == "queue-without-consumer"
    lost = by_rule(found)["queue-without-consumer"]
    assert lost["sentence"] == "Nobody consumes lost, where 3 messages wait."
    assert lost["evidence"]["points"] == [{"at": NOW, "value": 3.0}]
    assert lost["action"]["request"]["action"] == "add_consumer"
    assert lost["docs"] == "docs/health#queue-without-consumer"
    assert lost["muted"] is None
    assert found["asked_at"] == NOW


async def test_what_an_action_asks_for_can_be_planned_as_it_is(world: World) -> None:
    request = by_rule(await health(world))["queue-without-consumer"]["action"]["request"]

    planned = await world.post("/api/v1/actions", request)

    assert planned.status_code == 201, planned.text
    assert planned.json()["request"]["queue"] == "lost"


async def test_a_finding_is_gone_at_once_when_what_was_planned_is_done(world: World) -> None:
    request = by_rule(await health(world))["queue-without-consumer"]["action"]["request"]
    planned = await world.post("/api/v1/actions", request)

    done = await world.post(f"/api/v1/actions/{planned.json()['id']}/execute", {})

    assert done.is_success, done.text
    assert "queue-without-consumer" not in by_rule(await health(world))


async def test_programs_read_the_answer_as_what_the_service_gave(world: World) -> None:
    response = await world.get(HEALTH)

    found = msgspec.json.decode(response.content, type=HealthAnswer)

    assert found == world.services.health_findings.answer()


async def test_a_finding_is_muted_for_a_time_and_that_is_in_the_audit(world: World) -> None:
    lost = by_rule(await health(world))["queue-without-consumer"]

    muted = await mute(world, lost["id"])

    assert muted.status_code == 200
    expected = {"by": "anonymous", "until": NOW + 3_600, "reason": "We add a worker at noon."}
    assert muted.json()["muted"] == expected
    found = await health(world)
    assert found["findings"][-1]["muted"] == expected
    (line,) = world.ledger.audit(action="mute").items
    assert (line.target, line.reason) == (lost["sentence"], "We add a worker at noon.")
    world.clock.time += 3_601
    world.store.report(collector(at=world.clock.time, heard_at=world.clock.time, lag_s=30.0))
    assert all(each["muted"] is None for each in (await health(world))["findings"])


async def test_a_muted_finding_is_heard_of_again(world: World) -> None:
    lost = by_rule(await health(world))["queue-without-consumer"]["id"]
    await mute(world, lost)

    response = await world.post(f"{HEALTH}/{lost}/unmute")

    assert response.json() == {"id": lost}
    assert by_rule(await health(world))["queue-without-consumer"]["muted"] is None
    assert len(world.ledger.audit(action="unmute").items) == 1
    again = await world.post(f"{HEALTH}/{lost}/unmute")
    assert problem_of(again)["type"].endswith("unknown-finding")


async def test_what_becomes_graver_is_heard_of_though_it_is_muted(world: World) -> None:
    await mute(world, "collector-behind")
    assert by_rule(await health(world))["collector-behind"]["muted"]

    world.store.report(collector(heard_at=NOW, lag_s=900.0))

    assert by_rule(await health(world))["collector-behind"]["muted"] is None


@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"until": NOW - 1}, "until"),
        ({"until": NOW + 400 * 86_400}, "until"),
        ({"reason": ""}, "reason"),
        ({"reason": "  "}, "reason"),
        ({"reason": "x" * 1_001}, "reason"),
    ],
)
async def test_a_mute_needs_a_reason_and_an_end(
    world: World, changes: dict[str, Any], parameter: str
) -> None:
    problem = problem_of(await mute(world, "collector-behind", **changes))

    assert (problem["status"], problem["parameter"]) == (400, parameter)
    assert world.ledger.audit(action="mute").items == ()


async def test_what_is_not_found_cannot_be_muted(world: World) -> None:
    problem = problem_of(await mute(world, "clock-skew.000000000000"))

    assert (problem["status"], problem["parameter"]) == (404, "id")


async def test_queues_that_may_not_be_looked_at_are_not_said_to_be_well() -> None:
    world = World()
    world.cluster.refusal = "Redis refused LLEN."

    health = (await world.get("/api/v1/health")).json()
    doctor = (await world.get("/api/v1/doctor")).json()

    assert "How full queues are is not known: Redis refused LLEN." in health["unknown"]
    (queues,) = [each for each in doctor["items"] if each["id"] == "queues"]
    assert (queues["verdict"], queues["finding"]) == (
        "unknown",
        "How full queues are is not known: Redis refused LLEN.",
    )


async def test_viewers_read_and_do_not_mute() -> None:
    world = World(users=("vera:viewer:pw",))
    headers = {"Authorization": "Basic dmVyYTpwdw=="}
    world.store.report(collector(heard_at=NOW, lag_s=30.0))

    read = await world.get(HEALTH, headers=headers)
    body = {"until": NOW + 60, "reason": "x"}
    muted = await world.post(f"{HEALTH}/collector-behind/mute", body, headers=headers)

    assert read.status_code == 200
    assert problem_of(muted)["status"] == 403


async def test_all_is_well() -> None:
    world = World()
    world.store.apply([heartbeat("celery@us-1", NOW - 1)])

    found = await health(world)

    assert found["findings"] == []
    assert found["well"].startswith("All well: 2 workers, ")


async def test_the_past_is_told_from_since_on(world: World) -> None:
    gap = KeptGap(start=NOW - 9_000, end=NOW - 8_000, cause="collector-away", collector="x")
    world.store.keep_gaps([gap])

    assert "history-gap" not in by_rule(await health(world))
    assert "history-gap" in by_rule(await health(world, since=NOW - 86_400))
