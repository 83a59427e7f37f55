"""Tasks as they are given one by one: dictionaries, objects with attributes, and pairs at once.

Code that came from Flower reads a task as `uuid, task = item` and `task.worker.hostname`; code
written for Umbel reads `item["state"]` and `item.get("runtime")`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from umbel.cluster.task import ENDED
from umbel.python.attribute_dict import AttributeDict
from umbel.python.info import TaskInfo

#: `celery.events.state.Task._info_fields`.
_INFO_FIELDS: Final = (
    "args", "kwargs", "retries", "result", "eta", "runtime", "expires", "exception", "exchange",
    "routing_key", "root_id", "parent_id",
)  # fmt: skip


class TaskDict(AttributeDict):
    """A `TaskInfo` whose keys are attributes too, those of `worker` as well."""

    def as_dict(self) -> dict[str, Any]:
        """The same without anything more."""
        return dict(self)

    @property
    def ready(self) -> bool:
        """Whether it has ended."""
        return self["state"] in ENDED

    @property
    def id(self) -> str:
        """Its id, as Celery's `Task` calls it too."""
        return cast(str, self["uuid"])

    def info(
        self, fields: Iterable[str] | None = None, extra: Iterable[str] | None = None
    ) -> dict[str, Any]:
        """What is known of these fields and of `extra`, as `celery.events.state.Task.info` gives
        it; unless fields are named, those that it shows."""
        wanted = [*(fields or _INFO_FIELDS), *(extra or ())]
        return {name: value for name in wanted if (value := getattr(self, name, None)) is not None}


class TaskItem(TaskDict):
    """The same, which is also the pair of its id and itself: it iterates, counts and is indexed
    as a pair, and has keys as a dictionary (`keys()`, `items()`, `in`)."""

    def __iter__(self) -> Iterator[Any]:
        return iter(self._pair())

    def __len__(self) -> int:
        return 2

    def __getitem__(self, key: Any) -> Any:
        return self._pair()[key] if isinstance(key, int) else super().__getitem__(key)

    def _pair(self) -> tuple[str, TaskDict]:
        return self["uuid"], TaskDict(self.items())


def task_item(info: TaskInfo) -> TaskInfo:
    """The task as one of a list."""
    return cast(TaskInfo, TaskItem(info))


def task_dict(info: TaskInfo) -> TaskInfo:
    """The task alone."""
    return cast(TaskInfo, TaskDict(info))
