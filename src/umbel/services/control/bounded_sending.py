"""Sending a task within bounds: its name, and the queue to which it goes, must be covered."""

from __future__ import annotations

import msgspec

from umbel.auth.base import Actor
from umbel.broker.base import Cluster
from umbel.errors import NotPermitted
from umbel.services.control.bounds import TaskBounds
from umbel.services.control.permissions import REQUIRED_TO_APPLY, refusal
from umbel.services.control.task_sender import Apply, signature_of


def within_bounds(apply: Apply, actor: Actor, cluster: Cluster) -> Apply:
    """What this person wants to send, with the queue named where their bounds depend on it, so that
    it goes there and nowhere else. Raises `NotPermitted`; and `BrokerError` where the queue must be
    known and no broker can tell how it routes."""
    bounds = TaskBounds.of(actor, REQUIRED_TO_APPLY)
    if bounds is None:
        return apply
    if not bounds.grants:
        raise refusal(actor, REQUIRED_TO_APPLY, "send tasks", "tasks of every name")
    if apply.task_id is not None:
        raise NotPermitted(
            f"{actor.name} may not choose the id of a task, which may be another's: "
            f"{actor.name} may act on {bounds.scope} alone.",
            remedy="Send it without an id; the answer tells the one that it got.",
        )
    if bounds.refusal_to_send(apply.name, None) is None:  # in whatever queue
        return apply
    queue = _destination(apply, bounds, cluster)
    why = bounds.refusal_to_send(apply.name, queue, apply.headers)
    if why is not None:
        raise NotPermitted(why, remedy=_remedy(apply, queue, bounds))
    return msgspec.structs.replace(apply, queue=queue)


def _destination(apply: Apply, bounds: TaskBounds, cluster: Cluster) -> str | None:
    """The queue to which it goes; None where that is not known, as of exchanges."""
    if apply.exchange is not None or apply.routing_key is not None:
        return None
    if apply.queue is not None and not bounds.cover(apply.name, apply.queue):
        return apply.queue  # which is refused, and so need not be asked for
    return cluster.destination(signature_of(apply, now=0.0))


def _remedy(apply: Apply, queue: str | None, bounds: TaskBounds) -> str:
    if not any(each.queue is not None for each in bounds.grants):
        return ""
    if queue is None:
        return "Name its queue; where an exchange and a routing key lead is not known."
    if apply.queue is None:
        return f"It would go to the queue {queue}; name another if it may go there."
    return ""
