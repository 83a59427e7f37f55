"""Lines of the audit about logins, logouts, tokens and refusals, beside those of actions.

A stranger can be refused as often as they like, so refusals are throttled by a token bucket:
`BURST` lines at once, then one every `EVERY_S` seconds. There is a bucket for each kind of refusal
and each person, so that the refusals of one person never hide those of another. Strangers have one
for each network, and share one of five times the size. Refusals that get no line are counted, and
the next line of their bucket tells how many it stands for; if no refusal follows, `settle` writes
such a line once there is room. Everything else is always written.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Final

import msgspec

from umbel.auth.base import ANONYMOUS, Actor
from umbel.clock import Clock
from umbel.errors import StoreError
from umbel.services.fair_shares import network_of
from umbel.store.ledger import AuditEntry, Ledger

log = logging.getLogger(__name__)

#: The clusters that a login concerns, None where the person's name tells; see `SharedLoginAudit`.
Clusters = Collection[str] | None

LOGIN, LOGOUT, REFUSED = "login", "logout", "refused"
SECOND_FACTOR = "second-factor"
TOKEN_MADE, TOKEN_REVOKED = "create-token", "revoke-token"
#: Lines of one kind at once, and seconds until one more: 720 an hour at most.
BURST: Final = 100
EVERY_S: Final = 5.0
#: Lines at once of one kind of all strangers.
STRANGERS: Final = 5 * BURST
#: Kinds of refusals, each with buckets of its own.
_KINDS: Final = ("failed", "shown", "provider", REFUSED)
#: How many people and networks are counted apart; those that did nothing for longest go first.
_BUCKETS_MAX: Final = 1_000
#: The longest name, and the longest other text, that is told of who was turned away.
_NAME_MAX: Final = 100
_TEXT_MAX: Final = 300


class LoginAudit:
    """Writes these lines, and calls `tidy` before each, to remove old ones. Any thread. If the
    ledger cannot be written, logins go on and the log says so."""

    def __init__(self, ledger: Ledger, clock: Clock, tidy: Callable[[], None]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._tidy = tidy
        self._lock = threading.Lock()
        self._buckets: OrderedDict[tuple[str, ...], _Bucket] = OrderedDict()
        self._common = {kind: _Bucket(clock, STRANGERS) for kind in _KINDS}

    def logged_in(self, actor: Actor, because: str = "", _: Clusters = None) -> None:
        """Somebody logged in; `because` is what gave them their role."""
        self._write(self._line(actor, LOGIN, "their session begins", "done", because or None))

    def logged_out(self, actor: Actor, why: str = "", _: Clusters = None) -> None:
        """Somebody logged out, or their session ended before its time, and `why`."""
        self._write(self._line(actor, LOGOUT, "their session ends", "done", why or None))

    def session_ended(self, actor: Actor, user: str, why: str = "", _: Clusters = None) -> None:
        """Somebody ended the session of `user`."""
        target = f"a session of {escaped(user, _NAME_MAX)}"
        self._write(self._line(actor, LOGOUT, target, "done", why or None))

    def login_refused(self, actor: Actor, target: str, why: str) -> None:
        """A login by a provider, or a request by its word, that came to nothing: of somebody whom
        no rule lets in, or of `anonymous`, whom nobody knows."""
        self._bounded("provider", actor, LOGIN, escaped(target, _TEXT_MAX), why)

    def noted(self, actor: Actor, action: str, target: str) -> None:
        """Somebody changed with what people or programs come in, such as a token."""
        self._write(self._line(actor, action, escaped(target, _TEXT_MAX), "done"))

    def password_refused(self, actor: Actor, name: str, why: str) -> None:
        """A stranger tried to log in as `name` with a wrong password. The line is of
        `anonymous`: the name is only what they typed."""
        nobody = msgspec.structs.replace(actor, name=ANONYMOUS)
        target = f'the name "{escaped(name, _NAME_MAX)}"'
        self._bounded("failed", nobody, LOGIN, target, why)

    def token_refused(self, actor: Actor, token: str | None, why: str) -> None:
        """A stranger showed a token that is not valid; `token` is the name in it, if it has
        one."""
        nobody = msgspec.structs.replace(actor, name=ANONYMOUS)
        target = "a token" if token is None else f'the token "{escaped(token, _NAME_MAX)}"'
        self._bounded("shown", nobody, LOGIN, target, why)

    def permission_refused(self, actor: Actor, target: str, why: str) -> None:
        """Somebody tried what they may not do."""
        self._bounded(REFUSED, actor, REFUSED, escaped(target, _TEXT_MAX), why)

    def settle(self) -> None:
        """Write what was only counted so far, where there is room for a line again."""
        for line in self._settled():
            self._record(line)

    def _bounded(self, kind: str, actor: Actor, action: str, target: str, why: str) -> None:
        stranger = actor.name == ANONYMOUS
        key = (kind, network_of(actor.address)) if stranger else (kind, "", actor.name)
        line = self._line(actor, action, target, REFUSED, why)
        with self._lock:
            bucket = self._buckets.setdefault(key, _Bucket(self._clock))
            self._buckets.move_to_end(key)
            while len(self._buckets) > _BUCKETS_MAX:
                self._buckets.popitem(last=False)
            count = bucket.take(self._common[kind] if stranger else None, line)
        if count:
            self._write(_counted(line, count))

    def _settled(self) -> list[AuditEntry]:
        now = self._clock.now()
        with self._lock:
            return [line for each in self._buckets.values() if (line := each.settle(now))]

    def _line(
        self,
        actor: Actor,
        action: str,
        target: str,
        outcome: str,
        why: str | None = None,
    ) -> AuditEntry:
        return AuditEntry(
            at=self._clock.now(),
            actor=actor.name,
            address=actor.address,
            via=actor.via,
            action=action,
            target=target,
            outcome=outcome,
            answer=None if why is None else escaped(why, _TEXT_MAX),
        )

    def _write(self, entry: AuditEntry) -> None:
        self._tidy()
        self._record(entry)
        self.settle()

    def _record(self, entry: AuditEntry) -> None:
        try:
            self._ledger.record(entry)
        except StoreError as error:
            log.warning("A %s is not in the audit: %s", entry.action, error)


class _Bucket:
    """How many lines may be written now: `burst` at once. One thread at a time."""

    def __init__(self, clock: Clock, burst: int = BURST) -> None:
        self._clock = clock
        self._burst = burst
        self._every_s = EVERY_S * BURST / burst
        self._room = float(burst)
        self._at = clock.monotonic()
        self._left_out = 0
        self._last: AuditEntry | None = None

    def take(self, common: _Bucket | None, line: AuditEntry) -> int:
        """How many `line` stands for, if it may be written now, here and in the `common` bucket;
        else 0, and it is counted."""
        self._left_out += 1
        self._last = line
        if not self.has_room() or (common is not None and not common.has_room()):
            return 0
        self._room -= 1
        if common is not None:
            common._room -= 1
        count, self._left_out = self._left_out, 0
        return count

    def settle(self, now: float) -> AuditEntry | None:
        """A line for those that were only counted, if it may be written now."""
        if not self._left_out or self._last is None or not self.has_room():
            return None
        self._room -= 1
        count, self._left_out = self._left_out, 0
        answer = f"{count:,} like this one came, which were not written one by one."
        return msgspec.structs.replace(self._last, at=now, count=count, answer=answer)

    def has_room(self) -> bool:
        """Whether one more line may be written."""
        now = self._clock.monotonic()
        self._room = min(float(self._burst), self._room + (now - self._at) / self._every_s)
        self._at = now
        return self._room >= 1


def _counted(line: AuditEntry, count: int) -> AuditEntry:
    more = f" {count - 1:,} more like it came before." if count > 1 else ""
    return msgspec.structs.replace(line, count=count, answer=(line.answer or "") + more)


def escaped(text: str, most: int) -> str:
    """The text as one line of printable characters, `most` of them at most. Control characters
    become escapes (`\\x1b`), since a stranger chose the text: unescaped, it could move the cursor
    of the terminal in which somebody reads the audit."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut
    )
