"""Turns of one process, for a store in memory."""

from __future__ import annotations

import threading

from umbel.clock import Clock
from umbel.cluster.control_traffic import QUESTIONS_MAX, ControlTraffic, LastMinute


class MemoryQuestionTurns:
    """See `broker.base.QuestionTurns`. A minute that is full is not waited for."""

    def __init__(self, clock: Clock, *, questions_max: int = QUESTIONS_MAX) -> None:
        self._clock = clock
        self._most = questions_max
        self._turn = threading.Lock()
        self._minute = LastMinute()

    def take(self, timeout_s: float) -> bool:
        if not self._turn.acquire(timeout=timeout_s):
            return False
        now = self._clock.now()
        if self._minute.count(now) >= self._most:
            self._turn.release()
            return False
        self._minute.add(now)
        return True

    def give_back(self) -> None:
        self._turn.release()

    def traffic(self) -> ControlTraffic:
        questions = self._minute.count(self._clock.now())
        return ControlTraffic(questions=questions, questions_max=self._most)
