"""What a history can tell at a moment: whether it is live, how far back it reaches, what was
missed. Asked once for all rules."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar, cast

import msgspec

from umbel.query.describe import spoken_duration
from umbel.services.alerts.judge import AlertEvidence, AlertReading
from umbel.services.alerts.unlived_time import UnlivedTime
from umbel.services.health.liveness import BEHIND_AFTER_S, Liveness
from umbel.services.search.incomplete import Span, incomplete
from umbel.services.worker_clocks import ahead_of_workers_s
from umbel.store.base import CollectorStatus, Store

T = TypeVar("T")


class HistoryState(msgspec.Struct, frozen=True, kw_only=True):
    """At `now` (Unix seconds). `since` is when the first of the history was seen, or the first
    collector began; None where nothing ever was. `leapt` are spans that the clock leapt over,
    `off_s` is how far it is from the workers'; while it `is_settling` nothing is known. `answers`
    are those that rules have got already: many ask the same."""

    now: float
    live: Liveness
    since: float | None
    collectors: tuple[CollectorStatus, ...] = ()
    leapt: tuple[tuple[float, float], ...] = ()
    off_s: float = 0.0
    is_settling: bool = False
    answers: dict[Hashable, object] = msgspec.field(default_factory=dict)

    def once(self, question: Hashable, ask: Callable[[], T]) -> T:
        """The answer to a question, asked of the store once in a turn."""
        if question not in self.answers:
            self.answers[question] = ask()
        return cast("T", self.answers[question])

    @property
    def blind(self) -> str:
        """Why nothing is known of now; empty where something is."""
        if self.is_settling:
            return (
                "The clock of this server was set just now, so it is not known how late it all is."
            )
        return self.live.sentence if self.live.state == "blind" else ""

    @property
    def behind(self) -> str:
        """That the newest is missing; empty if it is not."""
        lag_s = self.live.lag_s
        if lag_s is None or lag_s <= BEHIND_AFTER_S:
            return ""
        return f"The history is {spoken_duration(lag_s)} behind, so what is new is not known."

    def young(self, window_s: float) -> str:
        """That the history does not reach back so far; empty if it does."""
        if self.since is None:
            return "Nothing was recorded yet."
        age_s = self.now - self.since
        if age_s >= window_s:
            return ""
        began = spoken_duration(max(1.0, round(age_s)))
        window = spoken_duration(window_s)
        return f"Recording began {began} ago, and the rule asks about {window}."

    def evidence(
        self, readings: tuple[AlertReading, ...], window_s: float, store: Store
    ) -> AlertEvidence:
        """Of what is read of events within a window. Raises `StoreError`."""
        if self.blind:
            return AlertEvidence(blind=self.blind)
        span = Span(self.now - window_s, self.now)
        hole = self.once(("incomplete", window_s), lambda: incomplete(store, span, self.now))
        missed = 0.0 if hole is None else hole.missed_s / window_s
        return AlertEvidence(
            readings=readings,
            behind=self.behind,
            young=self.young(window_s),
            missed=min(1.0, missed + self._unlived(window_s)),
        )

    def _unlived(self, window_s: float) -> float:
        """The part of a window for which the clock does not stand."""
        start = self.now - window_s
        spans = [min(end, self.now) - max(begun, start) for begun, end in self.leapt]
        return (self.off_s + sum(each for each in spans if each > 0)) / window_s


def history_state(store: Store, live: Liveness, now: float, unlived: UnlivedTime) -> HistoryState:
    """Raises `StoreError`."""
    unlived.note()
    collectors = store.collectors()
    oldest = store.status().oldest
    begun = [each.started for each in collectors] + ([] if oldest is None else [oldest])
    return HistoryState(
        now=now,
        live=live,
        since=min(begun, default=None),
        collectors=tuple(collectors),
        leapt=unlived.spans(),
        off_s=abs(ahead_of_workers_s(store.workers(), now)),
        is_settling=unlived.is_settling,
    )
