"""The same requests to Umbel and to Flower 2.2.0, beside each other on one real cluster.

Where Flower cannot be installed, Umbel is held to the answers that it gave before
(`record`); with `CI=true` that is a failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from bench.flower_env import NotInstallable, install
from tests.api.flower.record import recorded
from tests.api.flower.said import Said, ask, without_times
from tests.api.flower.stage import stage
from tests.api.flower.steps import STEPS, Step
from tests.support.services import absent

#: Flower is installed first, where it is not yet.
pytestmark = [pytest.mark.redis, pytest.mark.timeout(400)]

RECORDED = recorded()
#: Errors of which Umbel says more than Flower does.
IN_OTHER_WORDS = frozenset({"apply at a bad ETA", "apply no JSON", "post by get", "get by post"})
#: What Flower says when no answer came in time.
GAVE_UP = "Unknown reason"


class Answers(NamedTuple):
    """By the name of the step; `trouble` says why there are none of Flower."""

    umbel: dict[str, Said]
    flower: dict[str, Said]
    trouble: str | None


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    """Every step, asked of both in turn."""
    try:
        celery, trouble = install(), None
    except NotInstallable as error:
        celery, trouble = None, str(error)
    with stage(tmp_path_factory.mktemp("parity"), celery) as on:
        found = Answers({}, {}, trouble)
        for step in STEPS:
            found.umbel[step.name] = ask(on, on.umbel, step)
            if on.flower is not None:
                found.flower[step.name] = ask(on, on.flower, step)
        yield found


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_umbel_answers_as_flower_does_beside_it(step: Step, answers: Answers) -> None:
    if answers.trouble is not None:
        absent("Flower", answers.trouble)

    flower = answers.flower[step.name]
    if GAVE_UP in str(flower.body):
        pytest.skip("Flower waits a second for a worker's answer, and this machine was too busy.")

    assert said(step, answers.umbel[step.name]) == said(step, flower)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_umbel_answers_as_flower_did(step: Step, answers: Answers) -> None:
    found = without_times(said(step, answers.umbel[step.name]).as_recorded())

    assert found == without_times(said(step, Said(**RECORDED[step.name])).as_recorded())


def said(step: Step, answer: Said) -> Said:
    """The answer, but for words that are better."""
    return answer._replace(body=None) if step.name in IN_OTHER_WORDS else answer
