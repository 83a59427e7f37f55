"""Threads that ask a backend, so that nobody who wants an answer waits longer than said.

Theory of operation. Drivers of result backends have timeouts for some of what they do and
none for the rest (looking up a name, TLS, a database that stops answering), and Celery's
backend objects are not for several threads. So each thread of a crew has a tool of its own,
made when first needed, and works off one queue. Who calls waits for the answer as long as
agreed and then leaves; what has not begun by then is skipped, what has is finished or fails
in its thread. Another thread takes the place of that one, up to a bound, so that a backend
that comes back is read again while calls from before still hang. No thread holds up the end
of the process. A tool with which something went wrong is put away, and so is that of a
thread with nothing to do.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar, cast

T = TypeVar("T", bound="Tool")
R = TypeVar("R")


class Tool(Protocol):
    """What a thread works with."""

    def release(self) -> None:
        """Let go of connections."""


class Late(Exception):
    """There was no answer in time. Whether there will be is unknown."""


class Closed(Exception):
    """The crew was sent home."""


class _Job(Generic[T]):
    def __init__(self, ask: Callable[[T], object]) -> None:
        self.ask = ask
        self.done = threading.Event()
        self.abandoned = False
        self.begun = False
        self.stray = False
        self.answer: object = None
        self.error: BaseException | None = None


class Crew(Generic[T]):
    """At most `size` threads with a tool each, made by `make` in the thread, and at most
    `strays` more that are stuck in what nobody waits for any longer. Thread-safe."""

    def __init__(
        self, make: Callable[[], T], *, size: int = 8, strays: int = 24, rest_s: float = 30.0
    ) -> None:
        self._make = make
        self._size = size
        self._strays_left = strays
        self._rest_s = rest_s
        self._jobs: queue.SimpleQueue[_Job[T] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads = 0
        self._unfinished = 0
        self._closed = False

    def call(self, ask: Callable[[T], R], limit_s: float) -> R:
        """What `ask` gives or raises. Raises `Late` after `limit_s`, `Closed` at once."""
        job: _Job[T] = _Job(ask)
        with self._lock:
            if self._closed:
                raise Closed
            self._unfinished += 1
            if self._unfinished > self._threads < self._size:
                self._threads += 1
                threading.Thread(target=self._work, name="umbel-results", daemon=True).start()
            self._jobs.put(job)
        if not job.done.wait(limit_s):
            self._abandon(job)
            raise Late
        if job.error is not None:
            raise job.error
        return cast(R, job.answer)

    def close(self) -> None:
        """No more calls; threads leave when they have done what they are at."""
        with self._lock:
            threads = 0 if self._closed else self._threads
            self._closed = True
        for _ in range(threads):
            self._jobs.put(None)

    def _abandon(self, job: _Job[T]) -> None:
        with self._lock:
            job.abandoned = True
            if job.begun and not job.done.is_set() and self._strays_left:
                job.stray = True
                self._strays_left -= 1
                self._threads -= 1
                self._unfinished -= 1

    def _work(self) -> None:
        tool: T | None = None
        while True:
            try:
                job = self._jobs.get(timeout=self._rest_s)
            except queue.Empty:
                job = None
            if job is None:
                if self._may_leave():
                    break
                continue
            with self._lock:
                job.begun = not job.abandoned
            if job.begun:
                tool = self._do(job, tool)
            if self._finished(job):
                break
        _put_away(tool)

    def _may_leave(self) -> bool:
        with self._lock:
            if self._closed or self._jobs.empty():
                self._threads -= 1
                return True
            return False

    def _finished(self, job: _Job[T]) -> bool:
        """Hands the answer over; whether the thread is a stray one, which leaves then."""
        with self._lock:
            job.done.set()
            if job.stray:
                self._strays_left += 1
            else:
                self._unfinished -= 1
            return job.stray

    def _do(self, job: _Job[T], tool: T | None) -> T | None:
        """Works off `job`; the tool, None if it is to be made anew."""
        try:
            tool = tool or self._make()
            job.answer = job.ask(tool)
        except BaseException as error:
            job.error = error
            _put_away(tool)
            tool = None
        return tool


def _put_away(tool: Tool | None) -> None:
    if tool is not None:
        with contextlib.suppress(Exception):
            tool.release()
