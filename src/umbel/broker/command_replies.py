"""Replies of workers to a remote control command, read as untrusted input.

Celery's handlers answer `{"ok": ...}`, `{"error": ...}` or anything else; the worker puts its
name around it: `{"celery@host": {"ok": "pong"}}`. Source: kombu/pidbox.py (`Node.dispatch`),
celery/worker/control.py.
"""

from __future__ import annotations

from umbel.bounded_json import read_json
from umbel.broker.base import Frame, Reply
from umbel.broker.compression import JSON, unpacked
from umbel.characters import encodable
from umbel.errors import EventError


class ReplyCollector:
    """Collects replies, one of each worker, until `limit` workers have answered."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._replies: dict[str, Reply] = {}
        self._unread: list[Reply] = []

    def add(self, frame: Frame) -> None:
        for reply in replies_in(frame):
            if reply.worker:
                self._replies.setdefault(reply.worker, reply)
            else:
                self._unread.append(reply)

    @property
    def complete(self) -> bool:
        """Whether as many have answered as were waited for."""
        answered = len(self._replies) + len(self._unread)
        return self._limit is not None and answered >= self._limit

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
