"""`umbel demo` from its start to its end, in every way in which it can end."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.brokers import free_port
from tests.support.processes import Process
from tests.support.umbels import Client, umbel_command, umbel_environment
from tests.support.waiting import wait_until

LINE = re.compile(r"^Umbel watches redis://\S+ at (http://127\.0\.0\.1:(\d+))$", re.MULTILINE)


class Demo:
    """A running demo, marked so that every process of it can be found again, children of
    children and those in sessions of their own included."""

    def __init__(self, process: Process, marker: str, temporary: Path) -> None:
        self.process = process
        self.temporary = temporary
        self._marker = f"DEMO_UNDER_TEST={marker}".encode()

    def url(self) -> str:
        """The address that it printed; fails if it ends before."""

        def printed() -> str | None:
            self.process.must_run()
            found = LINE.search(self.process.output())
            return found[1] if found else None

        return wait_until(printed, timeout_s=60, what="the line with the address") or ""

    def processes(self) -> list[str]:
        """What still runs, as command lines."""
        return [_command(pid) for pid in _pids() if self._marker in _environment(pid)]

    def left(self) -> list[str]:
        """Files that it left behind."""
        return [str(path) for path in self.temporary.rglob("*")]


def _pids() -> list[int]:
    done = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


@pytest.fixture(autouse=True)
def _linux() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("Processes are found by /proc, which only Linux has.")


@contextlib.contextmanager
def demo(directory: Path, *arguments: str, **environ: str) -> Iterator[Demo]:
    """`umbel demo` with a home, a directory for temporary files and a port of its own."""
    temporary = directory / "temporary"
    temporary.mkdir()
    marker = os.urandom(8).hex()
    mine = umbel_environment(
        HOME=str(directory), TMPDIR=str(temporary), DEMO_UNDER_TEST=marker, **environ
    )
    log = directory / "demo.log"
    with umbel_command("demo", *arguments, log=log, environment=mine) as process:
        yield Demo(process, marker, temporary)


def ended_without_a_trace(under_test: Demo) -> bool:
    return not under_test.processes() and not under_test.left()


def states(client: Client) -> set[str]:
    counted = client.get("tasks/count", q="", by="state")
    return set(counted["groups"])


@pytest.mark.timeout(180)
def test_the_demo_lives_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """One long story, since a start takes a while: it lives, and Ctrl-C ends all of it."""
    port = free_port()
    with demo(tmp_path, UMBEL_PORT=str(port)) as shop:
        url = shop.url()
        assert url == f"http://127.0.0.1:{port}"
        client = Client(url)
        with client.http:
            wait_until(
                lambda: {"SUCCESS", "FAILURE"} <= states(client), timeout_s=90, what="states"
            )
            _both_workers_are_seen(client)
            _arguments_are_as_people_wrote_them(client)
            _failures_have_tracebacks(client)
            _an_order_is_a_workflow(client)
        shop.process.send_signal(signal.SIGINT)

        assert shop.process.wait(20) == 0
        wait_until(lambda: ended_without_a_trace(shop), what="nothing left")
        assert LINE.fullmatch(shop.process.output().strip())


def _both_workers_are_seen(client: Client) -> None:
    def names() -> set[str]:
        return {worker["hostname"].split("@")[0] for worker in client.get("workers")["items"]}

    wait_until(lambda: {"orders", "media"} <= names(), timeout_s=30, what="both workers")


def _arguments_are_as_people_wrote_them(client: Client) -> None:
    rows = wait_until(lambda: client.rows("name:shop.orders.place"), timeout_s=30, what="orders")
    assert any("customer" in (row["kwargs"] or "") for row in rows)


def _failures_have_tracebacks(client: Client) -> None:
    failed = client.rows("state:FAILURE")[0]["uuid"]
    assert "Traceback (most recent call last)" in (client.task(failed) or {})["traceback"]


def _an_order_is_a_workflow(client: Client) -> None:
    first = client.rows("name:shop.orders.place")[-1]["root_id"]

    def names() -> set[str]:
        return {task["name"] for task in client.get(f"workflows/{first}")["tasks"]}

    wait_until(lambda: {"shop.orders.place", "shop.orders.reserve"} <= names(), what="an order")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("signals", [(signal.SIGTERM,), (signal.SIGINT, signal.SIGINT)])
def test_however_it_is_asked_to_end_nothing_remains(
    tmp_path: Path, signals: tuple[signal.Signals, ...]
) -> None:
    with demo(tmp_path, "--port", "0") as shop:
        shop.url()

        for number in signals:
            shop.process.send_signal(number)

        shop.process.wait(20)
        wait_until(lambda: ended_without_a_trace(shop), what="nothing left")


@pytest.mark.timeout(120)
def test_nothing_remains_of_a_demo_that_was_killed(tmp_path: Path) -> None:
    with demo(tmp_path, "--port", "0") as shop:
        shop.url()

        shop.process.kill()

        wait_until(lambda: ended_without_a_trace(shop), timeout_s=30, what="nothing left")


@pytest.mark.timeout(120)
def test_the_demo_ends_with_a_sentence_when_one_of_its_processes_ends(tmp_path: Path) -> None:
    with demo(tmp_path, "--port", "0") as shop:
        shop.url()
        broker = next(
            pid
            for pid in _pids()
            if str(shop.temporary) in _command(pid) and "umbel.demo.broker" in _command(pid)
        )

        os.kill(broker, signal.SIGKILL)

        assert shop.process.wait(30) == 1
        assert "The demo's broker ended (exit code -9)." in shop.process.output()
        wait_until(lambda: ended_without_a_trace(shop), timeout_s=30, what="nothing left")


@pytest.mark.timeout(120)
def test_a_named_data_directory_stays(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with demo(tmp_path, "--port", "0", UMBEL_DATA=str(kept)) as shop:
        shop.url()
        wait_until(lambda: kept.is_dir() and any(kept.iterdir()), what="files of the history")

        shop.process.send_signal(signal.SIGTERM)
        shop.process.wait(20)

        wait_until(lambda: ended_without_a_trace(shop), what="nothing left")
        assert any(kept.iterdir())


@pytest.mark.timeout(120)
def test_a_port_in_use_ends_the_demo_with_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with demo(tmp_path, "--port", str(port)) as shop:
            assert shop.process.wait(60) != 0

            assert f"Port {port} of 127.0.0.1 is in use" in shop.process.output()
            assert "Traceback" not in shop.process.output()
            wait_until(lambda: ended_without_a_trace(shop), what="nothing left")
