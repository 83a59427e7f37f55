"""The inputs of a plan (`plan.py` is pure): the header, the summary of the targets, and facts about
the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from umbel.broker.base import Declaration
from umbel.services.control.bounds import TaskBounds
from umbel.services.control.targets import Target
from umbel.services.control.types import ActionRequest, Fidelity
from umbel.store.queue_pauses import QueuePause

#: The state of a task of which nothing was ever heard.
UNKNOWN: Final = "unknown"


class PlanHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that every plan has: its id, the request, who made it, and when (Unix
    seconds); for an action on tasks also the `bounds` of who may not act on all."""

    id: str
    request: ActionRequest
    actor: str
    made: float
    bounds: TaskBounds | None = None


class TargetSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of the tasks that were chosen. `not_permitted` counts those outside of the
    bounds of who plans, by the sentence that says so, and `outside` are some of them; everything
    else is about the others. `total` counts all of these; there are more if `capped`, and may be
    more if not `complete`, as time ran out while they were counted. `able` are those looked at that
    the action is for. `running_on` counts running tasks by worker, of those looked at; `repeated`
    how many of those were sent again before, and `maybe_repeated` may have been; `unrepeatable`
    those that a retry leaves out, by why, and `left_out` by state. Of those that it sends: by
    `names` and by `queues`
    where they go; `queueless` counts by name those whose queue neither an event nor who plans
    tells; `shadows` go by another name than events tell; `of_workflow` belong to one, which stands
    still as they did not succeed, and `follows` is what is known to hang on them;
    `of_going_workflow` belong to one that goes on when they end, or went on;
    `unread` are those whose message is not there any more to be read. `doubted` are those looked at
    that may not run or wait any more, by why."""

    total: int
    not_permitted: Mapping[str, int] = {}
    outside: tuple[Target, ...] = ()
    capped: bool = False
    complete: bool = True
    able: int = 0
    by_state: Mapping[str, int] = {}
    left_out: Mapping[str, int] = {}
    sample: tuple[Target, ...] = ()
    looked_at: int = 0
    running_on: Mapping[str, int] = {}
    fidelity: Mapping[Fidelity, int] = {}
    fidelities: Mapping[str, tuple[Fidelity | None, str | None]] = {}
    unrepeatable: Mapping[str, int] = {}
    repeated: int = 0
    maybe_repeated: int = 0
    names: Mapping[str, int] = {}
    queues: Mapping[str, int] = {}
    queueless: Mapping[str, int] = {}
    shadows: int = 0
    of_workflow: int = 0
    of_going_workflow: int = 0
    follows: tuple[str, ...] = ()
    unread: int = 0
    doubted: Mapping[str, int] = {}
    chosen_by: str | None = None
    troubles: tuple[str, ...] = ()


class UnconsumedQueue(msgspec.Struct, frozen=True):
    """A queue that nobody, or nobody else, is known to consume; so many messages wait there,
    None if unknown. `silent` are workers that live and did not say what they consume."""

    name: str
    ready: int | None = None
    silent: tuple[str, ...] = ()


class QueueAtPause(msgspec.Struct, frozen=True, kw_only=True):
    """A queue that is to be paused or resumed. `workers` consume it, or consumed it and are to do
    so again; `silent` ones did not say what they consume. `counted` is how many consumers the
    broker counts, `ready` how many messages wait; None is unknown. Of what the workers have
    fetched they run `running`, keep `reserved` to run next and `scheduled` for later; None where
    none of them said. `more` says that some of them did not. `impossible` is why it cannot be
    done."""

    workers: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    counted: int | None = None
    ready: int | None = None
    running: int | None = None
    reserved: int | None = None
    scheduled: int | None = None
    more: bool = False
    impossible: str | None = None


class ClusterFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster at the time of the plan: `live` workers; `silent` ones (dead or busy), which
    get what is said to all once they hear again; and why the action is `impossible`, if
    it is; `names` are the task names that workers have registered, None if none answered;
    `paused` are queues to which the action sends that somebody paused;
    `unconsumed` are queues to which the action sends, or from which it takes the last consumer;
    `destinations` are the queues to which tasks go whose own queue is not known, those that
    the application's routes tell of; `declaration` is how workers have to declare the queue that
    they are to consume; `processes` has how many a pool that is to shrink has, by worker;
    `not_consuming` are workers that do not consume the queue which they are to leave."""

    live: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    impossible: str | None = None
    names: frozenset[str] | None = None
    unconsumed: tuple[UnconsumedQueue, ...] = ()
    paused: tuple[QueuePause, ...] = ()
    destinations: tuple[str, ...] = ()
    declaration: Declaration | None = None
    processes: Mapping[str, int] = {}
    not_consuming: tuple[str, ...] = ()

    @property
    def addressed(self) -> tuple[str, ...]:
        """Those who get what is said to all, by name."""
        return tuple(sorted((*self.live, *self.silent)))
