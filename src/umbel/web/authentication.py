"""Authentication: who a request is from, by its session cookie, password, or API token.

`Access` is opened first for whatever concerns a login: it also starts and ends sessions, and
writes logins and refusals to the audit. Guessing is slowed down in `login_throttle`.
"""

from __future__ import annotations

import functools
import hmac
import logging
from collections.abc import Awaitable, Callable
from copy import copy
from typing import Final

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
    Grant,
    Identity,
    Permission,
    Via,
)
from umbel.auth.tokens import PREFIX, name_in
from umbel.errors import LoginRefused, StoreError
from umbel.services.control.login_audit import SECOND_FACTOR, LoginAudit
from umbel.services.control.shared_login_audit import SharedLoginAudit
from umbel.services.fair_shares import network_of
from umbel.web.http.cookies import cookie
from umbel.web.http.identity_headers import TRUST_ADVICE, shown_identity
from umbel.web.http.problems import Refusal
from umbel.web.http.scopes import address_of, basic_credentials, path_of
from umbel.web.login_throttle import LoginThrottle
from umbel.web.no_entry import NoEntry
from umbel.web.principal import AuthMethod, Principal
from umbel.web.provider_identities import ProviderIdentities
from umbel.web.scrape_access import NO_SCRAPER, SCRAPER, ScrapeAccess
from umbel.web.second_factor.check import SecondFactorCheck, SecondFactorNeeded
from umbel.web.sessions import Session, Sessions
from umbel.web.thread_pools import ThreadPool

log = logging.getLogger("umbel.web")

#: How many passwords of strangers are checked at once; each takes 16 MiB and a core. How many
#: checks may wait, together and from one network.
_TRIED_AT_ONCE, _TRIED_MAX, _TRIED_EACH = 2, 20, 4
#: How many checks may wait for clients that logged in from their network before. They have a
#: thread of their own, so that guessers elsewhere cannot keep them out.
_WELCOME_MAX: Final = 20
#: How many threads look up sessions, or tokens of one cluster, and write to its audit.
_LOOKUPS: Final = 8
_AUDIT_WRITES: Final = 2
#: How often the permission of an open stream's reader is checked again, seconds.
RECHECK_S: Final = 10.0
_FACES: Final[dict[str, Via]] = {"cli": "cli", "python": "python"}


class Access:
    """Authentication of one server. On the event loop. `is_open`: there is no login, and whoever
    reaches the server may do everything. The caller decides that; it follows from nothing that
    an authenticator knows or does not know."""

    def __init__(
        self,
        authenticator: Authenticator,
        sessions: Sessions,
        throttle: LoginThrottle,
        login_audit: LoginAudit | SharedLoginAudit,
        *,
        is_open: bool,
        read_only: bool = False,
        scrape: ScrapeAccess = NO_SCRAPER,
        providers: ProviderIdentities | None = None,
        recheck_s: float = RECHECK_S,
        second_factor: SecondFactorCheck | None = None,
    ) -> None:
        self._authenticator = authenticator
        self._throttle = throttle
        self._login_audit = login_audit
        self._cluster_audit = login_audit
        self._cluster = ""
        self._scrape = scrape
        self._providers = providers
        self._without_roles = False
        self._password_checks = _checks(_TRIED_AT_ONCE, _TRIED_MAX)
        self._known_client_checks = _checks(1, _WELCOME_MAX)
        self._lookups = anyio.CapacityLimiter(_LOOKUPS)
        self._token_lookups = self._lookups
        self._audit_writes = anyio.CapacityLimiter(_AUDIT_WRITES)
        self._cluster_writes = self._audit_writes
        self.sessions = sessions
        self.is_open = is_open
        self.identity_headers = providers.header_names if providers else ()
        self.read_only = read_only
        self.recheck_s = recheck_s
        self.second_factor = second_factor

    def of_cluster(
        self, name: str, authenticator: Authenticator, login_audit: LoginAudit
    ) -> Access:
        """The same for the cluster `name` of the server: sessions, throttle, threads and the audit
        of logins are shared, what concerns tokens and permissions is in the cluster's own."""
        other = copy(self)
        other._cluster = name
        other._authenticator = authenticator
        other._cluster_audit = login_audit
        # A ledger that hangs keeps threads of its own.
        other._token_lookups = anyio.CapacityLimiter(_LOOKUPS)
        other._cluster_writes = anyio.CapacityLimiter(_AUDIT_WRITES)
        return other

    def without_roles(self) -> Access:
        """The same where nobody has a role."""
        other = copy(self)
        other._without_roles = True
        return other

    async def identify(self, scope: Scope, *, again: bool = False) -> Principal | None:
        """Who sends the request; None for a stranger. Raises `Refusal` after too many wrong
        passwords, and `StoreError`. `again`: re-check of an existing login; a failure does not
        count as a guess, and is not audited.

        A token of Umbel decides, wherever there is one, then one of an identity provider; a session
        counts before what a proxy says of each request. Credentials that belong to a proxy in
        front (another bearer token; a password, while there is no login here) are ignored.
        """
        if self._scrape.lets_in(path_of(scope), scope):
            return Principal(SCRAPER, "viewer", "token")
        scheme, _, secret = Headers(scope=scope).get("authorization", "").partition(" ")
        secret = secret.strip()
        is_bearer = scheme.lower() == "bearer"
        if is_bearer and secret.startswith(PREFIX):
            principal = await self._by_token(secret)
            if principal is None and not again:
                await self._note_token(secret, scope)
            return principal
        if is_bearer and self._providers and self._providers.has_bearer(secret):
            by_bearer = self._providers.by_bearer(secret, self._cluster)
            return await self._by_provider(by_bearer, "a bearer token", scope, again=again)
        if self.is_open:
            return Principal(ANONYMOUS, "admin", "anonymous")
        session = await self.session(scope)
        principal = self._by_session(session) if session is not None else None
        if principal is None and self._providers and self._providers.has_headers(scope):
            by_headers = self._providers.by_headers(scope, self._cluster)
            return await self._by_provider(by_headers, "headers of a proxy", scope, again=again)
        if session is not None:
            return await self._enrolled(principal)
        if scheme.lower() == "basic":
            credentials = basic_credentials(secret)
            principal = await self.by_password(credentials, scope) if credentials else None
            return await self._enrolled(principal)
        return None

    async def by_password(self, credentials: Credentials, scope: Scope) -> Principal | None:
        """The person of this name and password, and of this code if they have a second factor.
        Raises `Refusal` after too many wrong ones, and for a code that is missing or wrong."""
        welcome = self._throttle.is_welcome(address_of(scope), credentials.user or "")
        if welcome and self._authenticator.is_remembered(credentials):
            identity = self._authenticator.identify(credentials)
            if identity is not None:
                await self._after_password(identity, credentials, scope)
        else:
            identity = await self._try(credentials, scope, welcome=welcome)
        return _principal(identity, "password")

    async def _after_password(
        self, identity: Identity, credentials: Credentials, scope: Scope
    ) -> None:
        if self.second_factor is not None:
            user = identity.name
            await self.second_factor.after_password(
                user,
                credentials.code,
                refused=lambda why: self._note_failure(user, scope, why),
                recovered=lambda what: self.note_second_factor(user, scope, what),
            )

    async def _enrolled(self, principal: Principal | None) -> Principal | None:
        """The same, marked as one who has to turn on a second factor first, where that is so."""
        needed = self.second_factor is not None and self.second_factor.required
        if principal is None or not needed or await self.second_factor_since(principal) is not None:
            return principal
        is_by_password = self.has_password(principal)
        return msgspec.structs.replace(principal, must_enrol=is_by_password)

    def has_password(self, principal: Principal) -> bool:
        """Whether this person logs in with a password of the settings."""
        is_person = principal.how in {"session", "password"}
        return is_person and self._authenticator.account_state(principal.name) is not None

    async def second_factor_since(self, principal: Principal) -> float | None:
        """Since when they have a second factor, Unix seconds; None without. Raises
        `StoreError`."""
        if self.second_factor is None or not self.has_password(principal):
            return None
        return await self.second_factor.since(principal.name)

    async def _try(
        self, credentials: Credentials, scope: Scope, *, welcome: bool
    ) -> Identity | None:
        user, address = credentials.user or "", address_of(scope)
        wait_s = self._throttle.begin(address, user)
        if wait_s is not None:
            why = "There were too many wrong passwords."
            await self._note_failure(user, scope, why)
            raise Refusal(
                "too-many-logins",
                f"{why} Try again in {wait_s} s.",
                headers={"Retry-After": str(wait_s)},
            )
        checks = self._known_client_checks if welcome else self._password_checks
        check = functools.partial(self._authenticator.identify, credentials)
        try:
            identity = await checks.run(check, network_of(address))
        except Refusal:  # too many wait: nothing was tried
            self._throttle.take_back(address, user)
            raise
        if identity is None:
            log.warning("A wrong name or password was tried from %s.", address)
            await self._note_failure(user, scope, "The name or the password is wrong.")
            return None
        try:
            await self._after_password(identity, credentials, scope)
        except (SecondFactorNeeded, StoreError):  # nothing was guessed
            self._throttle.take_back(address, user)
            raise
        self._throttle.right(address, user)
        return identity

    async def _by_provider(
        self, found: Awaitable[Principal | None], target: str, scope: Scope, *, again: bool
    ) -> Principal | None:
        """Who it is by a provider's word; None if nobody, or if it is refused `again`. Raises
        `Refusal` and `ProviderUnavailable`."""
        try:
            return await found
        except (LoginRefused, NoEntry) as error:
            if again:
                return None
            known = error.person if isinstance(error, NoEntry) else ANONYMOUS
            await self._note_identity(known, target, scope, error.message)
            if isinstance(error, NoEntry):
                raise
            raise Refusal("not-logged-in", str(error)) from None

    async def refuse_forged(self, scope: Scope) -> None:
        """Raises `Refusal` if headers say who sends the request that cannot be believed."""
        why = shown_identity(scope).refusal
        if why:
            await self._note_identity(ANONYMOUS, "headers of a proxy", scope, why)
            raise Refusal("forged-identity", f"{why} {TRUST_ADVICE}")

    async def _note_identity(self, name: str, target: str, scope: Scope, why: str) -> None:
        actor = self.actor(Principal(name, "viewer", "proxy", is_stranger=True), scope)
        await self._write(
            functools.partial(self._cluster_audit.identity_refused, actor, target, why),
            self._cluster_writes,
        )

    async def _by_token(self, secret: str) -> Principal | None:
        identity = await anyio.to_thread.run_sync(
            self._authenticator.identify, Credentials(token=secret), limiter=self._token_lookups
        )
        principal = _principal(identity, "token")
        return principal and msgspec.structs.replace(principal, cluster=self._cluster)

    async def session(self, scope: Scope) -> Session | None:
        """The session of the request's cookie, even if its user has lost access. Raises
        `StoreError`."""
        value = cookie(scope, self.sessions.cookie)
        if not value:
            return None
        return await anyio.to_thread.run_sync(self.sessions.read, value, limiter=self._lookups)

    async def end_session(self, session: Session, scope: Scope) -> None:
        """Log out whoever has this session, whatever role they still have."""
        await self._write(functools.partial(self.sessions.end, session))
        actor = self.actor(Principal(session.user, "viewer", "session"), scope)
        await self._write(functools.partial(self._login_audit.logged_out, actor))

    async def note_login(self, principal: Principal, scope: Scope) -> None:
        """Write a login to the audit."""
        await self._write(
            functools.partial(self._login_audit.logged_in, self.actor(principal, scope))
        )

    async def note_second_factor(self, user: str, scope: Scope, what: str) -> None:
        """Write to the audit what became of the second factor of somebody."""
        actor = self.actor(Principal(user, "viewer", "session"), scope)
        await self._write(functools.partial(self._login_audit.noted, actor, SECOND_FACTOR, what))

    async def note_refusal(self, scope: Scope, why: str) -> None:
        """Write to the audit that an authenticated person was refused for lack of permission."""
        target = f"{scope['method']} {path_of(scope)}"
        await self._write(
            functools.partial(
                self._cluster_audit.permission_refused, scope["umbel.actor"], target, why
            ),
            self._cluster_writes,
        )

    async def _note_failure(self, user: str, scope: Scope, why: str) -> None:
        nobody = self.actor(Principal(ANONYMOUS, "viewer", "password"), scope)
        await self._write(functools.partial(self._login_audit.password_refused, nobody, user, why))

    async def _note_token(self, secret: str, scope: Scope) -> None:
        nobody = self.actor(Principal(ANONYMOUS, "viewer", "token"), scope)
        why = "The token is wrong, revoked or expired."
        await self._write(
            functools.partial(self._cluster_audit.token_refused, nobody, name_in(secret), why),
            self._cluster_writes,
        )

    async def _write(
        self, write: Callable[[], None], limiter: anyio.CapacityLimiter | None = None
    ) -> None:
        """In a thread, since the event loop must not wait for a disk."""
        await anyio.to_thread.run_sync(write, limiter=limiter or self._audit_writes)

    def begin_session(self, principal: Principal) -> str:
        """The cookie value of a new session, after the password was checked."""
        account_state = self._authenticator.account_state(principal.name)
        return self.sessions.begin(principal.name, account_state.stamp if account_state else "")

    def _by_session(self, session: Session) -> Principal | None:
        account_state = self._authenticator.account_state(session.user)
        if account_state is None or not hmac.compare_digest(account_state.stamp, session.stamp):
            return None
        return _principal(account_state.identity, "session")

    def permissions(self, principal: Principal) -> frozenset[Permission]:
        """What this person may do on this server."""
        is_stranger = principal.is_stranger or principal.must_enrol or self._without_roles
        granted = frozenset[Permission]() if is_stranger else GRANTS[principal.role]
        return granted & {"read"} if self.read_only else granted

    def bounded(self, principal: Principal) -> tuple[Grant, ...]:
        """What this person may do beyond that to tasks of some names and queues."""
        is_stranger = principal.is_stranger or principal.must_enrol or self._without_roles
        return () if is_stranger or self.read_only else principal.bounded

    def actor(self, principal: Principal, scope: Scope) -> Actor:
        """The person as the audit names them."""
        return Actor(
            name=principal.name,
            address=address_of(scope),
            via=_via(principal, scope),
            permissions=self.permissions(principal),
            bounded=self.bounded(principal),
        )


def _checks(threads: int, most: int) -> ThreadPool:
    busy = "Too many passwords are being checked."
    return ThreadPool(threads, each=1, waiting_each=_TRIED_EACH, waiting_max=most, busy=busy)


def _principal(identity: Identity | None, how: AuthMethod) -> Principal | None:
    if identity is None:
        return None
    return Principal(
        identity.name,
        identity.role,
        how,
        identity.is_stranger,
        bounded=identity.bounded,
        because=identity.because,
    )


def _via(principal: Principal, scope: Scope) -> Via:
    headers = Headers(scope=scope)
    path = path_of(scope)
    if path.startswith("/api/") and not path.startswith("/api/v1/"):
        return "flower"
    if principal.how == "session" or "sec-fetch-site" in headers:
        return "browser"
    return _FACES.get(headers.get("x-umbel-via", ""), "api")
