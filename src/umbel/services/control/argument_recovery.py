"""The arguments with which tasks are sent again: read from the result backend and from the messages
that still wait in queues, and judged by `fidelity`. `recover_arguments` is the way in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from umbel.broker.base import Cluster, QueuedMessage, Reserved
from umbel.cluster.task import PENDING, Task
from umbel.errors import BrokerError, ResultsUnavailable
from umbel.results.base import Result, ResultBackend
from umbel.services.control import fidelity
from umbel.services.control.bounds import TaskBounds
from umbel.services.control.delayed_route import without_delay
from umbel.services.control.fidelity import Arguments
from umbel.services.control.repr_literals import literal_or_none
from umbel.services.control.targets import Target
from umbel.services.control.types import Edit
from umbel.store.base import Store
from umbel.store.ledger import Ledger

#: How many messages of a queue are looked at for tasks that still wait there, and in how
#: many queues at once.
_PEEKED: Final = 100
_QUEUES: Final = 4

REPEATED: Final = "These were sent again already."
#: Somebody else did so since the plan was shown.
REPEATED_MEANWHILE: Final = (
    "Another action sent these again, or is about to, since this one was planned."
)
#: The sending was cut off, or is under way.
MAYBE_REPEATED: Final = (
    "These may have been sent again: it is under way, or was cut off before it was known whether "
    "the broker has them. Look for them before you send them once more."
)
NAMELESS: Final = "Nothing is known of these but their ids."


class RecoveredTask(msgspec.Struct, frozen=True):
    """A task under its true name, with the arguments to send it with; `arguments.fidelity` is None
    if there are none that can be trusted. `shadow` is the other name under which events show the
    task, if they do; `queued` is its message and `result` its result, where those were found."""

    task: Task
    arguments: Arguments
    shadow: str | None = None
    queued: QueuedMessage | None = None
    result: Result | None = None

    @property
    def follows(self) -> tuple[str, ...]:
        """What hung on it, as far as it is known: by its message, its result, and its worker."""
        grouped = self.result is not None and self.result.group_id is not None
        in_message = self.queued.follows if self.queued is not None else ()
        known = {
            "chain": bool(self.task.chain),
            "chord": self.task.chord_id is not None,
            "group": grouped or self.task.group_id is not None,
        }
        more = (each for each, is_known in known.items() if is_known and each not in in_message)
        return (*in_message, *more)

    @property
    def is_of_workflow(self) -> bool:
        """Whether other tasks belong to it."""
        return bool(self.follows or self.task.parent_id) or (
            self.task.root_id not in {None, self.task.uuid}
        )


class Recovery(msgspec.Struct, frozen=True):
    """The tasks in the order of the targets, and why the result backend could not be read, if it
    could not."""

    tasks: tuple[RecoveredTask, ...]
    trouble: ResultsUnavailable | None = None


def repeated(targets: Sequence[Target], ledger: Ledger, store: Store) -> Mapping[str, str]:
    """Which of these were sent again already, or may have been, with the sentence for that; what
    was heard of was sent. Raises `StoreError`."""
    ids = {target.uuid for target in targets}
    repeats = [each for each in ledger.repeats([*ids]) if each.repeats in ids]
    doubtful = [each.task_id for each in repeats if each.maybe]
    heard = store.tasks(doubtful) if doubtful else {}
    certain = {each.repeats for each in repeats if not each.maybe or each.task_id in heard}
    return {
        each.repeats: REPEATED if each.repeats in certain else MAYBE_REPEATED for each in repeats
    }


class ArgumentSources(msgspec.Struct, frozen=True):
    """Where arguments and names are looked up. `results` is None if the backend is not to be read;
    `names` are the task names that workers have registered, None if no worker answered. Nothing is
    to be sent outside of any of `bounds`."""

    store: Store
    cluster: Cluster
    results: ResultBackend | None
    names: frozenset[str] | None = None
    bounds: tuple[TaskBounds, ...] = ()


def recover_arguments(
    targets: Sequence[Target], edit: Edit | None, sources: ArgumentSources
) -> Recovery:
    """The arguments of these targets; those that `edit` gives go in the place of their own."""
    cluster, results = sources.cluster, sources.results
    unneeded = edit is not None and edit.args is not None and edit.kwargs is not None
    lookups = [t.uuid for t in targets if not unneeded or t.task is None or t.task.name is None]
    stored, trouble = _results(lookups, results)
    waiting = {} if unneeded else _queued(targets, cluster)
    whole = _whole(targets, waiting, sources)
    recovered = tuple(
        _recovered(
            target, stored.get(target.uuid), waiting.get(target.uuid), edit, sources,
            whole.get(target.uuid),
        )
        for target in targets
    )  # fmt: skip
    return Recovery(recovered, trouble)


def _whole(
    targets: Sequence[Target], waiting: Mapping[str, QueuedMessage], sources: ArgumentSources
) -> Mapping[str, Task]:
    """The tasks whose true name only their attempts may tell, or whose arguments only the worker's
    own word, which a task of a page lacks."""
    ids = [
        target.uuid
        for target in targets
        if target.task is not None
        and target.task.name is not None
        and _queued_name(target.task, waiting.get(target.uuid)) is None
        and not (
            sources.names is not None
            and target.task.name in sources.names
            and _is_whole(target.task)
        )
    ]
    return sources.store.tasks(ids) if ids else {}


def _is_whole(task: Task) -> bool:
    """Whether nothing better is to be had of its arguments."""
    return task.args_json is not None or (
        literal_or_none(task.args) is not None and literal_or_none(task.kwargs) is not None
    )


def _recovered(
    target: Target,
    result: Result | None,
    queued: QueuedMessage | None,
    edit: Edit | None,
    sources: ArgumentSources,
    whole: Task | None,
) -> RecoveredTask:
    task = target.task or Task(uuid=target.uuid, state=PENDING, seen=0.0, timestamp=0.0)
    name = _name(task, result, queued, sources, whole)
    if not name:
        return RecoveredTask(task, Arguments(fidelity=None, why=NAMELESS))
    shadow = task.name if task.name != name else None
    queue = task.queue or (result and result.queue) or None
    source = task if whole is None or task.args_json is not None else whole
    task = msgspec.structs.replace(
        task,
        name=name,
        queue=queue,
        args_json=source.args_json,
        kwargs_json=source.kwargs_json,
    )
    task = without_delay(task, sources.cluster, sources.store)
    found = fidelity.arguments(task, result=result, queued=queued, edit=edit)
    reserved = sources.cluster.reserved()
    forbidden = _forbidden(task, queued, edit, reserved)
    if forbidden is None:
        inner = reserved.of_arguments(name, found.args, found.kwargs)
        forbidden = inner.sentence if inner is not None else None
    if forbidden is not None:
        found = Arguments(fidelity=None, why=f"They would go where none may: {forbidden}")
    elif (refusal := _refusal(task, queued, edit, sources.bounds)) is not None:
        found = Arguments(fidelity=None, why=refusal)
    return RecoveredTask(task, found, shadow, queued, result)


def route(task: Task, edit: Edit | None) -> tuple[str | None, str | None, str | None]:
    """By which queue, exchange and routing key it is sent again. What was published to an exchange
    goes there: beside an exchange that a sender names Celery tells of the default queue, where the
    task never was (celery/app/routes.py, `Router.route`)."""
    if edit is not None and edit.queue:
        return edit.queue, None, None
    if task.queue and not (task.exchange and task.routing_key):
        return task.queue, None, None
    return task.queue, task.exchange, task.routing_key


def _forbidden(
    task: Task, queued: QueuedMessage | None, edit: Edit | None, reserved: Reserved
) -> str | None:
    """Why it must not go the way that events tell of it: who can send events can make up any."""
    found = reserved.of_route(*route(task, edit), queued.headers if queued is not None else None)
    return found.sentence if found is not None else None


def _refusal(
    task: Task, queued: QueuedMessage | None, edit: Edit | None, bounds: Sequence[TaskBounds]
) -> str | None:
    """Why its true name or the queue to which it would go is outside of the bounds, if so."""
    queue, exchange, _ = route(task, edit)
    if exchange:  # to whichever queues are bound to it
        queue = None
    headers = queued.headers if queued is not None else {}
    refusals = (each.refusal_to_send(task.name or "", queue, headers) for each in bounds)
    return next((refusal for refusal in refusals if refusal is not None), None)


def _queued_name(task: Task, queued: QueuedMessage | None) -> str | None:
    """The name that the task's own message tells."""
    if queued is not None and queued.name and queued.task_id == task.uuid:
        return queued.name
    return None


def _name(
    task: Task,
    result: Result | None,
    queued: QueuedMessage | None,
    sources: ArgumentSources,
    whole: Task | None,
) -> str | None:
    """The name to send it by. What workers tell may be a shadow, by which nobody has it; the
    message, the event of its sending and the result know the true one. A result of another
    name that workers do have is of the task that replaced this one."""
    if (name := _queued_name(task, queued)) is not None:
        return name
    result_name = result.name if result is not None else None
    if task.name is None:
        return result_name
    if sources.names is not None and task.name in sources.names:
        return task.name
    sent_as = [attempt.sent_as for attempt in (whole.attempts if whole else ()) if attempt.sent_as]
    if sent_as:
        return sent_as[-1]
    if sources.names is not None and result_name in sources.names:
        return result_name
    return task.name


def _results(
    ids: Sequence[str], results: ResultBackend | None
) -> tuple[Mapping[str, Result], ResultsUnavailable | None]:
    if results is None or not ids:
        return {}, None
    try:
        # Their values are of no use here, and may be large.
        read = (msgspec.structs.replace(each, result=None) for each in results.get_many(ids))
        return {each.task_id: each for each in read}, None
    except ResultsUnavailable as error:
        return {}, error


def _queued(targets: Sequence[Target], cluster: Cluster) -> Mapping[str, QueuedMessage]:
    """The messages of those that still wait, where queues can be looked into."""
    waiting = [t.task for t in targets if t.task is not None and t.task.state == PENDING]
    queues = list(dict.fromkeys(task.queue for task in waiting if task.queue))
    if not queues or not cluster.capabilities().can("peek"):
        return {}
    found: dict[str, QueuedMessage] = {}
    for queue in queues[:_QUEUES]:
        try:
            messages = cluster.peek(queue, _PEEKED)
        except BrokerError:
            # What events and the backend know is still there.
            return found
        found |= {message.task_id: message for message in messages if message.task_id}
    return found
