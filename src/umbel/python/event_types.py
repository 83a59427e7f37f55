"""The events by which Celery tells of a task, and what is in each.

Source: celery/app/amqp.py (`_event_type` of a message), celery/worker/request.py,
celery/events/dispatcher.py.
"""

from __future__ import annotations

from collections.abc import ItemsView, KeysView, ValuesView
from enum import EnumType, StrEnum
from typing import Any, Final

from umbel.cluster.events import TASK_RANK

#: What every event has, beside its `type` and what its own kind has.
COMMON_FIELDS: Final = ("hostname", "timestamp", "pid", "clock", "utcoffset")
_SENT: Final = ("uuid", "name", "args", "kwargs", "eta", "expires", "retries", "root_id",
                "parent_id")  # fmt: skip
_KINDS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "task-sent": (
        "A client put it on a queue (with task_send_sent_event).",
        (*_SENT, "queue", "exchange", "routing_key"),
    ),
    "task-received": ("A worker took it from its queue.", _SENT),
    "task-started": ("A worker begins to run it.", ("uuid",)),
    "task-retried": ("It failed and will be tried again.", ("uuid", "exception", "traceback")),
    "task-rejected": ("A worker put it back or threw it away.", ("uuid", "requeue")),
    "task-revoked": ("It shall not run, or was ended.",
                     ("uuid", "terminated", "signum", "expired")),
    "task-failed": ("It raised an exception.", ("uuid", "exception", "traceback")),
    "task-succeeded": ("It returned a result.", ("uuid", "result", "runtime")),
}  # fmt: skip


class _Mapping(EnumType):
    """Lets the types be asked for by their texts: with `in`, as Python 3.12 does by itself, and
    in brackets, as in a dictionary."""

    def __contains__(cls, value: object) -> bool:
        return isinstance(value, cls) or value in cls._value2member_map_

    def __getitem__(cls, name: str) -> Any:
        found = cls._value2member_map_.get(name)
        return found if found is not None else super().__getitem__(name)

    def keys(cls) -> KeysView[str]:
        return _types(cls).keys()

    def values(cls) -> ValuesView[Any]:
        return _types(cls).values()

    def items(cls) -> ItemsView[str, Any]:
        return _types(cls).items()


class TaskEventTypes(StrEnum, metaclass=_Mapping):
    """The events by which Celery tells of a task, in the order of a life. Each is the text that
    stands in an event; `TaskEventTypes["task-sent"]["fields"]` are the names of what is in one,
    and `["description"]` says what it tells."""

    SENT = "task-sent"
    RECEIVED = "task-received"
    STARTED = "task-started"
    RETRIED = "task-retried"
    REJECTED = "task-rejected"
    REVOKED = "task-revoked"
    FAILED = "task-failed"
    SUCCEEDED = "task-succeeded"

    @property
    def description(self) -> str:
        """What it tells, in a sentence."""
        return _KINDS[self.value][0]

    @property
    def fields(self) -> list[str]:
        """The names of what is in an event of this type, beside `type`."""
        return [*_KINDS[self.value][1], *COMMON_FIELDS]

    def __getitem__(self, key: Any) -> Any:
        if key in ("description", "fields"):
            return getattr(self, key)
        return super().__getitem__(key)


def _types(cls: Any) -> dict[str, Any]:
    return {each.value: each for each in cls}


assert list(TaskEventTypes) == list(TASK_RANK) == list(_KINDS)  # noqa: S101  one table in three
