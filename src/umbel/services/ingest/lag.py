"""Up to when everything that the broker had for us has been read.

Theory of operation. Neither broker tells how much it keeps, and events carry the clocks of
other machines. But a connected source that waits in vain has been given all there was: at
that moment the broker's queue was empty, so whatever is read later has waited there no
longer than since then, however old its stamp is. After a connection was lost nothing is
known until the next such moment on a broker that keeps messages, and all others have nothing
older than the connection.

Under a steady stream no read waits in vain. But several in a row that bring little, while
more would be taken, tell that nothing waits there either: what comes is prompt.

A source also waits in vain when it may read no more before something is settled. So the
moment counts only while little is unsettled.
"""

from __future__ import annotations

from typing import Final

from umbel.broker.base import Health

#: A read that waits so long for nothing has found the queue empty, seconds. Short, so that a
#: steady stream leaves such moments too.
PROBE_S: Final = 0.02
#: Once it is empty, reads may wait longer.
QUIET_S: Final = 0.5
#: With less than this unsettled (bodies and what frames cost beside them) no source is held
#: back: the least that one may hold is 2,000 messages.
UNSETTLED_BYTES: Final = 256 * 1024
#: A read of fewer frames than this has brought all there was; where a backlog is read, this
#: many reads in a row do not.
FEW_FRAMES: Final = 200
FEW_READS: Final = 3
#: Clocks and timeouts are not exact.
_NEARLY: Final = 0.9


class Drain:
    """Told of every read by the reading thread; `empty_at` and `is_quiet` are for any."""

    def __init__(self) -> None:
        #: When the broker was last seen to keep nothing for us, if it was; on the monotonic
        #: clock, since the other one may be set meanwhile.
        self.empty_at: float | None = None
        #: Whether nothing has come since.
        self.is_quiet = False
        #: Whether what is read now has not waited at the broker.
        self.is_prompt = False
        self._few_reads = 0
        self._connected_since: float | None = None

    def timeout_s(self) -> float:
        """How long the next read may wait."""
        return QUIET_S if self.is_quiet or self._connected_since is None else PROBE_S

    def note(
        self, health: Health, *, frames: int, waited_s: float, unsettled_bytes: int, now: float
    ) -> None:
        """A read that might take `timeout_s()` took `waited_s` and ended at `now` (monotonic
        seconds)."""
        if health.since is None or health.since != self._connected_since:
            self.empty_at = None if health.lossless else now
            self.is_quiet = False
            self.is_prompt = not health.lossless
            self._few_reads = 0
            self._connected_since = health.since
            return
        waited = waited_s >= self.timeout_s() * _NEARLY
        has_room = unsettled_bytes < UNSETTLED_BYTES
        self.is_quiet = not frames and waited and has_room
        if self.is_quiet:
            self.empty_at = now
        if frames:
            self._few_reads = self._few_reads + 1 if frames < FEW_FRAMES and has_room else 0
        self.is_prompt = not health.lossless or self._few_reads >= FEW_READS
