"""Health: the evidence of store, collectors and supervisor, gathered for `liveness` to judge.

Its status and pulse are what the API, the live stream, the probes and the metrics tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from umbel import __version__
from umbel.clock import Clock
from umbel.cluster.control_traffic import ControlTraffic
from umbel.errors import StoreError
from umbel.services.alerts.alerting import Alerting, Firing
from umbel.services.collectors import counting
from umbel.services.health.findings import blind
from umbel.services.health.liveness import (
    GAPS_SHOWN_S,
    Evidence,
    Liveness,
    events_off,
    fresh,
    heard_at,
    heard_of_late,
    judge,
    overdue,
    recording,
)
from umbel.services.samples.sampling import Sampling
from umbel.store.base import CollectorStatus, Store, StoreStatus

#: Why the collector process that this server watches does not run or cannot store, as a
#: sentence that says what to do; None while all is well, or when this server watches none.
Supervised = Callable[[], str | None]
#: When workers that still answer last answered a question (Unix seconds), by name.
Answered = Callable[[], Mapping[str, float]]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How the whole is, at `now` (Unix seconds). Of `collectors` those that have not ended come
    first, then those that reported last. `samples`: how this server samples queues and workers,
    null where it does not; `alerts`: how it judges rules of alerts; `control`: how often workers
    were asked in the last minute."""

    version: str
    now: float
    live: Liveness
    collectors: tuple[CollectorStatus, ...]
    store: StoreStatus
    samples: Sampling | None = None
    alerts: Alerting | None = None
    control: ControlTraffic | None = None


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """What the collectors that report now have counted, each event once (see
    `services.collectors`); `rate` is events a second. `lost` is of the whole history."""

    events: int
    rate: float
    lag_s: float | None
    lost: int
    shed: int
    malformed: int


class Stored(msgspec.Struct, frozen=True):
    """How many tasks are stored."""

    tasks: int


class Pulse(msgspec.Struct, frozen=True, kw_only=True):
    """The short form of `Status` that open streams get every two seconds. `firing` is null where
    the ledger cannot be read."""

    now: float
    live: Liveness
    counters: Counters
    store: Stored
    firing: Firing | None = None


_NO_PULSE: Final = Pulse(
    now=0.0,
    live=Liveness("blind", None, ""),
    counters=Counters(events=0, rate=0.0, lag_s=None, lost=0, shed=0, malformed=0),
    store=Stored(0),
)


class Unready(msgspec.Struct, frozen=True):
    """Why a server is not ready: because of which part, which anybody may know, and in a sentence
    for those who may look at the cluster."""

    part: Literal["store", "collector"]
    sentence: str


class Health:
    """Asks the store; every method blocks and may be called from any thread, `pulse` from
    one at a time."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        supervised: Supervised | None = None,
        answered: Answered = dict,
        *,
        offers_events: bool = True,
        sampling: Callable[[], Sampling] | None = None,
        alerting: Callable[[], Alerting | None] = lambda: None,
        control_traffic: Callable[[], ControlTraffic] | None = None,
        firing: Callable[[], Firing | None] = lambda: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._supervised = supervised
        self._answered = answered
        self._offers_events = offers_events
        self._sampling = sampling
        self._alerting = alerting
        self._control_traffic = control_traffic
        self._firing = firing
        self._last = _NO_PULSE

    def status(self) -> Status:
        """Everything. Raises `StoreError` when the store cannot be read."""
        now = self._clock.now()
        collectors, store = self._store.collectors(), self._store.status()
        answered = self._answered()
        evidence = Evidence(
            now=now,
            collectors=collectors,
            supervised=self._trouble(),
            damaged=store.damaged,
            gaps=self._store.gaps(start=now - GAPS_SHOWN_S),
            answered=answered,
            processed=self._processed(recording(collectors, now)),
            offers_events=self._offers_events,
            heartless=self._heartless(recording(collectors, now), answered),
        )
        return Status(
            version=__version__,
            now=now,
            live=judge(evidence),
            collectors=tuple(sorted(collectors, key=lambda each: (each.ended or 0.0, -each.at))),
            store=store,
            samples=None if self._sampling is None else self._sampling(),
            alerts=self._alerting(),
            control=None if self._control_traffic is None else self._control_traffic(),
        )

    def pulse(self) -> Pulse:
        """The short form. While the store cannot be read, it is blind with the sentence that
        says why, and counters are the last known."""
        self._last = msgspec.structs.replace(self.glance(), firing=self._firing())
        return self._last

    def glance(self) -> Pulse:
        """The same from any number of threads."""
        try:
            return _pulse(self.status())
        except StoreError as error:
            return self.blind(error)

    def blind(self, error: StoreError) -> Pulse:
        """The short form while the store cannot be read."""
        live = Liveness("blind", None, str(error), (blind(str(error), None),))
        return msgspec.structs.replace(self._last, now=self._clock.now(), live=live)

    def unready(self) -> Unready | None:
        """Why this server is not ready to be asked; None when it is."""
        try:
            status = self.status()
        except StoreError as error:
            return Unready("store", str(error))
        # One that is just being started anew makes nobody unready.
        if not heard_of_late(status.collectors, status.now):
            return Unready("collector", status.live.sentence)
        return None

    def _heartless(
        self, working: Sequence[CollectorStatus], answered: Mapping[str, float]
    ) -> frozenset[str]:
        """Workers of which events came and never a heartbeat; asked for only where it matters,
        since there may be thousands of workers."""
        if not working or not overdue(heard_at(working), answered, self._clock.now()):
            return frozenset()
        workers = self._store.workers()
        return frozenset(each.hostname for each in workers if not each.sends_heartbeats)

    def _processed(self, working: Sequence[CollectorStatus]) -> dict[str, int]:
        """How many tasks workers have run that tell of none; asked for only where there are
        such."""
        mute = events_off(working)
        found = map(self._store.worker, mute)
        return {each.hostname: each.processed for each in found if each and each.processed}

    def _trouble(self) -> str | None:
        return self._supervised() if self._supervised is not None else None


def _pulse(status: Status) -> Pulse:
    reporting = fresh(status.collectors, status.now)
    counted = counting(reporting)
    counters = Counters(
        events=sum(c.events for c in counted),
        rate=sum(c.rate for c in counted),
        lag_s=status.live.lag_s,
        # Each begins with the losses that the store has kept of all.
        lost=max((c.lost for c in reporting), default=0),
        shed=sum(c.shed for c in counted),
        malformed=sum(c.malformed for c in counted),
    )
    return Pulse(
        now=status.now, live=status.live, counters=counters, store=Stored(status.store.tasks)
    )
