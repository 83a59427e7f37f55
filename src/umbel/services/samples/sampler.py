"""Samples of a cluster are taken, by one of the servers that show it.

Theory of operation. Each server has a thread for each cluster, and wakes once a period. The holder
of a lease of the ledger takes the sample; the others look whether it still has it, so that after
`kill -9` another one goes on within `LEASE_PERIODS` periods. Queues are asked for once in a period,
all together; workers told by their heartbeats how they are, so nobody is asked, and what only an
answer tells is refreshed every few minutes, after the sample. What cannot be told is absent, not 0.

While the broker is away it is tried less and less often, and workers are sampled all the same.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

import msgspec

from umbel.broker.base import Cluster
from umbel.clock import Clock
from umbel.errors import BrokerError, NotSupported, UmbelError
from umbel.services.cluster.inspection import Inspection
from umbel.services.cluster.queue_inspection import QueueInspection
from umbel.services.deploys.watch import DeployWatch
from umbel.services.renewed_lease import RenewedLease
from umbel.services.samples.queue_samples import QueueSampling
from umbel.services.samples.sampling import Sampling
from umbel.services.samples.worker_profiles import WorkerProfile, WorkerProfiles
from umbel.services.samples.worker_samples import WorkerSampling, are_all_gone, online
from umbel.store.base import Store
from umbel.store.ledger import Ledger
from umbel.store.samples import Samples, Values

log = logging.getLogger(__name__)

NAME: Final = "samples"
#: How long the lease lasts after its holder renewed it, in periods, and seconds at least.
LEASE_PERIODS: Final = 4.5
LEASE_MIN_S: Final = 20.0
#: How long a broker that is away is let alone at most, seconds.
AWAY_MAX_S: Final = 120.0
#: How long what is asked just now may hold up the end, seconds.
LEAVE_S: Final = 3.0


class Sampler:
    """One for each cluster. `turn` is for one thread, which `start` begins."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        cluster: Cluster,
        samples: Samples,
        inspection: Inspection,
        queues: QueueInspection,
        clock: Clock,
        period_s: float,
        deploys: DeployWatch | None = None,
    ) -> None:
        self._store = store
        self._cluster = cluster
        self._samples = samples
        self._clock = clock
        self._period_s = period_s
        self._profiles = WorkerProfiles(inspection, clock)
        self._queues = QueueSampling(store, cluster, queues, clock)
        self._workers = WorkerSampling()
        self._deploys = deploys
        lasts_s = max(LEASE_MIN_S, LEASE_PERIODS * period_s)
        self._lease = RenewedLease(ledger, NAME, lasts_s)
        self._away_s = 0.0
        self._try_broker_at = 0.0
        self._sampling = Sampling(period_s=period_s)
        self._sampled_profiles: Mapping[str, WorkerProfile] | None = None
        self._broker_trouble: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="umbel-samples", daemon=True)

    @property
    def sampling(self) -> Sampling:
        """How it goes. Any thread."""
        return self._sampling

    @property
    def profiles(self) -> Mapping[str, WorkerProfile] | None:
        """What was known of the workers that were online at the last sample; None where another
        server samples, before the first sample, and where nobody knows which are online. Any
        thread."""
        return self._sampled_profiles

    def start(self) -> None:
        """Take samples from now on."""
        self._thread.start()

    def close(self) -> None:
        """Stop, before store and ledger are closed. May be called twice."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(LEAVE_S)

    def _run(self) -> None:
        while not self._stopping.wait(self._rest_s()):
            self.attempt()
        self._lease.release()

    def _rest_s(self) -> float:
        """Until the next whole period of the clock, so that buckets are all filled."""
        return self._period_s - self._clock.now() % self._period_s

    def attempt(self) -> None:
        """`turn`, and what goes wrong is logged once and in `sampling`."""
        try:
            self.turn()
        except UmbelError as error:
            self._note_trouble(str(error))
        except Exception as error:
            # A sample is never worth the thread that would take the next one.
            log.debug("A sample failed.", exc_info=True)
            self._note_trouble(f"{type(error).__name__} while a sample was taken.")

    def _note_trouble(self, trouble: str | None) -> None:
        if trouble is not None and trouble != self._sampling.trouble:
            log.warning("Queues and workers were not sampled: %s", trouble)
        self._sampling = msgspec.structs.replace(self._sampling, trouble=trouble)

    def turn(self) -> None:
        """Take a sample, if this server is the one that does. Raises `StoreError`; what the broker
        says is in `sampling`."""
        at = self._clock.now()
        if not self._lease.has(at):
            self._sampling = Sampling(period_s=self._period_s, elsewhere=True)
            self._sampled_profiles = None
            if self._deploys is not None:
                self._deploys.forget()
            return
        began = self._clock.monotonic()
        known = self._store.workers()
        workers = online(known, at)
        names = [worker.hostname for worker in workers]
        profiles = self._profiles.of(names)
        is_sure = bool(names) or are_all_gone(known, self._store.collectors(), at)
        self._sampled_profiles = profiles if is_sure else None
        seen = self._workers.sample(workers, profiles)
        self._samples.keep("worker", at, seen)
        queues = self._seen_queues(self._sampled_profiles)
        if queues is not None:
            self._samples.keep("queue", at, queues)
        self._note_trouble(self._broker_trouble)
        self._sampling = Sampling(
            period_s=self._period_s,
            at=at,
            took_s=self._clock.monotonic() - began,
            queues=len(queues or ()),
            workers=len(workers),
            trouble=self._broker_trouble,
        )
        if self._deploys is not None:
            self._deploys.observe(known, profiles)
        if queues is not None:
            self._refresh(names)

    def _seen_queues(
        self, profiles: Mapping[str, WorkerProfile] | None
    ) -> dict[str, Values] | None:
        """None while the broker does not answer."""
        now = self._clock.monotonic()
        if now < self._try_broker_at:
            return None
        try:
            found = self._queues.sample(profiles)
        except NotSupported:  # there is no broker, so there is nothing to sample
            self._try_broker_at = now + AWAY_MAX_S
            return None
        except BrokerError as error:
            self._broker_trouble = str(error)
            self._away_s = min(AWAY_MAX_S, max(self._period_s, 2 * self._away_s))
            self._try_broker_at = now + self._away_s
            return None
        self._broker_trouble, self._away_s = None, 0.0
        return found

    def _refresh(self, workers: Sequence[str]) -> None:
        with suppress(BrokerError):  # then it stays unknown for some minutes
            self._profiles.refresh(workers, self._cluster.capabilities())
            if self._deploys is not None:
                self._deploys.ask(self._cluster.capabilities())
