"""The traits of a task by which failures are compared with successes, and the search for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from umbel.cluster.task import Task
from umbel.query.arguments import entries, readings
from umbel.query.ast import Argument, Comparison, Matches, Node
from umbel.redact.texts import HIDDEN
from umbel.services.errors.over_representation import Trait

#: Of a task so many arguments are compared, of each kind.
ARGUMENTS_MAX: Final = 30
#: Longer values are nobody's few: they are left out.
VALUE_MAX: Final = 120
_CUT: Final = ("...", "…")
_SHARED: Final = ("name", "worker", "queue")


def traits(task: Task) -> frozenset[Trait]:
    """What the task has: its name, worker and queue, and each of its arguments whose value is
    short, whole and not hidden."""
    found = {Trait(each, value) for each in _SHARED if (value := getattr(task, each)) is not None}
    found.update(_arguments("args", task.args))
    found.update(_arguments("kwargs", task.kwargs))
    return frozenset(found)


def narrowing(trait: Trait) -> Node:
    """The query that tasks with this trait match."""
    if key := trait.field.partition(".")[2]:
        return Argument(key, trait.value)
    return Matches(trait.field, Comparison.EQUALS, (trait.value,))


def _arguments(source: str, text: str | None) -> Iterator[Trait]:
    for index, (key, value) in enumerate(entries(text or "")):
        if index == ARGUMENTS_MAX:
            return
        if len(value) > VALUE_MAX or HIDDEN in value or any(cut in value for cut in _CUT):
            continue
        name = str(index) if key is None else readings(key)[0]
        if (source == "args") is name.partition(".")[0].isdecimal() and name:
            yield Trait(f"{source}.{name}", readings(value)[0])
