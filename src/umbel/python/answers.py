"""What functions that act give back: dictionaries that can be awaited, too.

Code for asyncio may write `await task_revoke(...)` and other code `task_revoke(...)`: the answer
is there already, and awaiting it gives it again.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Final, Self, TypeVar

from umbel.python.attribute_dict import AttributeDict
from umbel.services.control.types import ActionReport

V = TypeVar("V")

#: Other names under which people look for a task's id.
_ID_NAMES: Final = frozenset({"id", "task-id", "uuid"})


class AwaitableAnswer:
    """Something that is there already: awaiting it gives itself, and waits for nothing."""

    def __await__(self) -> Generator[Any, None, Self]:
        yield from ()
        return self


class TaskAnswer(AttributeDict, AwaitableAnswer):
    """What is known of a task that was sent or asked for. Keys are attributes too.

    `task_id` and `state`; where a result was waited for also `result` (plain JSON values),
    `success` (None while the task has not ended), `exception` (`Type('message')`), `traceback`,
    `children` (ids), `date_done` (Unix seconds), and `worker`, `retries` and `queue` as far
    as the result backend keeps them. `id`, `task-id` and `uuid` are read as `task_id`.
    """

    def __missing__(self, key: str) -> Any:
        if key in _ID_NAMES:
            return self["task_id"]
        raise KeyError(key)


class Answers(dict[str, dict[str, str | None]], AwaitableAnswer):
    """What each worker answered, by its name: `{"ok": words}`, `{"error": words}`
    (of one that went away after its answer, too), or `{"unknown": words}` from one that did not
    answer, which says nothing.

    `sentence` says how the action stands, `action_id` is its number in the audit, `report`
    all that is known of it.
    """

    def __init__(self, report: ActionReport) -> None:
        words = {"ok": "ok", "refused": "error", "gone": "error", "unknown": "unknown"}
        super().__init__(
            {each.worker: {words[each.outcome]: each.answer} for each in report.workers}
        )
        self.report = report
        self.sentence = report.sentence
        self.action_id = report.id


class NamedAnswers(dict[str, V], AwaitableAnswer):
    """Something by the names of workers or queues; `missing` are workers that did not answer,
    of which nothing is known."""

    def __init__(self, values: Mapping[str, V], missing: Sequence[str] = ()) -> None:
        super().__init__(values)
        self.missing = tuple(missing)
