"""Authorization: who may use which route.

`Guard` is the middleware before all routes. It refuses cross-site changes (CSRF, see `origin`),
authenticates the request (`authentication`), and refuses strangers, except at the few open
addresses (`OPEN`). `Permitted` wraps each route and checks the one permission that the route
names. Handlers behind them get the person from `actor_of`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import quote, unquote

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from umbel.auth.base import Actor, Permission
from umbel.auth.grants import of_some
from umbel.errors import StoreError, UmbelError
from umbel.services.control.bounds import scope_of
from umbel.services.control.login_audit import escaped
from umbel.web.authentication import Access
from umbel.web.cluster_addresses import cluster_of
from umbel.web.http.origin import SAFE, is_from_elsewhere
from umbel.web.http.path_routes import address_below_prefix
from umbel.web.http.problems import Refusal
from umbel.web.http.proxy_advice import cross_site
from umbel.web.http.redirects import redirect
from umbel.web.http.scopes import address_of, path_of, shows_token
from umbel.web.no_entry import NoEntry, NotBelieved, to_login_page
from umbel.web.principal import AuthMethod, Principal
from umbel.web.request_slots import PROBES
from umbel.web.second_factor.check import SecondFactorNeeded

log = logging.getLogger("umbel.web")

#: The header in which a page says who opened it, percent-encoded.
OPENED_BY: Final = "x-umbel-opened-by"
#: What answers to everybody: probes, what it takes to log in, and the icon.
OPEN: Final = PROBES | {"/login", "/favicon.svg", "/favicon.ico", "/static/favicon.ico"}
LOGOUT: Final = "/api/v1/logout"
#: The page on which people turn on a second factor.
_ACCESS_PAGE: Final = "/access"
#: What is open to people who have to turn on a second factor first, and so takes no permission.
ENROLMENT: Final = frozenset(
    {"/api/v1/me", LOGOUT, "/api/v1/second-factor/begin", "/api/v1/second-factor/confirm"}
    | {_ACCESS_PAGE}
)
#: The built files of the pages, which hold nothing of any cluster, and logins by providers.
_OPEN_BELOW: Final = ("/assets/", "/login/")
#: The page that lists clusters. Of a server with one cluster it is a page of that cluster.
_LIST: Final = "/clusters"

_PERMITTED_ACTS: Final[dict[Permission, str]] = {
    "read": "look at this cluster",
    "operate": "act on tasks and workers (it takes an operator)",
    "administer": "stop workers, purge queues or deal with tokens (it takes an admin)",
}


def is_let_in(scope: Scope) -> bool:
    """Whether who asks was looked at and let in: never at an open address."""
    return "umbel.actor" in scope


def actor_of(scope: Scope) -> Actor:
    """Who asks. Behind `Guard`, and not at an open address."""
    actor: Actor = scope["umbel.actor"]
    return actor


class Guard:
    """See the module. `clusters` has the access of each cluster, `access` that of the server as a
    whole; `own_hosts` are names of ours, or patterns."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Access,
        clusters: Mapping[str, Access],
        own_hosts: Collection[str] = (),
    ) -> None:
        self._app = app
        self._access = access
        self._clusters = clusters
        self._own_hosts = [name.lower() for name in own_hosts if name != "*"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_login = not self._access.is_open
        if is_from_elsewhere(scope, own=self._own_hosts, has_login=has_login):
            headers = Headers(scope=scope)
            raise Refusal("cross-site", cross_site(headers.get("origin"), headers.get("host")))
        await self._access.refuse_forged(scope)
        path = path_of(scope)
        if path in OPEN or path.startswith(_OPEN_BELOW):
            await self._app(scope, receive, send)
            return
        cluster = cluster_of(scope)
        access = self._clusters.get(cluster or "", self._access)
        if path == LOGOUT and await access.session(scope) is not None:
            # Whoever has a session may end it, whatever role they have lost.
            await self._app(scope, receive, send)
            return
        principal = await self._of_a_token(scope) if cluster is None else None
        try:
            principal = principal or await access.identify(scope)
        except (NoEntry, NotBelieved) as error:
            if path == LOGOUT:  # at the proxy, which the answer leads to
                await self._app(scope, receive, send)
                return
            if access.logins is None or not _wants_page(scope, path):
                raise
            await to_login_page(access.logins.outcomes, error, scope)(scope, receive, send)
            return
        is_absent = cluster is not None and cluster not in self._clusters
        if principal is None:
            await _turn_away(scope, path)(scope, receive, send)
            return
        if is_absent or (cluster is not None and principal.is_stranger):
            await _no_cluster(scope, path, cluster or "")(scope, receive, send)
            return
        if principal.must_enrol and path not in ENROLMENT:
            if not _wants_page(scope, path):
                raise second_factor_missing(principal.how)
            await _to_enrolment(scope)(scope, receive, send)
            return
        _refuse_for_another(scope, principal)
        scope["umbel.principal"] = principal
        scope["umbel.actor"] = access.actor(principal, scope)
        await self._app(scope, receive, send)

    async def _of_a_token(self, scope: Scope) -> Principal | None:
        """Tokens are of one cluster each; the first that knows it. Raises `StoreError` where
        none does and a ledger cannot tell."""
        error = None
        for access in self._clusters.values() if shows_token(scope) else ():
            try:
                principal = await access.identify(scope, again=True)
            except StoreError as found:
                error = found
                continue
            if principal is not None:
                return principal
        if error is not None:
            raise error
        return None


def _refuse_for_another(scope: Scope, principal: Principal) -> None:
    """Raises `Refusal` for a change by a page that was opened by another person: tabs of a browser
    share one cookie, so whoever logs in in one of them is logged in in all."""
    opener = Headers(scope=scope).get(OPENED_BY)
    if opener is None or scope["method"] in SAFE:
        return
    if unquote(opener) != principal.name:
        raise Refusal(
            "another-person",
            f"This page was opened by {escaped(unquote(opener), 300)}, and by now "
            f"{principal.name} is logged in in this browser. Nothing was done. Load the page anew "
            "to go on with that login, or log in again.",
        )


def _no_cluster(scope: Scope, path: str, name: str) -> Response:
    """The answer for a cluster in which somebody has no role is that for one that does not
    exist. A page leads to the list, which says so."""
    if _wants_page(scope, path) and path != _LIST:
        address = f"{scope['umbel.root']}{_LIST}?absent={quote(name)}"
        return redirect(address)
    raise Refusal(
        "not-found",
        f"There is no cluster {name} that you may look at. GET /api/v1/clusters lists those that "
        "there are.",
    )


def _turn_away(scope: Scope, path: str) -> Response:
    """Browsers are redirected to the login page, that of the server or of the cluster, whether
    there is such a cluster or not; programs get a 401. There is no `WWW-Authenticate`: a browser
    would keep a password that no page could make it forget."""
    if path == "/api/v1" or path.startswith("/api/v1/"):
        raise Refusal(
            "not-logged-in",
            "Log in at /login, or send a token (Authorization: Bearer umbel_...) or a name and "
            "password (Authorization: Basic ...).",
        )
    if _wants_page(scope, path):
        root: str = scope.get("root_path", "")
        target = quote(address_below_prefix(scope), safe="")
        address = f"{root}/login" + (f"?next={target}" if target else "")
        return redirect(address)
    text = "Access denied: send a name and password, or a token.\n"
    return PlainTextResponse(text, 401, headers={"Cache-Control": "no-store"})


def _to_enrolment(scope: Scope) -> Response:
    """Browsers are redirected to the page on which a second factor is turned on."""
    address = f"{scope.get('root_path', '')}{_ACCESS_PAGE}"
    return redirect(address)


def _wants_page(scope: Scope, path: str) -> bool:
    wants = "text/html" in Headers(scope=scope).get("accept", "")
    return wants and scope["method"] in {"GET", "HEAD"} and not path.startswith("/api/")


class Permitted:
    """Lets in those who have the permission for everything, or with `for_some` for some tasks. A
    `stream` ends when its reader loses it: logged out, the token revoked, the session expired."""

    def __init__(
        self,
        app: ASGIApp,
        permission: Permission,
        access: Access,
        *,
        for_some: bool = False,
        stream: bool = False,
    ) -> None:
        self._app = app
        self._permission: Permission = permission
        self._access = access
        self._for_some = for_some
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        actor = actor_of(scope)
        if not self._lets_in(actor):
            refusal = not_permitted(self._permission, actor, read_only=self._access.read_only)
            await self._access.note_refusal(scope, str(refusal))
            raise refusal
        if self._stream and not self._access.is_open:
            receive = self._until_turned_away(scope, receive)
        await self._app(scope, receive, send)

    def _lets_in(self, actor: Actor) -> bool:
        if self._for_some:
            return actor.may_for_some(self._permission)
        return actor.may(self._permission)

    def _until_turned_away(self, scope: Scope, receive: Receive) -> Receive:
        async def receive_while_permitted() -> Message:
            waiting = asyncio.ensure_future(receive())
            try:
                while True:
                    done, _ = await asyncio.wait({waiting}, timeout=self._access.recheck_s)
                    if done:
                        return waiting.result()
                    if not await self._is_still_permitted(scope):
                        return {"type": "http.disconnect"}
            finally:
                waiting.cancel()

        return receive_while_permitted

    async def _is_still_permitted(self, scope: Scope) -> bool:
        try:
            principal = await self._access.identify(scope, again=True)
        except SecondFactorNeeded:  # it was turned on meanwhile
            return False
        except UmbelError as error:  # nobody is sent away because a disk is slow
            log.warning("Whether %s still may could not be asked. %s", address_of(scope), error)
            return True
        return principal is not None and self._lets_in(self._access.actor(principal, scope))


def second_factor_missing(how: AuthMethod) -> Refusal:
    """The refusal of everything but to turn on a second factor."""
    if how == "password":
        return Refusal(
            "second-factor-missing",
            "Whoever logs in with a password here needs a second factor, which a password in a "
            "header cannot show. Send a token (Authorization: Bearer umbel_...).",
        )
    return Refusal(
        "second-factor-missing",
        "Whoever logs in with a password here needs a second factor. Turn it on first, "
        "on the page Your access, or by POST /api/v1/second-factor/begin and confirm.",
    )


def not_permitted(permission: Permission, actor: Actor, *, read_only: bool) -> Refusal:
    """The refusal of what somebody may not do, with what they may act on."""
    if read_only and permission != "read":
        return Refusal("not-permitted", "This Umbel only shows: it was started with --read-only.")
    grants = of_some(actor.bounded, permission)
    alone = f"; it is for {scope_of(grants)} alone" if grants else ""
    return Refusal(
        "not-permitted", f"Your role does not allow to {_PERMITTED_ACTS[permission]}{alone}."
    )
