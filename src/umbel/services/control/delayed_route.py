"""Where a task was to arrive that was sent through Celery's native delayed delivery.

On quorum queues a task with a countdown or an ETA, as every retry has, is published to the exchange
`celery_delayed_27` with the bits of its delay before its routing key, and its event names no queue
(kombu/transport/native_delayed_delivery.py). Sent there again it would wait again, so what stands
behind the bits decides: the queue that the application declares with that routing key, or one of
that name in which tasks were seen, as Celery names routing keys of queues without a declaration.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from umbel.broker.base import Cluster
from umbel.cluster.task import Task
from umbel.store.base import Store

_EXCHANGE: Final = re.compile(r"(?:.*_)?celery_delayed_\d+", re.DOTALL)
_KEY: Final = re.compile(r"(?:[01]\.){28}(.+)", re.DOTALL)
#: So many names of queues that hold the routing key are looked through.
_NAMES_MAX: Final = 50


def without_delay(task: Task, cluster: Cluster, store: Store) -> Task:
    """The same task, where its delay is over: in its queue, or in one that is not known and that
    routes decide about. Others stay as they are. Raises `StoreError`."""
    key = _KEY.fullmatch(task.routing_key or "")
    if key is None or not _EXCHANGE.fullmatch(task.exchange or ""):
        return task
    queue = task.queue or _queue(key[1], cluster, store)
    return msgspec.structs.replace(task, queue=queue, exchange=None, routing_key=None)


def _queue(key: str, cluster: Cluster, store: Store) -> str | None:
    definitions = cluster.definitions().items()
    declared = [name for name, each in definitions if each.get("routing_key") == key]
    if declared:
        return declared[0] if len(declared) == 1 else None
    if key in cluster.configured_queues():
        return key
    seen = store.suggest("queue", key, _NAMES_MAX)
    return key if any(each.value == key for each in seen) else None
