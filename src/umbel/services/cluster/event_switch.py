"""Task events are switched on at workers that do not send them (`enable_events = always`).

Each process of a worker is told once, at its first heartbeat, by a command to it alone; whoever
sends no heartbeats hears it by a command to all, at the start and every few minutes. Workers
answer whether their events were off, and those that were stand in the audit. Of several servers of
one ledger the holder of a lease does it.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from umbel.broker.base import Cluster, Reply
from umbel.clock import Clock
from umbel.cluster.worker import ONLINE
from umbel.errors import StoreError, UmbelError
from umbel.services.phrases import names
from umbel.store.base import Store
from umbel.store.ledger import AuditEntry, Lease, Ledger

log = logging.getLogger(__name__)

NAME: Final = "enable-events"
#: How often is looked for new workers, and how long the lease lasts after its holder looked,
#: seconds.
EVERY_S: Final = 2.0
LEASE_S: Final = 30.0
#: How long a question to workers that is asked just now may hold up the end, seconds.
LEAVE_S: Final = 3.0
#: How often all workers are told at once, for those that send no heartbeats, seconds.
TO_ALL_EVERY_S: Final = 300.0
#: After how long a worker that did not answer is told again, seconds: a starting worker beats
#: before it listens to commands, and misses the first. Each time it is let alone twice as long.
AGAIN_AFTER_S: Final = 2.0
AGAIN_MAX_S: Final = 60.0
#: So many workers are named in one command.
_NAMED_MAX: Final = 200
#: What Celery's workers answer whose events were on (celery/worker/control.py).
_ALREADY: Final = "already"
_ACTION: Final = "enable_events"

Process = tuple[str, int]


@dataclass(frozen=True)
class _Retelling:
    """When a process that did not answer is told again, on the monotonic clock, and how long it
    was let alone for that."""

    at: float
    wait_s: float

    @classmethod
    def after(cls, earlier: _Retelling | None, now: float) -> _Retelling:
        wait_s = AGAIN_AFTER_S if earlier is None else min(earlier.wait_s * 2, AGAIN_MAX_S)
        return cls(now + wait_s, wait_s)


class EventSwitch:
    """One for each cluster. `turn` is for one thread, which `start` begins."""

    def __init__(self, store: Store, cluster: Cluster, ledger: Ledger, clock: Clock) -> None:
        self._store = store
        self._cluster = cluster
        self._ledger = ledger
        self._clock = clock
        self._holder = secrets.token_hex(8)
        #: Processes that answered, and when the others are told again.
        self._answered: set[Process] = set()
        self._unanswered: dict[Process, _Retelling] = {}
        self._to_all_at = 0.0
        self._trouble: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="umbel-events-on", daemon=True)

    def start(self) -> None:
        """Look for workers from now on."""
        self._thread.start()

    def close(self) -> None:
        """Stop, before store and ledger are closed. May be called twice."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(LEAVE_S)

    def _run(self) -> None:
        while not self._stopping.wait(EVERY_S):
            try:
                self.turn()
            except UmbelError as error:
                if str(error) != self._trouble:
                    log.warning("Task events were not switched on: %s", error)
                self._trouble = str(error)
            else:
                self._trouble = None
        with suppress(StoreError):  # it expires by itself
            self._ledger.release_lease(NAME, self._holder)

    def turn(self) -> None:
        """Tell those that were not told yet. Raises `BrokerError` and `StoreError`."""
        now, at = self._clock.monotonic(), self._clock.now()
        processes = [
            (worker.hostname, worker.pid or 0)
            for worker in self._store.workers()
            if worker.status(at) == ONLINE and worker.heartbeat is not None
        ]
        self._answered.intersection_update(processes)
        self._unanswered = {p: self._unanswered[p] for p in processes if p in self._unanswered}
        new = [p for p in processes if p not in self._answered and self._is_due(p, now)]
        to_all = now >= self._to_all_at
        if not (new or to_all) or not self._has_lease(at):
            return
        if to_all:
            self._to_all_at = now + TO_ALL_EVERY_S
            self._tell(None, processes)
        else:
            named = new[:_NAMED_MAX]
            self._tell([worker for worker, _ in named], named)

    def _is_due(self, process: Process, now: float) -> bool:
        waits = self._unanswered.get(process)
        return waits is None or now >= waits.at

    def _has_lease(self, at: float) -> bool:
        lease = Lease(name=NAME, holder=self._holder, expires=at + LEASE_S)
        return self._ledger.take_lease(lease, at)

    def _tell(self, workers: Sequence[str] | None, processes: Sequence[Process]) -> None:
        limit = None if workers is None else len(workers)
        replies = self._cluster.ask(_ACTION, workers=workers, limit=limit)
        answered = {reply.worker for reply in replies}
        late = {worker for worker, _ in self._unanswered} & answered
        now = self._clock.monotonic()
        for process in processes:
            if process[0] in answered:
                self._answered.add(process)
                self._unanswered.pop(process, None)
            else:
                self._unanswered[process] = _Retelling.after(self._unanswered.get(process), now)
        changed = sorted(reply.worker for reply in replies if _was_off(reply))
        if changed:
            self._record(changed, "Their task events were off.")
        already = sorted(
            reply.worker for reply in replies if reply.worker in late and _is_on(reply)
        )
        if already:
            self._record(already, "Told again, as no answer came: their task events are on now.")

    def _record(self, workers: Sequence[str], answer: str) -> None:
        self._ledger.record(
            AuditEntry(
                at=self._clock.now(),
                actor="umbel",
                address="",
                via="settings",
                action=_ACTION,
                target=f"Enable events on {names(workers)}, as enable_events = always says.",
                count=len(workers),
                outcome="done",
                answer=answer,
            )
        )


def _was_off(reply: Reply) -> bool:
    text = _text(reply)
    return text is not None and _ALREADY not in text


def _is_on(reply: Reply) -> bool:
    text = _text(reply)
    return text is not None and _ALREADY in text


def _text(reply: Reply) -> str | None:
    text = reply.value.get("ok") if isinstance(reply.value, dict) else reply.value
    return text if isinstance(text, str) else None
