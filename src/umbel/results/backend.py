"""Any of Celery's result backends as a `ResultBackend`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from threading import Event
from typing import Final, TypeVar

from umbel.errors import ResultsUnavailable, UmbelError
from umbel.results.base import UNKNOWN, Result
from umbel.results.errors import closed, explain, silent
from umbel.results.payload import Unreadable
from umbel.results.reader import Reading
from umbel.results.worker_pool import Closed, Crew, Late

R = TypeVar("R")

#: No question takes longer than this, in seconds.
LIMIT_S: Final = 1.8
#: How often a waiting caller looks, in seconds: often at first, less and less.
_FIRST_S: Final = 0.02
_LAST_S: Final = 0.25
_SLOWER: Final = 1.5
#: The last look of a wait may come so much later than its time.
_GRACE_S: Final = 0.1
#: So many ids are asked for at once.
_AT_ONCE: Final = 500


class CeleryResults:
    """Results as `make`, called in threads of ours, gives a way to read them."""

    def __init__(self, url: str, make: Callable[[], Reading]) -> None:
        self._url = url
        self._crew = Crew(make)
        self._closing = Event()

    @property
    def url(self) -> str:
        return self._url

    def expect(self, task_id: str) -> None:
        self.get(task_id)

    def get(self, task_id: str) -> Result:
        return self._get(task_id, LIMIT_S)

    def get_many(self, task_ids: Sequence[str]) -> dict[str, Result]:
        ids = list(dict.fromkeys(task_ids))
        found: dict[str, Result] = {}
        for at in range(0, len(ids), _AT_ONCE):
            found |= self._told(partial(_fetch, task_ids=ids[at : at + _AT_ONCE]))
        return found

    def wait(self, task_id: str, timeout_s: float) -> Result:
        until = time.monotonic() + max(0.0, timeout_s)
        known = self._get(task_id, LIMIT_S)
        pause = _FIRST_S
        while not (known.is_ready or known.state == UNKNOWN):
            left = until - time.monotonic()
            if left <= 0:
                break
            if self._closing.wait(min(pause, left)):
                raise closed(self._url)
            pause = min(pause * _SLOWER, _LAST_S)
            left = max(until - time.monotonic(), _GRACE_S)
            try:
                known = self._ask(lambda on: on.fetch((task_id,))[task_id], min(LIMIT_S, left))
            except Late:
                if left < LIMIT_S:
                    break
                raise silent(self._url, LIMIT_S) from None
        return known

    def abort(self, task_id: str) -> None:
        try:
            self._told(lambda reading: reading.abort(task_id))
        except Unreadable as trouble:
            raise ResultsUnavailable(
                f"The result backend at {self._url} cannot mark task {task_id[:80]} as aborted. "
                f"{trouble.why}"
            ) from trouble

    def close(self) -> None:
        self._closing.set()
        self._crew.close()

    def _get(self, task_id: str, limit_s: float) -> Result:
        return self._told(lambda reading: reading.fetch((task_id,))[task_id], limit_s)

    def _told(self, ask: Callable[[Reading], R], limit_s: float = LIMIT_S) -> R:
        try:
            return self._ask(ask, limit_s)
        except Late:
            raise silent(self._url, limit_s) from None

    def _ask(self, ask: Callable[[Reading], R], limit_s: float) -> R:
        try:
            return self._crew.call(ask, limit_s)
        except (Late, Unreadable, UmbelError):
            raise
        except Closed:
            raise closed(self._url) from None
        except Exception as error:
            raise explain(error, self._url) from error


def _fetch(reading: Reading, task_ids: Sequence[str]) -> dict[str, Result]:
    return reading.fetch(task_ids)
