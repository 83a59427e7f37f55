"""The endpoints of browser logins: `/login` and `/api/v1/logout`.

Passwords are checked in `password_check`, cookies are made in `sessions`; logins by providers are
in `logins`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.auth.base import Credentials
from umbel.errors import LoginError
from umbel.web.authentication import Access
from umbel.web.http.problems import Refusal
from umbel.web.logins.addresses import left_page
from umbel.web.logins.answers import json_response, own_body
from umbel.web.logins.me import MeEndpoint, me_response
from umbel.web.logins.options import goes_on, leads_back
from umbel.web.logins.redirects import finish, is_callback
from umbel.web.logins.session_cookie import set_session_cookie
from umbel.web.logins.session_list import (
    EndSessionEndpoint,
    EndSessionsEndpoint,
    SessionsEndpoint,
)
from umbel.web.requests import Nothing
from umbel.web.second_factor.check import BAD_LOGIN
from umbel.web.sessions import Session

log = logging.getLogger("umbel.web")


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a login. `code` is that of a second factor, or a recovery code."""

    user: Annotated[str, Meta(min_length=1, max_length=100)]
    password: Annotated[str, Meta(min_length=1, max_length=1_000)]
    code: Annotated[str, Meta(max_length=100)] = ""


class LoggedOut(msgspec.Struct, frozen=True):
    """Whether there was a session to end. `go_on` is where the provider of the login logs its
    person out there too, null where that is not offered."""

    logged_out: bool
    go_on: str | None


#: How long a provider may take to say where people log out, seconds.
_GO_ON_S: Final = 2.0


class LoginEndpoint:
    """`POST /login`: a JSON object with `user` and `password`, and `code` of who has a second
    factor; the answer says who that is and sets the cookie of a session. A GET is the page, or
    comes back from a provider."""

    def __init__(self, access: Access, accesses: Mapping[str, Access], page: ASGIApp) -> None:
        self._access = access
        self._accesses = accesses
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            response: ASGIApp = await self._log_in(scope, receive)
        elif is_callback(scope):
            response = await finish(self._access, scope, None)
        else:
            back = await leads_back(self._access, scope)
            response = back or goes_on(self._access, scope) or self._page
        await response(scope, receive, send)

    async def _log_in(self, scope: Scope, receive: Receive) -> Response:
        login = await own_body(Login, Request(scope, receive))
        if self._access.is_open:
            raise Refusal("not-found", "Nobody needs to log in here: there is no login.")
        credentials = Credentials(user=login.user, password=login.password, code=login.code)
        principal = await self._access.by_password(credentials, scope)
        if principal is None:
            wrong = BAD_LOGIN if login.code.strip() else "The name or the password is wrong."
            raise Refusal("not-logged-in", wrong)
        principal = msgspec.structs.replace(principal, how="session")
        session = await self._access.begin_session(principal, scope)
        response = await me_response(self._access, self._accesses, principal, session, scope)
        sessions = self._access.sessions
        set_session_cookie(response, scope, sessions, sessions.value(session))
        return response


class LogoutEndpoint:
    """`POST /api/v1/logout`: ends the session that the cookie names."""

    def __init__(self, access: Access, _: Mapping[str, Access]) -> None:
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await own_body(Nothing, Request(scope, receive))
        session = await self._access.session(scope)
        go_on = self._access.logout_url(scope)
        if session is not None:
            go_on = await self._go_on(session, scope)
            await self._access.end_session(session, scope)
        response = json_response(LoggedOut(session is not None, go_on))
        set_session_cookie(response, scope, self._access.sessions, "")
        if self._access.logins is not None:
            self._access.logins.left.set(response, scope)
        await response(scope, receive, send)

    async def _go_on(self, session: Session, scope: Scope) -> str | None:
        """Where they log out at their provider; None if it does not offer that, or not now."""
        logins, row = self._access.logins, await self._access.row_of(session)
        provider = logins.sessions.providers.get(session.provider) if logins else None
        back = left_page(provider.config, scope) if provider else None
        if logins is None or provider is None or row is None or back is None:
            return None
        try:
            async with asyncio.timeout(_GO_ON_S):
                return await provider.logout_address(logins.sessions.tokens(row), back)
        except (LoginError, TimeoutError) as error:
            log.warning("Nobody is led to the logout at %s. %s", session.provider, error)
            return None


#: What `GET` and `POST` of `/login` are taken by, and the routes of the table by name.
LOGIN: Final = ["GET", "POST"]
SESSION_ENDPOINTS: Final[Mapping[str, Callable[[Access, Mapping[str, Access]], ASGIApp]]] = {
    "me": MeEndpoint,
    "logout": LogoutEndpoint,
    "sessions": SessionsEndpoint,
    "end-session": EndSessionEndpoint,
    "end-sessions": EndSessionsEndpoint,
}
