"""Threads that ask on behalf of others."""

from __future__ import annotations

import threading

import pytest

from tests.support.forks import answer_of_fork
from tests.support.waiting import wait_until
from umbel.timed_pool import PoolClosed, TimedOut, TimedPool


class Workshop:
    """Counts the tools that were made and put away."""

    def __init__(self) -> None:
        self.made = 0
        self.released = 0

    def make(self) -> Tool:
        self.made += 1
        return Tool(self)


class Tool:
    """Knows the thread that it was made in."""

    def __init__(self, workshop: Workshop) -> None:
        self.thread = threading.get_ident()
        self._workshop = workshop

    def release(self) -> None:
        self._workshop.released += 1


def test_answers_come_back_and_a_tool_is_used_again() -> None:
    workshop = Workshop()
    crew: TimedPool[Tool] = TimedPool(workshop.make)

    assert [crew.call(lambda client: client.thread, 5) != 0 for _ in range(10)] == [True] * 10
    assert workshop.made <= 8
    crew.close()
    wait_until(lambda: workshop.released == workshop.made)


def test_errors_come_back_and_the_tool_is_made_anew() -> None:
    workshop = Workshop()
    crew: TimedPool[Tool] = TimedPool(workshop.make, size=1)

    with pytest.raises(ZeroDivisionError):
        crew.call(lambda _: 1 / 0, 5)
    assert crew.call(lambda _: "well", 5) == "well"

    assert (workshop.made, workshop.released) == (2, 1)
    crew.close()


def test_each_thread_has_a_tool_of_its_own() -> None:
    crew: TimedPool[Tool] = TimedPool(Workshop().make, size=4)
    together = threading.Barrier(4)

    def ask(client: Tool) -> bool:
        together.wait(10)
        return client.thread == threading.get_ident()

    answers: list[bool] = []
    askers = [threading.Thread(target=lambda: answers.append(crew.call(ask, 10))) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(10)

    assert answers == [True] * 4
    crew.close()


def test_a_caller_leaves_in_time_and_what_had_not_begun_is_not_done() -> None:
    crew: TimedPool[Tool] = TimedPool(Workshop().make, size=1, stuck=0)
    free = threading.Event()
    done: list[str] = []

    with pytest.raises(TimedOut):
        crew.call(lambda _: free.wait(20), 0.05)
    with pytest.raises(TimedOut):
        crew.call(lambda _: done.append("late"), 0.05)
    free.set()

    assert crew.call(lambda _: "again", 10) == "again"
    assert done == []
    crew.close()


def test_calls_that_hang_do_not_keep_others_from_being_answered() -> None:
    workshop = Workshop()
    crew: TimedPool[Tool] = TimedPool(workshop.make, size=1, stuck=2)
    free = threading.Event()
    for _ in range(3):
        with pytest.raises(TimedOut):
            crew.call(lambda _: free.wait(20), 0.05)
    with pytest.raises(TimedOut):  # two strays and the one thread hang: no more are started
        crew.call(lambda _: "never", 0.05)
    assert workshop.made == 3

    free.set()

    assert crew.call(lambda _: "again", 10) == "again"
    wait_until(lambda: workshop.released == 2)
    crew.close()
    wait_until(lambda: workshop.released == workshop.made)


def test_threads_with_nothing_to_do_leave() -> None:
    workshop = Workshop()
    crew: TimedPool[Tool] = TimedPool(workshop.make, idle_s=0.01)
    crew.call(lambda _: None, 5)

    wait_until(lambda: workshop.released == 1)

    assert crew.call(lambda _: "back", 5) == "back"
    crew.close()


def test_nobody_is_asked_after_the_end() -> None:
    crew: TimedPool[Tool] = TimedPool(Workshop().make)
    crew.close()
    crew.close()

    with pytest.raises(PoolClosed):
        crew.call(lambda _: None, 1)


def test_a_forked_process_has_threads_of_its_own() -> None:
    crew: TimedPool[Tool] = TimedPool(Workshop().make, size=1, stuck=1)
    crew.call(lambda _: None, 5)

    assert answer_of_fork(lambda: crew.call(lambda _: "asked", 5)) == "asked"
    assert crew.call(lambda _: "still here", 5) == "still here"
    crew.close()
