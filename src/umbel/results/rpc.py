"""Results of the backend rpc://, which sends each to the client that sent the task: of tasks
that were sent from here, and of no others.

While anybody waits, one thread reads one queue of replies. A result is expected until nobody
has asked for it for `EXPECTED_S`; the queue goes when none is expected any more. As from every
backend, nothing is unpickled.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

import msgspec

from umbel.errors import ResultsUnavailable, UmbelError
from umbel.results.base import UNKNOWN, Result
from umbel.results.errors import closed
from umbel.results.keyvalue import PENDING
from umbel.results.meta import result_of
from umbel.results.payload import UnreadableResult, open_payload

WHY: Final = (
    "The result backend rpc:// sends each result to the client that sent the task, so Umbel can "
    "read only results of tasks that it sent itself and waits for."
)
REMEDY: Final = (
    "Set result_backend to one that others can read: Redis, a database (db+...), "
    "files (file://...) or memcached."
)
#: How long a result is kept for those who ask for it, seconds since they last did.
EXPECTED_S: Final = 60.0
#: How many results are expected at once.
EXPECTED_MAX: Final = 128
_READ_S: Final = 0.5


class RpcReplies(Protocol):
    """See `broker.reply_queue.ReplyQueue`."""

    @property
    def name(self) -> str: ...

    def read(self, timeout_s: float) -> Sequence[tuple[str, bytes | str]]: ...

    def close(self, *, expects_more: bool) -> None: ...


class _Expected(msgspec.Struct):
    """A result that is waited for: what is known, when it was last asked for (`monotonic`),
    and whether its queue was lost."""

    current: Result
    polled_at: float
    lost: str | None = None

    @property
    def is_open(self) -> bool:
        return self.lost is None and not _is_final(self.current)


class RpcResults:
    """See `results.base.ResultBackend`."""

    url = "rpc://"

    def __init__(self, open_queue: Callable[[], RpcReplies]) -> None:
        self._open_queue = open_queue
        self._opening = threading.Lock()
        self._changed = threading.Condition()
        self._expected: dict[str, _Expected] = {}
        self._queue: RpcReplies | None = None
        self._reader: threading.Thread | None = None
        self._closing = False

    def expect(self, task_id: str) -> str:
        with self._opening:
            with self._changed:
                self._forget()
                if self._closing:
                    raise closed(self.url)
                if len(self._expected) >= EXPECTED_MAX:
                    raise ResultsUnavailable(
                        f"{EXPECTED_MAX} results are waited for already.",
                        remedy="Send the task without waiting, or try again in a minute.",
                    )
                pending = Result(task_id=task_id, state=PENDING)
                self._expected[task_id] = _Expected(pending, time.monotonic())
                queue = self._queue
            return (queue or self._opened(task_id)).name

    def get(self, task_id: str) -> Result:
        return self.wait(task_id, 0.0)

    def get_many(self, task_ids: Sequence[str]) -> Iterator[Result]:
        return map(self.get, dict.fromkeys(task_ids))

    def wait(self, task_id: str, timeout_s: float) -> Result:
        with self._changed:
            expected = self._expected.get(task_id)
            if expected is None:
                raise _refused()
            until = time.monotonic() + max(0.0, timeout_s)
            while expected.is_open and not self._closing:
                expected.polled_at = time.monotonic()
                if expected.polled_at >= until:
                    break
                self._changed.wait(min(until - expected.polled_at, EXPECTED_S / 2))
            if expected.lost is not None:
                raise ResultsUnavailable(
                    f"The queue for the results of rpc:// was lost: {expected.lost}",
                    remedy="The task goes on. Its end is told by its events.",
                )
            if self._closing and expected.is_open:
                raise closed(self.url)
            return expected.current

    def abort(self, task_id: str) -> None:  # noqa: ARG002
        raise _refused()

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            reader = self._reader
        if reader is not None:
            reader.join(4 * _READ_S)

    def _opened(self, task_id: str) -> RpcReplies:
        try:
            queue = self._open_queue()
        except BaseException:
            with self._changed:
                self._expected.pop(task_id, None)
            raise
        reader = threading.Thread(
            target=self._read, args=(queue,), name="umbel-replies", daemon=True
        )
        with self._changed:
            self._queue, self._reader = queue, reader
        reader.start()
        return queue

    def _read(self, queue: RpcReplies) -> None:
        expects_more = False
        try:
            while True:
                for task_id, body in queue.read(_READ_S):
                    self._note(task_id, body)
                with self._changed:
                    expects_more = self._forget() or expects_more
                    if self._closing or not any(e.is_open for e in self._expected.values()):
                        self._queue = None
                        expects_more = expects_more or any(
                            e.is_open for e in self._expected.values()
                        )
                        return
        except UmbelError as error:
            with self._changed:
                self._queue, expects_more = None, True
                for expected in self._expected.values():
                    if expected.is_open:
                        expected.lost = str(error)
                self._changed.notify_all()
        finally:
            queue.close(expects_more=expects_more)

    def _note(self, task_id: str, body: bytes | str) -> None:
        found = _result(task_id, body)
        with self._changed:
            expected = self._expected.get(task_id)
            if expected is not None and expected.is_open:
                expected.current = found
                self._changed.notify_all()

    def _forget(self) -> bool:
        """Drop what nobody asks for any more; whether a reply to such may still come."""
        due = time.monotonic() - EXPECTED_S
        gone = [task_id for task_id, e in self._expected.items() if e.polled_at < due]
        dropped = [self._expected.pop(task_id) for task_id in gone]
        return any(expected.is_open for expected in dropped)


def _refused() -> ResultsUnavailable:
    error = ResultsUnavailable(WHY, remedy=REMEDY)
    error.retriable = False
    return error


def _is_final(current: Result) -> bool:
    return current.is_ready or current.state == UNKNOWN


def _result(task_id: str, body: bytes | str) -> Result:
    try:
        if isinstance(body, str):
            raise UnreadableResult(body)
        return result_of(task_id, open_payload(body))
    except UnreadableResult as trouble:
        return Result(task_id=task_id, state=trouble.state, unreadable=trouble.why)
