"""What a collector counts of the events that it took in, for its report (`CollectorStatus`):
how many by kind and fault, the rate, the lag, and the estimated loss."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Sequence
from operator import attrgetter
from typing import Final

import msgspec

from umbel.cluster.events import Event, Fault
from umbel.cluster.losses import Losses
from umbel.services.ingest.loss import LossEstimate
from umbel.services.ingest.metric_counter import MetricCounter

#: The span of `rate`, in seconds.
RATE_SPAN_S: Final = 10.0
#: The span of what is recent, in seconds.
RECENT_S: Final = 60.0
SAMPLES_MAX: Final = 20
#: Event kinds that are counted apart; applications invent their own.
KINDS_MAX: Final = 200
OTHER: Final = "(other)"

_kind: Final = attrgetter("type")
_timestamp: Final = attrgetter("timestamp")


class EventCounts(msgspec.Struct, frozen=True):
    """A snapshot of the counts. `rate` is events a second over the last ten seconds, or
    since the start; `lag_s` how far the last commit was behind; `samples` are (reason,
    sentence, first characters) of the last faults. `heard_at` is when the last event became
    durable (Unix seconds); what is `recent` is of the last minute, and the first of these
    faults came `faulty_s` ago; `mute` is that of `LossEstimate`."""

    events: int
    messages: int
    rate: float
    lag_s: float
    lost: int
    lost_since: float | None
    malformed: int
    kinds: dict[str, int]
    faults: dict[str, int]
    samples: tuple[tuple[str, str, str], ...]
    heard_at: float | None
    recent_events: int
    recent_faults: dict[str, int]
    faulty_s: float
    mute: dict[str, float]


class EventCounter:
    """Running counts since the start; any thread. `now` is monotonic seconds. What was committed
    is also counted in `metrics`, in the thread that calls `add_committed`."""

    def __init__(
        self, now: float, metrics: MetricCounter | None = None, loss: LossEstimate | None = None
    ) -> None:
        self._lock = threading.Lock()
        self._metrics = metrics
        self._started = now
        self._events = 0
        self._messages = 0
        self._malformed = 0
        self._lag_s = 0.0
        self._kinds: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._samples: deque[tuple[str, str, str]] = deque(maxlen=SAMPLES_MAX)
        self._recent: deque[tuple[float, int]] = deque()
        self._recent_faults: deque[tuple[float, Counter[str]]] = deque()
        self._heard_at: float | None = None
        self._loss = loss or LossEstimate()
        #: Whether what workers count is ours to keep; another collector may do that.
        self.keeps_losses = True

    def begin_losses_anew(self, loss: LossEstimate) -> None:
        """Go on counting from what others have counted."""
        with self._lock:
            self._loss = loss

    def add_arrived(self, events: Sequence[Event], *, interrupted: bool = False) -> None:
        """Events that were decoded and are not stored yet, in order of arrival. `interrupted`:
        other events may have been lost before them."""
        with self._lock:
            if interrupted:
                self._loss.interrupt()
            self._loss.see(events)

    def losses(self) -> Losses | None:
        """What the store has to keep together with the events that arrived."""
        with self._lock:
            if not self.keeps_losses:
                self._loss.saved()
            return self._loss.changes()

    def losses_saved(self) -> None:
        """The store has kept what `losses` gave."""
        with self._lock:
            self._loss.saved()

    def add_committed(
        self,
        events: Sequence[Event],
        messages: int,
        now: float,
        wall: float,
        empty_at: float | None = None,
        *,
        new: Sequence[Event] | None = None,
    ) -> None:
        """Events of so many messages that became durable at `now` (monotonic seconds), which is
        `wall` in Unix seconds. Before the last of them arrived, the broker's queue was seen
        empty at `empty_at` (monotonic seconds). So none of them is later than `now - empty_at`,
        even if a slow clock stamped it as older, or our own clock was set meanwhile. `new` are
        those that were not stored before, all if None."""
        lag_s = wall - _newest(events, wall)
        if empty_at is not None:
            lag_s = min(lag_s, now - empty_at)
        with self._lock:
            self._events += len(events)
            self._messages += messages
            self._recent.append((now, len(events)))
            if events:
                self._heard_at = wall
            self._kinds.update(map(_kind, events))
            if len(self._kinds) > KINDS_MAX:
                self._kinds = _most(self._kinds)
            if events or empty_at is not None:
                self._lag_s = max(0.0, lag_s)
        if self._metrics is not None:
            self._metrics.count(events if new is None else new, now, wall)

    def add_faults(self, faults: Sequence[Fault], now: float) -> None:
        """Messages and events that could not be decoded or stored, at `now` (monotonic
        seconds)."""
        with self._lock:
            self._malformed += len(faults)
            if not self._recent_faults or now - self._recent_faults[-1][0] > 1.0:
                self._recent_faults.append((now, Counter()))
            self._recent_faults[-1][1].update(fault.reason for fault in faults)
            for fault in faults:
                self._faults[fault.reason] += 1
                self._samples.append((fault.reason, fault.message, fault.sample))

    def counts(self, now: float) -> EventCounts:
        with self._lock:
            self._forget(now)
            return EventCounts(
                events=self._events,
                messages=self._messages,
                rate=self._rate(now),
                lag_s=self._lag_s,
                lost=self._loss.lost,
                lost_since=self._loss.lost_since,
                malformed=self._malformed,
                kinds=dict(self._kinds),
                faults=dict(self._faults),
                samples=tuple(self._samples),
                heard_at=self._heard_at,
                recent_events=sum(count for _, count in self._recent),
                recent_faults=dict(sum((each for _, each in self._recent_faults), Counter())),
                faulty_s=now - self._recent_faults[0][0] if self._recent_faults else 0.0,
                mute=self._loss.mute(),
            )

    def _forget(self, now: float) -> None:
        """Drop what is older than a minute."""
        while self._recent and self._recent[0][0] < now - RECENT_S:
            self._recent.popleft()
        while self._recent_faults and self._recent_faults[0][0] < now - RECENT_S:
            self._recent_faults.popleft()

    def _rate(self, now: float) -> float:
        span_s = min(RATE_SPAN_S, max(1.0, now - self._started))
        return sum(count for at, count in self._recent if at >= now - RATE_SPAN_S) / span_s


def _newest(events: Sequence[Event], wall: float) -> float:
    """The latest time of an event, of those that do not lie ahead; `wall` if there is none."""
    newest = max(map(_timestamp, events), default=wall)
    if newest <= wall:
        return newest
    return max((e.timestamp for e in events if e.timestamp <= wall), default=wall)


def _most(kinds: Counter[str]) -> Counter[str]:
    """The most frequent half by name, the rest as one."""
    most = Counter(dict(kinds.most_common(KINDS_MAX // 2)))
    most[OTHER] += kinds.total() - most.total()
    return most
