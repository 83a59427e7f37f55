"""Every route and every action, asked by everybody of the table in docs/logins/roles.md: by
password and rules, by token, without rules, and read-only."""

from __future__ import annotations

import re
from typing import Any, get_args

import httpx
import pytest

from tests.api.permission_table import (
    BOUNDED,
    EVERYBODY,
    FLOWER,
    MINE,
    OTHERS,
    UNBOUNDED,
    Subject,
    Verdict,
    action,
    filled,
    shown_by,
    table,
    world_of,
)
from tests.api.world import World, collector, problem_of
from umbel.services.control.types import ActionKind
from umbel.store.alerts import Alert, AlertRule, Silence
from umbel.store.ledger import Deploy
from umbel.web.flower.routes import FLOWER_ROUTES
from umbel.web.http.route import Route
from umbel.web.routes import ROUTES

pytestmark = pytest.mark.anyio

TABLE = table()
KINDS = [kind for group in get_args(ActionKind) for kind in (get_args(group) or (group,))]
#: What stands at the beginning of the sentence by which a plan leaves out what one may not touch.
ALONE = "Not permitted: "
ACTIONS = "/api/v1/actions"
SEARCHES = "/api/v1/searches"
#: Routes of our own that change something, by what they do. `plan` is asked for each action.
CHANGING = {"plan": None, "execute": "execute", "cancel": "cancel", "apply": "send",
            "pause-queue": "pause", "resume-queue": "resume",
            "create-token": "tokens", "revoke-token": "tokens", "resolve-error": "errors",
            "ignore-error": "errors", "reopen-error": "errors", "note-error": "errors",
            "mute": "mute", "unmute": "mute", "mute-check": "mute", "unmute-check": "mute",
            "announce-deploy": "deploys",
            "run-entry": "send", "change-entry": "schedule",
            "remove-deploy": "deploys", "save-search": "share",
            "change-search": "share", "delete-search": "share", "add-alert-rule": "alerts",
            "change-alert-rule": "alerts", "remove-alert-rule": "alerts",
            "silence-alerts": "alerts", "unsilence-alerts": "alerts", "test-notifier": "alerts",
            "acknowledge-alert": "alerts"}  # fmt: skip
LOOKING = [
    route
    for route in (*ROUTES, *FLOWER_ROUTES)
    if route.permission == "read" and route.method == "GET"
]


class Asker:
    """Somebody of a column, with what they show."""

    def __init__(self, world: World, column: str, *, token: bool) -> None:
        self.world = world
        self.headers = shown_by(column, world, token=token)

    async def post(self, path: str, body: object = None, **options: Any) -> httpx.Response:
        async with self.world.client(headers=self.headers) as client:
            if options:
                return await client.post(path, **options)
            return await client.post(path, json={} if body is None else body)


def is_refused(response: httpx.Response) -> bool:
    """Whether it was refused for want of a role; everything else must have been done."""
    if response.status_code == 403:
        return True
    assert response.status_code < 400, response.text
    if response.status_code != 201 or "impossible" not in response.json():
        return False
    plan = response.json()
    refused = any(why.startswith(ALONE) for why in plan["skipped"])
    assert not refused or (plan["count"] == 0 and plan["impossible"])
    return refused


def expected(verdict: Verdict, subject: Subject) -> bool:
    """Whether it is refused."""
    return verdict == "no" or (verdict == "theirs" and subject is OTHERS)


#: Everybody of the table, by password and by token.
ASKERS = [(column, token) for column in EVERYBODY for token in (False, True)]
EVERY_ASKER = pytest.mark.parametrize(
    ("column", "token"),
    ASKERS,
    ids=[f"{column}{', token' if token else ''}" for column, token in ASKERS],
)
SUBJECTS = pytest.mark.parametrize("subject", [MINE, OTHERS], ids=["mine", "others"])


@pytest.fixture(params=[False, True], ids=["", "read-only"])
def read_only(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


# -- the table ---------------------------------------------------------------------------------


def test_the_table_has_a_row_for_every_action_and_every_route() -> None:
    flower = {path.partition("{")[0] for path in FLOWER}
    acting = {r.path.partition("{")[0] for r in FLOWER_ROUTES if r.method == "POST"}
    sees = {"logout", "me"}
    undeclared = {
        route.name
        for route in ROUTES
        if route.permission in ("operate", "administer") and route.name not in sees
    } - {"tokens", *CHANGING}

    assert {*KINDS} <= TABLE.keys()
    assert {deed for deed, _ in FLOWER.values()} <= TABLE.keys()
    assert {deed for deed in CHANGING.values() if deed} <= TABLE.keys()
    assert {*EVERYBODY} == {*TABLE["look"]}
    assert flower == acting
    assert undeclared == set()


# -- everybody of the table --------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@SUBJECTS
async def test_an_action_is_planned_by_those_of_the_table(
    kind: str, subject: Subject, read_only: bool
) -> None:
    world = world_of(read_only=read_only)

    refused = {
        (column, token): is_refused(
            await Asker(world, column, token=token).post(ACTIONS, action(kind, subject))
        )
        for column, token in ASKERS
    }

    assert refused == {
        (column, token): read_only or expected(TABLE[kind][column], subject)
        for column, token in ASKERS
    }


@pytest.mark.parametrize("path", FLOWER, ids=[path.partition("/{")[0] for path in FLOWER])
@SUBJECTS
async def test_flowers_routes_do_it_for_those_of_the_table(
    path: str, subject: Subject, read_only: bool
) -> None:
    deed, given = FLOWER[path]
    params = {key: filled(str(value), subject) for key, value in given.items()}
    options = {"json": {"timeout": 0.01}} if "/apply/" in path else {"params": params}
    for column, token in ASKERS:
        asker = Asker(world_of(read_only=read_only), column, token=token)

        response = await asker.post(filled(path, subject), **options)

        refused = read_only or expected(TABLE[deed][column], subject)
        assert is_refused(response) == refused, (column, token)
        if refused:  # no more than questions was asked of workers
            commands = {command.name for command in asker.world.cluster.commands}
            assert commands <= {"ping", "registered", "active_queues"} - {deed}
            assert asker.world.cluster.sent == []
            assert asker.world.ledger.intents([MINE.uuid, OTHERS.uuid]) == {}


@SUBJECTS
@EVERY_ASKER
async def test_tasks_are_sent_by_those_of_the_table(
    subject: Subject, column: str, token: bool, read_only: bool
) -> None:
    for extra in ({}, {"queue": subject.queue}, {"wait": 0}):
        asker = Asker(world_of(read_only=read_only), column, token=token)

        response = await asker.post("/api/v1/apply", {"name": subject.name, **extra})

        refused = read_only or expected(TABLE["send"][column], subject)
        assert is_refused(response) == refused
        assert (asker.world.cluster.sent == []) == refused


@pytest.mark.parametrize("deed", ["execute", "cancel"])
@SUBJECTS
@EVERY_ASKER
async def test_plans_are_executed_and_withdrawn_by_those_of_the_table(
    deed: str, subject: Subject, column: str, token: bool
) -> None:
    """A plan of their own, or an admin's about a task that is theirs to act on."""
    world = world_of()
    asker = Asker(world, column, token=token)
    admin = Asker(world, "admin", token=False)
    own = subject is MINE and TABLE["revoke"][column] != "no"
    planned = await (asker if own else admin).post(ACTIONS, action("revoke", MINE))

    response = await asker.post(f"{ACTIONS}/{planned.json()['id']}/{deed}")

    assert is_refused(response) == expected(TABLE[deed][column], subject)


@pytest.mark.parametrize("route", LOOKING, ids=lambda route: route.name)
async def test_everybody_sees_everything(route: Route) -> None:
    world = world_of()
    path = re.sub(r"\{\w+\}", "x", route.path.replace("{inspection}", "stats"))
    for column in EVERYBODY:
        asker = Asker(world, column, token=False)
        async with world.client(headers=asker.headers) as client:
            method = "HEAD" if route.events else "GET"
            response = await client.request(method, path)

        assert TABLE["look"][column] == "yes"
        assert response.status_code not in {401, 403, 405}, (column, response.text)


@EVERY_ASKER
async def test_tokens_are_for_those_of_the_table(column: str, token: bool, read_only: bool) -> None:
    refused = read_only or TABLE["tokens"][column] == "no"
    asker = Asker(world_of(read_only=read_only), column, token=token)
    async with asker.world.client(headers=asker.headers) as client:
        listed = await client.get("/api/v1/tokens")

    made = await asker.post("/api/v1/tokens", {"name": "new"})
    revoked = await asker.post("/api/v1/tokens/new/revoke")

    assert [is_refused(each) for each in (listed, made, revoked)] == [refused] * 3


@pytest.mark.parametrize("deed", ["resolve", "ignore", "reopen", "note"])
@EVERY_ASKER
async def test_errors_are_decided_about_by_those_of_the_table(
    deed: str, column: str, token: bool, read_only: bool
) -> None:
    asker = Asker(world_of(read_only=read_only), column, token=token)
    async with asker.world.client(headers=asker.headers) as client:
        listed = await client.get("/api/v1/errors")
    error_id = listed.json()["items"][0]["id"]

    response = await asker.post(f"/api/v1/errors/{error_id}/{deed}", {"note": "x"})

    assert is_refused(response) == (read_only or TABLE["errors"][column] == "no")


@EVERY_ASKER
async def test_findings_are_muted_by_those_of_the_table(
    column: str, token: bool, read_only: bool
) -> None:
    refused = read_only or TABLE["mute"][column] == "no"
    world = world_of(read_only=read_only)
    world.store.report(collector(lag_s=30.0))
    asker = Asker(world, column, token=token)
    body = {"until": world.clock.now() + 60, "reason": "we know"}

    muted = await asker.post("/api/v1/health/collector-behind/mute", body)
    unmuted = await asker.post("/api/v1/health/collector-behind/unmute")
    check = await asker.post("/api/v1/doctor/broker/mute", body)
    heard = await asker.post("/api/v1/doctor/broker/unmute")

    assert [is_refused(each) for each in (muted, unmuted, check, heard)] == [refused] * 4


@EVERY_ASKER
async def test_deploys_are_announced_by_those_of_the_table(
    column: str, token: bool, read_only: bool
) -> None:
    refused = read_only or TABLE["deploys"][column] == "no"
    world = world_of(read_only=read_only)
    at = world.clock.now()
    world.ledger.keep_deploy(Deploy(id="mistake", kind="announced", at=at - 9_000, until=at))
    asker = Asker(world, column, token=token)

    announced = await asker.post("/api/v1/deploys", {"version": "5.7"})
    removed = await asker.post("/api/v1/deploys/mistake/remove")

    assert [is_refused(each) for each in (announced, removed)] == [refused] * 2


@EVERY_ASKER
async def test_entries_of_beat_are_changed_by_those_of_the_table(
    column: str, token: bool, read_only: bool
) -> None:
    world = world_of(read_only=read_only)
    refused = read_only or TABLE["schedule"][column] == "no"
    asker = Asker(world, column, token=token)

    changed = await asker.post("/api/v1/schedule/nightly/change", {"enabled": False})
    sent = await asker.post("/api/v1/schedule/nightly/run")

    assert changed.status_code == (403 if refused else 404)
    assert sent.status_code == (403 if read_only or TABLE["send"][column] == "no" else 404)


@EVERY_ASKER
async def test_alerts_are_ruled_by_those_of_the_table(
    column: str, token: bool, read_only: bool
) -> None:
    refused = read_only or TABLE["alerts"][column] == "no"
    world = world_of(read_only=read_only)
    now = world.clock.now()
    rule = AlertRule(id="r", name="Rule", condition="any finding")
    world.ledger.keep_alert_rule(rule, instead_of=None)
    world.ledger.keep_alerts(
        [
            Alert(
                id="a", rule="r", name="Rule", condition="any finding", severity="notice",
                subject="", phase="firing", since=now, fired=now, sentence="It is so.",
            )
        ]
    )  # fmt: skip
    silence = Silence(
        id="s", rule="", subject="*", start=now, until=now + 60, actor="ada", reason="x"
    )
    world.ledger.keep_silence(silence, now)
    asker = Asker(world, column, token=token)
    body = {"name": "New", "condition": "any finding"}

    answers = [
        await asker.post("/api/v1/alerts/rules", body),
        await asker.post("/api/v1/alerts/rules/r/change", {**body, "name": "Rule", "changed": 0}),
        await asker.post("/api/v1/alerts/a/acknowledge"),
        await asker.post("/api/v1/alerts/silences", {"until": now + 60, "reason": "a deploy"}),
        await asker.post("/api/v1/alerts/silences/s/end"),
        await asker.post("/api/v1/alerts/rules/r/remove"),
    ]

    assert [is_refused(each) for each in answers] == [refused] * 6
    tested = await asker.post("/api/v1/alerts/notifiers/mail/test")
    assert tested.status_code == (403 if refused else 404)


@EVERY_ASKER
async def test_searches_are_shared_by_those_of_the_table(
    column: str, token: bool, read_only: bool
) -> None:
    """Everybody saves, changes and deletes what they alone see."""
    refused = read_only or TABLE["share"][column] == "no"
    asker = Asker(world_of(read_only=read_only), column, token=token)

    shared = await asker.post(SEARCHES, {"name": "for all", "shared": True})
    own = await asker.post(SEARCHES, {"name": "mine", "q": "state:FAILURE"})
    path = f"{SEARCHES}/{own.json()['id']}"
    turned = await asker.post(f"{path}/change", {"shared": True})
    renamed = await asker.post(f"{path}/change", {"name": "still mine"})
    deleted = await asker.post(f"{path}/delete")

    assert [is_refused(each) for each in (shared, turned)] == [refused] * 2
    assert [is_refused(each) for each in (own, renamed, deleted)] == [False] * 3


# -- without rules, and nobody -----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@SUBJECTS
async def test_without_rules_the_table_is_the_same(kind: str, subject: Subject) -> None:
    world = world_of(rules=False)
    for column in UNBOUNDED:
        response = await Asker(world, column, token=False).post(ACTIONS, action(kind, subject))

        assert is_refused(response) == expected(TABLE[kind][column], subject), column


@pytest.mark.parametrize("rules", [False, True], ids=["", "rules"])
async def test_nobody_does_anything(rules: bool) -> None:
    world = world_of(rules=rules)
    async with world.client() as client:
        for kind in KINDS:
            body = action(kind, MINE)
            assert (await client.post(ACTIONS, json=body)).status_code == 401
        for path in FLOWER:
            assert (await client.post(filled(path, MINE))).status_code == 401
        for route in LOOKING:
            path = re.sub(r"\{\w+\}", "x", route.path.replace("{inspection}", "stats"))
            assert (await client.get(path)).status_code == 401, path

    assert world.cluster.sent == []
    assert world.cluster.commands == []


# -- words -------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", BOUNDED)
async def test_a_refusal_names_what_one_may_act_on(column: str) -> None:
    asker = Asker(world_of(), column, token=False)
    scope = "tasks billing.*" if BOUNDED[column].name else "tasks in the queue slow"

    workers = await asker.post(ACTIONS, {"action": "ping"})
    others = await asker.post(ACTIONS, action("revoke", OTHERS))
    flowers = await asker.post(f"/api/task/revoke/{OTHERS.uuid}")
    flowers_worker = await asker.post("/api/worker/pool/grow/x")

    assert scope in problem_of(workers)["detail"]
    assert scope in others.json()["impossible"]
    assert [*others.json()["skipped"]] == [flowers.text]
    assert scope in flowers.text
    assert flowers_worker.status_code == 403
    assert scope in flowers_worker.text


async def test_whoever_loses_their_bounds_does_nothing_more() -> None:
    world = world_of()
    asker = Asker(world, "operator of `name`", token=True)
    planned = await asker.post(ACTIONS, action("revoke", MINE))
    world.ledger.drop_token("nora")

    executed = await asker.post(f"{ACTIONS}/{planned.json()['id']}/execute")

    assert executed.status_code == 401
