"""Logins by redirect: to the provider (`GET /login/NAME`), and back (`GET /login/NAME/callback`,
and `GET /login?code=...`, which is Flower's address).

Whatever goes wrong ends on the login page with a sentence, and in the audit.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from typing import Final
from urllib.parse import quote

from starlette.datastructures import QueryParams
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from umbel.auth.base import ANONYMOUS
from umbel.auth.providers.base import Callback, ProviderLogin, RedirectProvider
from umbel.errors import LoginError, LoginRefused, ProviderUnavailable, StoreError
from umbel.process_secrets import hidden
from umbel.services.control.login_audit import escaped
from umbel.web.authentication import Access
from umbel.web.http.own_paths import own_path
from umbel.web.http.problems import Refusal
from umbel.web.http.redirects import redirect
from umbel.web.logins.addresses import FAILED, is_own_address, redirect_uri
from umbel.web.logins.attempts import LIFETIME_S, PendingLogin
from umbel.web.logins.outcome import LoginOutcome, RefusedLogin
from umbel.web.logins.parts import Logins
from umbel.web.logins.session_cookie import set_session_cookie

log = logging.getLogger("umbel.web")

#: How long a provider may take with all requests of one step, seconds.
_STEP_S: Final = 8.0
#: The longest state, code and issuer of a callback, and the longest word of an error.
_STATE_MAX, _CODE_MAX, _ISSUER_MAX, _ERROR_MAX = 100, 4_096, 1_000, 200
_NO_ATTEMPT: Final = (
    "This login was not begun in this browser, was finished already, or was begun more than "
    f"{LIFETIME_S // 60} minutes ago. Begin again."
)
_OTHER_PROVIDER: Final = (
    "This login came back by the address of another provider, so it is not believed. Begin again."
)


class LoginFailed(LoginError):
    """A login that comes to nothing, with the sentence for the person."""


class SendEndpoint:
    """`GET /login/NAME`: sends the browser to the provider."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name: str = scope["path_params"]["provider"]
        target = own_path(QueryParams(scope["query_string"]).get("next", ""))
        try:
            response = await self._begin(scope, name, target)
        except LoginFailed as error:
            outcome = LoginOutcome(failed=str(error))
            root = scope.get("root_path", "")
            response = _to_login(self._access, scope, outcome, root, target)
        await response(scope, receive, send)

    async def _begin(self, scope: Scope, name: str, target: str) -> Response:
        logins, provider = _provider(self._access, name)
        address = redirect_uri(provider.config, scope)
        if address is None:
            raise LoginFailed(
                "The request does not say under which host name it came, so nobody could be sent "
                "back to it."
            )
        pending = logins.attempts.begin(
            name,
            address,
            is_own_address=is_own_address(provider.config, address),
            root=scope.get("root_path", ""),
            target=target,
        )
        attempt = logins.attempts.attempt(pending)
        try:
            with logins.begins.one():
                async with asyncio.timeout(_STEP_S):
                    leads_to = await provider.address(attempt)
        except Exception as error:
            raise _failure(error, logins.sessions.label(name)) from None
        response = redirect(leads_to)
        logins.attempts.keep(response, scope, pending)
        return response


class CallbackEndpoint:
    """`GET /login/NAME/callback`: finishes the login that the browser comes back from."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name: str = scope["path_params"]["provider"]
        response = await finish(self._access, scope, name)
        await response(scope, receive, send)


def is_callback(scope: Scope) -> bool:
    """Whether a request for the login page comes back from a provider."""
    query = QueryParams(scope["query_string"])
    return scope["method"] == "GET" and "state" in query and bool({"code", "error"} & query.keys())


async def finish(access: Access, scope: Scope, name: str | None) -> Response:
    """The answer to a callback; `name` is that of its address, None at that of all providers."""
    query = QueryParams(scope["query_string"])
    state = query.get("state", "")[: _STATE_MAX + 1]
    logins = access.logins
    pending = logins.attempts.find(scope, state) if logins is not None else None
    try:
        response = await _finish(access, scope, name, pending, query)
    except LoginFailed as error:
        provider = pending.provider if pending else name or ""
        by = f" by {provider}" if access.knows_provider(provider) else ""
        await access.note_login_refusal(ANONYMOUS, f"a login{by}", scope, str(error))
        root = pending.root if pending else scope.get("root_path", "")
        target = pending.next if pending else ""
        response = _to_login(access, scope, LoginOutcome(failed=str(error)), root, target)
    if logins is not None and pending is not None:
        logins.attempts.forget(response, scope, state)
    return response


async def _finish(
    access: Access,
    scope: Scope,
    name: str | None,
    pending: PendingLogin | None,
    query: QueryParams,
) -> Response:
    if pending is None:
        raise LoginFailed(_NO_ATTEMPT)
    if pending.is_own_address != (name is not None) or name not in (None, pending.provider):
        raise LoginFailed(_OTHER_PROVIDER)
    logins, provider = _provider(access, pending.provider)
    login = await _login(access, logins, provider, pending, query)
    rights = logins.sessions.book.rights(pending.provider, login.claimed.claims)
    try:
        user = logins.sessions.user_of(pending.provider, login.claimed)
        if not rights.clusters:
            because = next(
                (each.because for each in rights.by_cluster.values() if each.because), ""
            )
            refused = RefusedLogin(
                provider=pending.provider,
                name=login.claimed.name,
                notes=login.claimed.notes,
                claims=login.claimed.claims,
                because=because,
                rules=len(logins.sessions.book.rules),
            )
            why = f"Turned away by {because}." if because else "No rule gives them a role."
            await access.note_login_refusal(user, "their login", scope, why)
            return _to_login(
                access, scope, LoginOutcome(refused=refused), pending.root, pending.next
            )
        session = await access.begin_provider_session(pending.provider, login, rights, scope)
    except (LoginRefused, StoreError) as error:
        raise _failure(error, logins.sessions.label(pending.provider)) from None
    response = redirect(f"{pending.root}/{pending.next}")
    set_session_cookie(response, scope, access.sessions, access.sessions.value(session))
    logins.left.forget(response, scope)
    return response


async def _login(
    access: Access,
    logins: Logins,
    provider: RedirectProvider,
    pending: PendingLogin,
    query: QueryParams,
) -> ProviderLogin:
    """What the provider says, asked once for each state at all servers."""
    label = logins.sessions.label(pending.provider)
    attempt = logins.attempts.attempt(pending)
    used = hashlib.sha256(attempt.state.encode()).hexdigest()
    try:
        with logins.finishes.one():
            if not await access.use_once(f"login {used}", LIFETIME_S):
                raise LoginFailed(_NO_ATTEMPT)
            if "error" in query:
                raise LoginFailed(_of_provider(query, label))
            code, issuer = query.get("code", ""), query.get("iss")
            if not 0 < len(code) <= _CODE_MAX or len(issuer or "") > _ISSUER_MAX:
                raise LoginFailed(f"{label} sent no code that can be one. Begin again.")
            async with asyncio.timeout(_STEP_S):
                return await provider.finish(attempt, Callback(code=code, issuer=issuer))
    except Exception as error:
        raise _failure(error, label) from None


def _of_provider(query: QueryParams, label: str) -> str:
    """Why the provider did not log somebody in, in its own words."""
    word = escaped(query.get("error", ""), _ERROR_MAX)
    description = escaped(query.get("error_description", ""), _ERROR_MAX)
    if word == "access_denied" and not description:
        return f"{label} did not let you in: access_denied. You or {label} said no."
    return hidden(
        f"{label} did not let you in: {word}" + (f" ({description})." if description else ".")
    )


def _failure(error: Exception, label: str) -> LoginFailed:
    """What went wrong, as the sentence for the person."""
    match error:
        case LoginFailed():
            return error
        case TimeoutError():
            return LoginFailed(f"{label} did not answer within {_STEP_S:.0f} s. Try again.")
        case LoginRefused() | ProviderUnavailable() | Refusal():
            return LoginFailed(hidden(str(error)))
        case StoreError():
            log.warning("A login cannot be kept. %s", error)
            return LoginFailed("The login cannot be kept now: the ledger cannot be written.")
        case _:
            log.error("A login by %s failed.", label, exc_info=error)
            return LoginFailed(f"The login by {label} failed; the log of the server says why.")


def _provider(access: Access, name: str) -> tuple[Logins, RedirectProvider]:
    logins = access.logins
    provider = logins.sessions.providers.get(name) if logins is not None else None
    if logins is None or provider is None:
        raise LoginFailed("There is no provider of this name to log in by.")
    return logins, provider


def _to_login(
    access: Access, scope: Scope, outcome: LoginOutcome, root: str, target: str
) -> Response:
    """The login page, which tells the outcome and goes on to `target` after another way."""
    back = f"&next={quote(target, safe='')}" if target else ""
    response = redirect(f"{root}/login?{FAILED}{back}")
    if access.logins is not None:
        access.logins.outcomes.tell(response, scope, outcome)
    return response
