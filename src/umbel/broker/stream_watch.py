"""Whether the stream of events makes up for an interruption, as far as can be known.

Theory of operation. The stream has what its writers sent while nobody heard. What others sent is
gone, so an interruption is no gap only if all were writers. They are recognised by the marks of
their messages: if none without one came in the last `WHOLE_AFTER_S` before the interruption, nor in
the first `KNOWN_AFTER_S` after it (workers tell of themselves every two seconds), all were. Until
then nothing is said.
"""

from __future__ import annotations

from typing import Final, Protocol

from umbel.broker.base import StreamHealth

#: Who writes no stream and was heard within this may have sent something meanwhile, seconds.
WHOLE_AFTER_S: Final = 60.0
#: After a connection, everybody who is there has been heard within this, seconds.
KNOWN_AFTER_S: Final = 5.0


class Streamed(Protocol):
    """A stream that is read (`StreamReplay`)."""

    key: str
    position: str
    behind: int
    is_whole: bool

    @property
    def is_replaying(self) -> bool: ...


class StreamingSession(Protocol):
    """What is watched of a connection."""

    unkept_at: float | None

    @property
    def stream(self) -> Streamed | None: ...


class StreamWatch:
    """Over the connections of one source, from `position` on; `is_whole` is what is known of the
    time before. One thread. Times are monotonic seconds."""

    def __init__(self, position: str, *, is_whole: bool) -> None:
        self.position = position
        self._was_whole = is_whole
        self._unkept_at: float | None = None
        self._begun_at = 0.0
        self._covered: bool | None = False

    def begin(self, session: StreamingSession, now: float, heard_at: float | None) -> None:
        """A connection has begun to read the stream; the one before it heard until `heard_at`."""
        if not self._was_whole:
            # It counts as heard now, so that it is remembered if this process ends soon.
            self._unkept_at, self._was_whole = now, True
        heard_until = now if heard_at is None else heard_at
        self._begun_at = now
        is_covered = session.stream is not None and session.stream.is_whole
        self._covered = None if is_covered and self._is_whole(heard_until) else False

    def health(self, session: StreamingSession, now: float) -> StreamHealth | None:
        """How it is now; None if there is no stream."""
        if session.unkept_at is not None:
            self._unkept_at = max(session.unkept_at, self._unkept_at or session.unkept_at)
        stream = session.stream
        if self._covered is None:
            if session.unkept_at is not None or stream is None:
                self._covered = False
            elif now - self._begun_at >= KNOWN_AFTER_S and not stream.is_replaying:
                self._covered = True
        if stream is None:
            return None
        self.position = stream.position or self.position
        return StreamHealth(
            key=stream.key,
            position=stream.position,
            behind=stream.behind,
            replaying=stream.is_replaying,
            is_whole=self._is_whole(now),
            covered=self._covered,
        )

    def _is_whole(self, at: float) -> bool:
        return self._unkept_at is None or at - self._unkept_at > WHOLE_AFTER_S
