"""Keeps queues paused while they are, and finishes what others began.

Theory of operation. What is to be stands in the ledger; this thread compares it with what workers
say that they consume. Each process of a worker is asked once, at its first heartbeat, and again
after something was paused; whoever consumes a paused queue is stopped, and asked again until it
says that it does not. All workers are asked at once every `TO_ALL_EVERY_S`, for those that send no
heartbeats, and for those that somebody let consume the queue by hand. So a pause whose server was
killed before it told any worker is carried out by the next server, and a worker that came while no
server ran is stopped by the next one. A queue that was resumed while some workers did not answer is
gone on with until they did, or are gone. While no queue is paused the only cost is a read of the
ledger. Of several servers of one ledger the holder of a lease does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from umbel.clock import Clock
from umbel.services.cluster.inspection import InspectAnswers
from umbel.services.cluster.online_processes import Process, online_processes
from umbel.services.control.types import WorkerAnswer
from umbel.services.pauses.paused_consumers import PausedConsumers
from umbel.services.phrases import names
from umbel.services.renewed_lease import RenewedLease
from umbel.services.repeated_turns import RepeatedTurns
from umbel.services.retry_times import RetryTimes
from umbel.store.base import Store
from umbel.store.ledger import AuditEntry, Ledger
from umbel.store.queue_pauses import QueuePause

NAME: Final = "queue-pauses"
#: How often the ledger is read, and how long the lease lasts, seconds.
EVERY_S: Final = 2.0
LEASE_S: Final = 30.0
#: How often all workers are asked what they consume, seconds.
TO_ALL_EVERY_S: Final = 60.0
#: A pause is its action's for so long, seconds, and a resume for so long; then it is gone on with
#: here.
PAUSING_S: Final = 5.0
RESUMING_S: Final = 30.0
#: So many workers are named in one question.
_NAMED_MAX: Final = 200
#: After how long a process that did not answer is asked again first, seconds.
AGAIN_AFTER_S: Final = 3.0


class PauseWatch:
    """One for each cluster. `turn` is for one thread, which `start` begins."""

    def __init__(
        self, store: Store, ledger: Ledger, consumers: PausedConsumers, clock: Clock
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._consumers = consumers
        self._clock = clock
        self._lease = RenewedLease(ledger, NAME, LEASE_S)
        self._paused: frozenset[QueuePause] = frozenset()
        #: Processes that consume none of these.
        self._settled: set[Process] = set()
        self._retries = RetryTimes(AGAIN_AFTER_S)
        self._to_all_at = 0.0
        self._turns = RepeatedTurns(
            self.turn,
            "umbel-pauses",
            EVERY_S,
            failing="Paused queues were not looked after",
            at_end=self._lease.release,
        )

    def start(self) -> None:
        """Watch from now on."""
        self._turns.start()

    def close(self) -> None:
        """Stop, before store and ledger are closed. May be called twice."""
        self._turns.close()

    def turn(self) -> None:
        """Compare and mend once. Raises `BrokerError` and `StoreError`."""
        pauses = self._ledger.pauses()
        if not pauses:
            self._paused, self._settled = frozenset(), set()
            return
        if not self._lease.has(self._clock.now()):
            return
        for pause in pauses.values():
            if pause.state == "resuming":
                self._go_on_resuming(pause)
        at = self._clock.now()
        paused = frozenset(
            each
            for each in pauses.values()
            if each.state == "paused" and not 0 <= at - each.at < PAUSING_S
        )
        if paused - self._paused:
            self._settled, self._to_all_at = set(), 0.0
        self._paused = paused
        if paused:
            self._keep_paused(sorted(paused, key=lambda each: each.queue))

    def _go_on_resuming(self, pause: QueuePause) -> None:
        now = self._clock.monotonic()
        age_s = self._clock.now() - (pause.resumed or 0.0)
        if 0 <= age_s < RESUMING_S or not self._retries.is_due(pause.action_id, now):
            return
        self._retries.put_off(pause.action_id, now)
        answers = self._consumers.restore(pause, self._turns.rest)
        self._record(pause, answers, f"Let {{}} consume {pause.queue} again")
        if pause.queue not in self._ledger.pauses():
            self._retries.forget(pause.action_id)

    def _keep_paused(self, pauses: Sequence[QueuePause]) -> None:
        now, at = self._clock.monotonic(), self._clock.now()
        processes = {*online_processes(self._store, at)}
        self._settled &= processes
        self._retries.forget_others(
            {*processes, *(each.action_id for each in self._ledger.pauses().values())}
        )
        new = sorted(e for e in processes - self._settled if self._retries.is_due(e, now))
        if now >= self._to_all_at:
            self._to_all_at = now + TO_ALL_EVERY_S
            self._compare(pauses, self._consumers.fresh_answers("active_queues"), processes)
        elif new:
            named = [name for name, _ in new[:_NAMED_MAX]]
            found = self._consumers.fresh_answers("active_queues", named)
            self._compare(pauses, found, new[:_NAMED_MAX])

    def _compare(
        self,
        pauses: Sequence[QueuePause],
        found: InspectAnswers,
        processes: Sequence[Process] | set[Process],
    ) -> None:
        """Stop those that consume what they should not, and remember who does not."""
        consuming: set[str] = set()
        for pause in pauses:
            answers = self._consumers.stop_found(pause, found, self._turns.rest)
            self._record(pause, answers, f"Stop {{}} consuming {pause.queue}")
            consuming |= {each.worker for each in answers}
        for process in processes:
            if process[0] in found.values and process[0] not in consuming:
                self._settled.add(process)
                self._retries.forget(process)
            else:
                self._settled.discard(process)
                self._retries.put_off(process, self._clock.monotonic())

    def _record(self, pause: QueuePause, answers: Sequence[WorkerAnswer], target: str) -> None:
        """The line in the audit for those with whom it worked."""
        workers = [each.worker for each in answers if each.outcome == "ok"]
        if not workers:
            return
        is_paused = pause.state == "paused"
        who, did = (pause.actor, "paused") if is_paused else (pause.resumed_by, "resumed")
        self._ledger.record(
            AuditEntry(
                at=self._clock.now(),
                actor="umbel",
                address="",
                via="pause",
                action="pause" if is_paused else "resume",
                target=f"{target.format(names(workers))}, which {who} {did}.",
                action_id=pause.action_id,
                count=len(workers),
                outcome="done",
            )
        )
