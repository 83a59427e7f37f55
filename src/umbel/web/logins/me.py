"""`GET /api/v1/me`: who asks, what they may do in which cluster, and what gave them that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from umbel.auth.base import Grant, Permission, Role, Via
from umbel.auth.rules import PASSWORD
from umbel.errors import StoreError
from umbel.store.ledger import LoginSession
from umbel.web.authentication import Access
from umbel.web.http.parameters import read
from umbel.web.logins.answers import json_response
from umbel.web.logins.checks import CHECK_BY_S
from umbel.web.logins.people import email_and_claims
from umbel.web.logins.seal import can_ask
from umbel.web.principal import Principal
from umbel.web.requests import Nothing
from umbel.web.sessions import Session

_PERMISSIONS: Final[tuple[Permission, ...]] = ("read", "operate", "administer")


class GrantRow(msgspec.Struct, frozen=True, kw_only=True):
    """A role for tasks of some names or queues (patterns; null: any), and what gave it."""

    role: Role
    name: str | None
    queue: str | None
    because: str


class AccessRow(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has in one cluster: a role for everything, null for none, and what gave it;
    and roles for some tasks."""

    cluster: str
    role: Role | None
    because: str
    grants: tuple[GrantRow, ...] = ()


class OwnSession(msgspec.Struct, frozen=True, kw_only=True):
    """The session of who asks; times are Unix seconds. `checked` is when its provider last said
    who it is, which it is asked every `check_every_s` (null: it cannot be asked); `note` says what
    is wrong with that."""

    id: str
    began: float
    expires: float
    checked: float | None
    check_every_s: float | None
    note: str | None = None


class SecondFactorState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether this person may have a second factor beside the password, since when they have (Unix
    seconds), and whether they may do nothing else before that."""

    possible: bool
    since: float | None
    required: bool


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and what they may do. `read_only`: nobody may do anything but look.
    `login`: people log in here; otherwise whoever gets here may do everything. `provider` is by
    whose word they are known (`password`, `token` or a name of the settings), `because` what gave
    the role, `grants` the roles for some tasks, `access` what they have in every cluster that they
    may look at, `claims` what the provider says of them."""

    name: str
    role: Role
    permissions: tuple[Permission, ...]
    read_only: bool
    login: bool
    via: Via
    provider: str
    label: str
    email: str | None
    because: str
    grants: tuple[GrantRow, ...]
    access: tuple[AccessRow, ...]
    session: OwnSession | None
    claims: Mapping[str, object]
    second_factor: SecondFactorState


class MeEndpoint:
    """The ASGI application of the route. `accesses` are those of the clusters, by name."""

    def __init__(self, access: Access, accesses: Mapping[str, Access]) -> None:
        self._access = access
        self._accesses = accesses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read(Nothing, scope["query_string"], {})
        principal: Principal = scope["umbel.principal"]
        session = await self._access.session(scope) if principal.how == "session" else None
        response = await me_response(self._access, self._accesses, principal, session, scope)
        await response(scope, receive, send)


async def me_response(
    access: Access,
    accesses: Mapping[str, Access],
    principal: Principal,
    session: Session | None,
    scope: Scope,
) -> Response:
    """The answer about `principal`, who has `session` if they have one."""
    may = access.permissions(principal)
    row = await access.row_of(session) if session is not None else None
    email, claims = (
        email_and_claims(row) if row is not None else (principal.email, principal.claims)
    )
    me = Me(
        name=principal.name,
        role=principal.role,
        permissions=tuple(each for each in _PERMISSIONS if each in may),
        read_only=access.read_only,
        login=not access.is_open,
        via=access.actor(principal, scope).via,
        provider=provider_of(principal),
        label=principal.label,
        email=email,
        # Of a cluster in which they have no role nothing is told, nor of one that there is not.
        because=principal.because if may else "",
        grants=grant_rows(access.bounded(principal)),
        access=await access_rows(accesses, scope, session),
        session=None if session is None else _own(access, session, row),
        claims=claims,
        second_factor=await _second_factor(access, principal),
    )
    return json_response(me)


def provider_of(principal: Principal) -> str:
    """By whose word somebody is known."""
    if principal.provider:
        return principal.provider
    by_method = {"session": PASSWORD, "password": PASSWORD, "token": "token"}
    return by_method.get(principal.how, "")


def grant_rows(grants: Iterable[Grant]) -> tuple[GrantRow, ...]:
    """Grants as answers tell them."""
    return tuple(
        GrantRow(role=each.role, name=each.name, queue=each.queue, because=each.because)
        for each in grants
    )


def access_row(cluster: str, access: Access, principal: Principal | None) -> AccessRow | None:
    """What somebody has in a cluster, of which `access` is; None if they may not look at it."""
    if principal is None or principal.is_stranger:
        return None
    return AccessRow(
        cluster=cluster,
        role=principal.role,
        because=principal.because,
        grants=grant_rows(access.bounded(principal)),
    )


async def access_rows(
    accesses: Mapping[str, Access], scope: Scope, session: Session | None
) -> tuple[AccessRow, ...]:
    """What somebody has in every cluster that they may look at, but those whose ledger cannot tell:
    who has `session`, or else who sends the request."""
    found = []
    for name, access in accesses.items():
        try:
            principal = (
                await access.identify(scope, again=True)
                if session is None
                else await access.of_session(session)
            )
        except StoreError:
            continue
        found.append(access_row(name, access, principal))
    return tuple(row for row in found if row is not None)


async def _second_factor(access: Access, principal: Principal) -> SecondFactorState:
    try:
        since = await access.second_factor_since(principal)
    except StoreError:
        since = None
    is_possible = access.second_factor is not None and access.has_password(principal)
    required = access.second_factor is not None and access.second_factor.required
    return SecondFactorState(possible=is_possible, since=since, required=is_possible and required)


def _own(access: Access, session: Session, row: LoginSession | None) -> OwnSession:
    is_checked = row is not None and can_ask(row.tokens)
    began = row.began if row else session.expires - access.sessions.lifetime_s
    return OwnSession(
        id=session.id,
        began=began,
        expires=session.expires,
        checked=row.checked if row and session.provider else None,
        check_every_s=CHECK_BY_S if is_checked else None,
        note=access.logins.sessions.note(row) if row and is_checked and access.logins else None,
    )
