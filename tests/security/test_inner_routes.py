"""No task is sent that has a worker write to a name of Celery's own, or end, by what stands in its
headers or in the arguments of Celery's own tasks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.world import World, problem_of
from tests.contract.stories import BASE, begun, uuid_of
from tests.security.test_celery_names import GOSSIP, application
from tests.unit.control.scene import ADA, Scene
from umbel.applications import bare_application
from umbel.broker.base import Signature
from umbel.broker.cluster import open_cluster
from umbel.broker.reserved_names import reserved_names
from umbel.errors import ActionRefused, BrokerRefused
from umbel.services.control.task_sender import Apply
from umbel.services.control.types import Edit

EVENTS = {"exchange": "celeryev", "routing_key": "worker.heartbeat"}


def callback(**options: Any) -> dict[str, Any]:
    """A signature as Celery writes it."""
    return {
        "task": "shop.charge", "args": [], "kwargs": {}, "options": options,
        "subtask_type": None, "immutable": False,
    }  # fmt: skip


def unlocking(**options: Any) -> dict[str, Any]:
    """What sends the end of a chord, as `Apply` has it."""
    return {
        "name": "celery.chord_unlock",
        "args": ["7c1e", callback(**options)],
        "kwargs": {"result": [], "interval": 1},
    }


FORBIDDEN: tuple[dict[str, Any], ...] = (
    EVENTS,
    {"queue": "celeryev"},
    {"routing_key": GOSSIP},
    {"exchange": "", "routing_key": GOSSIP},
    {"queue": "mail", "reply_to": GOSSIP},
    {"queue": "mail", "headers": {"CC": [GOSSIP]}},
    {"queue": "mail", "headers": {"stamped_headers": 7}},
    {"queue": "mail", "headers": [["stamped_headers", 7]]},
    {"queue": "mail", "headers": {"timelimit": 7}},
    {"queue": "mail", "headers": {"shadow": {"a": 1}}},
    {"queue": "mail", "shadow": {"a": 1}},
    {"queue": "mail", "task_id": {"a": 1}},
    {"queue": "mail", "time_limit": "soon"},
    {"queue": "mail", "link": [callback(**EVENTS)]},
    {"queue": "mail", "chord": callback(link_error=[callback(**EVENTS)])},
)
FREE: tuple[dict[str, Any], ...] = (
    {},
    {"queue": "mail", "task_id": "7c1e", "root_id": "7c1e", "reply_to": None},
    {"exchange": "mine", "routing_key": "worker.heartbeat"},
    {"stamped_headers": ["order"], "order": ["7"], "headers": {"tenant": "eu"}},
    {"headers": {"shadow": "unlock"}, "time_limit": 7, "soft_time_limit": 1.5, "shadow": "a"},
    {"headers": None, "link": [callback(queue="mail")]},
)


@pytest.mark.parametrize("options", FORBIDDEN)
def test_celerys_own_tasks_send_nothing_to_a_name_of_celerys_own(options: dict[str, Any]) -> None:
    scene = Scene()

    with pytest.raises(ActionRefused, match="belongs to Celery") as told:
        scene.control.apply(Apply(**unlocking(**options)), ADA)

    assert told.value.field == "args"
    assert not scene.cluster.sent


@pytest.mark.parametrize("options", FREE)
def test_the_end_of_a_chord_can_be_sent_by_hand(options: dict[str, Any]) -> None:
    scene = Scene()

    scene.control.apply(Apply(**unlocking(**options)), ADA)

    assert [sent.name for sent in scene.cluster.sent] == ["celery.chord_unlock"]


def test_tasks_of_an_application_take_any_arguments() -> None:
    scene = Scene()

    scene.control.apply(Apply(name="shop.audit", args=[callback(**EVENTS)]), ADA)

    assert [sent.args for sent in scene.cluster.sent] == [(callback(**EVENTS),)]


def test_arguments_are_looked_through_to_their_end() -> None:
    own = reserved_names(application(), "amqp")
    deep: object = callback(**EVENTS)
    for _ in range(5_000):
        deep = [deep]

    found = own.of_arguments("celery.group", (), {"tasks": deep})

    assert found is not None
    assert (found.field, found.name) == ("kwargs", "celeryev")


@pytest.mark.parametrize(("options", "count"), [(EVENTS, 0), ({"queue": "mail"}, 1)])
def test_a_retry_with_other_arguments_is_looked_at_as_well(
    options: dict[str, Any], count: int
) -> None:
    unlock = uuid_of(78)
    scene = Scene(*begun(unlock, BASE, name="celery.chord_unlock"))
    described = unlocking(**options)

    edit = Edit(args=described["args"], kwargs=described["kwargs"])
    plan = scene.plan("retry", ids=[unlock], edit=edit)

    assert plan.count == count
    assert ("belongs to Celery's events" in " ".join(plan.skipped)) == (count == 0)


@pytest.mark.parametrize("broker", ["redis://127.0.0.1:1", "amqp://127.0.0.1:1"])
def test_the_cluster_itself_refuses_such_arguments(broker: str) -> None:
    cluster = open_cluster(bare_application(broker))

    with pytest.raises(BrokerRefused, match="belongs to Celery's events"):
        cluster.send(
            [Signature(id="1", name="celery.map", args=(callback(**EVENTS), [1]), queue="mail")]
        )


@pytest.mark.parametrize("value", [7, [["order"]], ["order"], None])
@pytest.mark.parametrize("header", ["stamped_headers", "stamps"])
def test_stamps_are_celerys_to_write(header: str, value: object) -> None:
    """A worker that meets stamps of another form ends before it has read the task."""
    scene = Scene()

    with pytest.raises(ActionRefused, match=f"The header {header} belongs to Celery"):
        scene.control.apply(Apply(name="shop.charge", headers={header: value}), ADA)

    assert not scene.cluster.sent


@pytest.mark.parametrize(
    "headers",
    [{"shadow": {"a": 1}}, {"shadow": ["a"]}, {"shadow": 7}, {"ignore_result": {}},
     {"compression": "zlib"}, {"group_index": [1]}],
)  # fmt: skip
def test_a_name_to_be_shown_is_a_text(headers: dict[str, Any]) -> None:
    """A task whose name cannot be counted is never acknowledged, and holds its place in the
    worker for ever."""
    scene = Scene()

    with pytest.raises(ActionRefused, match="belongs to Celery"):
        scene.control.apply(Apply(name="shop.charge", headers=headers), ADA)

    assert not scene.cluster.sent


@pytest.mark.parametrize(
    "headers",
    [{"shadow": "charge order 7"}, {"shadow": None, "ignore_result": True}, {"tenant": {"a": 1}}],
)  # fmt: skip
def test_other_headers_are_free(headers: dict[str, Any]) -> None:
    scene = Scene()

    scene.control.apply(Apply(name="shop.charge", headers=headers), ADA)

    assert [sent.headers for sent in scene.cluster.sent] == [headers]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "body",
    [
        {"name": "shop.charge", "headers": {"shadow": {"a": 1}}},
        {"name": "shop.charge", "headers": {"stamped_headers": 7}, "expires": 100},
        unlocking(**EVENTS),
    ],
)
async def test_neither_api_takes_them(world: World, body: dict[str, Any]) -> None:
    told = problem_of(await world.post("/api/v1/apply", body))
    given = {name: value for name, value in body.items() if name != "name"}
    flowers = await world.post(f"/api/task/send-task/{body['name']}", given)

    assert told["parameter"] in body
    assert (told["status"] < 500, 400 <= flowers.status_code < 500) == (True, True)
    assert not world.cluster.sent
