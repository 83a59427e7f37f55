"""The endpoints of browser logins: `POST /login`, `/api/v1/logout` and `/api/v1/me`.

Passwords are checked in `authentication`, cookies are made in `sessions`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.auth.base import Credentials, Permission, Role, Via
from umbel.web.authentication import Access
from umbel.web.http.bodies import check_kind, read_body
from umbel.web.http.parameters import read
from umbel.web.http.problems import Refusal
from umbel.web.principal import Principal
from umbel.web.requests import Nothing
from umbel.web.second_factor.check import BAD_LOGIN


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a login. `code` is that of a second factor, or a recovery code."""

    user: Annotated[str, Meta(min_length=1, max_length=100)]
    password: Annotated[str, Meta(min_length=1, max_length=1_000)]
    code: Annotated[str, Meta(max_length=100)] = ""


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and what they may do. `read_only`: nobody may do anything but look.
    `login`: people log in here; otherwise whoever gets here may do everything."""

    name: str
    role: Role
    permissions: tuple[Permission, ...]
    read_only: bool
    login: bool
    via: Via


class LoggedOut(msgspec.Struct, frozen=True):
    """Whether there was a session to end."""

    logged_out: bool


_PERMISSIONS: Final[tuple[Permission, ...]] = ("read", "operate", "administer")
P = TypeVar("P", bound=msgspec.Struct)


class LoginEndpoint:
    """`POST /login`: a JSON object with `user` and `password`, and `code` of who has a second
    factor; the answer says who that is and sets the cookie of a session. A GET is the page."""

    def __init__(self, access: Access, page: ASGIApp) -> None:
        self._access = access
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await self._page(scope, receive, send)
            return
        request = Request(scope, receive)
        login = await read_login_body(Login, request)
        if self._access.is_open:
            raise Refusal("not-found", "Nobody needs to log in here: there is no login.")
        credentials = Credentials(user=login.user, password=login.password, code=login.code)
        principal = await self._access.by_password(credentials, scope)
        if principal is None:
            wrong = BAD_LOGIN if login.code.strip() else "The name or the password is wrong."
            raise Refusal("not-logged-in", wrong)
        principal = msgspec.structs.replace(principal, how="session")
        await self._access.note_login(principal, scope)
        response = _me_response(self._access, principal, scope)
        _set_cookie(
            response, scope, self._access, self._access.begin_session(principal),
            round(self._access.sessions.lifetime_s),
        )  # fmt: skip
        await response(scope, receive, send)


class LogoutEndpoint:
    """`POST /api/v1/logout`: ends the session that the cookie names."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await read_login_body(Nothing, Request(scope, receive))
        session = await self._access.session(scope)
        if session is not None:
            await self._access.end_session(session, scope)
        response = unkept_json(LoggedOut(session is not None))
        _set_cookie(response, scope, self._access, "", 0)
        await response(scope, receive, send)


class MeEndpoint:
    """`GET /api/v1/me`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read(Nothing, scope["query_string"], {})
        await _me_response(self._access, scope["umbel.principal"], scope)(scope, receive, send)


#: What `GET` and `POST` of `/login` are taken by, and the routes of the table by name.
LOGIN: Final = ["GET", "POST"]
SESSION_ENDPOINTS: Final[Mapping[str, Callable[[Access], ASGIApp]]] = {
    "me": MeEndpoint,
    "logout": LogoutEndpoint,
}


async def read_login_body(struct: type[P], request: Request) -> P:
    """The body. No other site's form can send JSON, so nothing else is taken."""
    read(Nothing, request.scope["query_string"], {})
    check_kind(request.headers.get("content-type", ""))
    return read_body(struct, await request.body(), {})


def _me_response(access: Access, principal: Principal, scope: Scope) -> Response:
    may = access.permissions(principal)
    me = Me(
        name=principal.name,
        role=principal.role,
        permissions=tuple(each for each in _PERMISSIONS if each in may),
        read_only=access.read_only,
        login=not access.is_open,
        via=access.actor(principal, scope).via,
    )
    return unkept_json(me)


def unkept_json(answer: msgspec.Struct) -> Response:
    body = msgspec.json.encode(answer)
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def _set_cookie(
    response: Response, scope: Scope, access: Access, value: str, max_age_s: int
) -> None:
    """Lax, so that a link to a task from elsewhere works; no change is made by a GET."""
    response.set_cookie(
        access.sessions.cookie,
        value,
        max_age=max_age_s,
        path=scope.get("umbel.root") or "/",
        secure=scope["scheme"] == "https",
        httponly=True,
        samesite="lax",
    )
