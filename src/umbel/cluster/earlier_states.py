"""A task as it was in an earlier state, read off what it is now.

Whoever follows changes is told what a task has become and which state it had. What it was then
tells whether it is new to a search: it matches now and did not before. The state says which
of its times and texts came later; what it does not say (a second retry, a note) was the same.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from umbel.cluster.task import ENDED, PENDING, RECEIVED, STATES, UNKNOWN, Task

#: How far a state is on the way of one attempt.
_STEP: Final = {
    state: 3 if state in {*ENDED, UNKNOWN} else {PENDING: 0, RECEIVED: 1}.get(state, 2)
    for state in STATES
}
#: The fields that each step sets.
_FIELDS_OF_STEP: Final[tuple[dict[str, None], ...]] = (
    {},
    dict.fromkeys(("received", "worker")),
    dict.fromkeys(("started", "pid", "wait", "retried", "rejected")),
    dict.fromkeys(
        ("finished", "succeeded", "failed", "revoked", "runtime", "result", "exception",
         "error", "traceback")
    ),
)  # fmt: skip


def as_it_was(task: Task, state: str) -> Task:
    """`task` when its state was `state`."""
    before, now = _STEP[state], _STEP[task.state]
    unknown: dict[str, None] = {}
    for step in range(before + 1, now + 1):
        unknown |= _FIELDS_OF_STEP[step]
    return replace(task, state=state, **unknown)
