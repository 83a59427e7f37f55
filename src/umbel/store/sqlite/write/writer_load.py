"""The writer's load (its duty cycle): the part of its time that it writes. What can be done
later, like indexing texts, waits while that is nearly all of it.

Theory of operation. Whoever collects events gathers for a while, then writes; the pause
between shrinks as more comes, until one batch follows another. Then the machine has no more
to give, and recording comes before all that can be done later.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final

from umbel.clock import Clock

#: Of the time between the ends of two batches, what writing the second takes when the writer
#: can hardly do more: the rest goes into decoding, and waiting for other threads. (At 20,000
#: events a second on two idle cores it takes 0.4.)
_BUSY_SHARE: Final = 0.6
#: A pause as long as this is a rest, whatever was before, in seconds.
_REST_S: Final = 1.0


class WriterLoad:
    """Entered while a batch is written. One thread writes; `is_busy` is for any."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = self._ended = clock.monotonic()
        self._writing = False
        self._share = 0.0

    def __enter__(self) -> None:
        self._began = self._clock.monotonic()
        self._writing = True

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        ended = self._clock.monotonic()
        whole = ended - self._ended
        self._share = (ended - self._began) / whole if whole > 0 else 0.0
        self._ended = ended
        self._writing = False

    def is_busy(self) -> bool:
        """Whether the writer hardly rests between its batches."""
        rests = not self._writing and self._clock.monotonic() - self._ended > _REST_S
        return not rests and self._share >= _BUSY_SHARE
