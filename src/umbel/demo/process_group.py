"""Processes that live and die together.

All are started in one process group, which a guard (see `guard`) ends when this process
is no more. At the end each is asked to end and waited for a little, all but the first, which
the others depend on; the guard does the rest. Output goes to one log file each, whose last
lines explain an early end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Self

from umbel.demo import guard
from umbel.errors import UmbelError


class ProcessGroup:
    """As a context manager: nothing started in it outlives it. `directory` is removed."""

    def __init__(self, directory: Path, *, hurried: Callable[[], bool]) -> None:
        """`hurried` tells whether somebody asked twice to end."""
        self._directory = directory
        self._hurried = hurried
        self._members: dict[str, subprocess.Popen[bytes]] = {}
        self._leaders: set[str] = set()
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,
        )
        line = _pipe(self._guard.stdout).readline()
        if not line.strip():
            raise UmbelError("The demo's guard process could not be started.")
        self._group = int(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._ask_to_end(patience_s=5.0)
        finally:
            _pipe(self._guard.stdin).close()
            _pipe(self._guard.stdout).close()
            self._guard.wait()
            for member in self._members.values():
                member.wait()

    def start(
        self, name: str, command: Sequence[str], environ: Mapping[str, str], *, leads: bool = False
    ) -> None:
        """Start one process. One that `leads` ends children of its own that are not in the
        group, so it is not hurried; it writes where this process writes."""
        if leads:
            self._leaders.add(name)
        with self._log(name).open("ab") as log:
            output = None if leads else log
            self._members[name] = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(environ),
                cwd=self._directory,
                process_group=self._group,
            )

    def check(self) -> None:
        """Raises `UmbelError`, with its last words, if one has ended."""
        for name, member in self._members.items():
            code = member.poll()
            if code is not None:
                raise UmbelError(f"The demo's {name} ended (exit code {code}).{self._words(name)}")

    def _ask_to_end(self, patience_s: float) -> None:
        """Ask all but the first, which the others need to end in order."""
        for member in list(self._members.values())[1:]:
            member.terminate()
        deadline = time.monotonic() + patience_s
        while waited_for := self._running():
            if time.monotonic() > deadline:
                return
            if self._hurried() and not any(name in self._leaders for name in waited_for):
                return
            time.sleep(0.02)

    def _running(self) -> list[str]:
        return [name for name, member in list(self._members.items())[1:] if member.poll() is None]

    def _log(self, name: str) -> Path:
        return self._directory / f"{name.replace(' ', '-')}.log"

    def _words(self, name: str) -> str:
        text = self._log(name).read_text(encoding="utf-8", errors="replace").strip()
        last = text.splitlines()[-15:]
        return f" It said last:{os.linesep}{os.linesep.join(last)}" if last else ""


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise UmbelError("The demo's guard process has no pipe.")
    return stream
