"""Authentication: who a request is from, by its session cookie, password, or API token.

`Access` is opened first for whatever concerns a login. Passwords are checked in `password_check`,
sessions are begun, read and ended in `session_access`, and what the audit has of it all is written
in `access_audit`.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable
from copy import copy
from typing import Final

import anyio
import anyio.to_thread
import msgspec
from starlette.datastructures import Headers
from starlette.types import Scope

from umbel.auth.base import (
    ANONYMOUS,
    Authenticator,
    Credentials,
    Identity,
)
from umbel.auth.tokens import PREFIX
from umbel.errors import LoginRefused
from umbel.services.control.login_audit import LOGIN, LoginAudit
from umbel.services.control.shared_login_audit import SharedLoginAudit
from umbel.web.http.identity_headers import TRUST_ADVICE, shown_identity
from umbel.web.http.problems import Refusal
from umbel.web.http.scopes import address_of, basic_credentials, path_of
from umbel.web.login_throttle import LoginThrottle
from umbel.web.logins.parts import Logins
from umbel.web.no_entry import NoEntry, NotBelieved
from umbel.web.password_check import PasswordCheck, TooManyGuesses
from umbel.web.principal import Principal, principal_of
from umbel.web.provider_identities import ProviderIdentities
from umbel.web.scrape_access import NO_SCRAPER, SCRAPER, ScrapeAccess
from umbel.web.second_factor.check import SecondFactorCheck
from umbel.web.session_access import SessionAccess
from umbel.web.sessions import Sessions

#: How many threads look up tokens of one cluster.
_LOOKUPS: Final = 8
#: How often the permission of an open stream's reader is checked again, seconds.
RECHECK_S: Final = 10.0


class Access(SessionAccess):
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
        logins: Logins | None = None,
        recheck_s: float = RECHECK_S,
        second_factor: SecondFactorCheck | None = None,
    ) -> None:
        super().__init__(authenticator, sessions, login_audit, logins=logins, read_only=read_only)
        self._scrape = scrape
        self._providers = providers
        self._passwords = PasswordCheck(throttle)
        self._token_lookups = self._lookups
        self.is_open = is_open
        self.identity_headers = providers.header_names if providers else ()
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
        other._write_of_cluster(login_audit)
        # A ledger that hangs keeps threads of its own.
        other._token_lookups = anyio.CapacityLimiter(_LOOKUPS)
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
            bars = self._scrape.bars(scope)
            return None if bars else Principal(ANONYMOUS, "admin", "anonymous")
        session = await self.session(scope)
        principal = await self.of_session(session) if session is not None else None
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
        user, address = credentials.user or "", address_of(scope)
        try:
            identity = await self._passwords.identify(
                self._authenticator,
                credentials,
                address,
                after=functools.partial(self._after_password, credentials, scope),
            )
        except TooManyGuesses as error:
            await self._note_failure(user, scope, error.why)
            raise
        if identity is None:
            await self._note_failure(user, scope, "The name or the password is wrong.")
        return principal_of(identity, "password")

    async def _after_password(
        self, credentials: Credentials, scope: Scope, identity: Identity
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

    async def _by_provider(
        self, found: Awaitable[Principal | None], target: str, scope: Scope, *, again: bool
    ) -> Principal | None:
        """Who it is by a provider's word; None if nobody, or if it is refused `again`. Raises
        `Refusal` and `ProviderUnavailable`."""
        try:
            principal = await found
        except NoEntry as error:
            if again:
                return None
            await self._note_identity(error.person, target, scope, error.why)
            raise
        except LoginRefused as error:
            if again:
                return None
            await self._note_identity(ANONYMOUS, target, scope, error.message)
            raise NotBelieved(str(error)) from None
        if principal is not None and not again:
            await self._note_first(principal, target, scope)
        return principal

    async def _note_first(self, principal: Principal, target: str, scope: Scope) -> None:
        """Once a day, in the audit of the cluster that they look at."""
        if self._providers is None or not self._cluster or principal.is_stranger:
            return
        if self._providers.first_requests.note(self._cluster, principal.name):
            write = functools.partial(
                self._cluster_audit.noted,
                self.actor(principal, scope),
                LOGIN,
                f"by {target}, {principal.because}",
            )
            await self._write(write, self._cluster_writes)

    def logout_url(self, scope: Scope) -> str | None:
        """Where whom a proxy names logs out there; None if nowhere."""
        return self._providers.logout_url(scope) if self._providers else None

    async def refuse_forged(self, scope: Scope) -> None:
        """Raises `Refusal` if headers say who sends the request that cannot be believed."""
        why = shown_identity(scope).refusal
        if why:
            await self._note_identity(ANONYMOUS, "headers of a proxy", scope, why)
            raise Refusal("forged-identity", f"{why} {TRUST_ADVICE}")

    async def _by_token(self, secret: str) -> Principal | None:
        identity = await anyio.to_thread.run_sync(
            self._authenticator.identify, Credentials(token=secret), limiter=self._token_lookups
        )
        principal = principal_of(identity, "token")
        return principal and msgspec.structs.replace(principal, cluster=self._cluster)
