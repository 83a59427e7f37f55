"""One question to workers at a time, of all processes that share a data directory.

The turn is the kernel's lock (`flock`) on a file that stays, so it ends when the process that has
it dies, however it dies, and waiting for it costs nobody a write. The file has how many questions
were asked in each second of the last minute.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from umbel.clock import Clock
from umbel.cluster.control_traffic import QUESTIONS_MAX, ControlTraffic, LastMinute
from umbel.owner import owned
from umbel.store.sqlite.files import private_files
from umbel.store.sqlite.files.paths import questions_path

#: How often it is tried whether the turn is free, seconds.
_POLL_S: Final = 0.004
#: Who had the turn last takes it no sooner again, seconds, so that another process gets in.
_PAUSE_S: Final = 0.012
#: The same while a minute is full.
_FULL_POLL_S: Final = 0.05
_BYTES_MAX: Final = 4096
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


class FileQuestionTurns:
    """See `broker.base.QuestionTurns`. Where no file can be made, this process alone has turns."""

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        *,
        questions_max: int = QUESTIONS_MAX,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._most = questions_max
        self._sleep = sleep
        self._own = threading.Lock()
        self._file: int | None = None
        self._minute = LastMinute()
        self._gave_at = -_PAUSE_S

    def take(self, timeout_s: float) -> bool:
        deadline = self._clock.monotonic() + timeout_s
        if not self._own.acquire(timeout=timeout_s):
            return False
        taken = False
        try:
            self._wait(self._gave_at + _PAUSE_S)
            taken = self._taken(deadline)
        finally:
            if not taken:
                self._close()
                self._own.release()
        return taken

    def give_back(self) -> None:
        self._gave_at = self._clock.monotonic()
        self._close()
        self._own.release()

    def traffic(self) -> ControlTraffic:
        try:
            with questions_path(self._directory).open("rb") as file:
                minute = _read(file.fileno())
        except OSError:
            minute = self._minute
        questions = minute.count(self._clock.now())
        return ControlTraffic(questions=questions, questions_max=self._most)

    def _taken(self, deadline: float) -> bool:
        while True:
            is_free = self._is_free()
            if is_free and self._is_counted():
                return True
            self._close()
            if self._clock.monotonic() >= deadline:
                return False
            self._sleep(_FULL_POLL_S if is_free else _POLL_S)

    def _is_free(self) -> bool:
        path = questions_path(self._directory)
        try:
            with owned(self._directory):
                self._file = os.open(path, _FLAGS, private_files.MODE)
        except OSError:
            return True
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _is_counted(self) -> bool:
        """Whether there was room for one more in this minute. A full disk keeps nobody from
        asking."""
        now = self._clock.now()
        if self._file is not None:
            self._minute = _read(self._file)
        if self._minute.count(now) >= self._most:
            return False
        self._minute.add(now)
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.pwrite(self._file, self._minute.written().encode().ljust(_BYTES_MAX), 0)
        return True

    def _wait(self, until: float) -> None:
        left_s = until - self._clock.monotonic()
        if left_s > 0:
            self._sleep(left_s)

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def _read(file: int) -> LastMinute:
    return LastMinute.read(os.pread(file, _BYTES_MAX, 0).decode("ascii", "replace").strip())
