"""A result backend that is opened when it is first used (see `broker.later`)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from umbel.results.base import Result, ResultBackend


class LaterResults:
    """See `results.base.ResultBackend`. What `open_results` raises is raised by the call that
    needed it, and the next call tries again."""

    def __init__(self, open_results: Callable[[], ResultBackend]) -> None:
        self._open = open_results
        self._lock = threading.Lock()
        self._results: ResultBackend | None = None

    @property
    def url(self) -> str:
        return self._opened().url

    def get(self, task_id: str) -> Result:
        return self._opened().get(task_id)

    def get_many(self, task_ids: Sequence[str]) -> dict[str, Result]:
        return self._opened().get_many(task_ids)

    def wait(self, task_id: str, timeout_s: float) -> Result:
        return self._opened().wait(task_id, timeout_s)

    def abort(self, task_id: str) -> None:
        self._opened().abort(task_id)

    def close(self) -> None:
        with self._lock:
            if self._results is not None:
                self._results.close()

    def _opened(self) -> ResultBackend:
        with self._lock:
            if self._results is None:
                self._results = self._open()
            return self._results
