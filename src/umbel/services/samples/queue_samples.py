"""A sample of queues: one look at all of them, at little cost for the broker.

The names are worked out anew every 30 s. A queue that the broker has not got is let alone for
longer and longer, up to ten minutes, unless workers come or go: on RabbitMQ each look at it closes
a channel and is a line in the broker's log. What a page was answered a moment ago is not asked
again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from umbel.broker.base import Cluster, QueueDepth, QueueHead
from umbel.clock import Clock
from umbel.errors import BrokerRefused
from umbel.services.cluster.queue_inspection import QueueInspection
from umbel.services.samples.worker_profiles import WorkerProfile
from umbel.store.base import Store
from umbel.store.samples import SAMPLED_MAX, Values

#: How long names are good, and how long a queue is let alone that the broker has not got, at first
#: and at most, seconds.
NAMES_S: Final = 30.0
ABSENT_S: Final = 30.0
ABSENT_MAX_S: Final = 600.0


class QueueSampling:
    """One thread."""

    def __init__(
        self, store: Store, cluster: Cluster, queues: QueueInspection, clock: Clock
    ) -> None:
        self._store = store
        self._cluster = cluster
        self._queues = queues
        self._clock = clock
        self._names: Sequence[str] = ()
        self._names_until = 0.0
        #: Since when queues were not there, and until when they are let alone, on the monotonic
        #: clock.
        self._absent: dict[str, tuple[float, float]] = {}
        #: Why queues that are there cannot be looked at.
        self._refusals: dict[str, str] = {}
        self._workers: frozenset[str] = frozenset()
        #: When messages were sent that stood first the last time, by the id of their task.
        self._sent: dict[str, float | None] = {}

    def sample(self, profiles: Mapping[str, WorkerProfile] | None) -> dict[str, Values]:
        """The measures of `store.samples` by name, of queues of which the broker tells. `profiles`
        are of workers that are online, None where nobody can say which are. Raises
        what `Cluster.depths` raises, `BrokerRefused` where it tells of none, and `StoreError`."""
        known = profiles or {}
        if self._workers != known.keys():
            self._workers = frozenset(known)
            self._absent.clear()
        depths = [each for each in self._depths(known) if each.trouble is None]
        if self._names and self._refusals.keys() >= {*self._names}:
            raise BrokerRefused(self._refusals[self._names[0]])
        consumers = _consumers(profiles)
        oldest = self._oldest([each.name for each in depths if each.ready])
        now = self._clock.now()
        return {
            each.name: (
                each.ready,
                each.ready,
                each.unacknowledged,
                _first(each.consumers, consumers, each.name),
                0 if each.ready == 0 else _age(oldest.get(each.name), now),
            )
            for each in depths
        }

    def _depths(self, profiles: Mapping[str, WorkerProfile]) -> Sequence[QueueDepth]:
        if not self._cluster.capabilities().can("depth"):
            return ()
        listed = self._queues.listed()
        if listed is not None:
            return listed.items
        now = self._clock.monotonic()
        if now >= self._names_until:
            consumed = (name for each in profiles.values() for name in each.queues or ())
            known = dict.fromkeys([*self._queues.named(consumed), *self._queues.names()])
            self._names = [*known][: SAMPLED_MAX["queue"]]
            self._names_until = now + NAMES_S
            named = set(self._names)
            self._absent = {name: at for name, at in self._absent.items() if name in named}
            self._refusals = {name: why for name, why in self._refusals.items() if name in named}
        names = [each for each in self._names if now >= self._absent.get(each, (0.0, 0.0))[1]]
        depths = self._cluster.depths(names, often=True)
        for each in depths:
            self._refusals.pop(each.name, None)
            if each.trouble is None:
                self._absent.pop(each.name, None)
            else:
                if not each.is_absent:
                    self._refusals[each.name] = each.trouble
                since, _ = self._absent.get(each.name, (now, now))
                rest_s = min(ABSENT_MAX_S, max(ABSENT_S, now - since))
                self._absent[each.name] = since, now + rest_s
        return depths

    def _oldest(self, names: Sequence[str]) -> dict[str, float]:
        """When the oldest message that waits was sent, by queue (Unix seconds)."""
        heads = self._cluster.heads(names)
        ids = {head.task_id for several in heads.values() for head in several if head.task_id}
        new = [each for each in ids if self._sent.get(each) is None]
        tasks = self._store.tasks(new) if new else {}
        self._sent = {
            each: tasks[each].sent if each in tasks else self._sent.get(each) for each in ids
        }
        found: dict[str, float] = {}
        for name, several in heads.items():
            times = [at for head in several if (at := self._sent_at(head)) is not None]
            if times:
                found[name] = min(times)
        return found

    def _sent_at(self, head: QueueHead) -> float | None:
        return self._sent.get(head.task_id or "") if head.sent is None else head.sent


def _consumers(profiles: Mapping[str, WorkerProfile] | None) -> dict[str, int] | None:
    """How many workers consume each queue; None while one of them did not say, and where nobody
    knows which are online."""
    if profiles is None:
        return None
    found: dict[str, int] = {}
    for profile in profiles.values():
        if profile.queues is None:
            return None
        for name in profile.queues:
            found[name] = found.get(name, 0) + 1
    return found


def _first(counted: int | None, consumers: Mapping[str, int] | None, name: str) -> int | None:
    if counted is not None or consumers is None:
        return counted
    return consumers.get(name, 0)


def _age(sent: float | None, now: float) -> float | None:
    return None if sent is None else max(0.0, now - sent)
