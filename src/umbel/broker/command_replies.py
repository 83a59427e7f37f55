"""Replies of workers to a remote control command, read as untrusted input.

Celery's handlers answer `{"ok": ...}`, `{"error": ...}` or anything else; the worker puts its
name around it: `{"celery@host": {"ok": "pong"}}`. Source: kombu/pidbox.py (`Node.dispatch`),
celery/worker/control.py.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from umbel.bounded_json import read_json
from umbel.broker.base import AWAITED_TIMES, Frame, Reply
from umbel.broker.compression import JSON, unpacked
from umbel.characters import encodable
from umbel.errors import EventError

#: So many replies that cannot be read are kept of one question.
_UNREAD_MAX: Final = 100
#: So many bytes of replies are read of one question: a thousand workers with a thousand registered
#: names have forty million.
REPLIES_BYTES: Final = 64 * 2**20


class ReplyCollector:
    """Collects replies, one of each worker, until `limit` workers have answered. Of a question to
    these `workers` alone nobody else's reply counts, nor one that names nobody: else whoever
    answers for others would end it before they are heard. Those `awaited` may be late."""

    def __init__(
        self,
        limit: int | None,
        workers: Collection[str] | None = None,
        awaited: Collection[str] = (),
    ) -> None:
        self._limit = limit
        self._awaited = frozenset(awaited)
        self._workers = None if workers is None else frozenset(workers)
        self._replies: dict[str, Reply] = {}
        self._unread: list[Reply] = []
        self._unread_count = 0
        self._left_bytes = REPLIES_BYTES
        self.is_full = False

    def add(self, frame: Frame) -> None:
        """Take what came, unless all replies together are too large."""
        self._left_bytes -= len(frame.body)
        if self._left_bytes < 0:
            self.overflow()
            return
        for reply in replies_in(frame):
            if not reply.worker:
                self._unread = [*self._unread[: _UNREAD_MAX - 1], reply]
                self._unread_count += 1
            elif self._workers is None or reply.worker in self._workers:
                self._replies.setdefault(reply.worker, reply)

    def overflow(self) -> None:
        """Take nothing more: there are more bytes of replies than are read."""
        if not self.is_full:
            self.is_full = True
            self._unread.append(
                Reply("", error=f"Workers answered with more than {REPLIES_BYTES // 2**20} MB to "
                "one question, and the rest of it was not read.")
            )  # fmt: skip

    @property
    def complete(self) -> bool:
        """Whether as many have answered as were waited for, or more than is read."""
        if self.is_full:
            return True
        answered = len(self._replies)
        if self._workers is None:
            answered += self._unread_count
        return self._limit is not None and answered >= self._limit

    def wait_s(self, timeout_s: float) -> float:
        """For how long to wait in all where `timeout_s` is usual."""
        return timeout_s if self._awaited <= self._replies.keys() else AWAITED_TIMES * timeout_s

    def all(self) -> tuple[Reply, ...]:
        return (*self._replies.values(), *self._unread)


def replies_in(frame: Frame) -> tuple[Reply, ...]:
    """The replies in one message. One that cannot be read is a reply of nobody (`worker` is
    empty) whose error says why."""
    try:
        body = loaded(frame)
    except EventError as error:
        return (_unread(str(error)),)
    if not isinstance(body, dict) or not body:
        return (_unread("It does not say which worker answered."),)
    return tuple(_reply(encodable(str(worker)), value) for worker, value in body.items())


def loaded(frame: Frame) -> object:
    """The plain values in a JSON message. Raises `EventError` for anything else; nothing is
    ever unpickled."""
    kind = frame.content_type.split(";")[0].strip().lower()
    if kind != JSON:
        raise EventError(
            "content-type", f"It is of type {kind[:100]!r}, and Umbel reads only JSON."
        )
    body = unpacked(frame.body, (frame.headers or {}).get("compression"))
    try:
        return read_json(body, lambda _name: None)
    except (ValueError, RecursionError) as error:
        raise EventError("not-json", f"It is not JSON: {error}.") from error


def _reply(worker: str, value: object) -> Reply:
    if isinstance(value, dict) and len(value) == 1:
        if "ok" in value:
            return Reply(worker, value["ok"])
        if "error" in value:
            return Reply(worker, error=encodable(str(value["error"])))
    return Reply(worker, value)


def _unread(reason: str) -> Reply:
    return Reply("", error=f"A worker's answer cannot be read. {reason}")
