"""The log lines of one run of a task: numbered, bounded, and given out in batches.

Theory of operation. Every line of a run has a number, from 1 on, so whoever reads them sees what is
missing, in whatever order batches come. Of a run that writes more than it may, nine tenths of what
it may are its first lines, sent as they come; the last tenth are its last lines, which are known
when it ends. A batch says up to which number it knows of the run (`written`), and how many lines up
to there were left out by then (`left_out`). Lines that are written while no broker takes them
wait here, within the same bounds.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, Final, NamedTuple

#: A longer line is cut, characters.
LINE_MAX: Final = 8_192
#: About how much text one event has, bytes.
BATCH_BYTES: Final = 32_768
#: What a line costs beside its text, bytes.
_LINE_BYTES: Final = 48
_LAST_SHARE: Final = 10


class RunLine(NamedTuple):
    """One line: its number, Unix seconds, level as `logging` counts, logger's name, text, and how
    many characters it had more."""

    number: int
    at: float
    level: int
    logger: str
    text: str
    cut: int

    @property
    def size_bytes(self) -> int:
        text = self.text
        return _LINE_BYTES + (len(text) if text.isascii() else len(text.encode("utf-8", "replace")))


class RunLog:
    """Any thread. `lines_max` and `max_bytes` bound what is sent of the run; `started` is in Unix
    seconds, `pid` that of the process which runs it."""

    def __init__(
        self, uuid: str, retries: int, started: float, pid: int, *, lines_max: int, max_bytes: int
    ) -> None:
        self.uuid = uuid
        self.retries = retries
        self.started = started
        self.pid = pid
        self.has_ended = False
        self._lock = threading.Lock()
        self._last_lines = lines_max // _LAST_SHARE
        self._last_bytes = max_bytes // _LAST_SHARE
        self._first_lines = lines_max - self._last_lines
        self._first_bytes = max_bytes - self._last_bytes
        self._first: deque[RunLine] = deque()
        self._last: deque[RunLine] = deque()
        self._is_full = False
        self._held_bytes = 0
        self._written = 0
        self._sent = 0
        self._announced = 0

    def add(self, at: float, level: int, logger: str, text: str) -> None:
        """A line that the task wrote."""
        cut = max(0, len(text) - LINE_MAX)
        with self._lock:
            self._written += 1
            line = RunLine(self._written, at, level, logger, text[:LINE_MAX] if cut else text, cut)
            size = line.size_bytes
            if not self._is_full and self._first_lines > 0 and size <= self._first_bytes:
                self._first_lines -= 1
                self._first_bytes -= size
                self._first.append(line)
            else:
                self._is_full = True
                self._add_last(line, size)

    def _add_last(self, line: RunLine, size: int) -> None:
        self._last.append(line)
        self._held_bytes += size
        while self._last and (
            len(self._last) > self._last_lines or self._held_bytes > self._last_bytes
        ):
            self._held_bytes -= self._last.popleft().size_bytes

    @property
    def size_bytes(self) -> int:
        """How much waits to be sent now."""
        with self._lock:
            return sum(line.size_bytes for line in self._first)

    @property
    def is_sent(self) -> bool:
        """Whether the run has ended, and nothing of it waits."""
        with self._lock:
            return self.has_ended and not self._first and not self._last

    def give_up_waiting(self) -> None:
        """Leave out what waits."""
        with self._lock:
            self._first.clear()

    def batch(self) -> dict[str, Any] | None:
        """The fields of the next event; None while there is nothing to tell."""
        with self._lock:
            lines = self._next_lines()
            if not lines and not self._is_further():
                return None
            self._sent += len(lines)
            written = lines[-1].number if lines else self._written
            first = lines[0].number if lines else written + 1
            self._announced = written
            log = [self.started, first, written, written - self._sent, [x[1:] for x in lines]]
            return {"uuid": self.uuid, "retries": self.retries, "log_lines": log}

    def _is_further(self) -> bool:
        """Whether a run left out so many more lines that this is told while it runs: each time that
        their number has doubled."""
        is_over = self._is_full and not self._first and not (self.has_ended and self._last)
        return is_over and self._written >= 2 * max(self._announced, 1)

    def _next_lines(self) -> list[RunLine]:
        """The next that go into one event: their numbers follow each other."""
        source = self._last if self.has_ended and not self._first else self._first
        lines: list[RunLine] = []
        size = 0
        while source and (not lines or source[0].number == lines[-1].number + 1):
            size += source[0].size_bytes
            if lines and size > BATCH_BYTES:
                break
            lines.append(source.popleft())
        return lines
