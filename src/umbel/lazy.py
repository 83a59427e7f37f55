"""Lazy opening: a resource that is opened when it is first used."""

from __future__ import annotations

import threading
from collections.abc import Callable
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
