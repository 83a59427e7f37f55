"""The ledger in memory: the oracle of the contract tests, and the ledger of an Umbel
without a directory. What it keeps ends with the process."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from umbel.store.ledger import (
    ENDED_MAX,
    FIRST_MARK,
    INTENDED_MAX,
    ActionRecord,
    AuditEntry,
    AuditPage,
    Intent,
    Repeat,
    Token,
    token_name_taken,
)


class MemoryLedger:
    """See `store.ledger.Ledger`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._audit: list[AuditEntry] = []
        self._numbers = 0
        #: In order of their marks, oldest first.
        self._intents: dict[str, tuple[int, Intent]] = {}
        self._mark = FIRST_MARK
        self._repeats: dict[str, Repeat] = {}
        self._actions: dict[str, ActionRecord] = {}
        self._tokens: dict[str, Token] = {}
        self._ended: dict[str, float] = {}

    def record(self, entry: AuditEntry) -> int:
        with self._lock:
            self._numbers += 1
            self._audit.append(msgspec.structs.replace(entry, number=self._numbers))
            return self._numbers

    def audit(
        self,
        *,
        before: int | None = None,
        limit: int = 50,
        actor: str | None = None,
        action: str | None = None,
        action_id: str | None = None,
    ) -> AuditPage:
        with self._lock:
            found = [
                entry
                for entry in reversed(self._audit)
                if (before is None or entry.number < before)
                and actor in (None, entry.actor)
                and action in (None, entry.action)
                and action_id in (None, entry.action_id)
            ]
        items = tuple(found[:limit])
        return AuditPage(items, items[-1].number if len(found) > limit and items else None)

    def intend(self, intents: Iterable[Intent]) -> None:
        with self._lock:
            for intent in intents:
                self._mark += 1
                self._intents.pop(intent.task_id, None)
                self._intents[intent.task_id] = self._mark, intent

    def intents(self, task_ids: Sequence[str]) -> Mapping[str, Intent]:
        with self._lock:
            return {each: self._intents[each][1] for each in task_ids if each in self._intents}

    def intended_since(self, mark: int) -> tuple[tuple[str, ...], int]:
        with self._lock:
            if not mark:
                return (), self._mark
            ids: list[str] = []
            for task_id, (its_mark, _) in reversed(self._intents.items()):
                if its_mark <= mark or len(ids) == INTENDED_MAX:
                    break
                ids.append(task_id)
            return tuple(ids), self._mark

    def repeat(self, repeats: Iterable[Repeat]) -> None:
        with self._lock:
            self._repeats |= {each.task_id: each for each in repeats}

    def repeats(self, task_ids: Sequence[str]) -> tuple[Repeat, ...]:
        wanted = set(task_ids)
        with self._lock:
            found = [
                each
                for each in self._repeats.values()
                if each.task_id in wanted or each.repeats in wanted
            ]
        return tuple(sorted(found, key=lambda each: (each.at, each.task_id)))

    def repetitions(self, *, action_id: str | None = None, limit: int) -> tuple[Repeat, ...]:
        with self._lock:
            found = [
                each
                for each in self._repeats.values()
                if action_id is None or each.action_id == action_id
            ]
        return tuple(sorted(found, key=lambda each: (each.at, each.task_id))[::-1][:limit])

    def keep_action(self, action: ActionRecord) -> None:
        with self._lock:
            self._actions[action.id] = action

    def replace_action(self, action: ActionRecord, report: bytes) -> bool:
        with self._lock:
            kept = self._actions.get(action.id)
            if kept is None or kept.report != report:
                return False
            self._actions[action.id] = action
            return True

    def running_actions(self) -> tuple[ActionRecord, ...]:
        return tuple(action for action in self._newest_first() if action.running)

    def action(self, action_id: str) -> ActionRecord | None:
        with self._lock:
            return self._actions.get(action_id)

    def actions(self, *, before: float | None = None, limit: int = 50) -> tuple[ActionRecord, ...]:
        found = [each for each in self._newest_first() if before is None or each.at < before]
        return tuple(found[:limit])

    def put_token(self, token: Token) -> None:
        with self._lock:
            if token.name in self._tokens:
                raise token_name_taken(token.name)
            self._tokens[token.name] = token

    def tokens(self) -> tuple[Token, ...]:
        with self._lock:
            return tuple(self._tokens[name] for name in sorted(self._tokens))

    def used_token(self, name: str, at: float) -> None:
        with self._lock:
            if name in self._tokens:
                self._tokens[name] = msgspec.structs.replace(self._tokens[name], last_used=at)

    def drop_token(self, name: str) -> bool:
        with self._lock:
            return self._tokens.pop(name, None) is not None

    def end_session(self, session_id: str, expires: float, now: float) -> None:
        with self._lock:
            ended = {**self._ended, session_id: expires}
            left = [(end, each) for each, end in ended.items() if end > now]
            self._ended = {each: end for end, each in sorted(left)[-ENDED_MAX:]}

    def has_ended(self, session_id: str) -> bool:
        with self._lock:
            return session_id in self._ended

    def trim(self, before: float) -> None:
        with self._lock:
            self._audit = [each for each in self._audit if each.at >= before]
            self._intents = {k: v for k, v in self._intents.items() if v[1].at >= before}
            self._repeats = {k: v for k, v in self._repeats.items() if v.at >= before}
            self._actions = {k: v for k, v in self._actions.items() if v.at >= before}

    def close(self) -> None:
        """Nothing is held."""

    def _newest_first(self) -> list[ActionRecord]:
        with self._lock:
            return sorted(self._actions.values(), key=lambda each: (each.at, each.id), reverse=True)
