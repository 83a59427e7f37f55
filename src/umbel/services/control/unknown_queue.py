"""Whether anybody knows of a queue."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from umbel.broker.base import Cluster
from umbel.services.cluster.inspection import Inspection
from umbel.services.control.worker_facts import consumption
from umbel.store.base import Store

#: So many names are compared with one that nobody knows.
_SUGGESTED_MAX: Final = 300


def unknown_queue(queue: str, store: Store, cluster: Cluster, workers: Inspection) -> str | None:
    """Why there is no such queue, if nobody knows of one; an empty list of Redis is no list at all,
    so others must know of it."""
    consumed = consumption(workers)
    names = {
        cluster.default_queue(),
        *(consumed.by_queue if consumed is not None else ()),
    }
    names |= {seen.value for seen in store.suggest("queue", "", _SUGGESTED_MAX)}
    if queue in names or store.suggest("queue", queue, 1):
        return None
    near = get_close_matches(queue, names, 1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return (
        f"No queue {queue} is known: nothing waits there, no worker that answers consumes it, "
        f"and no task was seen that was sent to it.{meant}"
    )
