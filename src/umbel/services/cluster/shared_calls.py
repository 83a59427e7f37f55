"""One answer for all who ask the same at about the same time.

The first who asks finds the answer in its own thread; whoever asks meanwhile waits for it,
and whoever asks up to `ttl_s` later gets it at once. A failure is shared like an answer, so
that a broker that is away is not asked again by every page.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

from umbel.clock import Clock

T = TypeVar("T")


class Flights(Generic[T]):
    """Answers by question. Any thread."""

    def __init__(self, clock: Clock, ttl_s: float) -> None:
        self._clock = clock
        self._ttl_s = ttl_s
        self._lock = threading.Lock()
        self._flights: dict[Hashable, tuple[float, Future[T]]] = {}

    def ask(self, question: Hashable, find: Callable[[], T], ttl_s: float | None = None) -> T:
        """The answer, or what `find` raises; kept for `ttl_s` if it is another one here. A
        failure is never kept for longer than by default."""
        with self._lock:
            self._forget()
            known = self._flights.get(question)
            if known is None:
                flight: Future[T] = Future()
                self._flights[question] = (float("inf"), flight)
        if known is not None:
            return known[1].result()
        kept_s = self._ttl_s if ttl_s is None else ttl_s
        try:
            flight.set_result(find())
        except BaseException as error:
            flight.set_exception(error)
            kept_s = min(kept_s, self._ttl_s)
        with self._lock:
            if self._flights.get(question, (0.0, None))[1] is flight:  # not cleared meanwhile
                self._flights[question] = (self._clock.monotonic() + kept_s, flight)
        return flight.result()

    def known(self, question: Hashable) -> T | None:
        """The answer if it is there already."""
        with self._lock:
            self._forget()
            _, flight = self._flights.get(question, (0.0, None))
        if flight is None or not flight.done() or flight.exception() is not None:
            return None
        return flight.result()

    def clear(self) -> None:
        """Forget what is known; what is being found is found for those who wait."""
        with self._lock:
            self._flights.clear()

    def _forget(self) -> None:
        now = self._clock.monotonic()
        for question in [q for q, (until, _) in self._flights.items() if until <= now]:
            del self._flights[question]
