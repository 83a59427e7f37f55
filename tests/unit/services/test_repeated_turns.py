"""What is done again and again by a thread goes on whatever happens, and tells a trouble once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tests.support.waiting import wait_until
from umbel.errors import StoreError
from umbel.services.repeated_turns import RepeatedTurns


class Turns:
    """Each turn does the next of these things; after the last one nothing goes wrong."""

    def __init__(self, *troubles: Exception) -> None:
        self.troubles = [*troubles]
        self.count = 0
        self.ended = threading.Event()
        self.turns = self.make(self.turn)

    def make(self, turn: Callable[[], None]) -> RepeatedTurns:
        return RepeatedTurns(
            turn, "umbel-test", 0.001, failing="Nothing was swept", working="It is swept again.",
            at_end=self.ended.set,
        )  # fmt: skip

    def turn(self) -> None:
        self.count += 1
        if self.troubles:
            raise self.troubles.pop(0)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_a_trouble_is_told_once_and_that_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    scene = Turns(StoreError("Disk full."), StoreError("Disk full."), StoreError("No file."))

    scene.turns.start()
    wait_until(lambda: scene.count > 5, what="turns")
    scene.turns.close()

    assert lines(caplog) == [
        "Nothing was swept: Disk full.", "Nothing was swept: No file.", "It is swept again.",
    ]  # fmt: skip
    assert scene.ended.is_set()


def test_what_nobody_foresaw_ends_no_later_turn(caplog: pytest.LogCaptureFixture) -> None:
    scene = Turns(KeyError("mail"))

    scene.turns.start()
    wait_until(lambda: scene.count > 2, what="turns")
    scene.turns.close()

    assert caplog.records[0].exc_info is not None


def test_a_turn_that_rests_is_given_up_at_the_end() -> None:
    scene = Turns()
    resting = threading.Event()

    def rest() -> None:
        resting.set()
        turns.rest(600)

    turns = scene.make(rest)
    turns.start()
    assert resting.wait(10)
    turns.close()

    assert scene.ended.is_set()


def test_one_that_was_never_started_is_closed() -> None:
    scene = Turns()

    scene.turns.close()
    scene.turns.close()

    assert scene.count == 0
