"""The thread that takes messages off the broker as they come, and never waits for the disk."""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

from umbel.broker.base import EventSource, Frame, ShedKind
from umbel.clock import Clock
from umbel.services.ingest.commit import Committer
from umbel.services.ingest.event_counter import RECENT_S
from umbel.services.ingest.frame_buffer import FrameBuffer, chunk_of
from umbel.services.ingest.lag import FEW_FRAMES, LagBound
from umbel.services.ingest.shed_spans import ShedSpans

log = logging.getLogger(__name__)

#: Reads that bring few frames are spaced by this, so that more comes with each: the cost of
#: a read is per call, and each wakes the writer. With the time in which a batch gathers it is the
#: age at which an event is committed.
PAUSE_S: Final = 0.08
#: The same while nobody waits for the batch: fewer turns of both threads.
UNHURRIED_PAUSE_S: Final = 0.25
#: What then counts as few: what comes in such a pause at most.
FEW_UNHURRIED: Final = 1_000
FULL_PAUSE_S: Final = 0.05
#: How long the reader may take to leave; connecting to a silent broker takes longest.
LEAVE_S: Final = 3.0


class EventReader:
    """Reads `source` into `buffer`; `committer` has what was taken from there and is not settled
    yet. `start` and `leave` are the writer's; what it counts may be read by any thread."""

    def __init__(
        self,
        source: EventSource,
        buffer: FrameBuffer,
        committer: Committer,
        clock: Clock,
    ) -> None:
        self._source = source
        self._buffer = buffer
        self._committer = committer
        self._clock = clock
        self.lag_bound = LagBound()
        #: How many frames found no room, by what they told.
        self.shed_kinds: Counter[ShedKind] = Counter()
        #: When, as gaps.
        self.shed_spans = ShedSpans()
        #: What ended the thread before its time.
        self.failure: BaseException | None = None
        #: Set once it is to end; the writer may wait for it instead of sleeping.
        self.leaving = threading.Event()
        #: Whether events may have been lost since the last that were read.
        self._interrupted = False
        self._heard_since: float | None = None
        #: How many had been shed at some moments, half a minute apart; the first is recent.
        self._shed_marks = deque([(clock.monotonic(), Counter[ShedKind]())], maxlen=3)
        self._thread = threading.Thread(target=self._run, name="umbel-reader", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def leave(self) -> bool:
        """End the thread; whether it has ended."""
        self.leaving.set()
        self._thread.join(LEAVE_S)
        return not self._thread.is_alive()

    @property
    def recent_shed_kinds(self) -> Counter[ShedKind]:
        """How many of which kind were shed in the last minute."""
        return self.shed_kinds - self._shed_marks[0][1]

    def note_moment(self) -> None:
        """Once a second, by the writer: how many have been shed by now."""
        now = self._clock.monotonic()
        if now - self._shed_marks[-1][0] > RECENT_S / 2:
            self._shed_marks.append((now, self.shed_kinds))

    def _run(self) -> None:
        try:
            while not self.leaving.is_set():
                self._read_once()
            self._take(self._source.rest(), self._clock.monotonic())
        except BaseException as error:
            log.exception("Reading the broker failed.")
            self.failure = error
            self._buffer.wake()

    def _read_once(self) -> None:
        may_wait = self._source.health().may_wait
        if may_wait and self._buffer.is_full():
            # It is safer in the broker, even if that ends the connection meanwhile. Of a queue only
            # what comes twice, after a reconnection, can get here.
            self.leaving.wait(FULL_PAUSE_S)
            return
        begun = self._clock.monotonic()
        frames = self._source.read(self.lag_bound.timeout_s())
        now = self._clock.monotonic()
        self.lag_bound.note(
            self._source.health(),
            frames=len(frames),
            waited_s=now - begun,
            unsettled_bytes=self._buffer.size_bytes + self._committer.size_bytes,
            now=now,
        )
        self._take(frames, now)
        if not frames:
            return
        if self._committer.is_unhurried and len(frames) < FEW_UNHURRIED:
            self.leaving.wait(UNHURRIED_PAUSE_S)
        elif len(frames) < FEW_FRAMES:
            self.leaving.wait(PAUSE_S)

    def _take(self, frames: Sequence[Frame], now: float) -> None:
        """Put what came at `now` (monotonic seconds) into the buffer."""
        self._note_interruption()
        if not frames:
            return
        chunk = chunk_of(
            frames,
            self._clock.now(),
            came_at=now,
            empty_at=self.lag_bound.empty_at,
            interrupted=self._interrupted,
            is_prompt=self.lag_bound.is_prompt,
        )
        shed = self._buffer.put(chunk, bounded=not self._source.health().may_wait)
        if shed:
            # A new one, since other threads look at it.
            self.shed_kinds = self.shed_kinds + Counter(shed)
            waited_s = 0.0 if chunk.empty_at is None else max(0.0, now - chunk.empty_at)
            self.shed_spans.note(chunk.received_at - waited_s, chunk.received_at)
        # Of tasks and workers: lines of logs are no events of theirs.
        self._interrupted = any(kind != "logs" for kind in shed)

    def _note_interruption(self) -> None:
        """Every connection but the first ends a time in which events may have been lost."""
        since = self._source.health().since
        if since is not None and since != self._heard_since:
            self._interrupted = self._interrupted or self._heard_since is not None
            self._heard_since = since
