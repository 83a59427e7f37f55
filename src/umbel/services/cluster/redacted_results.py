"""Results as they may be seen: without what `[redact]` hides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from umbel.cluster.task import Task
from umbel.redact.rules import Redactor, TaskName
from umbel.results.base import Result, ResultBackend
from umbel.store.base import Store


def redacted_result(result: Result, name: TaskName, redactor: Redactor) -> Result:
    """The result of a task of this name. Arguments of which something is hidden are left out:
    whoever edits a task takes what is here for what was sent."""
    changes: dict[str, object] = {
        "result": redactor.result(name, result.result),
        "args": result.args if redactor.args(name, result.args) == result.args else None,
        "kwargs": result.kwargs if redactor.kwargs(name, result.kwargs) == result.kwargs else None,
    }
    if result.exception is not None:
        changes["exception"] = redactor.exception_text(name, result.exception)
    if result.traceback is not None:
        changes["traceback"] = redactor.traceback_text(name, result.traceback)
    return msgspec.structs.replace(result, **changes)


class RedactedResults:
    """See `ResultBackend`. What is sent again is read from the backend itself."""

    def __init__(self, results: ResultBackend, redactor: Redactor, store: Store) -> None:
        self._results = results
        self._redactor = redactor
        self._store = store

    @property
    def url(self) -> str:
        return self._results.url

    def expect(self, task_id: str) -> str | None:
        return self._results.expect(task_id)

    def get(self, task_id: str) -> Result:
        return self._redacted(self._results.get(task_id), self._stored([task_id]))

    def get_many(self, task_ids: Sequence[str]) -> Iterator[Result]:
        stored = self._stored(task_ids)
        return (self._redacted(result, stored) for result in self._results.get_many(task_ids))

    def wait(self, task_id: str, timeout_s: float) -> Result:
        result = self._results.wait(task_id, timeout_s)
        return self._redacted(result, self._stored([task_id]))

    def abort(self, task_id: str) -> None:
        self._results.abort(task_id)

    def close(self) -> None:
        self._results.close()

    def _stored(self, task_ids: Sequence[str]) -> Mapping[str, Task]:
        """What is stored of these tasks, if some rules hide by names: few backends keep those."""
        return self._store.tasks(task_ids) if self._redactor.hides_by_name else {}

    def _redacted(self, result: Result, stored: Mapping[str, Task]) -> Result:
        task = stored.get(result.task_id)
        names = (*(task.names if task is not None else ()), *filter(None, [result.name]))
        return redacted_result(result, tuple(dict.fromkeys(names)), self._redactor)
