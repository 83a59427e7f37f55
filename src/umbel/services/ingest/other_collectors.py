"""The other collectors of the same store, as their reports tell of them.

Theory of operation. What is lost is judged by event queue, not by collector. On AMQP a store has
one queue, which one collector at a time reads; on other brokers each has a queue of its own and
hears everything. So a collector that connects begins with the counts that the store has kept,
since others may have heard meanwhile; what another queue's collector heard through is no loss;
and of several that hear everything, the one that has been connected longest keeps the counts.
Where nobody else reports, as in a store that takes one writer at a time, none of it matters.
"""

from __future__ import annotations

from collections.abc import Sequence

from umbel.services.collectors import predecessor
from umbel.services.health.liveness import fresh, listened_through, recording
from umbel.store.base import CollectorStatus


class OtherCollectors:
    """Seen by the collector `name`. One thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._recording: Sequence[CollectorStatus] = ()
        self._have_reported = False
        #: The one that reported last, of those that have not ended.
        self.newest: CollectorStatus | None = None

    def note(self, collectors: Sequence[CollectorStatus], now: float) -> None:
        """What all collectors of the store report, at `now` (Unix seconds)."""
        others = [each for each in collectors if each.collector != self._name]
        reporting = fresh(others, now)
        self.newest = predecessor(reporting)
        self._have_reported |= bool(reporting)
        self._recording = recording(others, now)

    def take_have_reported(self) -> bool:
        """Whether any has reported since this was asked last."""
        have, self._have_reported = self._have_reported, False
        return have

    def listened_through(self, start: float, end: float) -> bool:
        """Whether one of them heard everything from `start` to `end` (Unix seconds)."""
        return any(listened_through(each, start, end) for each in self._recording)

    def listened_at(self, at: float) -> bool | None:
        """Whether one of them was connected `at` that time; None while it may have been, and
        has not reported since."""
        listening = [each for each in self._recording if (each.connected_since or at) < at]
        if any(each.at > at for each in listening):
            return True
        return None if listening else False

    def are_connected_longer(self, since: float | None) -> bool:
        """Whether one of them has been connected for longer than `since`: the counts of the
        workers are its own to keep."""
        rivals = [
            (each.connected_since, each.collector)
            for each in self._recording
            if each.connected_since is not None
        ]
        return bool(rivals) and (since is None or min(rivals) < (since, self._name))
