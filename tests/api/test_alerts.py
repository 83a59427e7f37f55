"""Alerts over HTTP: rules are read, tested, written; what fires is taken care of."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.world import NOW, World, problem_of
from umbel.store.alerts import Acknowledgement, Alert

pytestmark = pytest.mark.anyio

ALERTS = "/api/v1/alerts"
RATE = "failure rate of name:shop.* > 5 % over 10 min"


@pytest.fixture
def world() -> World:
    return World()


def problem_kind(response: httpx.Response, kind: str) -> dict[str, Any]:
    problem = problem_of(response)
    assert problem["type"] == f"urn:umbel:problem:{kind}", problem
    return problem


async def added(world: World, **given: Any) -> dict[str, Any]:
    response = await world.post(f"{ALERTS}/rules", {"name": "Shop", "condition": RATE, **given})
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_a_rule_is_read_back_in_words(world: World) -> None:
    found = (await world.get(f"{ALERTS}/read", condition=RATE)).json()

    assert found == {
        "condition": "failure rate of name:shop.* > 5 % over 10m",
        "sentence": "Fires when more than 5 % of tasks whose name begins with shop. failed, over "
        "10 min.",
    }


async def test_a_mistake_in_a_rule_has_its_place_and_the_right_word(world: World) -> None:
    response = await world.get(f"{ALERTS}/read", condition="failre rate > 5 %")
    problem = problem_kind(response, "bad-query")

    assert (problem["position"], problem["end"]) == (0, 6)
    assert problem["suggestion"] == "failure rate"


async def test_a_rule_is_added_listed_changed_and_removed(world: World) -> None:
    made = await added(world, severity="critical", pending_s=60)
    rule = made["rule"]

    assert rule["condition"] == "failure rate of name:shop.* > 5 % over 10m"
    assert (rule["severity"], rule["pending_s"], rule["created"]) == ("critical", 60, NOW)
    (listed,) = (await world.get(f"{ALERTS}/rules")).json()["items"]
    assert listed == made

    path = f"{ALERTS}/rules/{rule['id']}"
    changed = await world.post(
        f"{path}/change", {"name": "All", "condition": "any finding", "changed": rule["changed"]}
    )
    assert changed.json()["rule"]["name"] == "All"
    assert (await world.post(f"{path}/remove")).json() == {"id": rule["id"]}
    assert (await world.get(f"{ALERTS}/rules")).json()["items"] == []
    lines = world.ledger.audit().items
    actions = [each.action for each in lines]
    assert actions == ["remove-alert-rule", "change-alert-rule", "add-alert-rule"]
    assert lines[1].answer == (
        "Changed: name was Shop; condition was failure rate of name:shop.* > 5 % over 10m; "
        "severity was critical; pending_s was 60.0."
    )


async def test_who_changes_a_rule_that_somebody_else_changed_is_told(world: World) -> None:
    rule = (await added(world))["rule"]
    path = f"{ALERTS}/rules/{rule['id']}/change"
    seen = {"name": "Shop", "condition": RATE, "changed": rule["changed"]}
    world.clock.time = NOW + 1
    assert (await world.post(path, {**seen, "severity": "critical"})).is_success

    late = problem_kind(await world.post(path, {**seen, "severity": "notice"}), "bad-body")

    assert late["parameter"] == "changed"
    assert "was changed by" in late["detail"]
    (listed,) = (await world.get(f"{ALERTS}/rules")).json()["items"]
    assert listed["rule"]["severity"] == "critical"


async def test_what_cannot_be_is_refused_with_a_sentence(world: World) -> None:
    await added(world)

    twice = await world.post(f"{ALERTS}/rules", {"name": "Shop", "condition": RATE})
    assert problem_kind(twice, "refused")["detail"].startswith("There already is a rule")
    nobody = await world.post(
        f"{ALERTS}/rules", {"name": "Other", "condition": RATE, "notify": ["mail"]}
    )
    assert "no notifier mail" in problem_kind(nobody, "bad-body")["detail"]
    problem_kind(await world.post(f"{ALERTS}/rules/none/remove"), "unknown-alert")
    problem_kind(await world.get(f"{ALERTS}/none"), "unknown-alert")
    problem_kind(await world.post(f"{ALERTS}/silences/none/end"), "unknown-alert")
    problem_kind(await world.post(f"{ALERTS}/none/acknowledge"), "unknown-alert")


async def test_a_back_test_tells_when_it_would_have_fired(world: World) -> None:
    found = (
        await world.get(f"{ALERTS}/back-test", condition="failures of name:shop.* > 0 over 10 min")
    ).json()

    assert found["possible"]
    assert found["sentence"].startswith("It would ")
    impossible = (await world.get(f"{ALERTS}/back-test", condition="any finding")).json()
    assert not impossible["possible"]
    assert "is not kept" in impossible["sentence"]


def fire(world: World) -> None:
    """An alert of which nobody takes care yet."""
    alert = Alert(
        id="a1", rule="r", name="Shop", condition="any finding", severity="critical", subject="",
        phase="firing", since=NOW - 60, fired=NOW - 60, sentence="It is so.",
    )  # fmt: skip
    world.ledger.keep_alerts([alert])


async def test_somebody_takes_care_of_what_fires(world: World) -> None:
    fire(world)

    answer = await world.post(f"{ALERTS}/a1/acknowledge", {"note": "on it"})
    assert answer.json()["acknowledgement"]["note"] == "on it"
    (firing,) = (await world.get(ALERTS)).json()["firing"]
    assert firing["acknowledgement"]["at"] == NOW
    detail = (await world.get(f"{ALERTS}/a1")).json()
    assert detail["sentence"] == "Fires when the overview finds anything."
    (line,) = world.ledger.audit(action="acknowledge-alert").items
    assert (line.target, line.reason) == ("the alert Shop (a1)", "on it")


async def test_who_comes_second_is_told_who_takes_care_and_can_take_it_over(world: World) -> None:
    fire(world)
    first = Acknowledgement(alert="a1", actor="ada", at=NOW - 5, note="on it")
    world.ledger.acknowledge(first, instead_of=None)
    path = f"{ALERTS}/a1/acknowledge"

    late = problem_kind(await world.post(path), "bad-body")
    mistaken = await world.post(path, {"instead_of": "eve"})
    (firing,) = (await world.get(ALERTS)).json()["firing"]

    assert late["detail"].startswith("ada takes care of it already.")
    assert (late["parameter"], late["suggestion"]) == ("instead_of", "ada")
    assert not mistaken.is_success
    assert firing["acknowledgement"]["actor"] == "ada"
    assert world.ledger.audit(action="acknowledge-alert").items == ()
    taken = await world.post(path, {"instead_of": "ada"})
    assert taken.json()["acknowledgement"]["actor"] != "ada"
    assert (await world.post(path, {"note": "found it"})).is_success, "one may say more of oneself"
    audit = world.ledger.audit(action="acknowledge-alert").items
    assert [each.answer for each in audit] == [None, "Instead of ada."]


async def test_silences_are_begun_and_ended(world: World) -> None:
    wrong = await world.post(f"{ALERTS}/silences", {"until": NOW - 5, "reason": "a deploy"})
    problem_kind(wrong, "bad-body")
    made = await world.post(
        f"{ALERTS}/silences",
        {"start": NOW + 60, "until": NOW + 3_660, "reason": "a deploy", "repeat_s": 604_800},
    )
    assert made.status_code == 201, made.text
    (listed,) = (await world.get(ALERTS)).json()["silences"]
    assert listed == made.json()
    await world.post(f"{ALERTS}/silences/{listed['id']}/end")
    assert (await world.get(ALERTS)).json()["silences"] == []


@pytest.mark.parametrize(
    "given",
    [
        {"repeat_s": 86_400, "last": NOW + 30},
        {"repeat_s": 86_400, "last": NOW + 60},
        {"last": NOW + 90_000},
    ],
    ids=["last before it begins", "last when it begins", "last of what comes once"],
)
async def test_a_window_whose_last_time_says_nothing_is_refused(
    world: World, given: dict[str, float]
) -> None:
    body = {"start": NOW + 60, "until": NOW + 3_660, "reason": "a deploy", **given}

    problem = problem_kind(await world.post(f"{ALERTS}/silences", body), "bad-body")

    assert problem["parameter"] == "last"
    assert (await world.get(ALERTS)).json()["silences"] == []


async def test_a_window_that_ends_with_its_last_time_says_so(world: World) -> None:
    body = {
        "start": NOW + 60, "until": NOW + 3_660, "reason": "a deploy", "repeat_s": 86_400,
        "last": NOW + 120,
    }  # fmt: skip

    made = (await world.post(f"{ALERTS}/silences", body)).json()

    assert (made["next_start"], made["next_until"]) == (NOW + 60, NOW + 120)


async def test_a_maintenance_window_tells_when_it_holds_next(world: World) -> None:
    body = {
        "start": NOW - 3_600, "until": NOW - 1_800, "reason": "backup", "repeat_s": 86_400,
        "zone": "Europe/Berlin",
    }  # fmt: skip
    made = (await world.post(f"{ALERTS}/silences", body)).json()

    assert (made["holds"], made["zone"]) == (False, "Europe/Berlin")
    assert (made["next_start"], made["next_until"]) == (NOW + 82_800, NOW + 84_600)
    nowhere = await world.post(f"{ALERTS}/silences", {**body, "zone": "Mars/Olympus"})
    assert "no time zone" in problem_kind(nowhere, "bad-body")["detail"]
    (line,) = world.ledger.audit(action="silence-alerts").items
    assert line.target == "all rules for 30 min, every day (Europe/Berlin)"


async def test_history_is_told_page_by_page(world: World) -> None:
    for number in range(3):
        alert = Alert(
            id=f"a{number}", rule="r", name="Shop", condition="any finding", severity="notice",
            subject="", phase="resolved", since=NOW, ended=NOW + number, sentence="It was so.",
        )  # fmt: skip
        world.ledger.keep_alerts([alert])

    first = (await world.get(f"{ALERTS}/history", limit=2)).json()
    assert [each["id"] for each in first["items"]] == ["a2", "a1"]
    rest = (await world.get(f"{ALERTS}/history", before=first["next"], limit=2)).json()
    assert [each["id"] for each in rest["items"]] == ["a0"]
    assert rest["next"] is None
