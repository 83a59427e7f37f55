"""Any of Celery's result backends as a `ResultBackend`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from threading import Event
from typing import Final, TypeVar

from umbel.errors import ResultsUnavailable, UmbelError
from umbel.results.base import UNKNOWN, KeptGroup, ListedIds, Result, TaskCanvas
from umbel.results.errors import closed, is_lost_connection, silent, translated
from umbel.results.payload import UnreadableResult
from umbel.results.reader import ResultReader
from umbel.timed_pool import PoolClosed, TimedOut, TimedPool

R = TypeVar("R")

#: No question takes longer than this, in seconds.
LIMIT_S: Final = 1.8
#: How often a waiting caller polls, in seconds: often at first, then less and less.
_FIRST_S: Final = 0.02
_LAST_S: Final = 0.25
_SLOWER: Final = 1.5
#: The last poll of a wait may end so much later than its time, seconds.
_GRACE_S: Final = 0.1
#: With less time left a question whose connection was lost is not asked again, seconds.
_AGAIN_S: Final = 0.5
#: So many ids are asked for at once, and of what so many bytes are kept.
_AT_ONCE: Final = 500
_BYTES_AT_ONCE: Final = 8 * 1024 * 1024
#: So many where nobody says beforehand how large they are.
_UNMEASURED_AT_ONCE: Final = 20


class CeleryResults:
    """Results, read by the readers that `make` makes in the threads of a pool."""

    def __init__(self, url: str, make: Callable[[], ResultReader]) -> None:
        self._url = url
        self._pool = TimedPool(make, name="umbel-results")
        self._closing = Event()

    @property
    def url(self) -> str:
        return self._url

    def expect(self, task_id: str) -> None:
        self.get(task_id)

    def get(self, task_id: str) -> Result:
        return self._get(task_id, LIMIT_S)

    def get_many(self, task_ids: Sequence[str]) -> Iterator[Result]:
        ids = list(dict.fromkeys(task_ids))
        for at in range(0, len(ids), _AT_ONCE):
            some = ids[at : at + _AT_ONCE]
            sizes = self._answer(partial(_sizes, task_ids=some)) if len(some) > 1 else {}
            for piece in _pieces(some, sizes):
                yield from self._answer(partial(_fetch, task_ids=piece)).values()

    def list_ids(self, cursor: str, since: float) -> ListedIds | None:
        """See `results.base.ResultListing`."""
        return self._answer(lambda reader: reader.list_ids(cursor, since))

    def task_canvases(self, task_ids: tuple[str, ...], timeout_s: float) -> dict[str, TaskCanvas]:
        """See `results.base.CanvasRecords`."""
        return self._answer(partial(_task_canvases, ids=task_ids), min(timeout_s, LIMIT_S))

    def kept_groups(self, group_ids: tuple[str, ...], timeout_s: float) -> dict[str, KeptGroup]:
        """See `results.base.CanvasRecords`."""
        return self._answer(partial(_kept_groups, ids=group_ids), min(timeout_s, LIMIT_S))

    def wait(self, task_id: str, timeout_s: float) -> Result:
        until = time.monotonic() + max(0.0, timeout_s)
        current = self._get(task_id, LIMIT_S)
        pause = _FIRST_S
        while not (current.is_ready or current.state == UNKNOWN):
            left = until - time.monotonic()
            if left <= 0:
                break
            if self._closing.wait(min(pause, left)):
                raise closed(self._url)
            pause = min(pause * _SLOWER, _LAST_S)
            left = max(until - time.monotonic(), _GRACE_S)
            try:
                current = self._ask(lambda on: on.fetch((task_id,))[task_id], min(LIMIT_S, left))
            except TimedOut:
                if left < LIMIT_S:
                    break
                raise silent(self._url, LIMIT_S) from None
        return current

    def abort(self, task_id: str) -> None:
        try:
            self._answer(lambda reader: reader.abort(task_id))
        except UnreadableResult as trouble:
            raise ResultsUnavailable(
                f"The result backend at {self._url} cannot mark task {task_id[:80]} as aborted. "
                f"{trouble.why}"
            ) from trouble

    def close(self) -> None:
        self._closing.set()
        self._pool.close()

    def _get(self, task_id: str, limit_s: float) -> Result:
        return self._answer(lambda reader: reader.fetch((task_id,))[task_id], limit_s)

    def _answer(self, ask: Callable[[ResultReader], R], limit_s: float = LIMIT_S) -> R:
        try:
            return self._ask(ask, limit_s)
        except TimedOut:
            raise silent(self._url, limit_s) from None

    def _ask(self, ask: Callable[[ResultReader], R], limit_s: float) -> R:
        """The answer, asked for once more where the connection was lost since the last question."""
        until = time.monotonic() + limit_s
        try:
            return self._pool.call(partial(_with_new_connection, ask, until), limit_s)
        except (TimedOut, UnreadableResult, UmbelError):
            raise
        except PoolClosed:
            raise closed(self._url) from None
        except Exception as error:
            raise translated(error, self._url) from error


def _with_new_connection(ask: Callable[[ResultReader], R], until: float, on: ResultReader) -> R:
    try:
        return ask(on)
    except Exception as error:
        if not is_lost_connection(error) or time.monotonic() > until - _AGAIN_S:
            raise
        return ask(on)


def _pieces(ids: Sequence[str], sizes: Mapping[str, int] | None) -> Iterator[list[str]]:
    """These ids in their order, by so many as are to be read at once."""
    piece: list[str] = []
    size = 0
    for each in ids:
        more = _BYTES_AT_ONCE // _UNMEASURED_AT_ONCE if sizes is None else sizes.get(each, 0)
        if piece and size + more > _BYTES_AT_ONCE:
            yield piece
            piece, size = [], 0
        piece.append(each)
        size += more
    if piece:
        yield piece


def _sizes(reader: ResultReader, task_ids: Sequence[str]) -> dict[str, int] | None:
    return reader.sizes(task_ids)


def _fetch(reader: ResultReader, task_ids: Sequence[str]) -> dict[str, Result]:
    return reader.fetch(task_ids)


def _task_canvases(reader: ResultReader, ids: Sequence[str]) -> dict[str, TaskCanvas]:
    return reader.task_canvases(ids)


def _kept_groups(reader: ResultReader, ids: Sequence[str]) -> dict[str, KeptGroup]:
    return reader.kept_groups(ids)
