"""Running tasks, their results, and what is known of them."""

from __future__ import annotations

from typing import Any

import umbel
from flower.api import Handler
from flower.api.control import TaskRevoke
from flower.unserved import unserved
from flower.utils.tasks import iter_tasks
from umbel.errors import TaskFailed, TaskUnknown
from umbel.python.events import latest_events

__all__ = [
    "GetQueueLengths",
    "ListTaskTypes",
    "ListTasks",
    "TaskAbort",
    "TaskApply",
    "TaskAsyncApply",
    "TaskInfo",
    "TaskResult",
    "TaskRevoke",
    "TaskSend",
]


class TaskApply(Handler):
    """Run a task and wait for its end."""

    async def post(
        self, taskname: str, args: Any = None, kwargs: Any = None, **options: Any
    ) -> dict[str, Any]:
        """`task-id`, `state`, and `result` or `traceback`, also of a task that failed. Raises
        `TaskNotRegistered`, `TaskTimeout` (with `timeout=`), `ResultsUnavailable`."""
        try:
            found = await self._call(umbel.task_apply, taskname, args, kwargs, **options)
        except TaskFailed as failed:
            return _without_none(
                {"task-id": failed.task_id, "state": failed.state, "result": failed.exception,
                 "traceback": failed.traceback}
            )  # fmt: skip
        return _result(found)


class TaskAsyncApply(Handler):
    """Send a task that a worker knows."""

    async def post(
        self, taskname: str, args: Any = None, kwargs: Any = None, **options: Any
    ) -> dict[str, Any]:
        """`task-id` and `state`. Raises `TaskNotRegistered`."""
        found = await self._call(umbel.task_async_apply, taskname, args, kwargs, **options)
        return {"task-id": found["task_id"], "state": found["state"]}


class TaskSend(Handler):
    """Send a task by any name."""

    async def post(
        self, taskname: str, args: Any = None, kwargs: Any = None, **options: Any
    ) -> dict[str, Any]:
        """`task-id` and `state`."""
        found = await self._call(umbel.task_send_task, taskname, args, kwargs, **options)
        return {"task-id": found["task_id"], "state": found["state"]}


class TaskResult(Handler):
    """What the result backend keeps of a task."""

    async def get(
        self,
        taskid: str,
        timeout: float | None = None,  # noqa: ASYNC109  Flower's name
    ) -> dict[str, Any]:
        """`task-id`, `state`, and once it has ended `result`, and `traceback` of a failure. An
        unknown task is PENDING, since a backend cannot tell. Raises `ResultsUnavailable`."""
        try:
            return _result(await self._call(umbel.get_task_result, taskid, timeout))
        except TaskUnknown:
            return {"task-id": taskid, "state": "PENDING"}


class TaskAbort(Handler):
    """Ask an `AbortableTask` to end itself."""

    async def post(self, taskid: str) -> dict[str, Any]:
        """`message`: how it stands."""
        found: dict[str, Any] = await self._told(umbel.task_abort, taskid)
        return found


class TaskInfo(Handler):
    """Everything that is known of a task."""

    async def get(self, taskid: str) -> dict[str, Any]:
        """All of `umbel.TaskInfo`, the worker by its name. Raises `TaskUnknown`."""
        found = await self._call(_task, taskid)
        return {**found, "worker": found["hostname"]}


class ListTasks(Handler):
    """Tasks by id, in order."""

    async def get(self, **filters: Any) -> dict[str, Any]:
        """`filters` are those of `flower.utils.tasks.iter_tasks`, also by Flower's names
        `workername` and `taskname`."""
        for name, ours in (("workername", "worker"), ("taskname", "type")):
            if name in filters:
                filters[ours] = filters.pop(name)
        found: dict[str, Any] = await self._call(_tasks, **filters)
        return found


class ListTaskTypes(Handler):
    """The names of tasks."""

    async def get(self) -> dict[str, Any]:
        """`task-types`: those that workers have registered."""
        answers = await self._call(umbel.inspect, "registered")
        lists = [each for each in answers.values() if isinstance(each, list)]
        names = {str(name).partition(" [")[0] for names in lists for name in names}
        return {"task-types": sorted(names)}


class GetQueueLengths(Handler):
    """How full queues are."""

    async def get(self) -> dict[str, Any]:
        """`active_queues`: a list of dictionaries with `name` and `messages`."""
        lengths = await self._call(umbel.queue_lengths)
        rows = [{"name": name, "messages": length} for name, length in lengths.items()]
        return {"active_queues": rows}


def _result(found: Any) -> dict[str, Any]:
    answer = {"task-id": found["task_id"], "state": found["state"]}
    if found["success"] is None:
        return answer
    if found["success"]:
        return {**answer, "result": found["result"]}
    failed = {"result": found["exception"], "traceback": found["traceback"]}
    return {**answer, **_without_none(failed)}


def _without_none(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None}


def _task(*given: Any) -> Any:
    *events, task_id = given
    found = umbel.get_task_by_id(events[0] if events else latest_events(), task_id)
    if found is None:
        raise TaskUnknown(
            f"There is no such task: nothing is known of the id {task_id}.", task_id=task_id
        )
    return found


def _tasks(*events: Any, **filters: Any) -> dict[str, Any]:
    found = iter_tasks(events[0] if events else latest_events(), **filters)
    return {uuid: {**task, "worker": task.hostname} for uuid, task in found}


__getattr__ = unserved(
    __name__, {"BaseTaskHandler": "Use umbel.aio in a web application of one's own."}
)
