"""The same requests to Umbel and to Flower 2.2.0, beside each other on one real cluster.

Where Flower cannot be installed, Umbel is held to the answers that it gave before
(`record`); with `CI=true` that is a failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.api.flower.comparison import assert_alike, assert_as_recorded, flower_command
from tests.api.flower.record import recorded
from tests.api.flower.said import Said, ask
from tests.api.flower.stage import Stage, stage
from tests.api.flower.steps import STEPS, Step
from tests.support.exposition import Family, Labels, parsed
from tests.support.services import absent
from tests.support.waiting import wait_until

#: Flower is installed first, where it is not yet.
pytestmark = [pytest.mark.redis, pytest.mark.timeout(400)]

RECORDED = recorded()


class Answers(NamedTuple):
    """By the name of the step, and the metrics before the first; `trouble` says why there are
    none of Flower."""

    umbel: dict[str, Said]
    flower: dict[str, Said]
    trouble: str | None
    metrics: dict[str, dict[str, Family]]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    """Every step, asked of both in turn."""
    celery, trouble = flower_command()
    with stage(tmp_path_factory.mktemp("parity"), celery) as on:
        found = Answers({}, {}, trouble, metrics_of(on))
        for step in STEPS:
            found.umbel[step.name] = ask(on, on.umbel, step)
            if on.flower is not None:
                found.flower[step.name] = ask(on, on.flower, step)
        yield found


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_umbel_answers_as_flower_does_beside_it(step: Step, answers: Answers) -> None:
    if answers.trouble is not None:
        absent("Flower", answers.trouble)

    assert_alike(step, answers.umbel[step.name], answers.flower[step.name])


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_umbel_answers_as_flower_did(step: Step, answers: Answers) -> None:
    assert_as_recorded(step, answers.umbel[step.name], Said(**RECORDED[step.name]))


def metrics_of(on: Stage) -> dict[str, dict[str, Family]]:
    """The metrics of each by its tag, once both have counted the same or Umbel stands alone,
    and Flower, which waits for their first heartbeat, knows what its workers run."""
    subjects = [each for each in (on.umbel, on.flower) if each is not None]

    def asked() -> dict[str, dict[str, Family]]:
        return {each.tag: parsed(each.http.get("/metrics").text) for each in subjects}

    wait_until(
        lambda: len({counted(found) for found in asked().values()}) == 1,
        what="the same events to be counted",
    )
    return asked()


def counted(found: dict[str, Family]) -> tuple[frozenset[tuple[Labels, float]], frozenset[Labels]]:
    executing = found["flower_worker_number_of_currently_executing_tasks"].values()
    return frozenset(found["flower_events_total"].values().items()), frozenset(executing)


def test_metrics_have_the_names_and_types_of_flowers(answers: Answers) -> None:
    if answers.trouble is not None:
        absent("Flower", answers.trouble)

    umbel, flower = (kinds(answers.metrics[tag]) for tag in ("by-umbel", "by-flower"))

    assert umbel == flower


def kinds(found: dict[str, Family]) -> dict[str, str]:
    flowers = {name: family for name, family in found.items() if name.startswith("flower_")}
    return {name: family.kind for name, family in flowers.items()}


@pytest.mark.parametrize(
    ("name", "suffix", "is_determined"),
    [
        ("flower_events_total", "", True),
        ("flower_events_created", "", False),
        ("flower_task_runtime_seconds", "_bucket", True),
        ("flower_task_runtime_seconds", "_count", True),
        ("flower_task_runtime_seconds", "_sum", True),
        ("flower_task_runtime_seconds_created", "", False),
        ("flower_task_prefetch_time_seconds", "", True),
        ("flower_worker_prefetched_tasks", "", True),
        ("flower_worker_online", "", True),
        ("flower_worker_number_of_currently_executing_tasks", "", True),
    ],
)
def test_metrics_have_the_labels_and_values_of_flowers(
    name: str, suffix: str, is_determined: bool, answers: Answers
) -> None:
    if answers.trouble is not None:
        absent("Flower", answers.trouble)

    umbel, flower = (answers.metrics[tag][name].values(suffix) for tag in ("by-umbel", "by-flower"))

    assert umbel.keys() == flower.keys()
    assert umbel.keys()
    if is_determined:
        assert umbel == pytest.approx(flower)
