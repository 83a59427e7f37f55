"""Turns to ask workers: one at a time over all processes, and so many a minute."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.clocks import SetClock
from tests.support.processes import Process
from tests.support.waiting import wait_until
from umbel.clock import SystemClock
from umbel.cluster.control_traffic import LastMinute
from umbel.store.memory_question_turns import MemoryQuestionTurns
from umbel.store.sqlite.question_turns import FileQuestionTurns

NOW = 1_000_000.0
#: Takes the turn in the directory, says so, and keeps it.
HOLDER = """
import sys, threading
from pathlib import Path
from umbel.clock import SystemClock
from umbel.store.sqlite.question_turns import FileQuestionTurns
assert FileQuestionTurns(Path(sys.argv[1]), SystemClock()).take(5)
print("mine", flush=True)
threading.Event().wait()
"""


@pytest.fixture(params=["file", "memory"])
def turns(
    request: pytest.FixtureRequest, tmp_path: Path
) -> FileQuestionTurns | MemoryQuestionTurns:
    clock = SystemClock()
    if request.param == "memory":
        return MemoryQuestionTurns(clock, questions_max=3)
    return FileQuestionTurns(tmp_path, clock, questions_max=3)


def test_one_has_the_turn_at_a_time(turns: FileQuestionTurns | MemoryQuestionTurns) -> None:
    assert turns.take(1)
    assert not turns.take(0.05)

    turns.give_back()

    assert turns.take(1)
    turns.give_back()


def test_a_minute_has_so_many_and_no_more(turns: FileQuestionTurns | MemoryQuestionTurns) -> None:
    for _ in range(3):
        assert turns.take(1)
        turns.give_back()

    assert not turns.take(0.1)
    traffic = turns.traffic()
    assert (traffic.questions, traffic.questions_max) == (3, 3)


def test_processes_of_one_directory_share_the_turn_and_the_minute(tmp_path: Path) -> None:
    turns = FileQuestionTurns(tmp_path, SystemClock())
    with Process([sys.executable, "-c", HOLDER, str(tmp_path)], tmp_path / "log") as other:
        wait_until(lambda: "mine" in other.output(), what="the other's turn")

        assert not turns.take(0.1)
        assert turns.traffic().questions == 1


def test_the_turn_of_a_process_that_was_killed_is_free_at_once(tmp_path: Path) -> None:
    turns = FileQuestionTurns(tmp_path, SystemClock())
    with Process([sys.executable, "-c", HOLDER, str(tmp_path)], tmp_path / "log") as other:
        wait_until(lambda: "mine" in other.output(), what="the other's turn")

        other.kill()

        assert turns.take(0.1)
        turns.give_back()


def test_a_file_of_rubbish_and_a_directory_that_is_not_there_keep_nobody_from_asking(
    tmp_path: Path,
) -> None:
    (tmp_path / "questions.lock").write_bytes(b"\xff:9 :: 12:x 5:1")
    for directory in (tmp_path, tmp_path / "none"):
        turns = FileQuestionTurns(directory, SystemClock())

        assert turns.take(0.1)
        turns.give_back()
        assert turns.traffic().questions == 1


def test_a_minute_slides_and_a_clock_that_is_set_forgets() -> None:
    clock = SetClock(NOW)
    minute = LastMinute()
    minute.add(clock.time)
    minute.add(clock.time + 30)

    assert minute.count(NOW + 59) == 2
    assert minute.count(NOW + 60) == 1
    assert LastMinute.read(minute.written()).count(NOW + 89) == 1
    assert minute.count(NOW - 3_600) == 0
