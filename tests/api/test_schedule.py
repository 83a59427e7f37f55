"""Beat's entries over HTTP: listed, judged, sent now, changed; by whom."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import pytest

from tests.api.doors import USERS, basic
from tests.api.world import NOW, World, problem_of
from tests.support.memory_schedule import MemorySchedule
from umbel.beat.base import Clocked, Crontab, Entry, Interval, OwnSchedule, Schedule, SourceName
from umbel.cluster.events import Event

pytestmark = pytest.mark.anyio

SCHEDULE = "/api/v1/schedule"
#: The first minute of the hour in which it is now.
HOUR = NOW - NOW % 3_600
AN_HOUR_AGO = int(HOUR // 3_600 - 1) % 24


def entry(name: str = "nightly", **more: Any) -> Entry:
    given: dict[str, Any] = {
        "task": "shop.report", "schedule": Crontab("0"), "source": "django",
        "can": ("disable", "edit"),
    }  # fmt: skip
    return Entry(name=name, **(given | more))


def ran(world: World, uuid: str, at: float, name: str = "shop.report", wait_s: float = 0.1) -> None:
    """A task that beat sent, and that succeeded."""
    common: dict[str, Any] = {"uuid": uuid, "hostname": "celery@eu-1", "pid": 1}
    sent = {**common, "hostname": "gen7@beat", "name": name, "queue": "reports"}
    world.store.apply(
        [
            Event(type="task-sent", timestamp=at, clock=1, **sent),
            Event(type="task-received", timestamp=at, clock=2, name=name, **common),
            Event(type="task-started", timestamp=at + wait_s, clock=3, **common),
            Event(type="task-succeeded", timestamp=at + wait_s + 1, clock=4, runtime=1.0, **common),
        ]
    )


def scheduled(*entries: Entry, **more: Any) -> tuple[World, MemorySchedule]:
    source = MemorySchedule(entries)
    return World(schedule=[source], **more), source


async def listed(world: World, **asked: Any) -> dict[str, Any]:
    response = await world.get(SCHEDULE, asked)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_an_entry_is_told_in_words_with_what_became_of_it() -> None:
    world, _ = scheduled(entry())
    for hour in range(5):
        if hour != 2:
            ran(world, f"r{hour}", HOUR - hour * 3_600, wait_s=300 if hour == 1 else 0.1)

    found = await listed(world)

    (row,) = found["items"]
    assert (row["words"], row["written"], row["zone"]) == ("every hour", "0 * * * *", "UTC")
    assert row["bars"][-5:] == "oomlo"
    assert (row["next"], row["queue"], row["runtime_p95"]) == (HOUR + 3_600, "reports", 1.0)
    assert found["sources"][0] | {"remedy": ""} == {
        "name": "django", "title": "a schedule in memory", "entries": 1, "trouble": "",
        "remedy": "",
    }  # fmt: skip
    assert sum(found["strip"]["due"]) in (10, 11)
    assert sum(found["strip"]["missed"]) == 1


async def test_one_entry_tells_reasons_and_its_next_runs() -> None:
    world, _ = scheduled(entry())
    ran(world, "a", HOUR - 7_200)
    ran(world, "b", HOUR)

    response = await world.get(f"{SCHEDULE}/{quote('django:nightly', safe='')}")

    found = response.json()
    assert response.status_code == 200, response.text
    assert [tick["verdict"] for tick in found["ticks"]] == ["on-time", "missed", "on-time"]
    assert "Beat sent nothing from" in found["ticks"][1]["reason"]
    assert len(found["next_runs"]) == 10
    assert found["next_runs"][0]["at"] == HOUR + 3_600


async def test_an_entry_that_was_just_made_has_missed_nothing_and_beat_is_not_silent() -> None:
    """Its times of before are not its own, whatever else beat sent then or did not send."""
    world, source = scheduled(entry(schedule=Crontab("0", str(AN_HOUR_AGO - 1))))
    ran(world, "a", HOUR - 2 * 3_600)
    await listed(world)
    source.known["made"] = entry("made", task="shop.made", since=NOW - 30)
    source.known["seen"] = entry("seen", task="shop.seen")

    # Sources are read anew for it, and otherwise some seconds later.
    await world.post(f"{SCHEDULE}/nightly/change", {"enabled": False, "dry_run": True})
    found = await listed(world)

    rows = {row["entry"]["name"]: row["bars"] for row in found["items"]}
    assert rows == {"nightly": "o", "made": "", "seen": ""}
    assert found["beat"]["silent_since"] is None


async def test_a_changed_entry_keeps_its_runs_and_misses_nothing_of_before() -> None:
    world, source = scheduled(entry(schedule=Crontab("0", str(AN_HOUR_AGO - 1))))
    for day in range(4):
        ran(world, f"d{day}", HOUR - 2 * 3_600 - day * 86_400)
    assert (await listed(world))["items"][0]["bars"] == "oooo"

    changed = await world.post(
        f"{SCHEDULE}/nightly/change", {"crontab": f"30 {AN_HOUR_AGO} * * *", "zone": "UTC"}
    )
    (row,) = (await listed(world))["items"]

    assert changed.status_code == 200, changed.text
    assert source.known["nightly"].schedule == Crontab("30", str(AN_HOUR_AGO))
    assert row["bars"] == "oooo"


async def test_a_silent_beat_is_told() -> None:
    world, _ = scheduled(entry("often", schedule=Interval(60.0)))
    for minute in range(12, 7, -1):
        ran(world, f"m{minute}", NOW - minute * 60)

    beat = (await listed(world))["beat"]

    assert beat["silent_since"] == NOW - 480
    assert beat["sentence"].startswith("Beat has sent nothing for 8 min, though 7 runs were due")


async def test_a_run_by_hand_hides_no_beat_that_is_silent() -> None:
    """Somebody runs by hand what beat, which is dead, did not send."""
    world, _ = scheduled(entry(), entry("often", task="shop.often", schedule=Interval(60.0)))
    ran(world, "before", HOUR - 3_600)
    for minute in range(12, 7, -1):
        ran(world, f"m{minute}", NOW - minute * 60, name="shop.often")
    for name in ("nightly", "often"):
        sent = (await world.post(f"{SCHEDULE}/{name}/run", {})).json()
        ran(
            world, sent["task_id"], NOW - 5, name={"nightly": "shop.report"}.get(name, "shop.often")
        )

    found = await listed(world)

    rows = {row["entry"]["name"]: row for row in found["items"]}
    assert found["beat"]["silent_since"] == NOW - 480
    assert rows["nightly"]["last"]["by_hand"] is True
    assert rows["nightly"]["last"]["reason"].endswith("later; beat did not.")
    assert rows["often"]["bars"].endswith("mm")


async def test_a_run_by_hand_beside_beats_own_makes_no_two_beats() -> None:
    world, _ = scheduled(entry())
    ran(world, "beats", HOUR)
    sent = (await world.post(f"{SCHEDULE}/nightly/run", {})).json()
    ran(world, sent["task_id"], HOUR + 3)

    (row,) = (await listed(world))["items"]

    assert (row["last"]["doubled"], row["last"]["by_hand"], row["bars"][-1]) == (0, False, "o")


async def test_each_source_that_fails_says_so_and_the_rest_is_told() -> None:
    broken = MemorySchedule(name="redbeat")
    broken.trouble = "RedBeat's keys cannot be used."
    world = World(schedule=[MemorySchedule([entry()]), broken])

    found = await listed(world)

    assert len(found["items"]) == 1
    assert found["sources"][1]["trouble"] == "RedBeat's keys cannot be used."


async def test_without_any_source_entries_are_learned_from_the_history() -> None:
    world = World()
    for minute in range(12):
        ran(world, f"m{minute}", NOW - 60 * (12 - minute), name="cron.tick")

    found = await listed(world)

    (row,) = found["items"]
    assert (row["id"], row["words"]) == ("learned:cron.tick", "every minute")
    assert row["entry"]["locked"].startswith("It was learned from the history")


async def test_a_thousand_entries_are_listed_within_moments_and_found() -> None:
    """No bound on time is asserted: the budget ends the reading, and says so."""
    many = [entry(f"entry {n:04}", task=f"shop.t{n}", schedule=Crontab(f"{n % 60}"))
            for n in range(1_000)]  # fmt: skip
    world, _ = scheduled(*many, entry("strange", schedule=OwnSchedule("Tides")))
    begin = time.monotonic()

    found = await listed(world)

    assert (len(found["items"]), found["total"]) == (200, 1_001)
    assert time.monotonic() - begin < 20
    (one,) = (await listed(world, contains="ENTRY 0777"))["items"]
    assert one["entry"]["name"] == "entry 0777"
    (own,) = (await listed(world, contains="strange"))["items"]
    assert own["why_never"] == "Only its own class Tides knows when it is due."


async def test_an_entry_is_sent_now_as_beat_would_send_it() -> None:
    world, _ = scheduled(entry(args=(1,), kwargs={"a": 2}, queue="reports", expires_s=60.0))

    response = await world.post(f"{SCHEDULE}/django:nightly/run", {})

    assert response.status_code == 200, response.text
    (signature,) = world.cluster.sent
    assert (signature.name, signature.args, signature.kwargs) == ("shop.report", (1,), {"a": 2})
    assert (signature.queue, signature.expires) == ("reports", NOW + 60)
    lines = world.ledger.audit().items
    assert {line.reason for line in lines} == {"The entry nightly, now."}


async def test_the_headers_of_an_entry_go_with_it_and_their_secrets_are_not_shown() -> None:
    world, _ = scheduled(entry(headers={"tenant": "acme", "api_key": "s3cr3t"}))

    response = await world.post(f"{SCHEDULE}/nightly/run", {})
    shown = (await listed(world))["items"][0]["entry"]["headers"]

    assert response.status_code == 200, response.text
    (signature,) = world.cluster.sent
    assert signature.headers == {"tenant": "acme", "api_key": "s3cr3t"}
    assert (shown["tenant"], "s3cr3t" in str(shown)) == ("acme", False)


async def test_an_entry_with_other_options_is_not_run_without_them() -> None:
    world, _ = scheduled(entry(unsent=("countdown", "link")))

    response = await world.post(f"{SCHEDULE}/nightly/run", {})

    assert (response.status_code, world.cluster.sent) == (400, [])
    assert "with countdown and link as well" in problem_of(response)["detail"]


async def test_a_routing_key_that_repeats_the_queue_keeps_no_entry_from_being_run() -> None:
    world, source = scheduled(entry(queue="reports", exchange="reports", routing_key="reports"))

    sent = await world.post(f"{SCHEDULE}/nightly/run", {})
    source.known["nightly"] = entry(queue="reports", routing_key="other")
    await world.post(f"{SCHEDULE}/nightly/change", {"enabled": False, "dry_run": True})
    refused = await world.post(f"{SCHEDULE}/nightly/run", {})

    assert (sent.status_code, refused.status_code) == (200, 400), sent.text
    (signature,) = world.cluster.sent
    assert (signature.queue, signature.routing_key) == ("reports", None)


async def test_an_entry_whose_arguments_are_not_known_exactly_is_not_run_with_others() -> None:
    world, _ = scheduled(entry(args=("12,345 bytes of arguments",), exact=False))

    response = await world.post(f"{SCHEDULE}/nightly/run", {})

    assert (response.status_code, world.cluster.sent) == (400, [])
    assert "not known exactly" in problem_of(response)["detail"]


async def test_a_change_is_planned_made_and_written_into_the_audit() -> None:
    world, source = scheduled(entry())
    path = f"{SCHEDULE}/nightly/change"
    wanted = {"crontab": "30 8 * * mon-fri", "zone": "Europe/Berlin"}

    plan = (await world.post(path, {**wanted, "dry_run": True})).json()
    before = source.known["nightly"]
    made = await world.post(path, {**wanted, "revision": plan["revision"], "reason": "too early"})

    assert (plan["done"], plan["before"], plan["after"]) == (
        False, "every hour", "every weekday at 08:30",
    )  # fmt: skip
    assert len(plan["next_runs"]) == 5
    assert before == entry()
    assert made.json()["done"] is True
    assert source.known["nightly"].schedule == Crontab("30", "8", "mon-fri", zone="Europe/Berlin")
    line, before_it = world.ledger.audit(action="edit-entry").items
    assert (line.outcome, before_it.outcome) == ("done", None)
    assert line.action_id == before_it.action_id
    assert (line.target, line.reason) == (
        "entry nightly: every weekday at 08:30 instead of every hour.", "too early",
    )  # fmt: skip
    stale = await world.post(path, {"enabled": False, "revision": plan["revision"]})
    assert (stale.status_code, "Somebody has changed" in problem_of(stale)["detail"]) == (400, True)


async def test_the_plan_of_a_time_that_has_passed_says_that_beat_sends_it_at_once() -> None:
    """Beat reckons from the last run on, whatever the schedule was then."""
    world, _ = scheduled(entry(schedule=Crontab("0", str(AN_HOUR_AGO - 1))))
    ran(world, "a", HOUR - 2 * 3_600)
    path = f"{SCHEDULE}/nightly/change"

    sooner = (await world.post(path, {"crontab": f"0 {AN_HOUR_AGO} * * *", "dry_run": True})).json()
    often = (await world.post(path, {"every_s": 600, "dry_run": True})).json()
    later = (await world.post(path, {"crontab": "59 23 * * *", "dry_run": True})).json()

    assert "has not run since, so beat sends it at once." in sooner["consequences"][0]
    assert [run["at"] for run in sooner["next_runs"][:2]] == [NOW, HOUR + 23 * 3_600]
    assert "so beat sends it at once." in often["consequences"][0]
    assert often["next_runs"][0]["at"] == NOW
    assert later["consequences"] == []
    assert later["next_runs"][0]["at"] > NOW


async def test_the_plan_says_that_django_loads_an_hour_that_is_far_only_before_it() -> None:
    """Since django-celery-beat 2.8; it then sends what is overdue, before its time."""
    world, _ = scheduled(entry(schedule=Crontab("0", str((AN_HOUR_AGO - 5) % 24))))
    ran(world, "a", HOUR - 6 * 3_600)
    wanted = {"crontab": f"0 {(AN_HOUR_AGO - 3) % 24} * * *", "dry_run": True}

    plan = (await world.post(f"{SCHEDULE}/nightly/change", wanted)).json()

    assert "may send it before its time" in plan["consequences"][0]
    assert plan["next_runs"][0]["at"] > NOW


async def test_the_plan_of_enabling_a_time_that_is_over_says_that_beat_may_send_it_at_once() -> (
    None
):
    """django-celery-beat does, whenever that time was."""
    once = entry(schedule=Clocked(NOW - 3_600), one_off=True, enabled=False, can=("enable",))
    world, _ = scheduled(once)

    plan = (
        await world.post(f"{SCHEDULE}/nightly/change", {"enabled": True, "dry_run": True})
    ).json()

    assert plan["consequences"][0].startswith("Its time was 60 min ago: beat sends it at once")


@pytest.mark.parametrize(("source", "told"), [("redbeat", True), ("django", False)])
async def test_the_plan_says_that_redbeat_enables_again_what_stands_in_code(
    source: SourceName, told: bool
) -> None:
    kept = MemorySchedule([entry(source=source, in_code=True)], name=source)
    world = World(schedule=[kept])

    plan = await world.post(f"{SCHEDULE}/nightly/change", {"enabled": False, "dry_run": True})

    assert ("RedBeat enables it again" in " ".join(plan.json()["consequences"])) is told


async def test_an_entry_that_was_disabled_is_enabled_without_a_run() -> None:
    """django-celery-beat forgets the last run of what it disables."""
    world, source = scheduled(entry(enabled=False, can=("enable", "edit")))
    ran(world, "a", HOUR - 2 * 3_600)

    plan = (
        await world.post(f"{SCHEDULE}/nightly/change", {"enabled": True, "dry_run": True})
    ).json()

    assert plan["consequences"] == []
    assert plan["next_runs"][0]["at"] == HOUR + 3_600
    source.known["nightly"] = entry(since=NOW - 1)
    wanted = {"crontab": f"0 {AN_HOUR_AGO} * * *", "dry_run": True}
    edited = (await world.post(f"{SCHEDULE}/nightly/change", wanted)).json()
    assert edited["consequences"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "Nothing would be otherwise"),
        ({"crontab": "0 8"}, "five fields"),
        ({"crontab": "99 8 * * *"}, "from 0 to 59"),
        ({"crontab": "0 8 * * *", "every_s": 5}, "not both"),
        ({"crontab": "0 8 * * *", "zone": "Mars/Base"}, "no time zone"),
        ({"enabled": True}, "Nothing would be otherwise"),
        ({"every_s": 1e-300}, "from 0.1"),
        ({"args": ["x" * 10_001]}, "up to 10,000 bytes"),
        ({"kwargs": {"a": ["x"] * 10_000}}, "up to 10,000 bytes"),
    ],
)
async def test_what_cannot_be_is_refused_in_words(body: dict[str, Any], words: str) -> None:
    world, source = scheduled(entry())

    response = await world.post(f"{SCHEDULE}/nightly/change", body)

    assert response.status_code == 400, response.text
    assert words in problem_of(response)["detail"]
    assert source.known["nightly"] == entry()


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Crontab("99"), "Its crontab cannot be read"),
        (Crontab(zone="Mars/Base"), "There is no time zone"),
        (OwnSchedule("Tides"), "Only its own class Tides knows"),
        (OwnSchedule(""), "is none"),
    ],
)
async def test_an_entry_of_which_nobody_knows_when_it_is_due_can_be_disabled(
    schedule: Schedule, words: str
) -> None:
    """Who is woken by it wants nothing else, and may mend it afterwards."""
    world, source = scheduled(entry(schedule=schedule))
    path = f"{SCHEDULE}/nightly/change"

    disabled = await world.post(path, {"enabled": False})
    source.known["nightly"] = entry(schedule=schedule, enabled=False, can=("enable", "edit"))
    enabling = await world.post(path, {"enabled": True, "dry_run": True})
    mended = await world.post(path, {"crontab": "0 8 * * *", "zone": "UTC"})

    assert (disabled.status_code, disabled.json()["next_runs"]) == (200, [])
    assert words in " ".join(enabling.json()["consequences"])
    assert mended.status_code == 200
    assert source.known["nightly"].schedule == Crontab("0", "8")


async def test_what_fails_is_a_problem_and_in_the_audit() -> None:
    world, source = scheduled(entry())
    source.refusal = "The database is away."

    response = await world.post(f"{SCHEDULE}/nightly/change", {"enabled": False})

    assert problem_of(response)["type"] == "urn:umbel:problem:schedule-trouble"
    line, before = world.ledger.audit(action="disable-entry").items
    assert before.outcome is None
    assert (line.outcome, line.answer) == ("failed", "The database is away.")
    absent = await world.post(f"{SCHEDULE}/gone/run", {})
    assert problem_of(absent)["type"] == "urn:umbel:problem:unknown-entry"
    source.trouble = "The database is gone."
    unread = await world.post(f"{SCHEDULE}/nightly/change", {"enabled": False})
    assert problem_of(unread)["type"] == "urn:umbel:problem:schedule-trouble"


async def test_an_entry_of_the_code_is_nobodys_to_change() -> None:
    world, _ = scheduled(entry(can=(), locked="It stands in the code."))

    response = await world.post(f"{SCHEDULE}/nightly/change", {"enabled": False})

    assert problem_of(response)["detail"] == "It stands in the code."


async def test_viewers_look_and_change_nothing() -> None:
    world, _ = scheduled(entry(), users=USERS)
    viewer = basic("vera", "pw-vera")

    assert (await world.get(SCHEDULE, headers=viewer)).status_code == 200
    for deed in ("run", "change"):
        body = {"enabled": False} if deed == "change" else {}
        response = await world.post(f"{SCHEDULE}/nightly/{deed}", body, headers=viewer)
        assert response.status_code == 403


async def test_secrets_in_arguments_are_hidden() -> None:
    world, _ = scheduled(entry(kwargs={"password": "hunter2", "n": 1}))

    text = (await world.get(SCHEDULE)).text

    assert "hunter2" not in text
    assert '"n":1' in text
