"""Sessions of browsers: whom they let in, and how they begin, are listed and end.

What a session by a password says is checked against the settings, what one by a provider says
against the ledger, the rules and the provider (`logins.provider_sessions`).
"""

from __future__ import annotations

import asyncio
import functools
import hmac
import logging
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

import anyio
import anyio.to_thread
from starlette.datastructures import Headers
from starlette.types import Scope

from umbel.auth.base import Actor, Authenticator
from umbel.auth.providers.base import ProviderLogin
from umbel.auth.rights import Rights
from umbel.auth.rules import PASSWORD
from umbel.errors import StoreError
from umbel.services.control.login_audit import LoginAudit
from umbel.services.control.shared_login_audit import SharedLoginAudit
from umbel.store.ledger import LoginSession
from umbel.web.access_audit import AccessAudit
from umbel.web.http.cookies import cookie
from umbel.web.http.scopes import address_of
from umbel.web.logins.parts import Logins
from umbel.web.logins.people import of_provider, row_of
from umbel.web.logins.provider_sessions import KnownSession, session_of
from umbel.web.principal import Principal, principal_of
from umbel.web.sessions import Session, Sessions

log = logging.getLogger("umbel.web")

#: How many threads look up sessions, how many write them, and how many write what a stranger's
#: login uses up: a ledger that others keep locked lets each of these wait for seconds, and none may
#: wait for the others.
_LOOKUPS: Final = 8
_CHANGES: Final = 4
_USES: Final = 2
T = TypeVar("T")


class SessionAccess(AccessAudit):
    """Sessions of one server, and whom they let in by `authenticator` or `logins`. On the event
    loop."""

    def __init__(
        self,
        authenticator: Authenticator,
        sessions: Sessions,
        login_audit: LoginAudit | SharedLoginAudit,
        *,
        logins: Logins | None = None,
        read_only: bool = False,
    ) -> None:
        super().__init__(login_audit, read_only=read_only)
        self._authenticator = authenticator
        self._cluster = ""
        self._lookups = anyio.CapacityLimiter(_LOOKUPS)
        self._changes = anyio.CapacityLimiter(_CHANGES)
        self._uses = anyio.CapacityLimiter(_USES)
        self._background: set[asyncio.Task[None]] = set()
        self.sessions = sessions
        self.logins = logins

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
        """Sessions that last, of everybody or one name. Raises `StoreError`."""
        return await self._run(functools.partial(self.sessions.rows, user))

    async def own_rows(self, principal: Principal) -> tuple[LoginSession, ...]:
        """Sessions that last of this very person, whoever else has the name. Raises
        `StoreError`."""
        if principal.how not in {"session", "password"}:
            return ()
        if not principal.provider:
            return await self.rows(principal.name)
        provider, subject = principal.provider, principal.subject
        rows = functools.partial(
            self.sessions.rows_of_provider, provider, subject=subject, session=None
        )
        return await self._run(rows)

    async def row(self, session_id: str) -> LoginSession | None:
        """The session with this id. Raises `StoreError`."""
        return await self._run(functools.partial(self.sessions.row, session_id))

    def owner_of(self, row: LoginSession) -> Principal | None:
        """Whose session it is, as the settings have them now; None if nobody's."""
        if row.provider == PASSWORD:
            account_state = self._authenticator.account_state(row.user)
            return principal_of(account_state.identity if account_state else None, "session")
        if self.logins is None or not self.knows_provider(row.provider):
            return None
        rights = self.logins.sessions.book.rights_of_json(row.provider, row.claims)
        return of_provider(self.logins.sessions, KnownSession(row, rights), self._cluster)

    async def row_of(self, session: Session) -> LoginSession | None:
        """What the ledger keeps of a session; None if nothing, or it cannot be read."""
        try:
            return await self.row(session.id)
        except StoreError:
            return None

    def _note_seen(self, session: Session) -> None:
        """To some minutes, and beside the request."""
        if self.sessions.saw(session.id):
            note = functools.partial(self.sessions.note_seen, session.id)
            write = self._run(note, self._changes)
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
            await self._run(functools.partial(self.sessions.keep, row), self._changes)
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
            await self._run(functools.partial(self.sessions.end, before), self._changes)

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
        if self.logins is None or session.provider in {"", PASSWORD}:
            return None
        row = await self.row_of(session)
        if row is None:
            return None
        return self.logins.sessions.book.rights_of_json(row.provider, row.claims).clusters or None

    async def use_once(self, name: str, lasts_s: float) -> bool:
        """Whether nobody used `name` before, at any server, within so many seconds. Raises
        `StoreError`."""
        use = functools.partial(self.sessions.use_once, name, lasts_s)
        return await self._run(use, self._uses)

    def knows_provider(self, name: str) -> bool:
        """Whether people can log in by a provider of this name."""
        return self.logins is not None and name in self.logins.sessions.providers

    async def _run(self, call: Callable[[], T], limiter: anyio.CapacityLimiter | None = None) -> T:
        return await anyio.to_thread.run_sync(call, limiter=limiter or self._lookups)

    def _by_password_session(self, session: Session) -> Principal | None:
        account_state = self._authenticator.account_state(session.user)
        if account_state is None or not hmac.compare_digest(account_state.stamp, session.stamp):
            return None
        return principal_of(account_state.identity, "session")
