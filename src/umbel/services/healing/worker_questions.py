"""Workers are asked which tasks they have: one question at a time, paced and bounded.

Source: celery/worker/control.py (`query_task`, `active`, `reserved`, `scheduled`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from umbel.broker.base import Cluster, Reply
from umbel.clock import Clock
from umbel.cluster.worker import OFFLINE, ONLINE, Worker
from umbel.services.jsonable import jsonable
from umbel.store.base import Store

#: No question comes sooner after the last one than this, seconds.
PAUSE_S: Final = 2.0
#: How long workers have to answer, seconds.
ANSWER_S: Final = 1.0
#: So many ids are in one question.
IDS_MAX: Final = 200
#: So many tasks of a list are looked at.
LISTED_MAX: Final = 5_000
#: Who sends no heartbeats may live for so long after it was last heard, seconds.
QUIET_MAX_S: Final = 86_400.0


class HeldTask(NamedTuple):
    """A worker has a task: `active`, `reserved` or `scheduled`, and what it says of it."""

    worker: str
    held: str
    request: Mapping[str, object]


class Holders(NamedTuple):
    """Who has which task, by id. `is_whole`: every worker that lives has answered, so nobody has
    the others. `answered` are those who did, and `trouble` says why not, where an answer came that
    cannot be read, or was a refusal."""

    of_task: Mapping[str, HeldTask]
    is_whole: bool
    answered: frozenset[str] = frozenset()
    trouble: str | None = None


class WorkerQuestions:
    """One thread. Raises what `Cluster.ask` raises."""

    def __init__(self, store: Store, cluster: Cluster, clock: Clock) -> None:
        self._store = store
        self._cluster = cluster
        self._clock = clock
        self._next_at = 0.0
        self._trouble: str | None = None
        self.count = 0

    @property
    def may_ask(self) -> bool:
        """Whether the last question is long enough ago."""
        return self._clock.monotonic() >= self._next_at

    def holders(self, task_ids: Sequence[str]) -> Holders:
        """Who has these tasks, of which there are `IDS_MAX` at most."""
        replies, is_whole = self._ask("query_task", {"ids": list(task_ids)})
        found: dict[str, HeldTask] = {}
        for reply in replies:
            if isinstance(reply.value, Mapping):
                for uuid, answer in reply.value.items():
                    held = _held(reply.worker, answer)
                    if held is not None and held.held != "ready":
                        found[str(uuid)] = held
        answered = frozenset(reply.worker for reply in replies)
        return Holders(found, is_whole, answered, None if is_whole else self._trouble)

    def listed(self, what: str) -> Sequence[HeldTask]:
        """All tasks that workers list as `active`, `reserved` or `scheduled`."""
        replies, _ = self._ask(what, {})
        return [
            HeldTask(reply.worker, what, request)
            for reply in replies
            if isinstance(reply.value, list)
            for each in reply.value[:LISTED_MAX]
            if (request := _request(each)) is not None
        ]

    def _ask(self, command: str, arguments: Mapping[str, object]) -> tuple[Sequence[Reply], bool]:
        now = self._clock.now()
        workers = self._store.workers()
        live = {each.hostname for each in workers if each.status(now) == ONLINE}
        may_live = live | {each.hostname for each in workers if _is_quiet(each, now)}
        if not may_live:
            return (), True
        self.count += 1
        try:
            replies = self._cluster.ask(command, arguments, limit=len(may_live), timeout_s=ANSWER_S)
        finally:
            self._next_at = self._clock.monotonic() + PAUSE_S
        self._trouble = next((reply.error for reply in replies if reply.error is not None), None)
        good = [reply for reply in replies if reply.error is None]
        return good, live <= {reply.worker for reply in good}


def _is_quiet(worker: Worker, now: float) -> bool:
    """Whether it sends no heartbeats (`--without-heartbeat`), so that its silence says nothing: it
    may answer, and where it does not it is gone."""
    is_recent = now - worker.last_heard <= QUIET_MAX_S
    return not worker.sends_heartbeats and worker.status(now) != OFFLINE and is_recent


def _held(worker: str, answer: object) -> HeldTask | None:
    """From `[state, request]`."""
    if not isinstance(answer, list | tuple) or len(answer) != 2:
        return None
    request = _request(answer[1])
    return None if request is None else HeldTask(worker, str(answer[0]), request)


def _request(value: object) -> Mapping[str, object] | None:
    """What a worker says of a request; that of a scheduled one lies in another mapping."""
    plain = jsonable(value)
    if isinstance(plain, dict) and isinstance(plain.get("request"), dict):
        plain = plain["request"]
    return plain if isinstance(plain, dict) else None
