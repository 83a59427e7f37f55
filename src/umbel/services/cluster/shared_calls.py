"""Singleflight with a short cache: of several callers with the same question one does the work.

The first caller finds the answer in its own thread, callers meanwhile wait for that answer, and
callers up to `ttl_s` later get it at once. A failure is shared as well, so that a broker that is
out of reach is not asked again by every page.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

from umbel.clock import Clock

T = TypeVar("T")


class SharedCalls(Generic[T]):
    """Answers by question. Any thread."""

    def __init__(self, clock: Clock, ttl_s: float) -> None:
        self._clock = clock
        self._ttl_s = ttl_s
        self._lock = threading.Lock()
        self._calls: dict[Hashable, tuple[float, Future[T]]] = {}

    def ask(
        self,
        question: Hashable,
        find: Callable[[], T],
        ttl_s: Callable[[T], float] | None = None,
    ) -> T:
        """The answer, or what `find` raises. An answer is kept for as long as `ttl_s` says of it,
        where there is one here; a failure for as long as by default."""
        with self._lock:
            self._forget()
            earlier = self._calls.get(question)
            if earlier is None:
                call: Future[T] = Future()
                self._calls[question] = (float("inf"), call)
        if earlier is not None:
            return earlier[1].result()
        cache_s = self._ttl_s
        try:
            answer = find()
            if ttl_s is not None:
                cache_s = ttl_s(answer)
            call.set_result(answer)
        except BaseException as error:
            call.set_exception(error)
        with self._lock:
            if self._calls.get(question, (0.0, None))[1] is call:  # not cleared meanwhile
                self._calls[question] = (self._clock.monotonic() + cache_s, call)
        return call.result()

    def cached(self, question: Hashable) -> T | None:
        """The answer if it is there already."""
        with self._lock:
            self._forget()
            return self._found(question)

    def drop(self, question: Hashable, answer: T) -> None:
        """Forget this answer, and no later one."""
        with self._lock:
            if self._found(question) is answer:
                self._calls.pop(question, None)

    def clear(self) -> None:
        """Forget what is known; what is being found is found for those who wait."""
        with self._lock:
            self._calls.clear()

    def _found(self, question: Hashable) -> T | None:
        _, call = self._calls.get(question, (0.0, None))
        if call is None or not call.done() or call.exception() is not None:
            return None
        return call.result()

    def _forget(self) -> None:
        now = self._clock.monotonic()
        for question in [q for q, (until, _) in self._calls.items() if until <= now]:
            del self._calls[question]
