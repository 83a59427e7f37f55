"""Queues: how full they are, and emptying one. See `workers` for `events`."""

from __future__ import annotations

from collections.abc import Iterable

from umbel.python.answers import Answers, NamedAnswers
from umbel.python.control import act
from umbel.python.source_argument import on_source
from umbel.python.sources import Source
from umbel.python.times import TimeLike, unix_span
from umbel.services.cluster.queue_list import ListedQueue
from umbel.services.cluster.queue_profile import QueueProfile
from umbel.services.cluster.queue_rates import QueueRates
from umbel.services.cluster.task_route import TaskRoute


@on_source
def queues(source: Source, /) -> NamedAnswers[ListedQueue]:
    """Every queue that anybody tells of, by name, those in trouble first: `ready`, `workers`,
    `consumers`, `trend`, `hour_ago`, `in_per_min`, `out_per_min`, `oldest_s`, `wait_p95_s` and
    `drain_s`; None where it is not known."""
    return NamedAnswers({row.name: row for row in source.queues().items})


@on_source
def queue(source: Source, /, name: str) -> QueueProfile:
    """One queue: what `queues` says of it; `consuming`, its workers with what each has of it;
    `declared`, and `dead_letters`. Raises `QueueUnknown`."""
    return source.queue(name)


@on_source
def queue_rates(
    source: Source, /, name: str, start: TimeLike = None, end: TimeLike = None
) -> QueueRates:
    """How many messages a minute came into a queue and left it, in `buckets` from `start` to `end`
    (the last hour, unless given)."""
    since, until = unix_span(start, end)
    return source.queue_rates(name, since, until)


@on_source
def queue_lengths(
    source: Source, /, queues: str | Iterable[str] | None = None
) -> NamedAnswers[int | None]:
    """How many messages wait in each queue that anybody tells of, or in these, by name; None
    where the broker does not say. A queue of which nobody tells is left out."""
    found = {row.name: row.ready for row in source.queues().items}
    if queues is None:
        return NamedAnswers(found)
    names = [queues] if isinstance(queues, str) else list(queues)
    return NamedAnswers({name: found[name] for name in names if name in found})


@on_source
def task_route(source: Source, /, name: str, queue: str | None = None) -> TaskRoute:
    """Where a task of this name would go by the application's routes, or sent to `queue`: its
    `queue`, `exchange`, `routing_key`; the `workers` that consume the queue and those at which the
    name is `registered`, and `warnings` in sentences."""
    return source.route(name, queue)


@on_source
def pause_queue(source: Source, /, queue: str, reason: str | None = None) -> Answers:
    """Let no worker consume a queue until it is resumed; what is sent there waits. By worker what
    became of it; `sentence` says it in one. Raises `ActionRefused` where it is paused already."""
    return act(source, {"action": "pause", "queue": queue, "reason": reason})


@on_source
def resume_queue(source: Source, /, queue: str, reason: str | None = None) -> Answers:
    """Let those consume a paused queue again that did before. Raises `ActionRefused` where it is
    not paused."""
    return act(source, {"action": "resume", "queue": queue, "reason": reason})


@on_source
def purge(source: Source, /, queue: str) -> Answers:
    """Remove every message that waits in a queue: these tasks will never run. `sentence` says how
    many there were. Raises `NotSupported` where the broker cannot."""
    return act(source, {"action": "purge", "queue": queue})
