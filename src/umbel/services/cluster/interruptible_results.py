"""A result backend whose `wait` ends early when the process does."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Final

from umbel.results.base import Result, ResultBackend

#: How long is waited for a result before it is checked whether the process ends, seconds.
_STEP_S: Final = 1.0


class InterruptibleResults:
    """See `ResultBackend`. `stopping` is set when nobody should wait any longer."""

    def __init__(self, results: ResultBackend, stopping: threading.Event) -> None:
        self._results = results
        self._stopping = stopping

    @property
    def url(self) -> str:
        return self._results.url

    def expect(self, task_id: str) -> str | None:
        return self._results.expect(task_id)

    def get(self, task_id: str) -> Result:
        return self._results.get(task_id)

    def get_many(self, task_ids: Sequence[str]) -> Iterator[Result]:
        return self._results.get_many(task_ids)

    def wait(self, task_id: str, timeout_s: float) -> Result:
        while True:
            found = self._results.wait(task_id, min(timeout_s, _STEP_S))
            timeout_s -= _STEP_S
            if found.is_ready or timeout_s <= 0 or self._stopping.is_set():
                return found

    def abort(self, task_id: str) -> None:
        self._results.abort(task_id)

    def close(self) -> None:
        self._results.close()
