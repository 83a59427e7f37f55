"""Errors over HTTP: which there are, what each is like, what it shares, and what is decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.api.doors import USERS, basic
from tests.api.failing_shop import HOUR_S, STORES, declined, failing_world, lost
from tests.api.two_clusters import Two
from tests.api.world import NOW, World, problem_of
from tests.contract.stories import uuid_of
from umbel.cluster.events import Event
from umbel.services.errors.groups import ErrorGroups
from umbel.store.ledger import Deploy

pytestmark = pytest.mark.anyio


@pytest.fixture(params=sorted(STORES))
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    made = failing_world(request.param, tmp_path)
    yield made
    made.store.close()


async def listed(world: World, **asked: Any) -> dict[str, Any]:
    response = await world.get("/api/v1/errors", asked)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def ids(world: World) -> tuple[str, str]:
    """Those of the declined payments and of the mails."""
    items = {each["type"]: each["id"] for each in (await listed(world))["items"]}
    return items["Declined"], items["KeyError"]


async def decide(world: World, error_id: str, deed: str, **body: Any) -> dict[str, Any]:
    response = await world.post(f"/api/v1/errors/{error_id}/{deed}", body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def state_of(world: World, error_id: str) -> dict[str, Any]:
    response = await world.get(f"/api/v1/errors/{error_id}")
    state: dict[str, Any] = response.json()["state"]
    return state


# -- the list ----------------------------------------------------------------------------------


async def test_failures_of_a_day_are_grouped_the_most_frequent_first(shop: World) -> None:
    found = await listed(shop)
    first, second = found["items"]

    assert (first["type"], first["message"]) == ("Declined", "order <n> was declined")
    assert (first["count"], first["names"]) == (13, ["shop.pay"])
    assert first["workers"] == ["celery@w1", "celery@w2"]
    assert (second["type"], second["count"]) == ("KeyError", 4)
    assert second["names"] == ["shop.mail", "shop.news"]
    assert found["complete"]
    assert found["others"] == 0
    assert found["until"] - found["since"] == 86_400
    assert found["incomplete"] is None


async def test_each_has_its_trend_its_matrix_and_when_it_was_seen(shop: World) -> None:
    found = await listed(shop)
    first, second = found["items"]

    assert sum(first["trend"]) == 13
    assert len(first["trend"]) * found["bucket_s"] >= 86_400
    assert found["start"] <= found["since"]
    assert first["matrix"] == {"h1": 12, "h24": 13, "d7": 14}
    assert second["matrix"] == {"h1": 0, "h24": 4, "d7": 4}
    assert first["first"] == pytest.approx(NOW - 72 * HOUR_S + 1.5, abs=0.01)
    assert first["last"] == pytest.approx(NOW - 60 + 1.5, abs=0.01)


async def test_another_time_has_other_counts(shop: World) -> None:
    found = await listed(shop, since=NOW - HOUR_S, until=NOW)

    assert [(each["type"], each["count"]) for each in found["items"]] == [("Declined", 12)]
    assert found["items"][0]["matrix"]["d7"] == 14


async def test_a_search_narrows_groups_and_their_counts(shop: World) -> None:
    by_worker = await listed(shop, q="worker:w2")
    by_name = await listed(shop, q="name:shop.news")

    assert [(each["type"], each["count"]) for each in by_worker["items"]] == [("Declined", 3)]
    assert [(each["type"], each["count"]) for each in by_name["items"]] == [("KeyError", 1)]
    assert (await listed(shop, q="state:SUCCESS"))["items"] == []


async def test_the_client_reads_what_the_server_answers(shop: World) -> None:
    response = await shop.get("/api/v1/errors")

    found = msgspec.json.decode(response.content, type=ErrorGroups)

    assert [(each.type, each.state.state) for each in found.items] == [
        ("Declined", "open"), ("KeyError", "open"),
    ]  # fmt: skip


async def test_a_task_that_is_to_be_tried_again_has_not_failed(shop: World) -> None:
    assert "OSError" not in {each["type"] for each in (await listed(shop))["items"]}


async def test_of_many_groups_a_list_says_that_there_are_more(shop: World) -> None:
    found = await listed(shop, limit=1)

    assert [each["type"] for each in found["items"]] == ["Declined"]
    assert not found["complete"]


async def test_an_empty_history_has_no_errors() -> None:
    found = await listed(World(), since=1.0, until=61.0)

    assert (found["items"], found["complete"], found["others"]) == ([], True, 0)


async def test_failures_without_an_error_are_counted_as_others() -> None:
    world = World()
    bare = Event(type="task-failed", timestamp=NOW - 59, hostname="celery@w1", uuid=uuid_of(91))
    world.store.apply([bare])

    found = await listed(world, since=NOW - 120, until=NOW)

    assert (found["items"], found["others"], found["complete"]) == ([], 1, True)


@pytest.mark.parametrize(
    ("asked", "kind", "parameter"),
    [
        ({"since": NOW, "until": NOW - 60}, "bad-parameter", "since"),
        ({"since": NOW + 60}, "bad-parameter", "since"),
        ({"state": "closed"}, "bad-parameter", "state"),
        ({"limit": 201}, "bad-parameter", "limit"),
        ({"q": "state:FALIURE"}, "bad-query", "q"),
        ({"tz": "Mars/Base"}, "bad-parameter", "tz"),
    ],
)
async def test_what_cannot_be_asked_is_said(
    asked: dict[str, Any], kind: str, parameter: str
) -> None:
    problem = problem_of(await World().get("/api/v1/errors", asked))

    assert problem["type"] == f"urn:umbel:problem:{kind}"
    assert problem["parameter"] == parameter


# -- one error ---------------------------------------------------------------------------------


async def test_one_error_has_its_numbers_and_the_newest_failure(shop: World) -> None:
    declined_id, _ = await ids(shop)
    found = (await shop.get(f"/api/v1/errors/{declined_id}")).json()

    assert (found["id"], found["type"], found["count"]) == (declined_id, "Declined", 13)
    assert found["by_name"] == {"shop.pay": 13}
    assert found["by_worker"] == {"celery@w1": 10, "celery@w2": 3}
    assert found["by_queue"] == {"money": 13}
    assert (found["repeated"], found["not_repeated"]) == (0, 13)
    assert found["counted"]
    assert found["complete"]
    sample = found["sample"]
    assert (sample["id"], sample["name"], sample["worker"]) == (uuid_of(1), "shop.pay", "celery@w1")
    assert sample["traceback"].startswith("Traceback (most recent call last)")
    assert "hunter2" not in str(found)


async def test_its_searches_find_its_failures_and_those_not_sent_again(shop: World) -> None:
    declined_id, _ = await ids(shop)
    plan = await shop.post("/api/v1/actions", {"action": "retry", "ids": [uuid_of(3)]})
    await shop.post(f"/api/v1/actions/{plan.json()['id']}/execute", {})

    found = (await shop.get(f"/api/v1/errors/{declined_id}")).json()
    all_ = (await shop.get("/api/v1/tasks/count", q=found["search"])).json()
    left = (await shop.get("/api/v1/tasks/count", q=found["search_left"])).json()

    assert (found["repeated"], found["not_repeated"]) == (1, 12)
    assert (all_["total"], left["total"]) == (13, 12)


async def test_a_group_is_planned_to_be_sent_again_by_its_search(shop: World) -> None:
    declined_id, _ = await ids(shop)

    plan = await shop.post(
        "/api/v1/actions", {"action": "retry", "q": f"error:{declined_id} state:FAILURE"}
    )

    assert plan.status_code == 201
    assert plan.json()["count"] == 14


async def test_an_error_that_did_not_fail_in_the_time_is_shown_with_none(shop: World) -> None:
    _, mail_id = await ids(shop)
    asked = {"since": NOW - 600, "until": NOW}

    found = (await shop.get(f"/api/v1/errors/{mail_id}", asked)).json()

    assert (found["count"], sum(found["trend"]), found["by_name"]) == (0, 0, {})
    assert found["type"] == "KeyError"
    assert found["sample"]["id"] in {uuid_of(number) for number in range(21, 25)}


async def test_an_error_that_only_tasks_have_which_will_be_tried_again_can_be_looked_at(
    shop: World,
) -> None:
    task = (await shop.get(f"/api/v1/tasks/{uuid_of(80)}")).json()
    found = (await shop.get(f"/api/v1/errors/{task['error'][:12]}")).json()

    assert (found["type"], found["count"], found["sample"]["id"]) == ("OSError", 0, uuid_of(80))


@pytest.mark.parametrize("path", ["", "/shares"])
async def test_an_error_that_nobody_has_is_unknown(shop: World, path: str) -> None:
    problem = problem_of(await shop.get(f"/api/v1/errors/0123456789ab{path}"))

    assert problem["type"] == "urn:umbel:problem:unknown-error"


@pytest.mark.parametrize("error_id", ["x", "0123456789AB", "0123456789abc", "%00", "..%2f"])
async def test_what_is_no_id_is_refused(error_id: str) -> None:
    response = await World().get(f"/api/v1/errors/{error_id}")

    assert response.status_code in {400, 404}


# -- what failures share -----------------------------------------------------------------------


async def test_what_failures_have_more_often_than_successes_is_found(shop: World) -> None:
    declined_id, _ = await ids(shop)
    found = (await shop.get(f"/api/v1/errors/{declined_id}/shares")).json()
    currency = next(each for each in found["items"] if each["field"] == "kwargs.currency")

    assert (currency["value"], currency["failed"], currency["failures"]) == ("USD", 13, 13)
    assert (currency["succeeded"], currency["successes"]) == (0, 38)
    assert (found["failures"], found["successes"], found["names"]) == (13, 38, ["shop.pay"])
    assert found["why"] is None
    assert found["complete"]
    assert not any(each["field"] in {"name", "queue"} for each in found["items"])


async def test_each_has_a_search_that_finds_these_failures(shop: World) -> None:
    declined_id, _ = await ids(shop)
    found = (await shop.get(f"/api/v1/errors/{declined_id}/shares")).json()

    for each in found["items"]:
        counted = await shop.get("/api/v1/tasks/count", q=each["search"])
        assert counted.json()["total"] == each["failed"], each["search"]


async def test_without_successes_it_says_why_nothing_is_compared(shop: World) -> None:
    _, mail_id = await ids(shop)
    found = (await shop.get(f"/api/v1/errors/{mail_id}/shares")).json()

    assert found["items"] == []
    assert found["why"] == (
        "No task shop.mail or shop.news succeeded at about that time to compare with."
    )


# -- decisions ---------------------------------------------------------------------------------


async def test_a_resolved_error_is_reopened_when_it_fails_again(shop: World) -> None:
    declined_id, _ = await ids(shop)

    resolved = await decide(shop, declined_id, "resolve", note="Fixed in 5.7")
    still = await state_of(shop, declined_id)
    shop.clock.time = NOW + 600
    shop.store.apply(declined(15, NOW + 60))
    again = await state_of(shop, declined_id)

    assert (resolved["state"], resolved["by"], resolved["at"]) == ("resolved", "anonymous", NOW)
    assert (resolved["note"], resolved["noted_by"]) == ("Fixed in 5.7", "anonymous")
    assert still == resolved
    assert (again["state"], again["was"], again["reopened"]) == ("open", "resolved", NOW + 61.5)
    assert again["note"] == "Fixed in 5.7"


async def test_an_ignored_error_comes_back_with_the_count(shop: World) -> None:
    declined_id, _ = await ids(shop)

    await decide(shop, declined_id, "ignore", total=2)
    shop.clock.time = NOW + 600
    shop.store.apply(declined(15, NOW + 60))
    one = await state_of(shop, declined_id)
    shop.store.apply(declined(16, NOW + 120))
    two = await state_of(shop, declined_id)

    assert (one["state"], one["total"]) == ("ignored", 2)
    assert (two["state"], two["was"]) == ("open", "ignored")
    assert two["because"] == "It failed 2 times since it was ignored."
    assert NOW <= two["reopened"] <= NOW + 122


async def test_an_ignored_error_comes_back_with_the_rate_and_goes_with_it(shop: World) -> None:
    declined_id, _ = await ids(shop)

    quiet = await decide(shop, declined_id, "ignore", rate=3)
    shop.store.apply([
        event for number in range(15, 18) for event in declined(number, NOW + 120 + number)
    ])  # fmt: skip
    shop.clock.time = NOW + 600
    loud = await state_of(shop, declined_id)
    shop.clock.time = NOW + 2 * 86_400
    later = await state_of(shop, declined_id)

    assert quiet["state"] == "ignored"
    assert (loud["state"], loud["reopened"]) == ("open", NOW + 120)
    assert later["state"] == "ignored"


async def test_an_ignored_error_comes_back_with_the_next_deploy(shop: World) -> None:
    declined_id, _ = await ids(shop)
    shop.ledger.keep_deploy(
        Deploy(id="a", kind="announced", at=NOW - 60, until=NOW - 60, version="5.6")
    )
    ignored = await decide(shop, declined_id, "ignore", next_deploy=True)
    assert (ignored["state"], ignored["next_deploy"]) == ("ignored", True)
    (line,) = shop.ledger.audit(action="ignore-error").items
    assert line.answer == "until the next deploy"
    shop.clock.time = NOW + 600

    await shop.post("/api/v1/deploys", {"version": "5.7"})

    state = await state_of(shop, declined_id)
    assert (state["state"], state["was"], state["reopened"]) == ("open", "ignored", NOW + 600)
    assert "Deploy of 5.7" in state["because"]


async def test_an_error_tells_since_which_deploy_it_is_seen(shop: World) -> None:
    declined_id, _ = await ids(shop)
    path = f"/api/v1/errors/{declined_id}"
    first = (await shop.get(path)).json()["first"]
    oldest = shop.store.status().oldest
    assert oldest is not None
    assert (await shop.get(path)).json()["since_deploy"] is None

    at = max(first - 250, oldest + 1)
    for each, version in ((at, "5.7"), (first + 60, "5.8")):
        deploy = Deploy(id=version, kind="announced", at=each, until=each, version=version)
        shop.ledger.keep_deploy(deploy)

    since = (await shop.get(path)).json()["since_deploy"]
    assert (since["version"], since["title"]) == ("5.7", "Deploy of 5.7")
    assert since["phrase"] == "the deploy of 5.7"
    assert since["after_s"] == pytest.approx(first - at)


async def test_an_ignored_error_comes_back_with_the_time(shop: World) -> None:
    declined_id, _ = await ids(shop)

    ignored = await decide(shop, declined_id, "ignore", until=NOW + 60)
    shop.clock.time = NOW + 60
    over = await state_of(shop, declined_id)

    assert (ignored["state"], ignored["until"]) == ("ignored", NOW + 60)
    assert (over["state"], over["reopened"]) == ("open", NOW + 60)


async def test_a_time_that_is_over_is_refused(shop: World) -> None:
    declined_id, _ = await ids(shop)

    problem = problem_of(
        await shop.post(f"/api/v1/errors/{declined_id}/ignore", {"until": NOW - 1})
    )

    assert (problem["type"], problem["parameter"]) == ("urn:umbel:problem:bad-body", "until")
    assert (await state_of(shop, declined_id))["state"] == "open"


async def test_a_person_reopens_it_and_a_note_stays_until_another_comes(shop: World) -> None:
    declined_id, _ = await ids(shop)

    await decide(shop, declined_id, "ignore", note="The bank is down")
    reopened = await decide(shop, declined_id, "reopen")
    noted = await decide(shop, declined_id, "note", note="It is up again")
    cleared = await decide(shop, declined_id, "note", note="")

    assert (reopened["state"], reopened["was"], reopened["note"]) == (
        "open", None, "The bank is down",
    )  # fmt: skip
    assert (noted["state"], noted["note"]) == ("open", "It is up again")
    assert (cleared["note"], cleared["noted_by"]) == ("", "")


async def test_a_note_alone_leaves_the_state(shop: World) -> None:
    declined_id, mail_id = await ids(shop)

    await decide(shop, declined_id, "resolve")

    assert (await decide(shop, declined_id, "note", note="x"))["state"] == "resolved"
    assert (await decide(shop, mail_id, "note", note="y"))["state"] == "open"


async def test_lists_are_narrowed_to_a_state(shop: World) -> None:
    declined_id, mail_id = await ids(shop)
    await decide(shop, mail_id, "resolve")

    open_ = await listed(shop, state="open")
    resolved = await listed(shop, state="resolved")
    recent = await listed(shop, state="resolved", since=NOW - 600, until=NOW)

    assert [each["id"] for each in open_["items"]] == [declined_id]
    assert [(each["id"], each["count"]) for each in resolved["items"]] == [(mail_id, 4)]
    assert [(each["id"], each["type"], each["count"]) for each in recent["items"]] == [
        (mail_id, "KeyError", 0)
    ]
    assert (await listed(shop, state="ignored"))["items"] == []


async def test_every_decision_is_in_the_audit_by_name(tmp_path: Path) -> None:
    world = failing_world("memory", tmp_path, users=USERS)
    otto = basic("otto", "pw-otto")
    listing = (await world.get("/api/v1/errors", headers=otto)).json()
    error_id = listing["items"][0]["id"]
    path = f"/api/v1/errors/{error_id}"
    await world.post(f"{path}/resolve", {"note": "done"}, headers=otto)
    body = {"until": NOW + 60, "rate": 5, "total": 100}
    await world.post(f"{path}/ignore", body, headers=otto)
    await world.post(f"{path}/reopen", {}, headers=otto)
    await world.post(f"{path}/note", {"note": "why"}, headers=otto)

    lines = world.ledger.audit().items

    found = [(each.action, each.actor, each.reason) for each in lines if "error" in each.action]
    assert found == [
        ("note-error", "otto", "why"), ("reopen-error", "otto", None),
        ("ignore-error", "otto", None), ("resolve-error", "otto", "done"),
    ]  # fmt: skip
    assert lines[0].target == f"the error {error_id}: Declined: order <n> was declined"
    ignoring = next(each for each in lines if each.action == "ignore-error")
    assert ignoring.answer is not None
    assert "until it fails 5 times within a minute, or until it has failed 100 times more" in (
        ignoring.answer
    )


async def test_a_viewer_looks_and_decides_nothing(tmp_path: Path) -> None:
    world = failing_world("memory", tmp_path, users=USERS)
    vera = basic("vera", "pw-vera")
    error_id = (await world.get("/api/v1/errors", headers=vera)).json()["items"][0]["id"]

    for deed in ("resolve", "ignore", "reopen", "note"):
        response = await world.post(f"/api/v1/errors/{error_id}/{deed}", {}, headers=vera)
        assert problem_of(response)["type"] == "urn:umbel:problem:not-permitted"
    assert world.ledger.error_decisions() == {}


async def test_an_error_that_nobody_has_is_not_decided_about(shop: World) -> None:
    response = await shop.post("/api/v1/errors/0123456789ab/resolve", {})

    assert problem_of(response)["type"] == "urn:umbel:problem:unknown-error"
    assert shop.ledger.error_decisions() == {}


@pytest.mark.parametrize(
    "body", [{"rate": 0}, {"total": 0}, {"total": 10**9}, {"note": "x" * 2_001}, {"version": "5"}]
)
async def test_conditions_that_cannot_be_are_refused(shop: World, body: dict[str, Any]) -> None:
    declined_id, _ = await ids(shop)

    response = await shop.post(f"/api/v1/errors/{declined_id}/ignore", body)

    assert problem_of(response)["type"] == "urn:umbel:problem:bad-body"


# -- several clusters --------------------------------------------------------------------------


async def test_each_cluster_has_its_own_errors_and_decisions(tmp_path: Path) -> None:
    two = Two(tmp_path, is_open=True)
    for services in (two.shop, two.mail):
        services.store.apply(lost(21, NOW - 60))

    async with two.client() as client:
        found = (await client.get("/api/v1/clusters/shop/errors")).json()
        path = f"/api/v1/clusters/shop/errors/{found['items'][0]['id']}/resolve"
        decided = await client.post(path, json={})
        states = [
            (await client.get(f"/api/v1/clusters/{name}/errors")).json()["items"][0]["state"]
            for name in ("shop", "mail")
        ]

    assert decided.status_code == 200
    assert [each["state"] for each in states] == ["resolved", "open"]
