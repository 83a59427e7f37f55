"""Who came, who went, and who was turned away: lines of the audit beside those of actions.

Whoever can reach the door can be turned away as often as they like, so such lines have a
bound of their own: `BURST` at once, then one every `EVERY_S` seconds, of each kind and each person
(of each network, where nobody knows who it is, and then five times that of all), so that nobody
hides what another does. What comes in between is counted, and the next line stands for it, or one
that is written once there is room, when anything else is. Those who log in have shown
who they are, and are written down each time.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import msgspec

from umbel.auth.base import ANONYMOUS, Actor
from umbel.clock import Clock
from umbel.errors import StoreError
from umbel.services.fair_shares import network_of
from umbel.store.ledger import AuditEntry, Ledger

log = logging.getLogger(__name__)

LOGIN, LOGOUT, REFUSED = "login", "logout", "refused"
#: Lines of one kind at once, and seconds until one more: 720 an hour at most.
BURST: Final = 100
EVERY_S: Final = 5.0
#: Lines at once of one kind of all strangers.
STRANGERS: Final = 5 * BURST
#: How many people and networks are counted apart; those that did nothing for longest go first.
_KEPT: Final = 1_000
#: The longest name, and the longest other text, that is told of who was turned away.
_NAME_MAX: Final = 100
_TEXT_MAX: Final = 300


class LoginAudit:
    """Writes these lines; `tidy` is called beside, to remove what is too old. Any thread. A
    ledger that cannot be written keeps nobody from coming or going: the log says so."""

    def __init__(self, ledger: Ledger, clock: Clock, tidy: Callable[[], None]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._tidy = tidy
        self._lock = threading.Lock()
        self._buckets: OrderedDict[tuple[str, ...], _Bucket] = OrderedDict()
        self._common = {kind: _Bucket(clock, STRANGERS) for kind in ("failed", "shown", REFUSED)}

    def logged_in(self, actor: Actor) -> None:
        """Somebody logged in."""
        self._write(self._line(actor, LOGIN, "their session begins", "done"))

    def logged_out(self, actor: Actor) -> None:
        """Somebody logged out."""
        self._write(self._line(actor, LOGOUT, "their session ends", "done"))

    def password_refused(self, actor: Actor, name: str, why: str) -> None:
        """Somebody, nobody knows who, tried `name` with a password that is not its own. The
        name is part of what they tried, not who they are."""
        nobody = msgspec.structs.replace(actor, name=ANONYMOUS)
        target = f'the name "{escaped(name, _NAME_MAX)}"'
        self._bounded("failed", nobody, LOGIN, target, why)

    def token_refused(self, actor: Actor, token: str | None, why: str) -> None:
        """Somebody, nobody knows who, showed a token that lets nobody in: `token` is the name
        that stands in it, if one does."""
        nobody = msgspec.structs.replace(actor, name=ANONYMOUS)
        target = "a token" if token is None else f'the token "{escaped(token, _NAME_MAX)}"'
        self._bounded("shown", nobody, LOGIN, target, why)

    def permission_refused(self, actor: Actor, target: str, why: str) -> None:
        """Somebody wanted what they may not do."""
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
            while len(self._buckets) > _KEPT:
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
    """The text as one line of printable characters, at most so many: what somebody sent who
    is not known acts on no page, terminal or file."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut
    )
