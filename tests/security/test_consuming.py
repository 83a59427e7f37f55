"""Workers that are told to consume a queue that is there live on."""

from __future__ import annotations

import pytest

from tests.unit.control.scene import ADA, EU, Scene
from umbel.broker.base import Declaration
from umbel.errors import ActionRefused

PRIOR: dict[str, object] = {"queue_arguments": {"x-max-priority": 10}}


def test_workers_are_told_how_a_queue_is_there() -> None:
    scene = Scene()
    scene.cluster.declarations["mail"] = Declaration(
        options=PRIOR, differences=("x-max-priority: 10",)
    )

    plan = scene.plan("add_consumer", queue="mail")
    report = scene.do("add_consumer", queue="mail")

    assert "is there with x-max-priority: 10" in " ".join(plan.consequences)
    assert report.sentence == "2 of 2 workers confirmed it."
    assert [told.arguments for told in scene.told("add_consumer")] == [{"queue": "mail", **PRIOR}]


def test_a_queue_that_would_end_workers_is_told_before() -> None:
    scene = Scene()
    scene.cluster.declarations["mail"] = Declaration(impossible="It is exclusive.")

    plan = scene.plan("add_consumer", queue="mail")

    assert plan.impossible == "It is exclusive."
    with pytest.raises(ActionRefused, match="exclusive"):
        scene.control.execute(plan.id, ADA)


def test_a_queue_that_changed_after_the_plan_is_not_consumed() -> None:
    scene = Scene()
    plan = scene.plan("add_consumer", queue="mail")

    scene.cluster.declarations["mail"] = Declaration(impossible="It is exclusive.")
    scene.control.execute(plan.id, ADA)
    report = scene.control.wait(plan.id, 10)

    assert (report.state, "exclusive" in report.sentence) == ("failed", True)
    assert not scene.told("add_consumer")


@pytest.mark.parametrize(
    ("consumed", "possible"),
    [
        ([{"name": "home", "queue_arguments": {"x-queue-type": "quorum"}}], True),
        ([{"name": "home", "queue_arguments": None}], False),
        (["odd", None], False),
    ],
)
def test_a_quorum_queue_is_for_workers_that_consume_one(
    consumed: list[object], possible: bool
) -> None:
    scene = Scene()
    scene.cluster.transport = "amqp"
    scene.eu.says["active_queues"] = consumed
    options: dict[str, object] = {"queue_arguments": {"x-queue-type": "quorum"}}
    scene.cluster.declarations["mail"] = Declaration(options=options)

    plan = scene.plan("add_consumer", queue="mail", workers=[EU])

    assert (plan.impossible is None) == possible


def knowing(kind: str) -> list[object]:
    """What a worker says that consumes a queue of an exchange `shared` of this type."""
    exchange = {"name": "shared", "type": kind, "durable": True, "auto_delete": False}
    return ["odd", {"name": "reports", "exchange": exchange | {"arguments": None}}]


@pytest.mark.parametrize(
    ("kind", "options"), [("direct", {}), ("topic", {"exchange_type": "topic"})]
)
def test_a_worker_that_knows_an_exchange_of_the_name_is_told_its_type(
    kind: str, options: dict[str, object]
) -> None:
    scene = Scene()
    scene.eu.says["active_queues"] = knowing(kind)

    scene.do("add_consumer", queue="shared", workers=[EU])

    assert [told.arguments for told in scene.told("add_consumer")] == [
        {"queue": "shared", **options}
    ]


def test_workers_that_know_an_exchange_differently_are_to_be_told_one_by_one() -> None:
    scene = Scene()
    scene.eu.says["active_queues"] = knowing("direct")
    scene.us.says["active_queues"] = knowing("topic")

    plan = scene.plan("add_consumer", queue="shared")

    assert "different ways" in (plan.impossible or "")
