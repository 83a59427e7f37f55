"""The contract of the ledger: what people did, as opposed to what tasks did.

Beside the history, which the collector alone writes, stands a small book that every process
with a person in front of it may write: actions (their plans and reports), the audit, what
was asked of single tasks, what was decided about errors, saved searches, alerts, API tokens, which
sessions were logged out, and what processes that share it must agree about: secrets and leases.
Any thread, any process, at the same time; each call is durable when it returns. What cannot be
done raises a `StoreError`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, Protocol

import msgspec

from umbel.errors import NameTaken
from umbel.store.alerts import AlertLedger
from umbel.store.queue_pauses import PauseLedger
from umbel.store.saved_searches import SavedSearch

#: The mark of a ledger in which nothing was intended yet; 0 asks for the present one.
FIRST_MARK: Final = 1
#: How many sessions of one user that were logged out a ledger remembers one by one.
ENDED_EACH: Final = 1_000
#: The most logins that `Ledger.sessions` tells at once, and of one user among those of all; so many
#: by a provider are kept of one person.
SESSIONS_MAX: Final = 1_000
SESSIONS_EACH: Final = 100
#: How many of the tasks that an action made a line of the audit names.
TASKS_MAX: Final = 20
#: Of so many actions of one task the audit's lines are found.
ACTIONS_MAX: Final = 100
#: The most ids that `Ledger.intended_since` tells.
INTENDED_MAX: Final = 1_000
#: About so many errors a ledger keeps what was decided.
ERRORS_DECIDED_MAX: Final = 2_000
#: How long a secret is.
SECRET_BYTES: Final = 32
#: How many mutes a ledger keeps; beyond these the one that ends first goes.
MUTES_MAX: Final = 1_000
#: How many facts about deploys a ledger keeps, and for how long, seconds.
DEPLOYS_MAX: Final = 2_000
DEPLOYS_KEPT_S: Final = 400 * 86_400.0
#: How many of the names that came with a deploy, or went, are kept.
DEPLOY_NAMES_MAX: Final = 20
#: No lease lasts longer, seconds.
LEASE_MAX_S: Final = 3_600.0


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line: who (`actor`, from `address`, `via` a face) did what (`action`, a word such
    as `revoke`) to what (`target`, in words), when (Unix seconds). `query` is the search
    that chose the tasks, `count` how many. An action has one entry before it begins
    (`outcome` None) and one after, with the same `action_id`; `answer` says what came.
    `reason` is why, in the person's own words; `tasks` are the ids of tasks that it makes
    (the first `TASKS_MAX`)."""

    at: float
    actor: str
    address: str
    via: str
    action: str
    target: str
    action_id: str | None = None
    query: str | None = None
    count: int | None = None
    outcome: str | None = None
    answer: str | None = None
    reason: str | None = None
    tasks: tuple[str, ...] = ()
    number: int = 0


class AuditPage(msgspec.Struct, frozen=True):
    """Entries, newest first; `next` is the `number` to go on before, None after the last."""

    items: tuple[AuditEntry, ...]
    next: int | None


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of one task and has not (yet) been seen to happen: `kind` is `revoke`,
    `terminate` or `abort`."""

    task_id: str
    kind: str
    at: float
    actor: str
    action_id: str


class Repeat(msgspec.Struct, frozen=True):
    """Task `task_id` was sent to do again what `repeats` had done or failed to do, in the action
    `action_id`. `maybe`: it was on its way, and whoever sent it was killed, or heard no answer."""

    task_id: str
    repeats: str
    at: float
    actor: str
    action_id: str | None = None
    maybe: bool = False


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """An API token as it is kept: a hash of its secret, never the secret. With `names` or `queues`
    (patterns) its role holds for tasks of these alone, and it sees the rest. `maker` made it, ""
    where that is not known."""

    name: str
    role: str
    secret_hash: str
    created: float
    expires: float | None = None
    last_used: float | None = None
    names: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    maker: str = ""


class LoginSession(msgspec.Struct, frozen=True, kw_only=True):
    """A browser's login while it lasts. `user` is the name in the audit, `provider` whose word it
    is (`password`, or a name of the settings) and `subject` who that says it is. Times are Unix
    seconds: `seen` the last use (to some minutes), `checked` when the provider was last asked
    who they are. `address` and `client` (the browser's own words) are those of the login. `claims`
    is JSON; `tokens` is sealed, None where there are none. `provider_session` is the
    provider's id of the login, `rights` a digest of what the rules gave."""

    id: str
    user: str
    provider: str
    began: float
    expires: float
    seen: float
    address: str
    client: str = ""
    subject: str = ""
    claims: bytes = b"{}"
    tokens: bytes | None = None
    checked: float = 0.0
    provider_session: str | None = None
    rights: str = ""


class SecondFactor(msgspec.Struct, frozen=True, kw_only=True):
    """What a person shows beside the password: codes made from `secret` (RFC 6238), each step of
    30 s once (`last_step` is the newest that was taken), and recovery codes by their hashes, each
    once. `since` is Unix seconds; None until the person has shown a first code."""

    user: str
    secret: bytes
    since: float | None = None
    last_step: int = 0
    recovery: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"SecondFactor(user={self.user!r}, since={self.since!r})"


class ActionRecord(msgspec.Struct, frozen=True):
    """An action's plan and report as the control service encodes them (JSON). `running`:
    some process executes it."""

    id: str
    at: float
    plan: bytes
    report: bytes
    running: bool = False


class OpenPlan(msgspec.Struct, frozen=True):
    """A plan that was not executed: until when it may be (Unix seconds), and its size in bytes."""

    id: str
    expires: float
    size: int


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """`holder` alone does what `name` stands for (such as `trim`), until `expires` (Unix seconds)
    unless it renews or releases the lease before."""

    name: str
    holder: str
    expires: float


class Mute(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody (`actor`) wants to hear no more of what the rules of health found (`finding` is its
    id), from `at` to `until` (Unix seconds), and why. `severity` is how grave it was: what has
    become graver since is told all the same."""

    finding: str
    actor: str
    reason: str
    severity: str
    at: float
    until: float


class ErrorDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody decided about the error with the id `error`, whose `title` it was then: that it
    is `open`, `resolved` or `ignored`, when (Unix seconds), and why (`note`, of `noted_by`, who may
    be another). Ignored: until a time, until it comes `rate` times within a minute, until it has
    come `total` times since, or until the next deploy; None or False where that is no condition."""

    error: str
    title: str
    state: Literal["open", "resolved", "ignored"]
    at: float
    actor: str
    note: str = ""
    noted_by: str = ""
    until: float | None = None
    rate: int | None = None
    total: int | None = None
    next_deploy: bool = False


#: How a deploy was noticed: somebody announced it, workers registered other names of tasks, they
#: ran another version of Celery, or most of them were restarted.
DeployKind = Literal["announced", "names", "celery", "restart"]


class Deploy(msgspec.Struct, frozen=True, kw_only=True):
    """A fact about a deploy of the application, of which there may be several: it was under way
    from `at` to `until` (Unix seconds). `version` is the application's as `actor` announced it, or
    Celery's (which was `before`); `note` is in the actor's words. Of the names of tasks that came
    (`added_count` of them) and went the first `DEPLOY_NAMES_MAX` are kept. So many `workers` were
    restarted."""

    id: str
    kind: DeployKind
    at: float
    until: float
    version: str = ""
    before: str = ""
    note: str = ""
    actor: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    added_count: int = 0
    removed_count: int = 0
    workers: int = 0


class EndedSessions:
    """Sessions that were logged out, in memory. Of a user with more than `ended_each` the first to
    end are remembered as a time: all that end until then are over, so that no logout is ever
    undone, and nobody's by somebody else. One thread at a time."""

    def __init__(self, ended_each: int = ENDED_EACH) -> None:
        self._ended_each = ended_each
        self._ended: dict[str, dict[str, float]] = {}
        self._before: dict[str, float] = {}

    def end(self, session_id: str, expires: float, now: float, user: str) -> None:
        """See `Ledger.end_session`."""
        ended = {each: end for each, end in self._ended.get(user, {}).items() if end > now}
        if expires > now:
            ended[session_id] = expires
        while len(ended) > self._ended_each:
            first = min(ended, key=lambda each: ended[each])
            self._before[user] = max(self._before.get(user, 0.0), ended.pop(first))
        self._ended[user] = ended

    def has(self, session_id: str, user: str, expires: float) -> bool:
        """See `Ledger.has_ended`."""
        return session_id in self._ended.get(user, {}) or expires <= self._before.get(user, 0.0)


def actions_of_task(ledger: Ledger, task_id: str) -> tuple[str, ...]:
    """The ids of the action that was asked of a task last, and of those that repeated it or sent
    it as a repetition (the newest `ACTIONS_MAX`)."""
    asked = [each.action_id for each in ledger.intents([task_id]).values()]
    repeated = [each.action_id for each in ledger.repeats([task_id]) if each.action_id is not None]
    return tuple(dict.fromkeys([*asked, *reversed(repeated)]))[:ACTIONS_MAX]


def token_name_taken(name: str) -> NameTaken:
    """What `put_token` raises for a name that there is already."""
    return NameTaken(
        f"There already is a token named {name}.",
        remedy="Choose another name, or revoke that one first.",
    )


class Ledger(AlertLedger, PauseLedger, Protocol):
    """See the module's docstring for threads, processes and errors."""

    def record(self, entry: AuditEntry) -> int:
        """Add a line to the audit; its number. Lines are never changed nor removed by
        anything but `trim`."""

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
        """Lines, newest first. Of a task are those of the action that was asked of it last, of
        its repetitions, and of what sent it."""

    def intend(self, intents: Iterable[Intent]) -> None:
        """Remember what was asked of these tasks; a newer word replaces an older one."""

    def intents(self, task_ids: Sequence[str]) -> Mapping[str, Intent]:
        """What was asked of these tasks, where anything was."""

    def intended_since(self, mark: int) -> tuple[tuple[str, ...], int]:
        """Ids of tasks of which something was asked after `mark` (at most 1,000, the newest)
        and the mark to ask with next; a mark of 0 gives none and the present mark."""

    def repeat(self, repeats: Iterable[Repeat]) -> None:
        """Remember which tasks repeat which; what is said of one later replaces what was."""

    def claim(self, repeats: Sequence[Repeat], *, since: float | None) -> frozenset[str]:
        """Remember which tasks are about to repeat which, unless somebody else does: of two actions
        at the same time one gets each task, also of two servers. Gives the tasks that are left out
        (their ids, `Repeat.repeats`): those that were repeated before, or with `since` (Unix
        seconds) those that another action repeated after it."""

    def unrepeat(self, task_ids: Iterable[str]) -> None:
        """These were not sent, so they repeat nothing."""

    def repeats(self, task_ids: Sequence[str]) -> tuple[Repeat, ...]:
        """Every repetition in which one of these tasks has a part, on either side."""

    def repetitions(self, *, action_id: str | None = None, limit: int) -> tuple[Repeat, ...]:
        """All repetitions, or those of an action; newest first."""

    def keep_action(
        self, action: ActionRecord, *, planner: str = "", expires: float | None = None
    ) -> None:
        """Keep an action, replacing what was kept under its id. With `expires` it is a plan of
        `planner`, until it is kept as running."""

    def open_plans(self, planner: str) -> tuple[OpenPlan, ...]:
        """The plans of somebody that were not executed."""

    def forget_plans(self, ids: Iterable[str] = (), *, expired: float = 0.0) -> None:
        """Remove those of these plans, and of those that expired before a time, that were not
        executed."""

    def replace_action(self, action: ActionRecord, report: bytes) -> bool:
        """Keep an action if what is kept under its id still has this `report`; whether that
        was so. Of several that replace the same report, one succeeds."""

    def running_actions(self) -> tuple[ActionRecord, ...]:
        """Every action that is kept as running, newest first."""

    def action(self, action_id: str) -> ActionRecord | None:
        """One action."""

    def actions(self, *, before: float | None = None, limit: int = 50) -> tuple[ActionRecord, ...]:
        """Actions, newest first, planned before a time."""

    def decide_error(self, decision: ErrorDecision, *, instead_of: ErrorDecision | None) -> bool:
        """Keep what was decided about an error, in the place of what `error_decisions` had of it
        before; whether that was still so. Of several that replace the same one succeeds. Of more
        than `ERRORS_DECIDED_MAX` those of the longest ago are forgotten."""

    def error_decisions(self) -> Mapping[str, ErrorDecision]:
        """What was decided about every error, by its id, the newest first."""

    def keep_deploy(self, deploy: Deploy) -> None:
        """Keep a fact about a deploy, in the place of what was kept under its id. Those that are
        `DEPLOYS_KEPT_S` older are forgotten, and beyond `DEPLOYS_MAX` the oldest."""

    def drop_deploys(self, ids: Iterable[str]) -> int:
        """Forget these facts; how many of them there were."""

    def deploys(
        self, after: float | None = None, before: float | None = None, limit: int = DEPLOYS_MAX
    ) -> tuple[Deploy, ...]:
        """Facts about deploys that were under way from `after` on and began before `before`, the
        newest first."""

    def keep_fleet(self, fleet: bytes) -> None:
        """Keep what deploys are recognized by, as their service encodes it (JSON)."""

    def fleet(self) -> bytes | None:
        """What was kept so last."""

    def put_token(self, token: Token) -> None:
        """Keep a token. Raises `NameTaken` if there is one of its name."""

    def tokens(self) -> tuple[Token, ...]:
        """All tokens, by name."""

    def used_token(self, name: str, at: float) -> None:
        """A token was shown at this time."""

    def drop_token(self, name: str) -> bool:
        """Forget a token; whether there was one."""

    def end_session(self, session_id: str, expires: float, now: float, user: str = "") -> None:
        """Remember until `expires` (Unix seconds) that this session of `user` was logged out, and
        forget what `keep_session` kept of it; what has expired by `now` is forgotten. Beyond
        `ENDED_EACH` of one user's, all that end no later than the first of them are over."""

    def has_ended(self, session_id: str, user: str = "", expires: float = math.inf) -> bool:
        """Whether this session of `user`, which ends at `expires`, is over."""

    def keep_session(self, session: LoginSession) -> None:
        """Keep a login, in the place of what was kept under its id; those that expired before it
        began are forgotten. Of one subject of a provider `SESSIONS_EACH` are kept, and those that
        were used the longest ago are forgotten, which ends them."""

    def session(self, session_id: str) -> LoginSession | None:
        """The login with this id, unless it was ended or trimmed."""

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
        """Logins that last at `now`, all or those with what is given, the newest first. Of all,
        `SESSIONS_EACH` of each user, so that nobody's hide those of others."""

    def seen_session(self, session_id: str, at: float) -> None:
        """A login was used at this time."""

    def use_once(self, name: str, expires: float, now: float) -> bool:
        """Whether nobody has used `name` before; it is remembered until `expires`. Of several that
        ask at the same time, in whichever process, one is told so."""

    def second_factor(self, user: str) -> SecondFactor | None:
        """What that person shows beside the password, if they chose to."""

    def second_factors(self) -> tuple[SecondFactor, ...]:
        """Those of everybody, by user."""

    def keep_second_factor(self, factor: SecondFactor, *, instead_of: SecondFactor | None) -> bool:
        """Keep it in the place of what `second_factor` gave before; whether that was still so. Of
        several that replace the same one succeeds."""

    def drop_second_factor(self, user: str) -> bool:
        """Forget it; whether there was one."""

    def keep_mute(self, mute: Mute) -> None:
        """Keep a mute, in the place of what was kept of its finding; those that ended before it
        began are forgotten, and beyond `MUTES_MAX` those that end first."""

    def drop_mute(self, finding: str) -> bool:
        """Forget a mute; whether there was one."""

    def mutes(self, now: float) -> tuple[Mute, ...]:
        """Mutes that hold at `now`, by finding."""

    def keep_search(self, search: SavedSearch, *, instead_of: SavedSearch | None) -> bool:
        """Keep a saved search in the place of what `saved_search` gave before; whether that was
        still so. Of several that replace the same one succeeds. Raises `NameTaken` if its owner,
        or of shared ones anybody, has another of its name, and `TooManySearches` beyond the bounds
        of `store.saved_searches`."""

    def drop_search(self, search_id: str) -> bool:
        """Forget a saved search; whether there was one."""

    def saved_search(self, search_id: str) -> SavedSearch | None:
        """One saved search, whoever owns it."""

    def saved_searches(self, owner: str) -> tuple[SavedSearch, ...]:
        """What `owner` sees: their own, and those that are shared; by name."""

    def secret(self, name: str, new: bytes) -> bytes:
        """The secret that is kept under `name`; `new` (`SECRET_BYTES` long) becomes it if there
        is none. Whoever asks at the same time, in whichever process, gets the same one. Nothing
        lists secrets, and no copy of the ledger has them."""

    def take_lease(self, lease: Lease, now: float) -> bool:
        """Give `lease.holder` this lease if at `now` nobody else has one of its name; whether it
        was given. Its holder may take it again, which renews it.

        Times are those of the caller's clock. A lease that ends more than `LEASE_MAX_S` after
        `now` was taken by a clock that was ahead, and counts as expired. Between clocks that
        disagree by more than a lease lasts two may hold one name: what is done under a lease
        must do no harm when two do it."""

    def renew_lease(self, lease: Lease) -> bool:
        """Let the lease of this name end at `lease.expires`, if `lease.holder` still is the one
        that took it last; whether that was so. False means: stop, somebody else has begun."""

    def release_lease(self, name: str, holder: str) -> None:
        """Give the lease back, if `holder` still has it."""

    def lease(self, name: str) -> Lease | None:
        """Who took the lease of this name last and has not released it; it may have expired."""

    def trim(self, before: float) -> None:
        """Remove actions, intents, repetitions and audit lines from before a time. What was decided
        about errors stays: an error that is ignored does not come back because of its age. So do
        deploys, which have bounds of their own, saved searches, and pauses of queues."""

    def close(self) -> None:
        """Release the file. May be called twice."""
