"""What is read of both beside each other on RabbitMQ, where Flower asks the management API."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest

from tests.api.flower.comparison import assert_alike, assert_as_recorded, flower_command
from tests.api.flower.record import recorded
from tests.api.flower.said import Said, ask, has_figures
from tests.api.flower.stage import stage
from tests.api.flower.steps import ON_RABBITMQ, Step
from tests.support.services import absent
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.redis, pytest.mark.rabbitmq, pytest.mark.timeout(400)]

RECORDED = recorded("rabbitmq")


class Answers(NamedTuple):
    """By the name of the step; `trouble` says why there are none of Flower."""

    umbel: dict[str, Said]
    flower: dict[str, Said]
    trouble: str | None


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    celery, trouble = flower_command()
    with stage(tmp_path_factory.mktemp("parity"), celery, rabbitmq=True) as on:
        found = Answers({}, {}, trouble)
        wait_until(partial(has_figures, on, on.umbel), what="the management API's figures")
        for step in ON_RABBITMQ:
            found.umbel[step.name] = ask(on, on.umbel, step)
            if on.flower is not None:
                found.flower[step.name] = ask(on, on.flower, step)
        yield found


@pytest.mark.parametrize("step", ON_RABBITMQ, ids=lambda step: step.name)
def test_umbel_answers_as_flower_does_beside_it(step: Step, answers: Answers) -> None:
    if answers.trouble is not None:
        absent("Flower", answers.trouble)

    assert_alike(step, answers.umbel[step.name], answers.flower[step.name])


@pytest.mark.parametrize("step", ON_RABBITMQ, ids=lambda step: step.name)
def test_umbel_answers_as_flower_did(step: Step, answers: Answers) -> None:
    assert_as_recorded(step, answers.umbel[step.name], Said(**RECORDED[step.name]))
