"""Task events are switched on at workers that do not send them (`enable_events = always`).

Each process of a worker is told once, at its first heartbeat, by a command to it alone; whoever
sends no heartbeats hears it by a command to all, at the start and every few minutes. Workers
answer whether their events were off, and those that were stand in the audit. Of several servers of
one ledger the holder of a lease does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from umbel.broker.base import Cluster, Reply
from umbel.clock import Clock
from umbel.services.cluster.online_processes import Process, online_processes
from umbel.services.phrases import names
from umbel.services.renewed_lease import RenewedLease
from umbel.services.repeated_turns import RepeatedTurns
from umbel.services.retry_times import RetryTimes
from umbel.store.base import Store
from umbel.store.ledger import AuditEntry, Ledger

NAME: Final = "enable-events"
#: How often is looked for new workers, and how long the lease lasts after its holder looked,
#: seconds.
EVERY_S: Final = 2.0
LEASE_S: Final = 30.0
#: How often all workers are told at once, for those that send no heartbeats, seconds.
TO_ALL_EVERY_S: Final = 300.0
#: After how long a worker that did not answer is told again first, seconds: a starting worker beats
#: before it listens to commands, and misses the first.
AGAIN_AFTER_S: Final = 2.0
#: So many workers are named in one command.
_NAMED_MAX: Final = 200
#: What Celery's workers answer whose events were on (celery/worker/control.py).
_ALREADY: Final = "already"
_ACTION: Final = "enable_events"


class EventSwitch:
    """One for each cluster. `turn` is for one thread, which `start` begins."""

    def __init__(self, store: Store, cluster: Cluster, ledger: Ledger, clock: Clock) -> None:
        self._store = store
        self._cluster = cluster
        self._ledger = ledger
        self._clock = clock
        self._lease = RenewedLease(ledger, NAME, LEASE_S)
        #: Processes that answered, those that did not, and when these are told again.
        self._answered: set[Process] = set()
        self._unanswered: set[Process] = set()
        self._retries = RetryTimes(AGAIN_AFTER_S)
        self._to_all_at = 0.0
        self._turns = RepeatedTurns(
            self.turn,
            "umbel-events-on",
            EVERY_S,
            failing="Task events were not switched on",
            at_end=self._lease.release,
        )

    def start(self) -> None:
        """Look for workers from now on."""
        self._turns.start()

    def close(self) -> None:
        """Stop, before store and ledger are closed. May be called twice."""
        self._turns.close()

    def turn(self) -> None:
        """Tell those that were not told yet. Raises `BrokerError` and `StoreError`."""
        now, at = self._clock.monotonic(), self._clock.now()
        processes = online_processes(self._store, at)
        self._answered.intersection_update(processes)
        self._unanswered.intersection_update(processes)
        self._retries.forget_others(processes)
        new = [p for p in processes if p not in self._answered and self._retries.is_due(p, now)]
        to_all = now >= self._to_all_at
        if not (new or to_all) or not self._lease.has(at):
            return
        if to_all:
            self._to_all_at = now + TO_ALL_EVERY_S
            self._tell(None, processes)
        else:
            named = new[:_NAMED_MAX]
            self._tell([worker for worker, _ in named], named)

    def _tell(self, workers: Sequence[str] | None, processes: Sequence[Process]) -> None:
        limit = None if workers is None else len(workers)
        replies = self._cluster.ask(_ACTION, workers=workers, limit=limit)
        answered = {reply.worker for reply in replies}
        late = {worker for worker, _ in self._unanswered} & answered
        now = self._clock.monotonic()
        for process in processes:
            if process[0] in answered:
                self._answered.add(process)
                self._unanswered.discard(process)
                self._retries.forget(process)
            else:
                self._unanswered.add(process)
                self._retries.put_off(process, now)
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
