"""Who came, who went, and who was turned away: lines of the audit beside those of actions.

Whoever can reach the door can be turned away as often as they like, so such lines have a
bound of their own: `BURST` at once, then one every `EVERY_S` seconds, of each kind. What comes
in between is counted, and the next line of its kind stands for it. Those who log in have shown
who they are, and are written down each time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

import msgspec

from umbel.auth.base import ANONYMOUS, Actor
from umbel.clock import Clock
from umbel.errors import StoreError
from umbel.store.ledger import AuditEntry, Ledger

log = logging.getLogger(__name__)

LOGIN, LOGOUT, REFUSED = "login", "logout", "refused"
#: Lines of one kind at once, and seconds until one more: 720 an hour at most.
BURST: Final = 100
EVERY_S: Final = 5.0
#: The longest name, and the longest other text, that is told of who was turned away.
_NAME_MAX: Final = 100
_TEXT_MAX: Final = 300


class Visits:
    """Writes these lines; `tidy` is called beside, to remove what is too old. Any thread. A
    ledger that cannot be written keeps nobody from coming or going: the log says so."""

    def __init__(self, ledger: Ledger, clock: Clock, tidy: Callable[[], None]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._tidy = tidy
        self._failed = _Bucket(clock)
        self._tokens = _Bucket(clock)
        self._refused = _Bucket(clock)

    def came(self, actor: Actor) -> None:
        """Somebody logged in."""
        self._write(self._line(actor, LOGIN, "their session begins", "done"))

    def went(self, actor: Actor) -> None:
        """Somebody logged out."""
        self._write(self._line(actor, LOGOUT, "their session ends", "done"))

    def failed(self, actor: Actor, name: str, why: str) -> None:
        """Somebody, nobody knows who, tried `name` with a password that is not its own. The
        name is part of what they tried, not who they are."""
        count = self._failed.take()
        if count:
            nobody = msgspec.structs.replace(actor, name=ANONYMOUS)
            target = f'the name "{told(name, _NAME_MAX)}"'
            self._write(self._line(nobody, LOGIN, target, REFUSED, why, count))

    def shown(self, actor: Actor, token: str | None, why: str) -> None:
        """Somebody, nobody knows who, showed a token that lets nobody in: `token` is the name
        that stands in it, if one does."""
        count = self._tokens.take()
        if count:
            nobody = msgspec.structs.replace(actor, name=ANONYMOUS)
            target = "a token" if token is None else f'the token "{told(token, _NAME_MAX)}"'
            self._write(self._line(nobody, LOGIN, target, REFUSED, why, count))

    def refused(self, actor: Actor, target: str, why: str) -> None:
        """Somebody wanted what they may not do."""
        count = self._refused.take()
        if count:
            target = told(target, _TEXT_MAX)
            self._write(self._line(actor, REFUSED, target, REFUSED, why, count))

    def _line(
        self,
        actor: Actor,
        action: str,
        target: str,
        outcome: str,
        why: str | None = None,
        count: int | None = None,
    ) -> AuditEntry:
        more = f" {count - 1:,} more like it came before." if count and count > 1 else ""
        return AuditEntry(
            at=self._clock.now(),
            actor=actor.name,
            address=actor.address,
            via=actor.via,
            action=action,
            target=target,
            count=count,
            outcome=outcome,
            answer=None if why is None else told(why, _TEXT_MAX) + more,
        )

    def _write(self, entry: AuditEntry) -> None:
        self._tidy()
        try:
            self._ledger.record(entry)
        except StoreError as error:
            log.warning("A %s is not in the audit: %s", entry.action, error)


class _Bucket:
    """How many lines may be written now. Any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._room = float(BURST)
        self._at = clock.monotonic()
        self._left_out = 0

    def take(self) -> int:
        """How many the line that may now be written stands for; 0 for none, and then this one
        is counted."""
        with self._lock:
            now = self._clock.monotonic()
            self._room = min(float(BURST), self._room + (now - self._at) / EVERY_S)
            self._at = now
            self._left_out += 1
            if self._room < 1:
                return 0
            self._room -= 1
            count, self._left_out = self._left_out, 0
            return count


def told(text: str, most: int) -> str:
    """The text as one line of printable characters, at most so many: what somebody sent who
    is not known acts on no page, terminal or file."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut
    )
