"""A child process that is kept running, with real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.clocks import SetWallClock
from tests.support.waiting import wait_until
from umbel.services.health.findings import STARTING
from umbel.supervise import Supervisor

#: Stays until its parent ends or it is told to leave; leaves a mark when it left in order.
STAYS = """
import os, pathlib, signal, sys
def leave(*_):
    pathlib.Path(sys.argv[1]).write_text("left")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
while os.read(0, 100):
    pass
pathlib.Path(sys.argv[1]).write_text("orphaned")
"""
STUBBORN = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text("here")
while True:
    time.sleep(1)
"""
SPEAKS = "import os; os.write(0, b'The broker is made of cheese.'); raise SystemExit(3)"

#: Tells a trouble, and that it is over once it may (a mark is there); stays until the end.
TROUBLED = """
import os, pathlib, sys, time
os.write(0, b"The disk is full.\\n")
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
os.write(0, b"\\n")
while os.read(0, 100):
    pass
"""


@contextmanager
def supervised(code: str, *arguments: object, leave_s: float = 10.0) -> Iterator[Supervisor]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    supervisor = Supervisor(command, longest_wait_s=0.5, leave_s=leave_s)
    supervisor.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_child_runs_until_it_is_stopped(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with supervised(STAYS, mark) as supervisor:
        wait_until(mark.exists)
        state = supervisor.state()
        assert state.pid is not None
        assert is_alive(state.pid)
        assert state.sentence is None

    assert mark.read_text() == "left"
    assert not is_alive(state.pid)
    assert supervisor.state().pid is None


def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    with supervised(STAYS, tmp_path / "mark") as supervisor:
        first = wait_until(lambda: supervisor.state().pid)
        os.kill(first, 9)
        wait_until(lambda: supervisor.state().pid not in (None, first))

        state = supervisor.state()
        assert (state.restarts, state.last_exit) == (1, -9)


def test_a_child_that_keeps_dying_is_told_with_its_last_words() -> None:
    with supervised(SPEAKS) as supervisor:
        wait_until(lambda: supervisor.state().restarts >= 2)
        wait_until(lambda: supervisor.state().next_try is not None)

        assert supervisor.state().last_exit == 3
        assert supervisor.state().last_words == "The broker is made of cheese."
        assert supervisor.state().sentence == "The broker is made of cheese."


def test_a_running_child_is_told_with_what_troubles_it_until_it_is_over(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with supervised(TROUBLED, mark) as supervisor:
        wait_until(lambda: supervisor.state().sentence == "The disk is full.")
        assert supervisor.state().pid is not None

        mark.touch()

        wait_until(lambda: supervisor.state().sentence is None)
        assert supervisor.state().pid is not None


def test_the_end_of_one_child_is_heard_though_another_process_holds_its_line() -> None:
    leaves = (
        "import os, subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-c', 'import os; os.read(0, 1)'])\n"
        "os.write(0, b'Gone.')\n"
    )
    with supervised(leaves) as supervisor:
        wait_until(lambda: supervisor.state().restarts >= 1)

        assert supervisor.state().last_words == "Gone."


def test_a_child_that_dies_silently_is_told_by_its_exit() -> None:
    with supervised("raise SystemExit(7)") as supervisor:
        sentence = wait_until(lambda: supervisor.state().sentence)

    assert "ended with code 7" in sentence


def test_a_child_that_does_not_leave_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with supervised(STUBBORN, mark, leave_s=0.2) as supervisor:
        wait_until(mark.exists)
        pid = supervisor.state().pid

    assert pid is not None
    assert not is_alive(pid)


def test_a_child_that_was_just_started_is_starting_and_not_to_be_restarted(tmp_path: Path) -> None:
    clock = SetWallClock(1_000.0)
    mark = tmp_path / "mark"
    supervisor = Supervisor([sys.executable, "-c", STAYS, str(mark)], clock=clock)
    assert supervisor.sentence() is None

    supervisor.start()
    wait_until(mark.exists)
    at_first = supervisor.sentence()
    clock.time += 60
    later = supervisor.sentence()
    supervisor.stop()

    assert at_first == STARTING
    assert later is None


def test_a_command_that_cannot_be_started_is_told() -> None:
    supervisor = Supervisor(["/no/such/program"], longest_wait_s=0.2)
    supervisor.start()
    wait_until(lambda: "cannot be started" in supervisor.state().last_words)
    supervisor.stop()

    assert "/no/such/program" in (supervisor.state().sentence or "")


def test_stopping_may_come_first_and_twice() -> None:
    supervisor = Supervisor([sys.executable, "-c", "raise SystemExit(7)"])

    supervisor.stop()
    supervisor.stop()

    assert supervisor.state().pid is None


def test_a_killed_parent_leaves_no_orphan(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\n"
            "from umbel.supervise import Supervisor\n"
            "Supervisor([sys.executable, '-c', sys.argv[1], sys.argv[2]]).start()\n"
            "time.sleep(60)\n",
            STAYS,
            str(mark),
        ]
    )
    wait_until(lambda: mark.exists() and mark.read_text().isdigit())
    child = int(mark.read_text())
    parent.kill()
    parent.wait()

    wait_until(lambda: mark.read_text() == "orphaned")
    wait_until(lambda: not is_alive(child))
