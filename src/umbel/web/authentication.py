"""Who a request is from, by what it shows: a session, a password, or a token."""

from __future__ import annotations

import base64
import binascii
import functools
import hmac
import logging
import secrets
from collections.abc import Callable
from typing import Final, Literal

import anyio
import anyio.to_thread
import msgspec
from starlette.datastructures import Headers
from starlette.types import Scope

from umbel.auth.base import (
    ANONYMOUS,
    GRANTS,
    Actor,
    Authenticator,
    Credentials,
    Identity,
    Permission,
    Role,
    Standing,
    Via,
)
from umbel.auth.tokens import PREFIX, name_in
from umbel.clock import Clock
from umbel.services.control.login_audit import Visits
from umbel.services.fair_shares import network_of
from umbel.store.ledger import Ledger
from umbel.web.http.cookies import cookie
from umbel.web.http.problems import Refusal
from umbel.web.login_throttle import Attempts
from umbel.web.sessions import Session, Sessions
from umbel.web.thread_pools import Lane

log = logging.getLogger("umbel.web")

#: How many passwords of strangers are tried at once; each takes 16 MiB and a core. How many may
#: wait for that, together and from one network.
_TRIED_AT_ONCE, _TRIED_MAX, _TRIED_EACH = 2, 20, 4
#: How many may wait of those whose name was right from their network before: guessing elsewhere
#: must not keep them out, so they have a thread of their own.
_WELCOME_MAX: Final = 20
#: How often an open stream asks whether its reader still may, seconds.
RECHECK_S: Final = 10.0
_FACES: Final[dict[str, Via]] = {"cli": "cli", "python": "python"}

How = Literal["anonymous", "session", "password", "token"]


class Known(msgspec.Struct, frozen=True):
    """Somebody who may come in, and how they showed who they are."""

    name: str
    role: Role
    how: How


class Access:
    """The door of one server. On the event loop, except where it says so."""

    def __init__(
        self,
        authenticator: Authenticator,
        sessions: Sessions,
        attempts: Attempts,
        visits: Visits,
        *,
        read_only: bool = False,
        recheck_s: float = RECHECK_S,
    ) -> None:
        self._authenticator = authenticator
        self._attempts = attempts
        self._visits = visits
        self._trying = _checks(_TRIED_AT_ONCE, _TRIED_MAX)
        self._trying_welcome = _checks(1, _WELCOME_MAX)
        self._asking = anyio.CapacityLimiter(8)
        self._noting = anyio.CapacityLimiter(2)
        self.sessions = sessions
        self.read_only = read_only
        self.recheck_s = recheck_s

    @property
    def is_open(self) -> bool:
        """Whether there is no login: everybody who gets here may do everything."""
        return not self._authenticator.has_people

    async def identify(self, scope: Scope, *, again: bool = False) -> Known | None:
        """Who asks; None for nobody who may. Raises `Refusal` after too many wrong
        passwords, and `StoreError`. `again` is for whoever was let in before: that they no
        longer may is nothing that they tried.

        A token of ours decides wherever it is shown. What a proxy in front passes on for
        itself (another bearer token, a password of its own while there is no login here)
        is not ours to judge.
        """
        scheme, _, shown = Headers(scope=scope).get("authorization", "").partition(" ")
        shown = shown.strip()
        if scheme.lower() == "bearer" and shown.startswith(PREFIX):
            known = await self._by_token(shown)
            if known is None and not again:
                await self._note_token(shown, scope)
            return known
        if self.is_open:
            return Known(ANONYMOUS, "admin", "anonymous")
        session = await self.session(scope)
        if session is not None:
            return self._by_session(session)
        if scheme.lower() == "basic":
            credentials = _basic(shown)
            return await self.by_password(credentials, scope) if credentials else None
        return None

    async def by_password(self, credentials: Credentials, scope: Scope) -> Known | None:
        """Who has this name and password. Raises `Refusal` after too many wrong ones."""
        welcome = self._attempts.is_welcome(address_of(scope), credentials.user or "")
        if welcome and self._authenticator.is_remembered(credentials):
            identity = self._authenticator.identify(credentials)
        else:
            identity = await self._try(credentials, scope, welcome=welcome)
        return _known(identity, "password")

    async def _try(
        self, credentials: Credentials, scope: Scope, *, welcome: bool
    ) -> Identity | None:
        user, address = credentials.user or "", address_of(scope)
        wait_s = self._attempts.begin(address, user)
        if wait_s is not None:
            why = "There were too many wrong passwords."
            await self._note_failure(user, scope, why)
            raise Refusal(
                "too-many-logins",
                f"{why} Try again in {wait_s} s.",
                headers={"Retry-After": str(wait_s)},
            )
        checks = self._trying_welcome if welcome else self._trying
        check = functools.partial(self._authenticator.identify, credentials)
        try:
            identity = await checks.run(check, network_of(address))
        except Refusal:  # too many wait: nothing was tried
            self._attempts.take_back(address, user)
            raise
        if identity is None:
            log.warning("A wrong name or password was tried from %s.", address)
            await self._note_failure(user, scope, "The name or the password is wrong.")
        else:
            self._attempts.right(address, user)
        return identity

    async def _by_token(self, shown: str) -> Known | None:
        identity = await anyio.to_thread.run_sync(
            self._authenticator.identify, Credentials(token=shown), limiter=self._asking
        )
        return _known(identity, "token")

    async def session(self, scope: Scope) -> Session | None:
        """The session whose cookie the request has, whether or not its user still may. Raises
        `StoreError`."""
        value = cookie(scope, self.sessions.cookie)
        if not value:
            return None
        return await anyio.to_thread.run_sync(self.sessions.read, value, limiter=self._asking)

    async def end_session(self, session: Session, scope: Scope) -> None:
        """Log somebody out whom `Guard` let in."""
        await self._in_thread(functools.partial(self.sessions.end, session))
        await self._in_thread(functools.partial(self._visits.went, scope["umbel.actor"]))

    async def note_login(self, known: Known, scope: Scope) -> None:
        """Say in the audit that somebody logged in."""
        await self._in_thread(functools.partial(self._visits.came, self.actor(known, scope)))

    async def note_refusal(self, scope: Scope, why: str) -> None:
        """Say in the audit that somebody whom `Guard` let in wanted what they may not."""
        target = f"{scope['method']} {path_of(scope)}"
        await self._in_thread(
            functools.partial(self._visits.refused, scope["umbel.actor"], target, why)
        )

    async def _note_failure(self, user: str, scope: Scope, why: str) -> None:
        nobody = self.actor(Known(ANONYMOUS, "viewer", "password"), scope)
        await self._in_thread(functools.partial(self._visits.failed, nobody, user, why))

    async def _note_token(self, shown: str, scope: Scope) -> None:
        nobody = self.actor(Known(ANONYMOUS, "viewer", "token"), scope)
        why = "The token is wrong, revoked or expired."
        await self._in_thread(functools.partial(self._visits.shown, nobody, name_in(shown), why))

    async def _in_thread(self, write: Callable[[], None]) -> None:
        """The event loop waits for no disk."""
        await anyio.to_thread.run_sync(write, limiter=self._noting)

    def begin_session(self, known: Known) -> str:
        """The value of the cookie for somebody who has just shown their password."""
        standing = self._authenticator.standing(known.name)
        return self.sessions.begin(known.name, standing.stamp if standing else "")

    def _by_session(self, session: Session) -> Known | None:
        standing = self._authenticator.standing(session.user)
        if standing is None or not hmac.compare_digest(standing.stamp, session.stamp):
            return None
        return _known(standing.identity, "session")

    def permissions(self, known: Known) -> frozenset[Permission]:
        """What they may do here."""
        granted = GRANTS[known.role]
        return granted & {"read"} if self.read_only else granted

    def actor(self, known: Known, scope: Scope) -> Actor:
        """They, as the audit tells of them."""
        return Actor(
            name=known.name,
            address=address_of(scope),
            via=_via(known, scope),
            permissions=self.permissions(known),
        )


class Nobody:
    """Knows nobody, so that there is no login. See `Authenticator`."""

    has_people = False

    def identify(self, _: Credentials) -> Identity | None:
        return None

    def is_remembered(self, _: Credentials) -> bool:
        return False

    def standing(self, _: str) -> Standing | None:
        return None


def open_access(clock: Clock, ledger: Ledger, visits: Visits, *, read_only: bool = False) -> Access:
    """A door without a lock."""
    sessions = Sessions(secrets.token_bytes(32), 60.0, clock, ledger)
    return Access(Nobody(), sessions, Attempts(clock), visits, read_only=read_only)


def address_of(scope: Scope) -> str:
    """Where a request comes from, as a trusted proxy says."""
    client = scope.get("client")
    return client[0] if client else "unix socket"


def path_of(scope: Scope) -> str:
    """The path below the prefix and below wherever the application is mounted."""
    root: str = scope.get("root_path", "")
    path: str = scope["path"]
    return path[len(root) :] if root and path.startswith(root + "/") else path


def _checks(threads: int, most: int) -> Lane:
    busy = "Too many passwords are being checked."
    return Lane(threads, each=1, waiting_each=_TRIED_EACH, waiting_max=most, busy=busy)


def _known(identity: Identity | None, how: How) -> Known | None:
    return None if identity is None else Known(identity.name, identity.role, how)


def _via(known: Known, scope: Scope) -> Via:
    headers = Headers(scope=scope)
    path = path_of(scope)
    if path.startswith("/api/") and not path.startswith("/api/v1/"):
        return "flower"
    if known.how == "session" or "sec-fetch-site" in headers:
        return "browser"
    return _FACES.get(headers.get("x-umbel-via", ""), "api")


def _basic(shown: str) -> Credentials | None:
    """RFC 7617. What is no name and password is None."""
    try:
        text = base64.b64decode(shown, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    user, colon, password = text.partition(":")
    return Credentials(user=user, password=password) if colon else None
