"""The ledger in memory: the oracle of the contract tests, and the ledger of an Umbel
without a directory. What it keeps ends with the process."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from umbel.store.ledger import (
    ENDED_EACH,
    ERRORS_DECIDED_MAX,
    FIRST_MARK,
    INTENDED_MAX,
    LEASE_MAX_S,
    MUTES_MAX,
    SESSIONS_EACH,
    SESSIONS_MAX,
    ActionRecord,
    AuditEntry,
    AuditPage,
    EndedSessions,
    ErrorDecision,
    Intent,
    Lease,
    LoginSession,
    Mute,
    OpenPlan,
    Repeat,
    SecondFactor,
    Token,
    actions_of_task,
    token_name_taken,
)
from umbel.store.memory_alerts import MemoryAlerts
from umbel.store.memory_deploys import MemoryDeploys
from umbel.store.memory_pauses import MemoryPauses
from umbel.store.saved_searches import SavedSearch, refuse_beyond_bounds


class MemoryLedger(MemoryAlerts, MemoryDeploys, MemoryPauses):
    """See `store.ledger.Ledger`."""

    def __init__(self, *, ended_each: int = ENDED_EACH) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._audit: list[AuditEntry] = []
        self._numbers = 0
        #: In order of their marks, oldest first.
        self._intents: dict[str, tuple[int, Intent]] = {}
        self._mark = FIRST_MARK
        self._repeats: dict[str, Repeat] = {}
        self._errors: dict[str, ErrorDecision] = {}
        self._actions: dict[str, ActionRecord] = {}
        self._tokens: dict[str, Token] = {}
        self._ended = EndedSessions(ended_each)
        self._sessions: dict[str, LoginSession] = {}
        self._used: dict[str, float] = {}
        self._factors: dict[str, SecondFactor] = {}
        self._mutes: dict[str, Mute] = {}
        self._searches: dict[str, SavedSearch] = {}
        self._secrets: dict[str, bytes] = {}
        self._leases: dict[str, Lease] = {}
        self._plans: dict[str, tuple[str, float]] = {}

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
        task_id: str | None = None,
    ) -> AuditPage:
        of_task = None if task_id is None else actions_of_task(self, task_id)
        with self._lock:
            found = [
                entry
                for entry in reversed(self._audit)
                if (before is None or entry.number < before)
                and actor in (None, entry.actor)
                and action in (None, entry.action)
                and action_id in (None, entry.action_id)
                and (of_task is None or task_id in entry.tasks or entry.action_id in of_task)
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

    def claim(self, repeats: Sequence[Repeat], *, since: float | None) -> frozenset[str]:
        with self._lock:
            before = list(self._repeats.values())
            others = frozenset(
                new.repeats
                for new in repeats
                for old in before
                if old.repeats == new.repeats
                and (since is None or (old.at > since and old.action_id != new.action_id))
            )
            self._repeats |= {each.task_id: each for each in repeats if each.repeats not in others}
            return others

    def unrepeat(self, task_ids: Iterable[str]) -> None:
        with self._lock:
            for each in task_ids:
                self._repeats.pop(each, None)

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

    def keep_action(
        self, action: ActionRecord, *, planner: str = "", expires: float | None = None
    ) -> None:
        with self._lock:
            self._actions[action.id] = action
            if expires is not None:
                self._plans[action.id] = planner, expires
            elif action.running:
                self._plans.pop(action.id, None)

    def open_plans(self, planner: str) -> tuple[OpenPlan, ...]:
        with self._lock:
            found = [(id_, end) for id_, (whose, end) in self._plans.items() if whose == planner]
            return tuple(
                OpenPlan(id_, end, len(self._actions[id_].plan) + len(self._actions[id_].report))
                for id_, end in found
                if id_ in self._actions
            )

    def forget_plans(self, ids: Iterable[str] = (), *, expired: float = 0.0) -> None:
        with self._lock:
            named = set(ids)
            for id_, (_, end) in list(self._plans.items()):
                if id_ in named or end < expired:
                    del self._plans[id_]
                    self._actions.pop(id_, None)

    def replace_action(self, action: ActionRecord, report: bytes) -> bool:
        with self._lock:
            stored = self._actions.get(action.id)
            if stored is None or stored.report != report:
                return False
            self._actions[action.id] = action
            if action.running:
                self._plans.pop(action.id, None)
            return True

    def running_actions(self) -> tuple[ActionRecord, ...]:
        return tuple(action for action in self._newest_first() if action.running)

    def action(self, action_id: str) -> ActionRecord | None:
        with self._lock:
            return self._actions.get(action_id)

    def actions(self, *, before: float | None = None, limit: int = 50) -> tuple[ActionRecord, ...]:
        found = [each for each in self._newest_first() if before is None or each.at < before]
        return tuple(found[:limit])

    def decide_error(self, decision: ErrorDecision, *, instead_of: ErrorDecision | None) -> bool:
        with self._lock:
            if self._errors.get(decision.error) != instead_of:
                return False
            decisions = {**self._errors, decision.error: decision}
            first = sorted(decisions.values(), key=_decided)[:ERRORS_DECIDED_MAX]
            self._errors = {each.error: each for each in first}
            return True

    def error_decisions(self) -> Mapping[str, ErrorDecision]:
        with self._lock:
            return dict(self._errors)

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

    def end_session(self, session_id: str, expires: float, now: float, user: str = "") -> None:
        with self._lock:
            self._ended.end(session_id, expires, now, user)
            self._sessions = {
                id_: each
                for id_, each in self._sessions.items()
                if id_ != session_id and each.expires > now
            }

    def has_ended(self, session_id: str, user: str = "", expires: float = math.inf) -> bool:
        with self._lock:
            return self._ended.has(session_id, user, expires)

    def keep_session(self, session: LoginSession) -> None:
        with self._lock:
            kept = {i: each for i, each in self._sessions.items() if each.expires > session.began}
            self._sessions = {**kept, session.id: session}
            for each in _beyond_share(self._sessions.values(), session):
                del self._sessions[each.id]

    def session(self, session_id: str) -> LoginSession | None:
        with self._lock:
            return self._sessions.get(session_id)

    def sessions(
        self,
        now: float,
        *,
        user: str | None = None,
        provider: str | None = None,
        subject: str | None = None,
        provider_session: str | None = None,
        limit: int = SESSIONS_MAX,
    ) -> tuple[LoginSession, ...]:
        with self._lock:
            found = [
                each
                for each in self._sessions.values()
                if each.expires > now
                and user in (None, each.user)
                and provider in (None, each.provider)
                and subject in (None, each.subject)
                and provider_session in (None, each.provider_session)
            ]
        found.sort(key=lambda each: (-each.began, each.id))
        if user is subject is provider_session is None:
            found = _shares(found)
        return tuple(found[: min(limit, SESSIONS_MAX)])

    def seen_session(self, session_id: str, at: float) -> None:
        with self._lock:
            found = self._sessions.get(session_id)
            if found is not None:
                seen = max(found.seen, at)
                self._sessions[session_id] = msgspec.structs.replace(found, seen=seen)

    def use_once(self, name: str, expires: float, now: float) -> bool:
        with self._lock:
            self._used = {each: end for each, end in self._used.items() if end > now}
            is_first = name not in self._used
            self._used.setdefault(name, expires)
            return is_first

    def second_factor(self, user: str) -> SecondFactor | None:
        with self._lock:
            return self._factors.get(user)

    def second_factors(self) -> tuple[SecondFactor, ...]:
        with self._lock:
            return tuple(self._factors[user] for user in sorted(self._factors))

    def keep_second_factor(self, factor: SecondFactor, *, instead_of: SecondFactor | None) -> bool:
        with self._lock:
            if self._factors.get(factor.user) != instead_of:
                return False
            self._factors[factor.user] = factor
            return True

    def drop_second_factor(self, user: str) -> bool:
        with self._lock:
            return self._factors.pop(user, None) is not None

    def keep_mute(self, mute: Mute) -> None:
        with self._lock:
            held = {id_: each for id_, each in self._mutes.items() if each.until > mute.at}
            held[mute.finding] = mute
            latest = sorted(held.values(), key=lambda each: (each.until, each.finding))
            self._mutes = {each.finding: each for each in latest[-MUTES_MAX:]}

    def drop_mute(self, finding: str) -> bool:
        with self._lock:
            return self._mutes.pop(finding, None) is not None

    def mutes(self, now: float) -> tuple[Mute, ...]:
        with self._lock:
            found = [each for each in self._mutes.values() if each.until > now]
        return tuple(sorted(found, key=lambda each: each.finding))

    def keep_search(self, search: SavedSearch, *, instead_of: SavedSearch | None) -> bool:
        with self._lock:
            if self._searches.get(search.id) != instead_of:
                return False
            refuse_beyond_bounds(search, self._seen(search.owner), len(self._searches))
            self._searches[search.id] = search
            return True

    def drop_search(self, search_id: str) -> bool:
        with self._lock:
            return self._searches.pop(search_id, None) is not None

    def saved_search(self, search_id: str) -> SavedSearch | None:
        with self._lock:
            return self._searches.get(search_id)

    def saved_searches(self, owner: str) -> tuple[SavedSearch, ...]:
        with self._lock:
            return self._seen(owner)

    def secret(self, name: str, new: bytes) -> bytes:
        with self._lock:
            return self._secrets.setdefault(name, new)

    def take_lease(self, lease: Lease, now: float) -> bool:
        with self._lock:
            held = self._leases.get(lease.name)
            is_free = held is None or not now < held.expires <= now + LEASE_MAX_S
            if held is not None and held.holder != lease.holder and not is_free:
                return False
            self._leases[lease.name] = lease
            return True

    def renew_lease(self, lease: Lease) -> bool:
        with self._lock:
            held = self._leases.get(lease.name)
            if held is None or held.holder != lease.holder:
                return False
            self._leases[lease.name] = lease
            return True

    def release_lease(self, name: str, holder: str) -> None:
        with self._lock:
            held = self._leases.get(name)
            if held is not None and held.holder == holder:
                del self._leases[name]

    def lease(self, name: str) -> Lease | None:
        with self._lock:
            return self._leases.get(name)

    def trim(self, before: float) -> None:
        with self._lock:
            self._audit = [each for each in self._audit if each.at >= before]
            self._intents = {k: v for k, v in self._intents.items() if v[1].at >= before}
            self._repeats = {k: v for k, v in self._repeats.items() if v.at >= before}
            self._actions = {k: v for k, v in self._actions.items() if v.at >= before}

    def close(self) -> None:
        """Nothing is held."""

    def _seen(self, owner: str) -> tuple[SavedSearch, ...]:
        found = [each for each in self._searches.values() if each.shared or each.owner == owner]
        return tuple(sorted(found, key=lambda each: (each.name, each.id)))

    def _newest_first(self) -> list[ActionRecord]:
        with self._lock:
            return sorted(self._actions.values(), key=lambda each: (each.at, each.id), reverse=True)


def _decided(decision: ErrorDecision) -> tuple[float, str]:
    """The newest first."""
    return -decision.at, decision.error


def _shares(newest_first: Iterable[LoginSession]) -> list[LoginSession]:
    """The newest of each user."""
    counted = Counter[str]()
    found = []
    for each in newest_first:
        counted[each.user] += 1
        if counted[each.user] <= SESSIONS_EACH:
            found.append(each)
    return found


def _beyond_share(rows: Iterable[LoginSession], new: LoginSession) -> list[LoginSession]:
    """Those of the person of `new` that are too many."""
    person = (new.provider, new.subject)
    others = [
        each
        for each in rows
        if new.subject and (each.provider, each.subject) == person and each.id != new.id
    ]
    others.sort(key=lambda each: (-each.seen, -each.began))
    return others[SESSIONS_EACH - 1 :]
