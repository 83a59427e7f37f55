"""Deploys are noticed, by the server that samples the cluster.

Each sample is a look at the workers, by what their heartbeats told anyway. A worker that began is
asked once which tasks it registered, all that began together, no more than twice a minute; what
anybody else asks of that is listened to as well.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from umbel.broker.base import Capabilities
from umbel.clock import Clock
from umbel.cluster.worker import Worker
from umbel.errors import BrokerError
from umbel.services.cluster.inspection import InspectAnswers, Inspection
from umbel.services.cluster.registered_tasks import names_of_tasks
from umbel.services.deploys.fleet import Fleet, Starts
from umbel.services.deploys.marks import SPAN_MAX_S
from umbel.services.samples.worker_profiles import WorkerProfile
from umbel.store.ledger import Deploy, Ledger

log = logging.getLogger(__name__)

#: How long after a question the next one is asked, seconds.
PAUSE_S: Final = 30.0
#: More workers than this are asked by a question to all.
NAMED_MAX: Final = 50
#: What was seen is kept so often at least, seconds: counts of tasks go on.
KEPT_EVERY_S: Final = 300.0
_NO_PROFILES: Final[Mapping[str, WorkerProfile]] = {}


class DeployWatch:
    """`observe`, `ask` and `forget` are for one thread. They raise `StoreError`."""

    def __init__(self, ledger: Ledger, inspection: Inspection, clock: Clock) -> None:
        self._ledger = ledger
        self._inspection = inspection
        self._clock = clock
        self._fleet: Fleet | None = None
        self._kept_at = 0.0
        self._next_at = 0.0
        self._lock = threading.Lock()
        self._heard: list[InspectAnswers] = []
        inspection.observe(self._note)

    def observe(
        self, workers: Sequence[Worker], profiles: Mapping[str, WorkerProfile] = _NO_PROFILES
    ) -> None:
        """See how workers are now and what they told, and keep what that shows of deploys."""
        now = self._clock.now()
        fleet = self._fleet or stored_fleet(self._ledger)
        self._fleet = fleet
        facts = fleet.seen(workers, now, _new_id)
        fleet.take_profiles(profiles)
        with self._lock:
            heard, self._heard = self._heard, []
        for answers in heard:
            facts += self._taken_in(fleet, answers, ())
        self._keep(fleet, facts, now)

    def ask(self, capabilities: Capabilities) -> None:
        """Ask those that began which tasks they registered, if it is time to."""
        fleet, now = self._fleet, self._clock.monotonic()
        if fleet is None or now < self._next_at or not capabilities.can("control"):
            return
        due = fleet.due()
        if not due:
            return
        self._next_at = now + PAUSE_S
        with suppress(BrokerError):  # they are asked again
            found = self._inspection.inspect("registered", due if len(due) <= NAMED_MAX else None)
            with self._lock:
                self._heard.clear()
            self._keep(fleet, self._taken_in(fleet, found, due), self._clock.now())

    def forget(self) -> None:
        """Another server watches: what was seen here is no longer the last."""
        self._fleet = None

    def _note(self, answers: InspectAnswers) -> None:
        """Called with whatever workers answered to anybody."""
        if answers.what == "registered":
            with self._lock:
                self._heard = [*self._heard[-1:], answers]

    def _taken_in(
        self, fleet: Fleet, answers: InspectAnswers, questioned: Iterable[str]
    ) -> list[Deploy]:
        names = {worker: names_of_tasks(value) for worker, value in answers.values.items()}
        return fleet.answered(names, questioned, answers.at, _new_id)

    def _keep(self, fleet: Fleet, facts: Sequence[Deploy], now: float) -> None:
        if facts and self._is_taken_back(fleet.starts):
            facts = ()
        for fact in facts:
            log.info("A deploy was noticed: %s.", fact.kind)
            self._ledger.keep_deploy(fact)
            if fleet.starts is not None:
                fleet.starts.noticed.add(fact.id)
        if fleet.is_changed or now >= self._kept_at + KEPT_EVERY_S:
            self._kept_at, fleet.is_changed = now, False
            self._ledger.keep_fleet(msgspec.json.encode(fleet))

    def _is_taken_back(self, starts: Starts | None) -> bool:
        """Whether somebody took back all that was noticed since these starts began: then what goes
        on of them is no news either."""
        if starts is None or not starts.noticed:
            return False
        there = {each.id for each in self._ledger.deploys(starts.at - SPAN_MAX_S)}
        return starts.noticed.isdisjoint(there)


def stored_fleet(ledger: Ledger) -> Fleet:
    """What was kept of the fleet last. Raises `StoreError`."""
    stored = ledger.fleet()
    if stored is not None:
        with suppress(msgspec.MsgspecError):  # of another version: it is seen anew
            return msgspec.json.decode(stored, type=Fleet)
    return Fleet()


def _new_id() -> str:
    return secrets.token_hex(6)
