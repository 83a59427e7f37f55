"""Tasks as they are given one by one: dictionaries, objects with attributes, and pairs at once.

Code that came from Flower reads a task as `uuid, task = item` and `task.worker.hostname`; code
written for Umbel reads `item["state"]` and `item.get("runtime")`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from umbel.cluster.task import ENDED
from umbel.python.attribute_dict import AttributeDict
from umbel.python.info import TaskInfo


class TaskDict(AttributeDict):
    """A `TaskInfo` whose keys are attributes too, those of `worker` as well."""

    def as_dict(self) -> dict[str, Any]:
        """The same without anything more."""
        return dict(self)

    @property
    def ready(self) -> bool:
        """Whether it has ended."""
        return self["state"] in ENDED


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
