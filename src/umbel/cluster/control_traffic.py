"""How often workers are asked: counts of the last minute, second by second.

A minute that slides, not one that begins anew: so many questions in any sixty seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

#: So many questions are asked in any minute, by all processes of a history together.
QUESTIONS_MAX: Final = 240
_MINUTE: Final = 60
#: What only asks. Everything else that workers are sent is an action, of a person or of the
#: settings.
#: Source: celery/worker/control.py (`inspect_command`), kombu/pidbox.py.
QUESTIONS: Final = frozenset(
    {
        "active", "active_queues", "clock", "conf", "hello", "memdump", "memsample", "objgraph",
        "ping", "query_task", "registered", "report", "reserved", "revoked", "scheduled", "stats",
    }
)  # fmt: skip


class ControlTraffic(msgspec.Struct, frozen=True, kw_only=True):
    """What workers were sent in the last minute: questions of all processes of this history, of
    which there are never more than `questions_max`, and commands (actions) of this process."""

    questions: int = 0
    questions_max: int = QUESTIONS_MAX
    commands: int = 0


class LastMinute:
    """How often something was done in the last sixty seconds before `now` (Unix seconds). What lies
    in the future was counted by a clock that was set back since, and is forgotten."""

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self._counts = dict(counts or {})

    def count(self, now: float) -> int:
        """How often."""
        self._forget(now)
        return sum(self._counts.values())

    def add(self, now: float) -> None:
        """Once more."""
        self._forget(now)
        second = math.floor(now)
        self._counts[second] = self._counts.get(second, 0) + 1

    def written(self) -> str:
        """A text of at most two kilobytes, for `read`."""
        return " ".join(f"{second}:{count}" for second, count in self._counts.items())

    @classmethod
    def read(cls, text: str) -> LastMinute:
        """What `written` gave; nothing was done by a text that is anything else."""
        return cls(dict(_pairs(text.split(" "))))

    def _forget(self, now: float) -> None:
        first = math.floor(now) - _MINUTE + 1
        self._counts = {s: n for s, n in self._counts.items() if first <= s < first + _MINUTE}


def _pairs(parts: Iterable[str]) -> Iterable[tuple[int, int]]:
    for part in parts:
        second, _, count = part.partition(":")
        if second.isascii() and second.isdigit() and count.isascii() and count.isdigit():
            yield int(second[:18]), int(count[:9])
