"""Logins of browsers: a signed cookie that says who, until when, and under which password.

A session by a password needs nothing but, in the ledger, which were ended before their time; so
any number of servers that share a ledger, and with it the key, know each other's logins and
logouts, and a logout holds over a restart. The cookie carries the stamp of the user's password and
role (`auth.base.AccountState`): changing either ends all their sessions. What a provider said of
somebody stands in the ledger alone (`logins.provider_sessions`).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import logging
import math
import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import msgspec

from umbel.clock import Clock
from umbel.errors import StoreError
from umbel.store.ledger import ENDED_EACH, EndedSessions, Lease, Ledger, LoginSession

log = logging.getLogger("umbel.web")

#: No cookie of ours is longer.
_VALUE_MAX: Final = 1_000
#: That a session was used is written down at most this often, seconds; of so many.
SEEN_EVERY_S: Final = 300.0
_SEEN_MAX: Final = 10_000


class Session(msgspec.Struct, frozen=True, array_like=True):
    """A cookie's content: a user, their account's stamp, its end (Unix seconds), an id, and the
    provider whose word it is, "" for a password."""

    user: str
    stamp: str
    expires: float
    id: str
    provider: str = ""


class Sessions:
    """Makes, reads and ends sessions. Any thread; `read` and `end` may wait for a disk. Whoever
    has the `key` can make sessions. `others` are ledgers that are asked while `ledger` cannot be
    read, and so are written to as well: those of the other clusters of the server."""

    def __init__(
        self,
        key: bytes,
        lifetime_s: float,
        clock: Clock,
        ledger: Ledger,
        *,
        others: Sequence[Ledger] = (),
        ended_each: int = ENDED_EACH,
    ) -> None:
        self._key = key
        self._clock = clock
        self._ledger = ledger
        self._others = others
        #: Sessions ended by this process: found without the ledger, even if it fails.
        self._ended = EndedSessions(ended_each)
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()
        self.lifetime_s = lifetime_s
        #: Cookies do not know ports: two Umbels on one host need two names, and servers that
        #: share a ledger one.
        self.cookie = f"umbel_{hashlib.sha256(b'cookie' + key).hexdigest()[:8]}"

    def begin(self, user: str, stamp: str) -> str:
        """The value of the cookie for a new session, by a password."""
        return self.value(self.new(user, stamp))

    def new(self, user: str, stamp: str = "", provider: str = "") -> Session:
        """A new session, which the ledger does not know yet."""
        expires = self._clock.now() + self.lifetime_s
        return Session(user, stamp, expires, secrets.token_hex(8), provider)

    def value(self, session: Session) -> str:
        """The value of the cookie for this session."""
        body = base64.urlsafe_b64encode(msgspec.json.encode(session)).decode().rstrip("=")
        return f"{body}.{self._signature(body)}"

    def read(self, value: str) -> Session | None:
        """The session of a cookie; None if it is not ours, has expired or was ended. Raises
        `StoreError` where the ledger cannot say."""
        body, _, signature = value.rpartition(".")
        if len(value) > _VALUE_MAX or not hmac.compare_digest(
            self._signature(body).encode(), signature.encode("utf-8", "surrogatepass")
        ):
            return None
        padded = body + "=" * (-len(body) % 4)
        session = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=Session)
        if session.expires <= self._clock.now() or self.is_over(session):
            return None
        return session

    def is_over(self, session: Session) -> bool:
        """Whether it was ended. Raises `StoreError` where the ledger cannot say."""
        named = (session.id, session.user, session.expires)
        with self._lock:
            ended = self._ended.has(*named)
        return ended or self._has_ended(*named)

    def _has_ended(self, session_id: str, user: str, expires: float) -> bool:
        """As the ledger says, or the first of the others that can be read while it cannot."""
        try:
            return self._ledger.has_ended(session_id, user, expires)
        except StoreError:
            for other in self._others:
                with contextlib.suppress(StoreError):
                    return other.has_ended(session_id, user, expires)
            raise

    def end(self, session: Session) -> None:
        """The cookie is good for nothing any more, whoever has a copy. While the ledger cannot
        be written, this holds in this process alone."""
        now = self._clock.now()
        with self._lock:
            self._ended.end(session.id, session.expires, now, session.user)
        for other in self._others:
            with contextlib.suppress(StoreError):
                other.end_session(session.id, session.expires, now, session.user)
        try:
            self._ledger.end_session(session.id, session.expires, now, session.user)
        except StoreError as error:
            log.warning("A logout holds only until this server restarts: %s", error)

    def keep(self, row: LoginSession) -> None:
        """Keep a login, so that every server knows it and people can see it. Raises
        `StoreError`."""
        self._ledger.keep_session(row)

    def row(self, session_id: str) -> LoginSession | None:
        """What was kept of a login; None once it has ended. Raises `StoreError`."""
        return self._ledger.session(session_id)

    def rows(self, user: str | None = None) -> tuple[LoginSession, ...]:
        """Logins that last, of everybody or one person, the newest first. Raises `StoreError`."""
        return self._ledger.sessions(self._clock.now(), user=user)

    def rows_of_provider(
        self, provider: str, *, subject: str | None, session: str | None
    ) -> tuple[LoginSession, ...]:
        """Logins that last of one provider, of a person there or one login there. Raises
        `StoreError`."""
        return self._ledger.sessions(
            self._clock.now(), provider=provider, subject=subject, provider_session=session
        )

    def saw(self, session_id: str) -> bool:
        """A session is used; whether that has to be written down (`note_seen`)."""
        now = self._clock.now()
        with self._lock:
            if now - self._seen.get(session_id, -math.inf) < SEEN_EVERY_S:
                return False
            self._seen[session_id] = now
            self._seen.move_to_end(session_id)
            while len(self._seen) > _SEEN_MAX:
                self._seen.popitem(last=False)
        return True

    def note_seen(self, session_id: str) -> None:
        """Write down that a session is used; nothing where the ledger cannot be written."""
        with contextlib.suppress(StoreError):
            self._ledger.seen_session(session_id, self._clock.now())

    def use_once(self, name: str, lasts_s: float) -> bool:
        """Whether nobody used `name` before, at any server, within so many seconds. Raises
        `StoreError`."""
        now = self._clock.now()
        return self._ledger.use_once(name, now + lasts_s, now)

    def take_turn(self, name: str, holder: str, lasts_s: float) -> bool:
        """Whether `holder` alone, of all servers, does now what `name` stands for, until it
        gives up its turn or so many seconds have passed. Raises `StoreError`."""
        now = self._clock.now()
        return self._ledger.take_lease(Lease(name=name, holder=holder, expires=now + lasts_s), now)

    def end_turn(self, name: str, holder: str) -> None:
        """Give up that turn. Raises `StoreError`."""
        self._ledger.release_lease(name, holder)

    def _signature(self, body: str) -> str:
        text = body.encode("utf-8", "surrogatepass")
        return hmac.new(self._key, b"session:" + text, hashlib.sha256).hexdigest()
