"""A child process that is kept running.

The child's standard input is one end of a socket whose other end only this process holds.
The kernel closes it however this process ends, `kill -9` included, and the child leaves when
it sees that: no orphan, on any system, and nothing to clean up. Over the same socket the
child says what keeps it from its work, a line for each change and an empty one when all is
well again, and at its end why it ends; so `state` can tell it when no file can be written.
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
from umbel.services.health.findings import STARTING

log = logging.getLogger(__name__)

#: A child that ran this long was well: the next wait begins short again.
STABLE_S: Final = 30.0
#: After SIGTERM the child may take this long to commit and leave; then it is killed.
LEAVE_S: Final = 10.0
#: After SIGKILL it is waited for this long.
KILLED_S: Final = 5.0
#: After the child's end, what it said is read for this long at most: a process that it left
#: behind may hold the socket.
LISTEN_S: Final = 1.0
#: A child that says nothing is starting for this long, on a busy machine.
STARTING_S: Final = 15.0
_WORDS_MAX: Final = 4096


class ChildState(msgspec.Struct, frozen=True):
    """How the child is. `pid` is None while none runs; `trouble` is what the running one says
    keeps it from its work, empty while nothing does, None until it says; `last_exit` is the
    last one's exit code, or minus the number of the signal that ended it; `last_words` its
    last sentence; `next_try` (Unix seconds) when the next one starts."""

    pid: int | None = None
    started: float | None = None
    trouble: str | None = None
    restarts: int = 0
    last_exit: int | None = None
    last_words: str = ""
    next_try: float | None = None

    @property
    def sentence(self) -> str | None:
        """Why it does not run or does not do its work, None while it does."""
        if self.pid is not None:
            # One that has just been started again is likely to fail as the last one did.
            return (self.last_words if self.trouble is None else self.trouble) or None
        if self.last_exit is None and not self.last_words:
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
        self._telling = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._state = ChildState()
        self._thread = threading.Thread(target=self._watch, name="umbel-supervisor", daemon=True)

    def start(self) -> None:
        """Start the child and watch it from a thread of its own. Call once."""
        self._thread.start()

    def state(self) -> ChildState:
        """How the child is. Any thread."""
        return self._state

    def sentence(self) -> str | None:
        """Why the child does not run or does not do its work, for whoever hears nothing of
        it; None where nothing is known. Any thread."""
        state = self._state
        if state.sentence is not None or state.trouble is not None or state.started is None:
            return state.sentence
        is_new = 0 <= self._clock.now() - state.started < STARTING_S
        return STARTING if is_new else None

    def stop(self) -> None:
        """End the child: SIGTERM, and SIGKILL if it takes too long. Returns when it is gone, or is
        to go once its disk answers. May be called twice, and without `start`."""
        with self._lock:
            self._stopping.set()
            child = self._child
        if child is not None:
            self._end(child)
        if self._thread.is_alive():
            self._thread.join(KILLED_S)

    def _watch(self) -> None:
        while not self._stopping.is_set():
            started = self._clock.monotonic()
            launched = self._launch()
            if launched is not None:
                self._attend(*launched)
            if self._clock.monotonic() - started > STABLE_S:
                self._backoff.reset()
            if self._stopping.is_set():
                return
            wait_s = self._backoff.delay_s()
            self._report(next_try=self._clock.now() + wait_s)
            log.warning("%s Next try in %.1f s.", self._state.sentence, wait_s)
            self._stopping.wait(wait_s)
            self._report(restarts=self._state.restarts + 1)

    def _launch(self) -> tuple[subprocess.Popen[bytes], socket.socket] | None:
        """A new child and our end of its line, None if there is none to be."""
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
                self._report(last_words=f"The collector process cannot be started: {error}")
                return None
            self._child = child
        self._report(pid=child.pid, started=self._clock.now(), trouble=None, next_try=None)
        return child, ours

    def _attend(self, child: subprocess.Popen[bytes], line: socket.socket) -> None:
        """Listen to the child until it has ended."""
        listener = threading.Thread(
            target=self._listen, args=(line,), name="umbel-listener", daemon=True
        )
        listener.start()
        code = child.wait()
        listener.join(LISTEN_S)
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
        listener.join()
        line.close()
        with self._lock:
            self._child = None
        words = self._state.trouble or ""
        self._report(pid=None, started=None, trouble=None, last_exit=code, last_words=words)

    def _listen(self, line: socket.socket) -> None:
        """Take down what the child says, until it ends."""
        with contextlib.suppress(OSError):
            heard = b""
            while received := line.recv(_WORDS_MAX):
                *sentences, heard = (heard + received).split(b"\n")
                # A sentence without an end is the last one, or it is too long to wait for.
                for sentence in [*sentences[-1:], *([heard] if heard else [])]:
                    words = sentence[:_WORDS_MAX].decode("utf-8", "replace").strip()
                    self._report(trouble=words)
                heard = heard[:_WORDS_MAX]

    def _end(self, child: subprocess.Popen[bytes]) -> None:
        child.terminate()
        try:
            child.wait(self._leave_s)
        except subprocess.TimeoutExpired:
            log.warning("The collector process did not leave in %.0f s; killed.", self._leave_s)
            child.kill()
            # One that reads from a disk that hangs ends when that answers.
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(KILLED_S)

    def _report(self, **changes: object) -> None:
        with self._telling:
            self._state = msgspec.structs.replace(self._state, **changes)
