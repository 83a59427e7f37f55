"""Lazy opening: a resource that is opened when it is first used."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, Protocol, TypeVar


class _Closable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=_Closable)


class Lazy(Generic[T]):
    """Opened once. What `open_it` raises is raised by the `get` that needed it, and the next
    one tries again. Any thread."""

    def __init__(self, open_it: Callable[[], T]) -> None:
        self._open = open_it
        self._lock = threading.Lock()
        self._opened: T | None = None

    def get(self) -> T:
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    def close(self) -> None:
        """Close it, if it was ever opened."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()


L = TypeVar("L")


class StillOpening(Exception):
    """What is opened takes longer than anybody waits. It goes on."""


class SlowLazy(Generic[L]):
    """As `Lazy`, for what may take long or hang, as somebody's modules that are imported: it is
    opened in a thread of its own, and nobody waits for longer than `wait_s` since that began; so
    nobody waits at all once somebody did in vain. The main thread opens by itself and waits: some
    modules can be imported there alone, and whoever started that can interrupt it. Any thread."""

    def __init__(self, open_it: Callable[[], L], wait_s: float) -> None:
        self._open = open_it
        self._wait_s = wait_s
        self._lock = threading.Lock()
        self._opening: Future[L] | None = None
        self._until = 0.0

    def get(self) -> L:
        """Raises what `open_it` raises, and `StillOpening`."""
        opening, is_new = self._begun()
        if threading.current_thread() is threading.main_thread():
            if is_new:
                self._fill(opening)
            return opening.result()
        if is_new:
            thread = threading.Thread(
                target=self._fill, args=(opening,), name="umbel-opening", daemon=True
            )
            thread.start()
        try:
            return opening.result(max(0.0, self._until - time.monotonic()))
        except TimeoutError:
            if opening.done():  # that is what `open_it` raised
                raise
            raise StillOpening from None

    def _begun(self) -> tuple[Future[L], bool]:
        with self._lock:
            opening = self._opening
            if opening is not None and not (opening.done() and opening.exception() is not None):
                return opening, False
            self._opening = opening = Future()
            self._until = time.monotonic() + self._wait_s
            return opening, True

    def _fill(self, opening: Future[L]) -> None:
        try:
            opening.set_result(self._open())
        except BaseException as error:
            opening.set_exception(error)
