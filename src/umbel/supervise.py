"""A child process that is kept running.

The child's standard input is one end of a socket whose other end only this process holds.
The kernel closes it however this process ends, `kill -9` included, and the child leaves when
it sees that: no orphan, on any system, and nothing to clean up. The child says its last
sentence over the same socket, so that `state` can tell why it does not run.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from umbel.broker.backoff import Backoff
from umbel.clock import Clock, SystemClock

log = logging.getLogger(__name__)

#: A child that ran this long was well: the next wait begins short again.
STABLE_S: Final = 30.0
#: After SIGTERM the child may take this long to commit and leave; then it is killed.
LEAVE_S: Final = 10.0
_WORDS_MAX: Final = 4096


class ChildState(msgspec.Struct, frozen=True):
    """How the child is. `pid` is None while none runs; `last_exit` is the last one's exit
    code, or minus the number of the signal that ended it; `last_words` its last sentence;
    `next_try` (Unix seconds) when the next one starts."""

    pid: int | None = None
    started: float | None = None
    restarts: int = 0
    last_exit: int | None = None
    last_words: str = ""
    next_try: float | None = None

    @property
    def sentence(self) -> str | None:
        """Why it does not run, None while it does."""
        if self.pid is not None or (self.last_exit is None and not self.last_words):
            return None
        if self.last_words:
            return self.last_words
        code = self.last_exit or 0
        how = f"with code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
        return f"The collector process ended {how} and is being started again. Its log says why."


class Supervisor:
    """Starts `command`, starts it again when it ends, and ends it at the end.

    Waits between starts double up to `longest_wait_s` while the child keeps dying young.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        longest_wait_s: float = 30.0,
        leave_s: float = LEAVE_S,
    ) -> None:
        self._command = list(command)
        self._environment = dict(environment) if environment is not None else None
        self._clock = clock or SystemClock()
        self._backoff = Backoff(first_s=0.5, longest_s=longest_wait_s)
        self._leave_s = leave_s
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._state = ChildState()
        self._thread = threading.Thread(target=self._watch, name="umbel-supervisor", daemon=True)

    def start(self) -> None:
        """Start the child and watch it from a thread of its own. Call once."""
        self._thread.start()

    def state(self) -> ChildState:
        """How the child is. Any thread."""
        return self._state

    def stop(self) -> None:
        """End the child: SIGTERM, and SIGKILL if it takes too long. Returns when it is gone.
        May be called twice, and without `start`."""
        with self._lock:
            self._stopping.set()
            child = self._child
        if child is not None:
            self._end(child)
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            started = self._clock.monotonic()
            child = self._launch()
            if child is not None:
                self._bury(child)
            if self._clock.monotonic() - started > STABLE_S:
                self._backoff.reset()
            if self._stopping.is_set():
                return
            wait_s = self._backoff.delay_s()
            self._tell(next_try=self._clock.now() + wait_s)
            log.warning("%s Next try in %.1f s.", self._state.sentence, wait_s)
            self._stopping.wait(wait_s)
            self._tell(restarts=self._state.restarts + 1)

    def _launch(self) -> subprocess.Popen[bytes] | None:
        ours, theirs = socket.socketpair()
        with self._lock, contextlib.closing(theirs):
            if self._stopping.is_set():
                ours.close()
                return None
            try:
                # A session of its own: Ctrl-C in a terminal reaches the parent alone, which
                # then ends the child in order.
                child = subprocess.Popen(
                    self._command,
                    stdin=theirs.fileno(),
                    env=self._environment,
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                self._tell(last_words=f"The collector process cannot be started: {error}")
                return None
            self._child, self._line = child, ours
        self._tell(pid=child.pid, started=self._clock.now(), next_try=None)
        return child

    def _bury(self, child: subprocess.Popen[bytes]) -> None:
        code = child.wait()
        with self._lock:
            line, self._line, self._child = self._line, None, None
        words = _heard(line) if line is not None else ""
        self._tell(pid=None, started=None, last_exit=code, last_words=words)

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        child.terminate()
        try:
            child.wait(self._leave_s)
        except subprocess.TimeoutExpired:
            log.warning("The collector process did not leave in %.0f s; killed.", self._leave_s)
            child.kill()
            child.wait()

    def _tell(self, **changes: object) -> None:
        self._state = msgspec.structs.replace(self._state, **changes)


def _heard(line: socket.socket) -> str:
    """What the child said before it ended; closes the line."""
    with line:
        line.setblocking(False)
        try:
            return line.recv(_WORDS_MAX).decode("utf-8", "replace").strip()
        except OSError:
            return ""
