"""The gaps of one collector: what its connection tells, and its own absence.

The source tells of gaps between two connections of this process. What was missed since the last
run of a collector (it was stopped, killed or updated) begins with what that one reported last:
until then it was there. A broker that keeps messages has kept them, as far as
`SourceHealth` says.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from umbel.broker.base import SourceHealth
from umbel.cluster.gaps import Cause, Gap
from umbel.services.ingest.other_collectors import OtherCollectors
from umbel.store.base import CollectorStatus, KeptGap

#: How many of its own a collector remembers, lest it keeps them again.
_STORED_MAX: Final = 1_000


class Gaps:
    """Noted by one thread; `last` is for any."""

    def __init__(self, collector: str) -> None:
        self._collector = collector
        self._earlier: CollectorStatus | None = None
        self._heard_from: float | None = None
        self._stored: tuple[KeptGap, ...] = ()
        self._new: list[KeptGap] = []
        self._of_earlier_runs: tuple[tuple[float, float], ...] = ()

    def look_back(self, earlier: CollectorStatus, heard_from: float | None = None) -> None:
        """What the last run reported last. While that one still ran, this one has heard everything
        from `heard_from` (Unix seconds) on, and what it missed before was not its to hear."""
        self._earlier = earlier
        self._heard_from = heard_from
        self._of_earlier_runs = earlier.gaps

    @property
    def away_since(self) -> float | None:
        """Since when nobody has listened, while this run has not been connected yet."""
        earlier = self._earlier
        if earlier is None:
            return None
        cut_off = earlier.cut_off_since if earlier.broker != "connected" else None
        return earlier.at if cut_off is None else cut_off

    @property
    def is_after_copy(self) -> bool:
        """Whether the last run is known by a copy of its report, and it is not known yet what was
        missed since."""
        return self._earlier is not None and self._earlier.is_copied

    def last(self, count: int) -> tuple[tuple[float, float], ...]:
        """The last ones (from, to, in Unix seconds), of earlier runs as well."""
        return (*self._of_earlier_runs, *((gap.start, gap.end) for gap in self._stored))[-count:]

    def new(self, health: SourceHealth, others: OtherCollectors) -> Sequence[KeptGap]:
        """Those that no store has kept yet; an absence once it is known what was missed, and that
        none of the others listened meanwhile."""
        found = [
            self._gap(gap.start, gap.end, gap.cause)
            for gap in health.gaps
            if self._heard_from is None or gap.end > self._heard_from
        ]
        if health.stream is not None and health.stream.covered is None:
            # Whether the stream makes up for the absence is not known yet.
            pass
        elif self._earlier is not None and health.since is not None:
            heard_from = health.since if self._heard_from is None else self._heard_from
            listened = others.listened_at(heard_from)
            if listened is False:
                found = [*self._absence(self._earlier, health, heard_from), *found]
            if listened is not None:
                self._earlier = None
        elif self._earlier is not None and others.newest is not None:
            self._earlier = others.newest
        self._new += [gap for gap in found if gap not in self._stored and gap not in self._new]
        return self._new

    def note(self, gaps: Iterable[Gap]) -> None:
        """These were found by the collector itself."""
        self._new += [self._gap(gap.start, gap.end, gap.cause) for gap in gaps]

    def saved(self) -> None:
        """The store has all that are new."""
        self._stored = (*self._stored, *self._new)[-_STORED_MAX:]
        self._new = []

    def _absence(
        self, earlier: CollectorStatus, health: SourceHealth, connected: float
    ) -> list[KeptGap]:
        """From the end of the last run to the first connection of this one."""
        cause: Cause = "collector-away"
        until = connected
        if health.lossless and earlier.is_copied:
            # The queue gave it to the collector that went on with the original.
            cause = "copy-restored"
        elif health.lossless and health.missed is not None:
            cause, until = health.missed.cause, health.missed.until or connected
        elif health.stream is not None and health.stream.covered:
            if health.missed is None or health.missed.until is None:
                return []
            cause, until = health.missed.cause, health.missed.until
        elif health.lossless:
            # What had waited too long by now.
            cause, until = "queue-expired", connected - (health.keeps_s or math.inf)
        cut_off = earlier.cut_off_since
        if earlier.broker == "connected" or cut_off is None:
            return [self._gap(earlier.at, until, cause)] if until > earlier.at else []
        if cut_off <= earlier.started:
            # It was never connected: the run before it was the last that heard anything.
            return [self._gap(cut_off, until, cause)] if until > cut_off else []
        # It had lost the broker before it ended.
        spans: list[tuple[float, float, Cause]] = [
            (cut_off, min(earlier.at, until), "broker-away"),
            (earlier.at, until, cause),
        ]
        return [self._gap(start, end, why) for start, end, why in spans if end > start]

    def _gap(self, start: float, end: float, cause: Cause) -> KeptGap:
        return KeptGap(start, end, cause, collector=self._collector)
