"""Workers are asked for what they may differ in: four questions to all of them at once, to no more
than some hundred, and what they answered a moment ago is not asked again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.cluster.worker import ONLINE, Worker
from umbel.cluster.worker_names import deployment_of
from umbel.services.cluster.fleet_diff import (
    DiffKind,
    Facts,
    FleetDiff,
    compared,
    facts_of,
    facts_of_all,
)
from umbel.services.cluster.inspection import Inspected, Inspection
from umbel.services.cluster.listed_workers import ListedWorkers

#: The most workers that are compared.
COMPARED_MAX: Final = 200
#: What each question tells of; versions are known from heartbeats.
_KIND_OF: Final[dict[Inspected, DiffKind]] = {
    "stats": "pool",
    "active_queues": "queue",
    "registered": "task",
    "conf": "setting",
}


class FleetFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a whole fleet has, of so many `workers` that answered; `kinds` are those that there was
    time to ask for."""

    facts: Facts
    kinds: frozenset[DiffKind]
    workers: int


class FleetComparison(msgspec.Struct, frozen=True):
    """Any thread; blocks while workers answer. Raises `StoreError` and what `Inspection` does."""

    workers: ListedWorkers
    inspection: Inspection
    clock: Clock

    def diff(self, name: str = "", deployment: str | None = None) -> FleetDiff:
        """In what the online workers differ that have `name` in theirs, of this deployment or of
        all; of very many some are compared, spread evenly."""
        found = [
            worker
            for worker in self._online()
            if name.casefold() in worker.hostname.casefold()
            and deployment in (None, deployment_of(worker.hostname))
        ]
        some = _spread(found, COMPARED_MAX)
        if len(some) < 2:
            return compared({}, self.clock.now())
        facts, kinds = self._facts(some)
        return msgspec.structs.replace(
            compared(facts, self.clock.now(), kinds),
            missing=tuple(each.hostname for each in some if each.hostname not in facts),
            left_out=len(found) - len(some),
            not_compared=tuple(kind for kind in _KIND_OF.values() if kind not in kinds),
        )

    def fleet(self) -> FleetFacts:
        """What the fleet has as a whole, to be compared with another one."""
        found = self._online()
        some = _spread(found, COMPARED_MAX)
        facts, kinds = self._facts(some) if some else ({}, frozenset[DiffKind]())
        return FleetFacts(facts=facts_of_all(facts.values()), kinds=kinds, workers=len(facts))

    def _online(self) -> list[Worker]:
        judged = self.workers.with_status(self.clock.now())
        return [worker for worker, found in judged if found.status == ONLINE]

    def _facts(
        self, some: Sequence[Worker]
    ) -> tuple[dict[str, dict[tuple[DiffKind, str], str]], frozenset[DiffKind]]:
        """Those of the workers that answered, by name, and of which kinds there are any."""
        names = [worker.hostname for worker in some]
        answers = self.inspection.profiles(tuple(_KIND_OF), names)
        by_worker: dict[str, dict[str, object]] = {each: {} for each in names}
        for each in answers:
            for worker, value in each.values.items():
                if worker in by_worker:
                    by_worker[worker][each.what] = value
        answered = [worker for worker in some if len(by_worker[worker.hostname]) == len(answers)]
        facts = {
            worker.hostname: facts_of(worker, by_worker[worker.hostname]) for worker in answered
        }
        return facts, frozenset({"version", *(_KIND_OF[each.what] for each in answers)})


def _spread(workers: Sequence[Worker], most: int) -> list[Worker]:
    """So many of them at most, at equal distances."""
    if len(workers) <= most:
        return list(workers)
    step = len(workers) / most
    return [workers[math.floor(index * step)] for index in range(most)]
