"""A thread that does something again and again, and tells a trouble once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from umbel.errors import UmbelError

log = logging.getLogger(__name__)

#: How long a turn that is under way may hold up the end, seconds.
LEAVE_S: Final = 3.0


class _StoppingError(Exception):
    """The process ends."""


class RepeatedTurns:
    """Does `turn` every `every_s` seconds by a thread called `thread`, and `at_end` once. What a
    turn raises is logged behind `failing` when it is new, with a traceback if it is no
    `UmbelError`, and ends nothing; that it works again is logged as `working`, where that is a
    sentence."""

    def __init__(
        self,
        turn: Callable[[], None],
        thread: str,
        every_s: float,
        *,
        failing: str,
        working: str = "",
        at_end: Callable[[], None] | None = None,
    ) -> None:
        self._turn = turn
        self._every_s = every_s
        self._failing = failing
        self._working = working
        self._at_end = at_end
        self._trouble: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=thread, daemon=True)

    def start(self) -> None:
        """Take turns from now on."""
        self._thread.start()

    def close(self) -> None:
        """Take no more. May be called twice, and without `start`."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(LEAVE_S)

    def rest(self, pause_s: float) -> None:
        """For a turn: wait so long, and give up the turn when this is closed meanwhile."""
        if self._stopping.wait(pause_s):
            raise _StoppingError

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            try:
                self._turn()
            except _StoppingError:
                break
            except Exception as error:
                trouble = f"{type(error).__name__}: {error}"
                if trouble != self._trouble:
                    is_foreseen = isinstance(error, UmbelError)
                    log.warning("%s: %s", self._failing, error, exc_info=not is_foreseen)
                self._trouble = trouble
            else:
                if self._trouble is not None and self._working:
                    log.info(self._working)
                self._trouble = None
        if self._at_end is not None:
            self._at_end()
