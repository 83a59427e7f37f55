"""Reads what the result backend and waiting messages tell of a workflow's groups and chords.

It costs them little: of a workflow at most `TASKS_READ` small results, `GROUPS_READ` groups and the
first `PEEKED` messages of `QUEUES` queues, in one process once in `CACHE_S` seconds for everybody.
Nothing is consumed or written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from umbel.broker.base import Cluster, QueuedMessage
from umbel.clock import Clock
from umbel.cluster.events import LABEL_MAX, UUID_MAX
from umbel.errors import BrokerError, ResultsUnavailable, SettingsError
from umbel.results.base import CanvasRecords, ResultBackend, TaskCanvas
from umbel.services.cluster.shared_calls import SharedCalls
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.workflows.canvas_groups import (
    CanvasFacts,
    WaitingTask,
    canvas_groups,
    unseen_ids,
)
from umbel.services.workflows.expected import OVER
from umbel.services.workflows.rows import ReadingState, SourceReading
from umbel.store.workflows import WorkflowTask

TASKS_READ: Final = 300
GROUPS_READ: Final = 100
QUEUES: Final = 8
PEEKED: Final = 100
CACHE_S: Final = 4.0
#: What reading the result backend may take, seconds.
RESULTS_S: Final = 1.5
_AT_ONCE: Final = 100
_NOTHING: Final = SourceReading(state="read")


class CanvasReader:
    """Any thread."""

    def __init__(self, results: ResultBackend, cluster: Cluster, clock: Clock) -> None:
        self._results = results
        self._cluster = cluster
        self._clock = clock
        self._calls: SharedCalls[CanvasFacts] = SharedCalls(clock, CACHE_S)

    def read(self, tasks: Sequence[WorkflowTask]) -> CanvasFacts:
        """What is told of the workflow of these tasks, at least one. Raises nothing that sources
        do: how that went stands in the answer."""
        return self._calls.ask(tasks[0].root, lambda: self._read(tasks))

    def _read(self, tasks: Sequence[WorkflowTask]) -> CanvasFacts:
        queues, waiting, messages = self._waiting(tasks)
        facts = CanvasFacts(
            tasks={}, groups={}, waiting=_of_workflow(tasks, (), waiting), results=_NOTHING,
            messages=messages, queues=queues, at=self._clock.now(),
        )  # fmt: skip
        budget = TimeBudget(self._clock, RESULTS_S)
        try:
            facts = self._with_results(tasks, facts, budget)
        except (ResultsUnavailable, SettingsError) as error:
            state: ReadingState = "failed" if error.retriable else "absent"
            reading = SourceReading(state=state, why=str(error))
            facts = msgspec.structs.replace(facts, results=reading)
        # Only results may tell to which group the workflow belongs.
        mine = _of_workflow(tasks, canvas_groups(tasks, facts), waiting)
        return msgspec.structs.replace(facts, waiting=mine)

    def _with_results(
        self, tasks: Sequence[WorkflowTask], facts: CanvasFacts, budget: TimeBudget
    ) -> CanvasFacts:
        results = self._results
        if not isinstance(results, CanvasRecords):
            reading = SourceReading(state="absent", why=f"{results.url} keeps no groups.")
            return msgspec.structs.replace(facts, results=reading)
        wanted = _most_telling(tasks)
        canvases = self._canvases(results, wanted[:TASKS_READ], budget)
        facts = msgspec.structs.replace(facts, tasks=canvases)
        groups = list(canvas_groups(tasks, facts))
        kept = results.kept_groups(tuple(groups[:GROUPS_READ]), budget.left_s) if groups else {}
        facts = msgspec.structs.replace(facts, groups=kept)
        unseen = unseen_ids(tasks, facts)
        more = self._canvases(results, unseen[:TASKS_READ], budget)
        is_part = len(wanted) > TASKS_READ or len(groups) > GROUPS_READ or len(unseen) > TASKS_READ
        facts = msgspec.structs.replace(facts, tasks={**canvases, **more})
        return msgspec.structs.replace(facts, results=_reading(facts, budget, is_part=is_part))

    def _canvases(
        self, results: CanvasRecords, ids: Sequence[str], budget: TimeBudget
    ) -> Mapping[str, TaskCanvas]:
        found: dict[str, TaskCanvas] = {}
        for at in range(0, len(ids), _AT_ONCE):
            if budget.is_over:
                break
            found |= results.task_canvases(tuple(ids[at : at + _AT_ONCE]), budget.left_s)
        return found

    def _waiting(
        self, tasks: Sequence[WorkflowTask]
    ) -> tuple[tuple[str, ...], tuple[WaitingTask, ...], SourceReading]:
        """The queues that were looked into, and what waits in them."""
        queues: tuple[str, ...] = ()
        found: list[WaitingTask] = []
        count, is_part = 0, False
        try:
            capabilities = self._cluster.capabilities()
            if not capabilities.can("peek"):
                why = capabilities.missing.get("peek")
                return (), (), SourceReading(state="absent", why=why)
            names = tuple(_queues(tasks, self._cluster))
            queues, is_part = names[:QUEUES], len(names) > QUEUES
            for queue in queues:
                messages = self._cluster.peek(queue, PEEKED)
                count += len(messages)
                is_part |= len(messages) >= PEEKED
                found += [
                    WaitingTask(queue, _canvas_alone(message))
                    for message in messages
                    if message.task_id and len(message.task_id) <= UUID_MAX
                ]
        except (BrokerError, SettingsError) as error:
            state: ReadingState = "failed" if error.retriable else "absent"
            return queues, (), SourceReading(state=state, why=str(error))
        state = "part" if is_part else "read"
        return queues, tuple(found), SourceReading(state=state, read=count)


def _canvas_alone(message: QueuedMessage) -> QueuedMessage:
    """What a workflow needs of a message: ids and names, as long as those of events at most."""
    root, parent, group = (
        each if each is not None and len(each) <= UUID_MAX else None
        for each in (message.root_id, message.parent_id, message.group_id)
    )
    return QueuedMessage(
        task_id=message.task_id,
        name=message.name and message.name[:LABEL_MAX],
        root_id=root,
        parent_id=parent,
        group_id=group,
        chord_id=message.chord_id,
        chord_name=message.chord_name,
        chain=message.chain,
    )


def _most_telling(tasks: Sequence[WorkflowTask]) -> list[str]:
    """Ids of tasks whose results tell something new, those that sent others first: of these alone
    the result backend keeps whole groups."""
    senders = {task.parent_id for task in tasks}
    ended = [task for task in tasks if task.state in OVER]
    first = [task.uuid for task in ended if task.uuid in senders]
    return [*first, *(t.uuid for t in ended if t.uuid not in senders and not t.group_id)]


def _queues(tasks: Sequence[WorkflowTask], cluster: Cluster) -> Iterable[str]:
    """Where more of the workflow may wait: queues of tasks that have not ended, then of others."""
    open_tasks = Counter(t.queue for t in tasks if t.queue and t.state not in OVER)
    others = Counter(task.queue for task in tasks if task.queue)
    names = [name for name, _ in (*open_tasks.most_common(), *others.most_common())]
    return dict.fromkeys([*names, *cluster.configured_queues(), *cluster.bound_queues()])


def _of_workflow(
    tasks: Sequence[WorkflowTask], groups: Iterable[str], waiting: Iterable[WaitingTask]
) -> tuple[WaitingTask, ...]:
    """Those messages that belong to the tasks, or to these groups."""
    roots = {task.root for task in tasks}
    mine = {*groups, *(task.group_id for task in tasks if task.group_id)}
    ids = {task.uuid for task in tasks} | {task.chord_id for task in tasks if task.chord_id}
    return tuple(
        each
        for each in waiting
        if each.message.root_id in roots
        or each.message.group_id in mine
        or each.message.task_id in ids
    )


def _reading(facts: CanvasFacts, budget: TimeBudget, *, is_part: bool) -> SourceReading:
    state: ReadingState = "part" if is_part or budget.is_over else "read"
    return SourceReading(state=state, read=len(facts.tasks) + len(facts.groups))
