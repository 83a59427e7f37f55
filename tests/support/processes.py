"""Processes that tests start, watch, kill and never leave behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from types import TracebackType
from typing import Self

from tests.support.waiting import wait_until


class Process:
    """One process in a group of its own, with its output in a file.

    As a context manager it ends the whole group, children included: in order first, by
    force when that takes longer than `patience_s`.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        patience_s: float = 10.0,
    ) -> None:
        self._log = log
        self._patience_s = patience_s
        self._began_at = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=dict(env) if env is not None else None,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.poll()

    def output(self) -> str:
        """Everything that it has printed so far."""
        with self._log.open("rb") as log:
            log.seek(self._began_at)
            return log.read().decode("utf-8", "replace")

    def must_run(self) -> None:
        """Fail with its last words if it has ended."""
        if self.exit_code is not None:
            raise AssertionError(f"ended with {self.exit_code}:\n{self.output()[-4000:]}")

    def wait(self, timeout_s: float = 20.0) -> int:
        """Its exit code once it has ended; fails after `timeout_s`."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"still runs after {timeout_s} s:\n{self.output()[-4000:]}"
            ) from None

    def send_signal(self, number: Signals) -> None:
        """Send a signal to this process alone; one that has ended gets none."""
        if self.exit_code is None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """`kill -9` this process alone, and reap it."""
        self.send_signal(SIGKILL)
        self._process.wait(10)

    def kill_group(self) -> None:
        """`kill -9` this process and all its children at once."""
        self._signal_group(SIGKILL)
        self._process.wait(10)

    def end(self) -> None:
        """End it and everything it started; may be called twice."""
        self.send_signal(SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(self._patience_s)
        self._signal_group(SIGKILL)
        self._process.wait(10)

    def _signal_group(self, number: Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def children(pid: int) -> list[int]:
    """The direct children of process `pid` that are alive, oldest first."""
    done = subprocess.run(["ps", "-Ao", "pid=,ppid=,stat="], capture_output=True, text=True)
    rows = [line.split() for line in done.stdout.splitlines()]
    return [
        int(child)
        for child, parent, state in rows
        if parent == str(pid) and not state.startswith("Z")
    ]


def is_alive(pid: int) -> bool:
    """Whether process `pid` runs; one that has ended and waits to be reaped does not."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")


def must_be_gone(pid: int) -> None:
    """Fail if process `pid` does not end by itself soon; it is gone afterwards either way."""
    try:
        wait_until(lambda: not is_alive(pid), what=f"process {pid} to leave")
    finally:
        if is_alive(pid):
            os.kill(pid, SIGKILL)
