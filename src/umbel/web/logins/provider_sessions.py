"""Sessions of people whom a provider knows: rows of the ledger, with what it said of them.

The rules are asked with the claims of the row at every request. If what they give differs from what
they gave at the login, in any cluster, the session is over: nobody has more or less from one click
to the next without having logged in.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple, TypeVar

import anyio
import anyio.to_thread
import msgspec

from umbel.auth.base import Actor
from umbel.auth.providers.base import (
    Claimed,
    ProviderLogin,
    ProviderTokens,
    RedirectProvider,
    RenewalInterrupted,
)
from umbel.auth.rights import Rights, RuleBook
from umbel.clock import Clock
from umbel.errors import LoginRefused, ProviderUnavailable, StoreError
from umbel.process_secrets import hidden
from umbel.services.control.login_audit import LoginAudit, escaped
from umbel.services.control.shared_login_audit import SharedLoginAudit
from umbel.store.ledger import LoginSession
from umbel.web.logins.checks import CHECK_BY_S, TRUST_S, LoginChecks
from umbel.web.logins.labels import label_of
from umbel.web.logins.seal import LoginSeal
from umbel.web.sessions import Session, Sessions

#: The longest name of a person, with that of the provider, and the most bytes of claims as JSON.
NAME_MAX: Final = 200
CLAIMS_MAX: Final = 64 * 1024
#: The most bytes of such a name as JSON: it stands in the cookie.
_NAME_BYTES_MAX: Final = 500
#: The longest word of a browser about itself.
_CLIENT_MAX: Final = 200
#: How long a provider may take to say again who somebody is, seconds, with all its requests.
_ASK_S: Final = 10.0
#: How long, and how often, the answer is awaited that another server asks for, seconds.
_OTHERS_S, _OTHERS_EVERY_S = 3.0, 0.1
#: How many threads read sessions, which every request waits for, and how many write.
_READS, _WRITES = 8, 8
T = TypeVar("T")


class KnownSession(NamedTuple):
    """A session that lets somebody in, and what the rules give them."""

    row: LoginSession
    rights: Rights


class ProviderSessions:
    """Begins, checks and ends them. On the event loop; whatever may wait for a disk is done in a
    thread. Methods raise `StoreError`."""

    def __init__(
        self,
        providers: Mapping[str, RedirectProvider],
        book: RuleBook,
        sessions: Sessions,
        login_audit: LoginAudit | SharedLoginAudit,
        seal: LoginSeal,
        clock: Clock,
    ) -> None:
        self.providers = providers
        self.book = book
        self._sessions = sessions
        self._login_audit = login_audit
        self._seal = seal
        self._clock = clock
        self._checks = LoginChecks(self._ask, clock)
        self._reads = anyio.CapacityLimiter(_READS)
        self._writes = anyio.CapacityLimiter(_WRITES)

    async def begin(
        self, provider: str, login: ProviderLogin, rights: Rights, *, address: str, client: str
    ) -> tuple[Session, LoginSession]:
        """A new session, kept. Raises `LoginRefused` for what cannot be kept."""
        now = self._clock.now()
        claimed = login.claimed
        session = self._sessions.new(self.user_of(provider, claimed), provider=provider)
        row = LoginSession(
            id=session.id,
            user=session.user,
            provider=provider,
            began=now,
            expires=session.expires,
            seen=now,
            address=address,
            client=escaped(client, _CLIENT_MAX),
            subject=claimed.subject,
            claims=_encoded(claimed),
            tokens=self._seal.close(login.tokens, session.id),
            checked=now,
            provider_session=login.tokens.session,
            rights=self._stamp(provider, rights),
        )
        await self._change(self._sessions.keep, row)
        return session, row

    def user_of(self, provider: str, claimed: Claimed) -> str:
        """What somebody is called here. Raises `LoginRefused` for what cannot be shown."""
        user = f"{provider}:{claimed.name}"
        fits = len(user) <= NAME_MAX and len(msgspec.json.encode(user)) <= _NAME_BYTES_MAX
        if not claimed.name or not fits or not user.isprintable():
            raise LoginRefused(
                f"The name that {self.label(provider)} gave cannot be shown, or is longer than "
                f"{NAME_MAX} characters."
            )
        return user

    def label(self, provider: str) -> str:
        """What people call the provider."""
        found = self.providers.get(provider)
        return label_of(found.config) if found else provider

    async def read(self, session_id: str) -> KnownSession | None:
        """Whom the session lets in, asked of the provider again when it is time; None if nobody
        (any more)."""
        row = await self._run(self._sessions.row, session_id)
        if row is None or row.provider not in self.providers:
            return None
        checked = await self._checks.current(row)
        if checked is None:
            return None
        rights = self.book.rights_of_json(checked.provider, checked.claims)
        if not await self._is_as_before(checked, rights):
            return None
        return KnownSession(checked, rights)

    async def over(self, row: LoginSession, why: str) -> None:
        """End a session that its provider or the rules ended, and write that to the audit, once
        of all servers that see it."""
        await self._change(self._end, row)
        if not await self._change(self._is_first_to_end, row):
            return
        actor = Actor(name=row.user, address=row.address, via="browser", permissions=frozenset())
        clusters = self.book.rights_of_json(row.provider, row.claims).clusters
        await self._change(
            partial(self._login_audit.logged_out, actor, hidden(why), clusters or None)
        )

    def note(self, row: LoginSession) -> str | None:
        """What is wrong with asking the provider of this session, as a sentence."""
        if self._clock.now() - row.checked < CHECK_BY_S:
            return None
        at = datetime.fromtimestamp(row.checked, UTC)
        return (
            f"{self.label(row.provider)} could not be asked since {at:%Y-%m-%d %H:%M} UTC; after "
            f"{TRUST_S / 3_600:.0f} h without an answer this session waits for one."
        )

    async def rows(
        self, provider: str, *, subject: str | None = None, session: str | None = None
    ) -> tuple[LoginSession, ...]:
        """Sessions of one provider, of a person there or one login there."""
        return await self._run(
            partial(self._sessions.rows_of_provider, provider, subject=subject, session=session)
        )

    def tokens(self, row: LoginSession) -> ProviderTokens:
        """What the provider gave."""
        return self._seal.open(row.tokens, row.id)

    def _is_first_to_end(self, row: LoginSession) -> bool:
        """Whether no other server wrote that end to the audit, as far as the ledger can tell."""
        lasts_s = max(1.0, row.expires - self._clock.now())
        try:
            return self._sessions.use_once(f"over {row.id}", lasts_s)
        except StoreError:
            return True

    def _end(self, row: LoginSession) -> None:
        self._sessions.end(session_of(row))

    def _stamp(self, provider: str, rights: Rights) -> str:
        """What the rules gave, and who it was by whose word: another provider may get the name."""
        config = self.providers[provider].config
        origin = (config.kind, config.issuer, config.domain, config.tenant, config.client_id)
        return f"{rights.digest}.{hashlib.sha256(msgspec.json.encode(origin)).hexdigest()[:16]}"

    async def _is_as_before(self, row: LoginSession, rights: Rights) -> bool:
        """Whether the login is worth what it was worth when it began; it ends if it is not."""
        stamp = self._stamp(row.provider, rights)
        if stamp == row.rights:
            return True
        if stamp.partition(".")[0] == row.rights.partition(".")[0]:
            await self.over(row, f"The settings have another provider as {row.provider} now.")
        else:
            given = "another role than at the login" if rights.clusters else "no role any more"
            await self.over(row, f"Role changed: the rules give {given}.")
        return False

    async def _ask(self, row: LoginSession) -> LoginSession | None:
        """See `checks.Ask`."""
        turn, holder = f"check {row.id}", secrets.token_hex(8)
        if not await self._change(self._sessions.take_turn, turn, holder, 2 * _ASK_S):
            return await self._answer_to_another(row)
        try:
            fresh = await self._run(self._sessions.row, row.id)
            if fresh is None or fresh.checked != row.checked:
                return fresh
            return await self._ask_provider(fresh)
        finally:
            with contextlib.suppress(StoreError):
                await self._change(self._sessions.end_turn, turn, holder)

    async def _answer_to_another(self, row: LoginSession) -> LoginSession | None:
        """What another server, which asks, has found; as it was, if that takes too long."""
        for _ in range(round(_OTHERS_S / _OTHERS_EVERY_S)):
            await asyncio.sleep(_OTHERS_EVERY_S)
            fresh = await self._run(self._sessions.row, row.id)
            if fresh is None or fresh.checked != row.checked:
                return fresh
        return row

    async def _ask_provider(self, row: LoginSession) -> LoginSession | None:
        label, tokens = self.label(row.provider), self.tokens(row)
        try:
            async with asyncio.timeout(_ASK_S):
                login = await self.providers[row.provider].again(tokens, row.subject)
        except TimeoutError:
            raise ProviderUnavailable(f"{label} did not answer within {_ASK_S:.0f} s.") from None
        except RenewalInterrupted as error:  # what it took is good for nothing any more
            renewed = self._seal.close(_renewed(tokens, error.tokens), row.id)
            await self._keep(row, tokens=renewed)
            raise
        except LoginRefused as error:
            await self.over(row, f"{label} no longer lets them in: {error}")
            return None
        now = self._clock.now()
        if login is None:  # it never says so for these: they are good for a logout alone
            kept = ProviderTokens(id_token=tokens.id_token, session=tokens.session)
            return await self._keep(row, tokens=self._seal.close(kept, row.id), checked=now)
        if login.claimed.subject != row.subject:
            await self.over(row, f"{label} answered for somebody else.")
            return None
        claims = _encoded(login.claimed)
        rights = self.book.rights_of_json(row.provider, claims)
        if not await self._is_as_before(row, rights):
            return None
        renewed = self._seal.close(_renewed(tokens, login.tokens), row.id)
        return await self._keep(row, claims=claims, tokens=renewed, checked=now)

    async def _keep(self, row: LoginSession, **changes: object) -> LoginSession | None:
        """Keep it, unless it was ended meanwhile."""
        return await self._change(self._replace, msgspec.structs.replace(row, **changes))

    def _replace(self, row: LoginSession) -> LoginSession | None:
        if self._sessions.row(row.id) is None:
            return None
        self._sessions.keep(row)
        if self._sessions.is_over(session_of(row)):  # ended in between
            self._end(row)
            return None
        return row

    async def _run(self, call: Callable[..., T], *given: object) -> T:
        return await anyio.to_thread.run_sync(partial(call, *given), limiter=self._reads)

    async def _change(self, call: Callable[..., T], *given: object) -> T:
        return await anyio.to_thread.run_sync(partial(call, *given), limiter=self._writes)


def session_of(row: LoginSession) -> Session:
    """The session of a row, as far as it takes to end it."""
    return Session(row.user, "", row.expires, row.id, row.provider)


def _encoded(claimed: Claimed) -> bytes:
    claims = msgspec.json.encode(claimed.claims)
    if len(claims) > CLAIMS_MAX:
        raise LoginRefused(
            f"The provider says more of {escaped(claimed.name, 100)} than can be kept "
            f"({len(claims):,} bytes, at most {CLAIMS_MAX:,}).",
            remedy="Let it send fewer groups to this client.",
        )
    return claims


def _renewed(before: ProviderTokens, now: ProviderTokens) -> ProviderTokens:
    """The new tokens, with the old ones in the place of those that did not come again."""
    has_access = now.access_token is not None
    return ProviderTokens(
        access_token=now.access_token if has_access else before.access_token,
        access_expires=now.access_expires if has_access else before.access_expires,
        refresh_token=now.refresh_token or before.refresh_token,
        id_token=now.id_token or before.id_token,
        session=now.session or before.session,
    )
