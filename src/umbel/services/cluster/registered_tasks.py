"""The task names that could be sent: those that workers have registered, and where the
application itself is loaded, how each is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from umbel.services.cluster.inspection import InspectAnswers
from umbel.services.control.bounds import is_built_in


class TaskDescription(msgspec.Struct, frozen=True):
    """How a task is called (`(order, *, urgent=False)`), and its docstring."""

    signature: str | None = None
    doc: str | None = None


class RegisteredTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task name, how many workers have it, and how it is called, where that is known."""

    name: str
    workers: int
    signature: str | None = None
    doc: str | None = None


#: What the loaded application knows of its tasks, by name; {} without one. Blocks.
DescribeTasks = Callable[[], Mapping[str, TaskDescription]]


def registered_tasks(
    answers: InspectAnswers, described: Mapping[str, TaskDescription]
) -> tuple[RegisteredTask, ...]:
    """Every name that workers said (`registered`) or that the application describes."""
    counts = workers_by_name(answers)
    nothing = TaskDescription()
    return tuple(
        RegisteredTask(
            name=name,
            workers=len(counts.get(name, ())),
            signature=described.get(name, nothing).signature,
            doc=described.get(name, nothing).doc,
        )
        for name in sorted({*counts, *described})
    )


def workers_with(answers: InspectAnswers, name: str) -> tuple[str, ...]:
    """The workers that have registered a name, of those that answered."""
    if is_built_in(name):
        return tuple(sorted(answers.values))
    return tuple(workers_by_name(answers).get(name, ()))


def workers_by_name(answers: InspectAnswers) -> dict[str, list[str]]:
    """The workers that have each name. They write limits behind names (`a.b [rate_limit=5/m]`)."""
    found: dict[str, list[str]] = {}
    for worker, names in sorted(answers.values.items()):
        for name in names_of_tasks(names):
            found.setdefault(name, []).append(worker)
    return found


def names_of_tasks(value: object) -> frozenset[str]:
    """The names in what one worker answered."""
    listed = value if isinstance(value, list) else ()
    return frozenset(str(name).partition(" [")[0] for name in listed)
