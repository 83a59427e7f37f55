"""Authentication: who a request is from, by its session cookie, password, or API token.

`Access` is opened first for whatever concerns a login: it also starts and ends sessions, and
writes logins and refusals to the audit. Passwords are checked in `password_check`, and what a
provider said of somebody in `logins.provider_sessions`.
"""

from __future__ import annotations

import asyncio
import functools
import hmac
import logging
from collections.abc import Awaitable, Callable, Iterable
from copy import copy
from typing import Final, TypeVar

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
from umbel.auth.providers.base import ProviderLogin
from umbel.auth.rights import Rights
from umbel.auth.rules import PASSWORD
from umbel.auth.tokens import PREFIX, name_in
from umbel.errors import LoginRefused, StoreError
from umbel.services.control.login_audit import LOGIN, SECOND_FACTOR, LoginAudit
from umbel.services.control.shared_login_audit import SharedLoginAudit
from umbel.store.ledger import LoginSession
from umbel.web.http.cookies import cookie
from umbel.web.http.identity_headers import TRUST_ADVICE, shown_identity
from umbel.web.http.problems import Refusal
from umbel.web.http.scopes import address_of, basic_credentials, path_of
from umbel.web.login_throttle import LoginThrottle
from umbel.web.logins.parts import Logins
from umbel.web.logins.people import of_provider, row_of
from umbel.web.logins.provider_sessions import KnownSession, session_of
from umbel.web.no_entry import NoEntry, NotBelieved
from umbel.web.password_check import PasswordCheck, TooManyGuesses
from umbel.web.principal import AuthMethod, Principal
from umbel.web.provider_identities import ProviderIdentities
from umbel.web.scrape_access import NO_SCRAPER, SCRAPER, ScrapeAccess
from umbel.web.second_factor.check import SecondFactorCheck
from umbel.web.sessions import Session, Sessions

log = logging.getLogger("umbel.web")

#: How many threads look up sessions, or tokens of one cluster, and write to its audit.
_LOOKUPS: Final = 8
_AUDIT_WRITES: Final = 2
#: How often the permission of an open stream's reader is checked again, seconds.
RECHECK_S: Final = 10.0
T = TypeVar("T")
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
        logins: Logins | None = None,
        recheck_s: float = RECHECK_S,
        second_factor: SecondFactorCheck | None = None,
    ) -> None:
        self._authenticator = authenticator
        self._login_audit = login_audit
        self._cluster_audit = login_audit
        self._cluster = ""
        self._scrape = scrape
        self._providers = providers
        self._without_roles = False
        self._passwords = PasswordCheck(throttle)
        self._lookups = anyio.CapacityLimiter(_LOOKUPS)
        self._token_lookups = self._lookups
        self._audit_writes = anyio.CapacityLimiter(_AUDIT_WRITES)
        self._cluster_writes = self._audit_writes
        self._background: set[asyncio.Task[None]] = set()
        self.sessions = sessions
        self.logins = logins
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
        return _principal(identity, "password")

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

    async def _note_identity(self, name: str, target: str, scope: Scope, why: str) -> None:
        actor = self.actor(Principal(name, "viewer", "proxy", is_stranger=True), scope)
        await self._write(
            functools.partial(self._cluster_audit.login_refused, actor, target, why),
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
        return await self._run(functools.partial(self.sessions.read, value))

    async def of_session(self, session: Session) -> Principal | None:
        """Whom a session lets in; None if nobody any more. Raises `StoreError`."""
        if not session.provider:
            self._note_seen(session)
            return self._by_password_session(session)
        if self.logins is None:
            return None
        known = await self.logins.sessions.read(session.id)
        if known is None:
            return None
        self._note_seen(session)
        return of_provider(self.logins.sessions, known, self._cluster)

    async def rows(self, user: str | None) -> tuple[LoginSession, ...]:
        """Sessions that last, of everybody or one person. Raises `StoreError`."""
        return await self._run(functools.partial(self.sessions.rows, user))

    def owner_of(self, row: LoginSession) -> Principal | None:
        """Whose session it is, as the settings have them now; None if nobody's."""
        if row.provider == PASSWORD:
            account_state = self._authenticator.account_state(row.user)
            return _principal(account_state.identity if account_state else None, "session")
        if self.logins is None or not self.knows_provider(row.provider):
            return None
        rights = self.logins.sessions.book.rights_of_json(row.provider, row.claims)
        return of_provider(self.logins.sessions, KnownSession(row, rights), self._cluster)

    async def row_of(self, session: Session) -> LoginSession | None:
        """What the ledger keeps of a session; None if nothing, or it cannot be read."""
        try:
            return await self._run(functools.partial(self.sessions.row, session.id))
        except StoreError:
            return None

    def _note_seen(self, session: Session) -> None:
        """To some minutes, and beside the request."""
        if self.sessions.saw(session.id):
            write = self._run(functools.partial(self.sessions.note_seen, session.id))
            task = asyncio.get_running_loop().create_task(write)
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    async def begin_session(self, principal: Principal, scope: Scope) -> Session:
        """A new session, after the password was checked. While the ledger
        cannot be written, nobody sees it in the list of sessions."""
        account_state = self._authenticator.account_state(principal.name)
        session = self.sessions.new(principal.name, account_state.stamp if account_state else "")
        client = Headers(scope=scope).get("user-agent", "")
        row = row_of(session, address_of(scope), client, self.sessions.lifetime_s)
        try:
            await self._run(functools.partial(self.sessions.keep, row))
        except StoreError as error:
            log.warning("A login is not in the list of sessions. %s", error)
        await self._rotate(scope)
        await self._note_login(principal, scope)
        return session

    async def begin_provider_session(
        self, provider: str, login: ProviderLogin, rights: Rights, scope: Scope
    ) -> Session:
        """A new session, after a provider said who it is. Raises
        `LoginRefused` and `StoreError`."""
        if self.logins is None:
            raise LookupError(provider)
        client = Headers(scope=scope).get("user-agent", "")
        session, row = await self.logins.sessions.begin(
            provider, login, rights, address=address_of(scope), client=client
        )
        await self._rotate(scope)
        principal = of_provider(self.logins.sessions, KnownSession(row, rights), "")
        await self._note_login(principal, scope, rights.clusters)
        return session

    async def _rotate(self, scope: Scope) -> None:
        """End the session that the browser had before."""
        try:
            before = await self.session(scope)
        except StoreError:
            return
        if before is not None:
            await self._run(functools.partial(self.sessions.end, before))

    async def end_session(self, session: Session, scope: Scope) -> None:
        """Log out whoever has this session, whatever role they still have."""
        clusters = await self._clusters_of(session)
        await self._write(functools.partial(self.sessions.end, session))
        actor = self.actor(Principal(session.user, "viewer", "session"), scope)
        await self._write(functools.partial(self._login_audit.logged_out, actor, "", clusters))

    async def end_sessions(self, rows: Iterable[LoginSession], scope: Scope) -> None:
        """End sessions of others, or other ones of one's own, on behalf of who asks."""
        actor: Actor = scope["umbel.actor"]
        for row in rows:
            session = session_of(row)
            clusters = await self._clusters_of(session)
            await self._write(functools.partial(self.sessions.end, session))
            why = f"It began by {row.provider} from {row.address}."
            await self._write(
                functools.partial(self._login_audit.session_ended, actor, row.user, why, clusters)
            )

    async def _clusters_of(self, session: Session) -> tuple[str, ...] | None:
        """In which clusters somebody of a provider has a role; None where their name tells."""
        if self.logins is None or not session.provider:
            return None
        row = await self.row_of(session)
        if row is None:
            return None
        return self.logins.sessions.book.rights_of_json(row.provider, row.claims).clusters or None

    async def use_once(self, name: str, lasts_s: float) -> bool:
        """Whether nobody used `name` before, at any server, within so many seconds. Raises
        `StoreError`."""
        return await self._run(functools.partial(self.sessions.use_once, name, lasts_s))

    def knows_provider(self, name: str) -> bool:
        """Whether people can log in by a provider of this name."""
        return self.logins is not None and name in self.logins.sessions.providers

    async def _note_login(
        self, principal: Principal, scope: Scope, clusters: tuple[str, ...] | None = None
    ) -> None:
        actor = self.actor(principal, scope)
        await self._write(
            functools.partial(self._login_audit.logged_in, actor, principal.because, clusters)
        )

    async def note_second_factor(self, user: str, scope: Scope, what: str) -> None:
        """Write to the audit what became of the second factor of somebody."""
        actor = self.actor(Principal(user, "viewer", "session"), scope)
        await self._write(functools.partial(self._login_audit.noted, actor, SECOND_FACTOR, what))

    async def note_login_refusal(self, user: str, target: str, scope: Scope, why: str) -> None:
        """Write to the audit that a login by a provider came to nothing."""
        actor = self.actor(Principal(user, "viewer", "session", is_stranger=True), scope)
        await self._write(functools.partial(self._login_audit.login_refused, actor, target, why))

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

    async def _run(self, call: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(call, limiter=self._lookups)

    def _by_password_session(self, session: Session) -> Principal | None:
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
