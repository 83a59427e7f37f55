"""`POST /login/NAME/logout`: a provider says that it has ended a login (OpenID Connect Back-Channel
Logout 1.0), and its sessions here end with it."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from typing import Final
from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from umbel.auth.base import ANONYMOUS
from umbel.auth.providers.base import EndedLogin
from umbel.errors import LoginRefused, ProviderUnavailable
from umbel.process_secrets import hidden
from umbel.services.control.login_audit import escaped
from umbel.store.ledger import LoginSession
from umbel.web.authentication import Access
from umbel.web.logins.parts import Logins

log = logging.getLogger("umbel.web")

_KIND: Final = "application/x-www-form-urlencoded"
#: How long the provider's keys may take to come, seconds, and how long a token is remembered.
_STEP_S: Final = 8.0
_REMEMBERED_S: Final = 24 * 3_600.0
_SENTENCE_MAX: Final = 300


class _Rejected(msgspec.Struct, frozen=True):
    """The answer to a logout token that ends nothing (RFC 6749, 5.2, as the standard wants it)."""

    error: str
    error_description: str


class BackChannelEndpoint:
    """The ASGI application of the address."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name: str = scope["path_params"]["provider"]
        try:
            await self._end(Request(scope, receive), name)
            response = Response(headers={"Cache-Control": "no-store"})
        except (LoginRefused, ProviderUnavailable, TimeoutError) as error:
            why = escaped(hidden(str(error)) or "The keys did not come in time.", _SENTENCE_MAX)
            if isinstance(error, LoginRefused) and self._access.knows_provider(name):
                target = f"a logout by {name}"
                await self._access.note_login_refusal(ANONYMOUS, target, scope, why)
            response = Response(
                msgspec.json.encode(_Rejected("invalid_request", why)),
                400,
                {"Cache-Control": "no-store"},
                "application/json",
            )
        await response(scope, receive, send)

    async def _end(self, request: Request, name: str) -> None:
        logins = self._access.logins
        provider = logins.sessions.providers.get(name) if logins else None
        if logins is None or provider is None:
            raise LoginRefused("There is no provider of this name.")
        token = await _logout_token(request)
        with logins.ends.one():
            async with asyncio.timeout(_STEP_S):
                ended = await provider.ended(token)
        rows = await _concerned(logins, name, ended)
        # Its id, as the same token can be written in more than one way.
        used = hashlib.sha256(f"{name} {ended.token_id}".encode()).hexdigest()
        if not await self._access.use_once(f"logout {used}", _REMEMBERED_S):
            raise LoginRefused("This logout token was used before.")
        for row in rows:
            await logins.sessions.over(row, f"{logins.sessions.label(name)} ended the login.")


async def _concerned(logins: Logins, name: str, ended: EndedLogin) -> list[LoginSession]:
    """By the provider's id of the login where both sides have one, or else all of the person."""
    if ended.subject is None:
        return [*await logins.sessions.rows(name, session=ended.session)] if ended.session else []
    rows = await logins.sessions.rows(name, subject=ended.subject)
    wanted = {None, ended.session} if ended.session is not None else None
    return [each for each in rows if wanted is None or each.provider_session in wanted]


async def _logout_token(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _KIND:
        raise LoginRefused(f"A logout token is sent as a form ({_KIND}).")
    try:
        form = parse_qs((await request.body()).decode("ascii"), max_num_fields=10)
    except ValueError:
        raise LoginRefused("The form cannot be read.") from None
    tokens = form.get("logout_token", [])
    if len(tokens) != 1:
        raise LoginRefused("The form has no logout_token, or several.")
    return tokens[0]
