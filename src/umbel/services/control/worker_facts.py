"""What plans ask of the workers: who lives, which names they know, which queues they consume.

What cannot be asked is None, and then a plan says nothing about it: that nobody knows a name
is said only by those who were asked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import msgspec

from umbel.broker.base import Cluster, QueueDepth, Signature
from umbel.errors import BrokerError, RouteTooSlow
from umbel.services.cluster.inspection import Inspection
from umbel.services.cluster.queue_inspection import names_of_queues
from umbel.services.cluster.registered_tasks import workers_by_name
from umbel.services.control.plan_inputs import UnconsumedQueue
from umbel.services.samples.worker_profiles import process_count


class Consumption(msgspec.Struct, frozen=True):
    """The workers by queue that they consume, those who said so (maybe nothing), and those who
    live, or may, and did not say."""

    by_queue: Mapping[str, tuple[str, ...]] = {}
    answered: frozenset[str] = frozenset()
    silent: tuple[str, ...] = ()


def registered_names(workers: Inspection) -> frozenset[str] | None:
    """Every task name that a worker which answers has; None if none answers."""
    try:
        return frozenset(workers_by_name(workers.inspect("registered"))) or None
    except BrokerError:
        return None


def pool_processes(workers: Inspection, named: Sequence[str]) -> Mapping[str, int]:
    """How many processes the pools of these workers (empty: of all) have now, where they say;
    pools without processes are left out."""
    try:
        answers = workers.ask("stats", named or None)
    except BrokerError:
        return {}
    counts = {worker: process_count(stats) for worker, stats in answers.items()}
    return {worker: count for worker, count in counts.items() if count is not None}


def consumption(workers: Inspection) -> Consumption | None:
    """Who consumes what; None where the broker cannot carry the question."""
    try:
        found = workers.inspect("active_queues")
    except BrokerError:
        return None
    queues_by_worker = found.values
    by_queue: dict[str, tuple[str, ...]] = {}
    for worker, queues in sorted(queues_by_worker.items()):
        for name in names_of_queues(queues):
            by_queue[name] = (*by_queue.get(name, ()), worker)
    maybe = sorted({*workers.live(), *found.silent})
    silent = tuple(w for w in maybe if w not in queues_by_worker)
    return Consumption(by_queue, frozenset(queues_by_worker), silent)


def consumed_by(workers: Sequence[str], consumption: Consumption) -> tuple[str, ...]:
    """The queues that these workers consume, by name."""
    return tuple(name for name, by in sorted(consumption.by_queue.items()) if {*by} & {*workers})


def not_consuming(
    queue: str, workers: Sequence[str], consumption: Consumption | None
) -> tuple[str, ...]:
    """Those of the workers that say what they consume, and this queue is not among it."""
    if consumption is None:
        return ()
    by = consumption.by_queue.get(queue, ())
    return tuple(sorted(consumption.answered.intersection(workers).difference(by)))


def unconsumed(
    queues: Sequence[str],
    consumption: Consumption | None,
    depths: Sequence[QueueDepth],
    leaving: Sequence[str] = (),
) -> tuple[UnconsumedQueue, ...]:
    """Those of `queues` that nobody is known to consume but the workers `leaving`. A broker
    that counts consumers knows of all; workers know only of themselves."""
    depth = {each.name: each for each in depths}
    found = []
    for name in queues:
        there = depth.get(name, QueueDepth(name=name))
        by = consumption.by_queue.get(name, ()) if consumption is not None else ()
        others = [worker for worker in by if worker not in leaving]
        if there.consumers is not None:
            counted = there.consumers - (len(by) - len(others))
            silent: tuple[str, ...] = ()
        elif consumption is not None:
            counted = len(others)
            silent = tuple(w for w in consumption.silent if w not in leaving)
        else:
            continue
        if counted <= 0 and not others:
            found.append(UnconsumedQueue(name, there.ready, silent))
    return tuple(found)


def destinations(names: Sequence[str], cluster: Cluster) -> tuple[str, ...]:
    """The queues to which tasks of these names go by the application's routes or default, each
    once. Routes that are functions are asked without arguments: where one of them fails, as
    where routes name no queue, nothing is told of that name."""
    found = set()
    with contextlib.suppress(RouteTooSlow):  # the others may be as slow
        for name in names:
            found.add(_destination(name, cluster))
    return tuple(sorted(queue for queue in found if queue is not None))


def _destination(name: str, cluster: Cluster) -> str | None:
    try:
        return cluster.destination(Signature(id="", name=name))
    except RouteTooSlow:
        raise
    except Exception:  # a route is anybody's function
        return None


def depths_of(queues: Sequence[str], cluster: Cluster) -> Sequence[QueueDepth]:
    """How full these queues are, where the broker tells."""
    if not queues or not cluster.capabilities().can("depth"):
        return ()
    try:
        return cluster.depths(queues)
    except BrokerError:
        return ()
