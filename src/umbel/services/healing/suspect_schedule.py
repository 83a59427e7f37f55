"""Which tasks are suspected to have ended unheard, and when somebody is asked about each.

Tasks that have not ended are gone through page by page, round and round. Whoever was asked about a
suspect in vain is asked again less and less often.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.cluster.task import PENDING, RECEIVED, RETRY, STARTED
from umbel.query.ast import And, Comparison, During, Matches, Moment, Node, Not
from umbel.services.healing.suspects import Suspect, TaskEvidence, signs_of, suspect
from umbel.store.base import Order, Store

#: States of tasks that have not ended.
OPEN_STATES: Final = (PENDING, RECEIVED, STARTED, RETRY)
#: So many tasks are looked at in one turn, and how long after a round the next begins, seconds:
#: soon where workers, gaps or losses are not what they were; else only time can make a task
#: suspected, which takes minutes, and the rest is longer the longer it takes.
LOOKED_AT: Final = 500
ROUND_S: Final = 2.0
QUIET_ROUND_S: Final = 10.0
QUIET_ROUND_SHARE: Final = 0.05
#: What was just suspected may still be on its way, seconds.
SETTLE_S: Final = 2.0
#: After how long somebody is asked again, each time, seconds.
AGAIN_S: Final = (3.0, 10.0, 30.0, 120.0, 600.0)
#: So many suspects are remembered; others are found again in a later round.
WAITING_MAX: Final = 50_000

_OPEN: Final = Matches("state", Comparison.EQUALS, OPEN_STATES)
_OLDEST_FIRST: Final = Order("seen", descending=False)


def _open_for_a_while(now: float) -> Node:
    """Tasks of which nothing was just heard: only time can make them suspected, and under a flood
    they are most of those that have not ended."""
    low, high = Moment(absolute=now - SETTLE_S), Moment(absolute=now + SETTLE_S)
    return And((_OPEN, Not(During("timestamp", low=low, high=high))))


class Waiting(msgspec.Struct):
    """A suspect: since when it is one here, when somebody is asked next, how often somebody was,
    and when a worker last had it. Times are Unix seconds."""

    found: Suspect
    since: float
    next_at: float
    times: int = 0
    held_at: float = -math.inf


class SuspectSchedule:
    """One thread; its length is for any."""

    def __init__(self, store: Store, clock: Clock, unknown_after_s: float) -> None:
        self._store = store
        self._clock = clock
        self._unknown_after_s = unknown_after_s
        self._waiting: dict[str, Waiting] = {}
        self._cursor: str | None = None
        self._round_ended = -math.inf
        #: What spoke for or against tasks when the last round began, and which it looks at.
        self._round_signs: object = None
        self._round_query: Node = _OPEN

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, uuid: str) -> bool:
        return uuid in self._waiting

    def __getitem__(self, uuid: str) -> Waiting:
        return self._waiting[uuid]

    def scan(self, evidence: TaskEvidence, now: float) -> None:
        """Look at one more page of open tasks. Raises `StoreError`."""
        if self._cursor is None:
            signs = signs_of(evidence)
            rested_s = self._clock.monotonic() - self._round_ended
            is_quiet = signs == self._round_signs
            if rested_s < (self._quiet_round_s if is_quiet else ROUND_S):
                return
            self._round_signs = signs
            self._round_query = _open_for_a_while(now) if is_quiet else _OPEN
        page = self._store.search(
            self._round_query,
            now=now,
            order=_OLDEST_FIRST,
            cursor=self._cursor,
            limit=LOOKED_AT,
            budget_s=0.5,
        )
        for task in page.items:
            found = suspect(task, evidence, self._unknown_after_s, now)
            waiting = self._waiting.get(task.uuid)
            if found is None:
                self.drop(task.uuid)
            elif waiting is None:
                if len(self._waiting) < WAITING_MAX:
                    self._waiting[task.uuid] = Waiting(found, now, now + SETTLE_S)
            else:
                waiting.found = found
        self._cursor = page.cursor
        if page.cursor is None:
            self._round_ended = self._clock.monotonic()

    @property
    def _quiet_round_s(self) -> float:
        longest_s = self._unknown_after_s * QUIET_ROUND_SHARE
        return min(QUIET_ROUND_S, max(ROUND_S, longest_s))

    def due(self, now: float, most: int) -> list[str]:
        """The ids of those about whom somebody is to be asked now, who waits longest first."""
        due = [(each.next_at, uuid) for uuid, each in self._waiting.items() if each.next_at <= now]
        return [uuid for _, uuid in sorted(due)[: max(0, most)]]

    def ask_again(self, uuids: Iterable[str], now: float) -> None:
        """Somebody was asked about these in vain."""
        longest = max(AGAIN_S[0], self._unknown_after_s / 2)
        for uuid in uuids:
            waiting = self._waiting.get(uuid)
            if waiting is not None:
                waiting.next_at = now + min(longest, AGAIN_S[min(waiting.times, len(AGAIN_S) - 1)])
                waiting.times += 1

    def postpone(self, uuid: str, at: float) -> None:
        """Nobody was asked about this one, whose turn comes then."""
        self._waiting[uuid].next_at = at

    def drop(self, uuid: str) -> None:
        """This one is no suspect any more."""
        self._waiting.pop(uuid, None)
