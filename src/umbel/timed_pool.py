"""A thread pool with a client per thread, whose calls time out whatever the driver does.

Theory of operation. Drivers of result backends and databases have timeouts for some of what they do
and none for the rest (name resolution, TLS, a database that stops answering, a locked table), and
Celery's backend objects are not thread-safe. So each thread of the pool has a client of its own,
made when first needed, and takes jobs from one queue. A caller waits up to its time limit and then
raises `TimedOut`. A job that has not begun by then is skipped; one that has begun goes on in its
thread, which is then *stuck*, and another thread is started in its place, up to a bound, so that a
backend that comes back is read again while old calls still hang. Threads are daemons: none holds up
the end of the process. The client of a failed job, or of an idle thread, is released. A forked
process has none of these threads, so its pools begin as new ones.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import weakref
from collections.abc import Callable
from typing import Any, Final, Generic, Protocol, TypeVar, cast

T = TypeVar("T", bound="PooledClient")
R = TypeVar("R")


class PooledClient(Protocol):
    """The connection object of one thread."""

    def release(self) -> None:
        """Let go of connections."""


class TimedOut(Exception):
    """The call had no answer in time. It may still go on in its thread."""


class PoolClosed(Exception):
    """The pool is closed."""


class EndedItself(Exception):
    """Somebody's code called `sys.exit`, which is for its own process and not for whoever asked."""


class NoClient:
    """Where calls need nothing of their own."""

    def release(self) -> None:
        """There is nothing to let go of."""


class _Job(Generic[T]):
    def __init__(self, ask: Callable[[T], object]) -> None:
        self.ask = ask
        self.done = threading.Event()
        self.abandoned = False
        self.begun = False
        self.stuck = False
        self.answer: object = None
        self.error: BaseException | None = None


class TimedPool(Generic[T]):
    """At most `size` threads of this `name` with a client each, made by `make` in the thread, and
    at most `stuck` more whose calls have timed out and still hang. Thread-safe."""

    def __init__(
        self,
        make: Callable[[], T],
        *,
        name: str = "umbel-call",
        size: int = 8,
        stuck: int = 24,
        idle_s: float = 30.0,
    ) -> None:
        self._make = make
        self._name = name
        self._size = size
        self._stuck_max = stuck
        self._idle_s = idle_s
        self._closed = False
        self.begin()
        _pools.add(self)

    def begin(self) -> None:
        """Be without threads and jobs."""
        self._jobs: queue.SimpleQueue[_Job[T] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._stuck_left = self._stuck_max
        self._threads = 0
        self._unfinished = 0

    def call(self, ask: Callable[[T], R], limit_s: float) -> R:
        """What `ask` returns or raises (`EndedItself` for `SystemExit`), or `TimedOut` after
        `limit_s`, or at once `PoolClosed`."""
        job: _Job[T] = _Job(ask)
        with self._lock:
            if self._closed:
                raise PoolClosed
            self._unfinished += 1
            if self._unfinished > self._threads < self._size:
                self._threads += 1
                threading.Thread(target=self._work, name=self._name, daemon=True).start()
            self._jobs.put(job)
        if not job.done.wait(limit_s):
            self._abandon(job)
            raise TimedOut
        if isinstance(job.error, SystemExit):
            raise EndedItself(f"SystemExit: {job.error}") from job.error
        if job.error is not None:
            raise job.error
        return cast(R, job.answer)

    def close(self) -> None:
        """Take no more calls; threads end after their current job."""
        with self._lock:
            threads = 0 if self._closed else self._threads
            self._closed = True
        for _ in range(threads):
            self._jobs.put(None)

    def _abandon(self, job: _Job[T]) -> None:
        with self._lock:
            job.abandoned = True
            if job.begun and not job.done.is_set() and self._stuck_left:
                job.stuck = True
                self._stuck_left -= 1
                self._threads -= 1
                self._unfinished -= 1

    def _work(self) -> None:
        client: T | None = None
        while True:
            try:
                job = self._jobs.get(timeout=self._idle_s)
            except queue.Empty:
                job = None
            if job is None:
                if self._may_leave():
                    break
                continue
            with self._lock:
                job.begun = not job.abandoned
            if job.begun:
                client = self._do(job, client)
            if self._finished(job):
                break
        _release(client)

    def _may_leave(self) -> bool:
        with self._lock:
            if self._closed or self._jobs.empty():
                self._threads -= 1
                return True
            return False

    def _finished(self, job: _Job[T]) -> bool:
        """Hand the answer over; returns whether the thread was stuck, and so has to end."""
        with self._lock:
            job.done.set()
            if job.stuck:
                self._stuck_left += 1
            else:
                self._unfinished -= 1
            return job.stuck

    def _do(self, job: _Job[T], client: T | None) -> T | None:
        """Run `job`; returns the client, None if it has to be made anew."""
        try:
            client = client or self._make()
            job.answer = job.ask(client)
        except BaseException as error:
            job.error = error
            _release(client)
            client = None
        return client


_pools: Final[weakref.WeakSet[TimedPool[Any]]] = weakref.WeakSet()


def _begin_in_fork() -> None:
    for pool in list(_pools):
        pool.begin()


os.register_at_fork(after_in_child=_begin_in_fork)


def _release(client: PooledClient | None) -> None:
    if client is not None:
        with contextlib.suppress(Exception):
            client.release()
