"""Sessions that last: one's own, or, for who is an admin of every cluster, everybody's; and their
ends (`/api/v1/sessions`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from umbel.store.ledger import LoginSession
from umbel.web.authentication import Access
from umbel.web.http.parameters import read
from umbel.web.http.problems import Refusal
from umbel.web.logins.answers import json_response, own_body
from umbel.web.logins.me import AccessRow, access_row
from umbel.web.principal import Principal
from umbel.web.requests import Nothing


class SessionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A session. Times are Unix seconds: `seen` the last use, to some minutes; `checked` when the
    provider last said who it is, null for passwords. `address` and `client` (the browser's own
    words) are those of the login, `access` is what it gives, `current` whether it is that of who
    asks."""

    id: str
    user: str
    provider: str
    began: float
    expires: float
    seen: float
    address: str
    client: str
    checked: float | None
    access: tuple[AccessRow, ...]
    current: bool


class SessionList(msgspec.Struct, frozen=True, kw_only=True):
    """Sessions, the newest first. `all`: everybody's, and not one's own alone."""

    items: tuple[SessionRow, ...]
    all: bool


class EndSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which session to end."""

    id: Annotated[str, Meta(min_length=1, max_length=100)]


class EndSessions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose sessions to end."""

    user: Annotated[str, Meta(min_length=1, max_length=200)]


class EndedCount(msgspec.Struct, frozen=True):
    """How many sessions were ended."""

    ended: int


class _Endpoint:
    """What the endpoints share: who asks, and whose sessions they may see and end."""

    def __init__(self, access: Access, accesses: Mapping[str, Access]) -> None:
        self._access = access
        self._accesses = accesses

    async def _sees_all(self, scope: Scope) -> bool:
        """Whether who asks is an admin of every cluster."""
        for access in self._accesses.values():
            principal = await access.identify(scope, again=True)
            if principal is None or "administer" not in access.permissions(principal):
                return False
        return True

    async def _rows(self, scope: Scope) -> tuple[tuple[LoginSession, ...], bool]:
        """The sessions that who asks may see, and whether they may see all."""
        sees_all = await self._sees_all(scope)
        if sees_all:
            return await self._access.rows(None), True
        return await self._access.own_rows(scope["umbel.principal"]), False


class SessionsEndpoint(_Endpoint):
    """`GET /api/v1/sessions`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read(Nothing, scope["query_string"], {})
        rows, sees_all = await self._rows(scope)
        own = await self._access.session(scope)
        items = tuple([self._item(row, own.id if own else "") for row in rows])
        await json_response(SessionList(items=items, all=sees_all))(scope, receive, send)

    def _item(self, row: LoginSession, own_id: str) -> SessionRow:
        is_by_provider = bool(row.subject)
        return SessionRow(
            id=row.id,
            user=row.user,
            provider=row.provider,
            began=row.began,
            expires=row.expires,
            seen=row.seen,
            address=row.address,
            client=row.client,
            checked=row.checked if is_by_provider else None,
            access=tuple(
                found
                for name, access in self._accesses.items()
                if (found := access_row(name, access, access.owner_of(row))) is not None
            ),
            current=row.id == own_id,
        )


class EndSessionEndpoint(_Endpoint):
    """`POST /api/v1/sessions/ID/end`: one's own, or anybody's for an admin of every cluster."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await own_body(Nothing, Request(scope, receive))
        wanted: str = scope["path_params"]["id"]
        found = await self._access.row(wanted)
        if found is not None and not await self._sees_all(scope):
            own = await self._access.own_rows(scope["umbel.principal"])
            found = next((row for row in own if row.id == wanted), None)
        if found is None:
            raise Refusal(
                "unknown-session",
                "There is no session with this id that you may end; it may be over already.",
            )
        await self._access.end_sessions([found], scope)
        await json_response(EndedCount(1))(scope, receive, send)


class EndSessionsEndpoint(_Endpoint):
    """`POST /api/v1/sessions/end`: all of one person."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = await own_body(EndSessions, Request(scope, receive))
        principal: Principal = scope["umbel.principal"]
        rows: Callable[[], Awaitable[tuple[LoginSession, ...]]]
        if await self._sees_all(scope):
            rows = partial(self._access.rows, asked.user)
        elif principal.how in {"session", "password"} and asked.user == principal.name:
            rows = partial(self._access.own_rows, principal)
        else:
            why = "Ending others' sessions takes an admin of every cluster."
            await self._access.note_refusal(scope, why)
            raise Refusal("not-permitted", why)
        ended: set[str] = set()
        # The ledger tells of many in parts.
        while left := [each for each in await rows() if each.id not in ended]:
            await self._access.end_sessions(left, scope)
            ended |= {each.id for each in left}
        await json_response(EndedCount(len(ended)))(scope, receive, send)
