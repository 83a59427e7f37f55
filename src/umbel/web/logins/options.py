"""`GET /login/options`: by what people can log in here, for the login page; and, once, how the last
login by a provider ended. Open to all."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import msgspec
from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from umbel.errors import StoreError
from umbel.web.authentication import Access
from umbel.web.http.own_paths import own_path
from umbel.web.http.redirects import redirect
from umbel.web.logins.addresses import FAILED, LEFT
from umbel.web.logins.labels import label_of
from umbel.web.logins.outcome import LoginOutcome, RefusedLogin


class LoginOption(msgspec.Struct, frozen=True, kw_only=True):
    """A provider; `address` is relative to that of the server, or of the cluster."""

    name: str
    label: str
    kind: str
    address: str


class OfferedLogins(msgspec.Struct, frozen=True, kw_only=True):
    """`straight`: there is one way to log in, and the page may take it by itself. `failed` is why
    the last login came to nothing, `refused` who logged in and is let in by no rule."""

    passwords: bool
    providers: tuple[LoginOption, ...]
    at_once: bool = msgspec.field(name="straight")
    failed: str | None
    refused: RefusedLogin | None


class OptionsEndpoint:
    """The ASGI application of the address."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        logins = self._access.logins
        outcomes = logins.outcomes if logins and _tells_outcome(scope) else None
        outcome = outcomes.read(scope) if outcomes else LoginOutcome()
        options = OfferedLogins(
            passwords=logins.has_passwords if logins else not self._access.is_open,
            providers=tuple(
                LoginOption(
                    name=each.name,
                    label=label_of(each),
                    kind=each.kind,
                    address=f"login/{each.name}",
                )
                for each in (logins.configs if logins else ())
            ),
            at_once=goes_on(self._access, scope) is not None,
            failed=outcome.failed,
            refused=outcome.refused,
        )
        body = msgspec.json.encode(options)
        headers = {"Cache-Control": "no-store"}
        response = Response(body, media_type="application/json", headers=headers)
        if outcomes:
            outcomes.forget(response, scope)
        await response(scope, receive, send)


def _tells_outcome(scope: Scope) -> bool:
    """Whether how a login ended is told where the request comes from: at the page that it led to,
    and not at the login of another tab."""
    return FAILED in _page(scope) or "referer" not in Headers(scope=scope)


def _page(scope: Scope) -> QueryParams:
    """The page that asks for its options is named by its own address."""
    return QueryParams(urlsplit(Headers(scope=scope).get("referer", "")).query)


async def leads_back(access: Access, scope: Scope) -> Response | None:
    """The redirect of the login page to where somebody wanted to go who is logged in already. A tab
    is led to the login by an answer to its session of before, too, when another tab has just
    logged in."""
    query = QueryParams(scope["query_string"])
    target = own_path(query.get("next", ""))
    if not target or {FAILED, LEFT} & {*query}:
        return None
    try:
        session = await access.session(scope)
        if session is None or await access.of_session(session) is None:
            return None
    except StoreError:
        return None
    return redirect(f"{scope.get('root_path', '')}/{target}")


def goes_on(access: Access, scope: Scope) -> Response | None:
    """The redirect of the login page to the only provider, unless a login has just failed or the
    person has just logged out: they would be sent in circles, or be in again at once."""
    logins = access.logins
    if logins is None or logins.only is None or logins.outcomes.read(scope) != LoginOutcome():
        return None
    query = QueryParams(scope["query_string"])
    if {FAILED, LEFT} & {*query, *_page(scope)} or logins.left.is_set(scope):
        return None
    target = own_path(query.get("next", ""))
    asked_for = f"?next={quote(target, safe='')}" if target else ""
    root: str = scope.get("root_path", "")
    return redirect(f"{root}/login/{logins.only.name}{asked_for}")
