"""`kill -9` of any process at any moment loses nothing, spoils nothing and breaks no file.

RabbitMQ keeps what has not been acknowledged, and nothing is acknowledged before it is
committed. `UMBEL_TEST_ROUNDS` says how many processes are killed.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
from pathlib import Path

import pytest

from tests.support.history import assert_files_are_sound, wait_until_all_is_stored
from tests.support.load import Publisher
from tests.support.processes import must_be_gone
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until

ROUNDS = int(os.environ.get("UMBEL_TEST_ROUNDS", "3"))
RATE = 2_000
VICTIMS = ("collector", "web", "both")

pytestmark = [pytest.mark.rabbitmq, pytest.mark.timeout(120 + 40 * ROUNDS)]


@pytest.fixture
def dice() -> random.Random:
    """Told when a test fails, so that its moments can be played again."""
    seed = int(os.environ.get("UMBEL_TEST_SEED", random.randrange(10**9)))
    print(f"UMBEL_TEST_SEED={seed}")  # noqa: T201
    return random.Random(seed)


def test_nothing_is_lost_or_wrong_after_kills_under_load(
    rabbit_url: str, tmp_path: Path, dice: random.Random
) -> None:
    directory = tmp_path / "umbel"
    with contextlib.ExitStack() as running:
        umbel = running.enter_context(umbel_serve(rabbit_url, directory))
        publisher = running.enter_context(Publisher(rabbit_url, RATE, dice.randrange(10**9)))
        for number in range(ROUNDS):
            wait_for_events(publisher, dice.randint(500, 4_000))
            victim = VICTIMS[number % len(VICTIMS)]
            kill(victim, umbel)
            if victim != "collector":
                umbel = running.enter_context(umbel_serve(rabbit_url, directory, live=False))
        wait_until(umbel.is_live, timeout_s=60, what="the last collector to be live")
        publisher.stop()
        wait_until_all_is_stored(directory, publisher.ledger.tasks())
    assert_files_are_sound(directory)


def wait_for_events(publisher: Publisher, more: int) -> None:
    """Until `more` events have been published from now on: a random moment of the load."""
    goal = publisher.ledger.events + more
    wait_until(lambda: publisher.failure or publisher.ledger.events >= goal, timeout_s=60)


def kill(victim: str, umbel: Umbel) -> None:
    """`kill -9` of a process of `umbel`, or of both at once."""
    collector = wait_until(umbel.collector_pid, timeout_s=60, what="a collector to kill")
    if victim in {"web", "both"}:
        os.kill(umbel.process.pid, signal.SIGKILL)
    if victim in {"collector", "both"}:
        os.kill(collector, signal.SIGKILL)
    must_be_gone(collector)
