"""An upper bound for the lag: when the broker's queue was last seen to be empty.

Theory of operation. Neither broker tells how long its queue is, and events are stamped by the
clocks of other machines. But a read that waits its whole timeout for nothing has found the queue
empty. So whatever is read later has waited in the queue no longer than since that read, however
old its stamp is. Example: the queue was empty at 12:00:00, and an event that is read at 12:00:03
is stamped 11:40. It is 3 seconds late at most; the worker's clock is off.

After a lost connection, a broker that keeps messages (AMQP) may have collected a backlog, so
there is no bound until the queue is seen empty again. A broker that keeps none (Redis) has
nothing that is older than the connection, but for a stream, while that is read.

Under a steady stream no read waits in vain. Several reads in a row that bring few frames, while
more would be taken, show as well that no backlog waits: what comes then is prompt.

A source also waits in vain when it holds too much unsettled and may read no more. So an empty
read counts only while little is unsettled.
"""

from __future__ import annotations

from typing import Final

from umbel.broker.base import SourceHealth

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


class LagBound:
    """The reading thread notes every read here; any thread may look at `empty_at`, `is_quiet`
    and `is_prompt`."""

    def __init__(self) -> None:
        #: When the queue was last seen empty, if it was; on the monotonic clock, since the wall
        #: clock may be set meanwhile.
        self.empty_at: float | None = None
        #: Whether nothing has been read since then.
        self.is_quiet = False
        #: Whether what is read now did not wait at the broker.
        self.is_prompt = False
        self._few_reads = 0
        self._had_backlog = False
        self._connected_since: float | None = None

    def timeout_s(self) -> float:
        """How long the next read may wait."""
        return QUIET_S if self.is_quiet or self._connected_since is None else PROBE_S

    def note(
        self,
        health: SourceHealth,
        *,
        frames: int,
        waited_s: float,
        unsettled_bytes: int,
        now: float,
    ) -> None:
        """A read that might take `timeout_s()` took `waited_s` and ended at `now` (monotonic
        seconds)."""
        if health.since is None or health.since != self._connected_since:
            self.empty_at = None if health.has_backlog else now
            self.is_quiet = False
            self.is_prompt = not health.has_backlog
            self._few_reads = 0
            self._had_backlog = health.has_backlog
            self._connected_since = health.since
            return
        waited = waited_s >= self.timeout_s() * _NEARLY
        has_room = unsettled_bytes < UNSETTLED_BYTES
        self.is_quiet = not frames and waited and has_room
        if self.is_quiet or (self._had_backlog and not health.has_backlog):
            self.empty_at = now
        self._had_backlog = health.has_backlog
        if frames:
            self._few_reads = self._few_reads + 1 if frames < FEW_FRAMES and has_room else 0
        self.is_prompt = not health.has_backlog or self._few_reads >= FEW_READS
