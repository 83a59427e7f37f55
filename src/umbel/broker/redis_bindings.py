"""Queues that kombu has bound in Redis, whether anybody consumes them or not.

kombu keeps a set for each exchange (`_kombu.binding.mail`), whose members name routing key,
pattern and queue. Which sets there are only a walk over all keys tells, and there may be
millions of keys (results). So each look walks a bounded part, and the next goes on from there;
what was found stays until the walk has come by again. Nothing is written.
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any, Final

from umbel.broker.redis_keys import RedisKeys

#: One look takes this many steps of so many keys.
_STEPS: Final = 4
_KEYS: Final = 2_000
#: More exchanges than this are not told.
_EXCHANGES_MAX: Final = 20_000
#: Mailboxes and events have bindings, too.
_NOT_OF_TASKS: Final = (".pidbox", "celeryev")


class RedisBindings:
    """Any thread; one walk at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cursor = 0
        self._found: dict[str, tuple[str, ...]] = {}
        self._passed: dict[str, tuple[str, ...]] = {}

    def queues(self, keys: RedisKeys) -> tuple[str, ...]:
        """Every queue found so far. Empty where this user may not look."""
        with self._lock, contextlib.suppress(_refusal()):
            for _ in range(_STEPS):
                if self._walk(keys):
                    break
        names = {name for part in (*self._found.values(), *self._passed.values()) for name in part}
        return tuple(sorted(names))

    def _walk(self, keys: RedisKeys) -> bool:
        """One step; whether it was the last of a walk."""
        start = keys.prefix + keys.binding_formats[0] % ""
        pattern = f"{_escaped(start)}*"
        self._cursor, found = keys.client.scan(self._cursor, match=pattern, count=_KEYS)
        for key in found:
            exchange = _text(key)[len(start) :]
            if any(mark in exchange for mark in _NOT_OF_TASKS):
                continue
            if len(self._passed) < _EXCHANGES_MAX:
                members = keys.client.sscan(key, count=500)[1]
                self._passed[exchange] = tuple(_queues(members, keys.separator))
        if self._cursor:
            return False
        self._found, self._passed = self._passed, {}
        return True


def _queues(members: Any, separator: str) -> list[str]:
    parts = [_text(member).split(separator) for member in members]
    return [part[2] for part in parts if len(part) == 3 and part[2]]


def _text(value: bytes | str) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _escaped(text: str) -> str:
    return "".join(f"\\{sign}" if sign in "*?[]\\" else sign for sign in text)


def _refusal() -> type[Exception]:
    from redis.exceptions import ResponseError

    return ResponseError
