"""Whether what people see is live, behind or blind, and the sentence that says so.

The judgement (`judge`) is a pure function of what the collectors said and of the time.
Several collectors back each other up: one that is fresh and connected is enough to be live,
the quickest one says how far behind, and a gap counts only where no other collector was
connected through it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec

from umbel import __version__
from umbel.clock import Clock
from umbel.errors import StoreError
from umbel.store.base import CollectorStatus, Store, StoreStatus

#: A collector that has not reported for this long is taken for dead, seconds.
REPORT_DUE_S = 5.0
#: Lag up to this is called live, seconds.
BEHIND_AFTER_S = 2.0
#: Gaps that ended within this are told, seconds.
GAPS_TOLD_S = 600.0

#: Why the collector process that this server watches does not run or cannot store, as a
#: sentence that says what to do; None while all is well, or when this server watches none.
Supervised = Callable[[], str | None]


class Liveness(msgspec.Struct, frozen=True):
    """`live`, `behind` (by `lag_s` seconds) or `blind`, in a sentence for a person."""

    state: Literal["live", "behind", "blind"]
    lag_s: float | None
    sentence: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How the whole is, at `now` (Unix seconds)."""

    version: str
    now: float
    live: Liveness
    collectors: tuple[CollectorStatus, ...]
    store: StoreStatus


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the collectors that report now, since each began; `rate` is events a
    second."""

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
    """The short form of `Status` that open streams get every two seconds."""

    now: float
    live: Liveness
    counters: Counters
    store: Stored


_NO_PULSE: Final = Pulse(
    now=0.0,
    live=Liveness("blind", None, ""),
    counters=Counters(events=0, rate=0.0, lag_s=None, lost=0, shed=0, malformed=0),
    store=Stored(0),
)


class Health:
    """Asks the store; every method blocks and may be called from any thread, `pulse` from
    one at a time."""

    def __init__(self, store: Store, clock: Clock, supervised: Supervised | None = None) -> None:
        self._store = store
        self._clock = clock
        self._supervised = supervised
        self._last = _NO_PULSE

    def status(self) -> Status:
        """Everything. Raises `StoreError` when the store cannot be read."""
        now = self._clock.now()
        collectors = self._store.collectors()
        return Status(
            version=__version__,
            now=now,
            live=judge(collectors, now, self._trouble()),
            collectors=collectors,
            store=self._store.status(),
        )

    def pulse(self) -> Pulse:
        """The short form. While the store cannot be read, it is blind with the sentence that
        says why, and counters are the last known."""
        try:
            self._last = _pulse(self.status())
        except StoreError as error:
            blind = Liveness("blind", None, str(error))
            self._last = msgspec.structs.replace(self._last, now=self._clock.now(), live=blind)
        return self._last

    def unready(self) -> str | None:
        """Why this server is not ready to be asked, as a sentence; None when it is."""
        try:
            status = self.status()
        except StoreError as error:
            return str(error)
        if not _fresh(status.collectors, status.now):
            return status.live.sentence
        return None

    def _trouble(self) -> str | None:
        return self._supervised() if self._supervised is not None else None


def _pulse(status: Status) -> Pulse:
    fresh = _fresh(status.collectors, status.now)
    counters = Counters(
        events=sum(c.events for c in fresh),
        rate=sum(c.rate for c in fresh),
        lag_s=status.live.lag_s,
        lost=sum(c.lost for c in fresh),
        shed=sum(c.shed for c in fresh),
        malformed=sum(c.malformed for c in fresh),
    )
    return Pulse(
        now=status.now, live=status.live, counters=counters, store=Stored(status.store.tasks)
    )


def judge(
    collectors: Sequence[CollectorStatus], now: float, trouble: str | None = None
) -> Liveness:
    """How current the history is at `now`. `trouble` says why the watched collector process
    does not run or cannot store, if so."""
    fresh = _fresh(collectors, now)
    if not fresh:
        return Liveness("blind", None, _silence(collectors, now, trouble))
    connected = [c for c in fresh if c.broker == "connected"]
    if not connected:
        return Liveness("blind", None, _disconnection(fresh))
    storing = [c for c in connected if not c.trouble]
    if not storing:
        # Connected, so what troubles it is the store, and `lag_s` says only since when.
        return Liveness("blind", None, _newest(connected).trouble or "")
    lag_s = min(c.lag_s for c in storing)
    missing = _missing(fresh, now)
    if lag_s > BEHIND_AFTER_S:
        sentence = f"What you see is {_span(lag_s)} behind the cluster and is catching up."
        return Liveness("behind", lag_s, sentence + missing)
    return Liveness("live", lag_s, "What you see is live." + missing)


def _fresh(collectors: Sequence[CollectorStatus], now: float) -> list[CollectorStatus]:
    # A report from far ahead is one from before the clock was set back.
    return [c for c in collectors if abs(now - c.at) <= REPORT_DUE_S]


def _newest(collectors: Sequence[CollectorStatus]) -> CollectorStatus:
    return max(collectors, key=lambda c: c.at)


def _silence(collectors: Sequence[CollectorStatus], now: float, trouble: str | None) -> str:
    if trouble:
        return trouble
    if not collectors:
        return (
            "No collector has reported yet, so nothing is recorded. "
            "It starts with `umbel serve`, or run `umbel collect`."
        )
    last = max(c.at for c in collectors)
    return (
        f"No collector has reported for {_span(now - last)}, so nothing new is recorded. "
        "Restart `umbel serve` or `umbel collect`; its log says why it stopped."
    )


def _disconnection(fresh: Sequence[CollectorStatus]) -> str:
    newest = _newest(fresh)
    if newest.trouble:
        return newest.trouble
    return f"The collector is not connected to the broker at {newest.broker_url} yet."


def _missing(fresh: Sequence[CollectorStatus], now: float) -> str:
    gaps = [
        (start, end)
        for collector in fresh
        for start, end in collector.gaps
        if now - end <= GAPS_TOLD_S and not _covered(collector, fresh, start, end)
    ]
    if not gaps:
        return ""
    missed_s = sum(end - start for start, end in gaps)
    ago_s = now - max(end for _, end in gaps)
    return (
        f" About {_span(missed_s)} of events may be missing: "
        f"the broker was out of reach until {_span(ago_s)} ago."
    )


def _covered(
    collector: CollectorStatus, fresh: Sequence[CollectorStatus], start: float, end: float
) -> bool:
    """Whether another collector was connected all the time from `start` to `end`."""
    return any(
        other is not collector
        and other.broker == "connected"
        and other.started <= start
        and not any(begun < end and ended > start for begun, ended in other.gaps)
        for other in fresh
    )


def _span(seconds: float) -> str:
    """A length of time for a person: `0.4 s`, `12 s`, `3 min`, `2 h`."""
    if seconds < 10:
        return f"{max(seconds, 0.0):.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3_600:.0f} h"
    return f"{seconds / 86_400:.0f} days"
