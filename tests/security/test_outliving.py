"""A report says of no worker that died of a command that it did it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.memory_cluster import Command, MemoryWorker
from tests.unit.control.scene import EU, US, Scene
from umbel.broker.base import Reply
from umbel.errors import BrokerUnreachable


class Dying(MemoryWorker):
    """Answers one command, and dies of it."""

    def hear(self, command: Command) -> Reply | None:
        reply = super().hear(command)
        self.is_deaf = self.is_deaf or command.name in {
            "add_consumer", "cancel_consumer", "pool_restart",
        }  # fmt: skip
        return reply


@pytest.mark.parametrize(
    ("action", "request_"),
    [
        ("add_consumer", {"queue": "mail"}),
        ("cancel_consumer", {"queue": "mail"}),
        ("pool_restart", {}),
    ],
)
def test_a_worker_that_died_of_a_command_is_not_said_to_have_done_it(
    action: str, request_: dict[str, Any]
) -> None:
    scene = Scene()
    scene.cluster.workers[US] = Dying(US)

    report = scene.do(action, **request_)

    assert report.sentence == (
        f"1 of 2 workers confirmed it. 1 answered and then went away ({US})."
    )
    assert [answer.outcome for answer in report.workers] == ["ok", "gone"]
    assert report.failed == 1


def test_an_action_of_which_every_worker_died_has_failed() -> None:
    scene = Scene()
    scene.cluster.workers = {US: Dying(US)}

    report = scene.do("add_consumer", queue="mail", workers=[US])

    assert report.state == "failed"


class Slow(MemoryWorker):
    """Says that it will consume a queue, and does not begin."""

    def consume(self, queue: str) -> None:  # noqa: ARG002
        self.says["active_queues"] = [{"name": "celery"}]


def test_a_worker_that_does_not_consume_the_queue_is_not_said_to() -> None:
    scene = Scene()
    scene.cluster.workers[EU] = Slow(EU)

    report = scene.do("add_consumer", queue="mail", workers=[EU])

    assert [answer.outcome for answer in report.workers] == ["unknown"]


def test_a_broker_that_goes_away_meanwhile_leaves_the_answers_and_a_note() -> None:
    scene = Scene()
    heard: list[str] = []

    def away(name: str) -> None:
        heard.append(name)
        if name == "ping":
            raise BrokerUnreachable("The broker at memory:// does not answer.")

    scene.cluster.on_call = away
    report = scene.do("cancel_consumer", queue="mail", workers=[EU])

    assert [answer.outcome for answer in report.workers] == ["ok"]
    assert "could not be asked" in " ".join(report.notes)
