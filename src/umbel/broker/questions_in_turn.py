"""A cluster whose workers are asked one question at a time, and no more often than is bounded.

Every question costs every worker, so all that ask (pages, samples, plans of actions, the
collector's healing) take turns, in whichever process of the history they are. Actions (commands
that change something) wait for nobody: a person asked for each of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import msgspec

from umbel.broker.base import Cluster, QuestionTurns, Reply
from umbel.broker.lazy import LazyCluster
from umbel.clock import Clock
from umbel.cluster.control_traffic import QUESTIONS, ControlTraffic, LastMinute
from umbel.errors import BrokerError

#: How long a question waits for its turn at least, seconds: a few that nobody answers pass.
TURN_S: Final = 3.0


class QuestionsInTurn(LazyCluster):
    """See `broker.base.Cluster`. A question that waits for its turn for longer than the larger of
    `TURN_S` and three times its own timeout is refused by `BrokerError`."""

    def __init__(
        self, open_cluster: Callable[[], Cluster], turns: QuestionTurns, clock: Clock
    ) -> None:
        super().__init__(open_cluster)
        self._turns = turns
        self._clock = clock
        self._lock = threading.Lock()
        self._commands = LastMinute()

    def ask(
        self,
        command: str,
        arguments: Mapping[str, object] | None = None,
        *,
        workers: Sequence[str] | None = None,
        limit: int | None = None,
        timeout_s: float = 1.0,
        awaited: Sequence[str] = (),
    ) -> tuple[Reply, ...]:
        ask = partial(
            super().ask,
            command,
            arguments,
            workers=workers,
            limit=limit,
            timeout_s=timeout_s,
            awaited=awaited,
        )
        if command not in QUESTIONS:
            self._count_command()
            return ask()
        if not self._turns.take(max(TURN_S, 3 * timeout_s)):
            raise BrokerError(
                "The workers are still answering other questions.",
                remedy="One is asked at a time, and so many a minute. Try again in a moment.",
            )
        try:
            return ask()
        finally:
            self._turns.give_back()

    def broadcast(
        self,
        command: str,
        arguments: Mapping[str, object] | None = None,
        *,
        workers: Sequence[str] | None = None,
    ) -> None:
        self._count_command()
        super().broadcast(command, arguments, workers=workers)

    def traffic(self) -> ControlTraffic:
        """What workers were sent in the last minute."""
        with self._lock:
            commands = self._commands.count(self._clock.now())
        return msgspec.structs.replace(self._turns.traffic(), commands=commands)

    def _count_command(self) -> None:
        with self._lock:
            self._commands.add(self._clock.now())
