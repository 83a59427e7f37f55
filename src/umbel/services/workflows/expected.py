"""Tasks that are known to come and were not seen: bodies of chords and links of chains.

Celery sends a task only when what it needs has succeeded, and no event tells what would follow. A
worker that was asked to (`umbel.worker`) tells the ids of the chord's body and of the chain's next
links with each task, and so do messages that wait and, of chords, the result backend; what of these
was never seen waits, or will not run. For example, of a chord with a failed member Celery marks the
body as failed in the result backend and never sends it
(`celery.backends.base.Backend.chord_error_from_stack`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from umbel.cluster.task import FAILURE, REJECTED, REVOKED, SUCCESS, UNKNOWN
from umbel.services.workflows.rows import ExpectedState, ExpectedTask
from umbel.store.workflows import WorkflowTask

#: After one that ended so, what needs it is not sent.
STOPPED: Final = frozenset({FAILURE, REVOKED, REJECTED})
#: Nothing more is to be expected of one in such a state.
OVER: Final = STOPPED | {SUCCESS, UNKNOWN}
#: How many failures before one are named.
_FAILED_MAX: Final = 20
_NO_SIZES: Final[Mapping[str, int]] = {}


def expected_tasks(
    tasks: Sequence[WorkflowTask], sizes: Mapping[str, int] = _NO_SIZES
) -> list[ExpectedTask]:
    """What was not seen of these tasks' chords and chains: bodies of chords in the order of their
    members, and links of each chain in theirs. `sizes` has of how many parts a chord is, by the id
    of its body, where more is known than the members that were seen."""
    seen = {task.uuid for task in tasks} | {task.group_id for task in tasks if task.group_id}
    found: dict[str, ExpectedTask] = {}
    for body_id, members in _headers(tasks).items():
        if body_id not in seen:
            found[body_id] = _body(body_id, members, sizes.get(body_id, 0))
    for task in tasks:
        for link in _links(task, seen, found):
            found.setdefault(link.uuid, link)
    return list(found.values())


def _headers(tasks: Iterable[WorkflowTask]) -> dict[str, list[WorkflowTask]]:
    headers: dict[str, list[WorkflowTask]] = {}
    for task in tasks:
        if task.chord_id is not None:
            headers.setdefault(task.chord_id, []).append(task)
    return headers


def _body(body_id: str, members: Sequence[WorkflowTask], size: int) -> ExpectedTask:
    failed = [member.uuid for member in members if member.state in STOPPED]
    ended = sum(member.state in OVER for member in members)
    state: ExpectedState = "blocked" if failed else "waiting"
    if len(members) >= size and all(member.state == SUCCESS for member in members):
        state = "due"
    return ExpectedTask(
        uuid=body_id,
        name=next((member.chord_name for member in members if member.chord_name), None),
        kind="chord",
        state=state,
        after=None,
        members=max(len(members), size),
        ended=ended,
        failed=tuple(failed[:_FAILED_MAX]),
    )


def _links(
    task: WorkflowTask, seen: set[str], found: Mapping[str, ExpectedTask]
) -> Iterable[ExpectedTask]:
    """The links of this task's chain that were not seen, up to the first that was: that one tells
    of the rest itself."""
    state: ExpectedState = _after(task.state)
    failed = (task.uuid,) if state == "blocked" else ()
    after = task.uuid
    for uuid, name in task.chain:
        if uuid in seen or uuid in found:
            return
        yield ExpectedTask(
            uuid=uuid, name=name or None, kind="chain", state=state, after=after, members=1,
            ended=int(state != "waiting" and after == task.uuid), failed=failed,
        )  # fmt: skip
        after, state = uuid, "blocked" if failed else "waiting"


def _after(state: str) -> ExpectedState:
    if state in STOPPED:
        return "blocked"
    return "due" if state == SUCCESS else "waiting"
