"""What the audit has of people who come in and who are refused; and what they may do, by which the
audit and everything else knows them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

import anyio
import anyio.to_thread
from starlette.datastructures import Headers
from starlette.types import Scope

from umbel.auth.base import ANONYMOUS, GRANTS, Actor, Grant, Permission, Via
from umbel.auth.tokens import name_in
from umbel.services.control.login_audit import SECOND_FACTOR, LoginAudit
from umbel.services.control.shared_login_audit import SharedLoginAudit
from umbel.web.http.scopes import address_of, path_of
from umbel.web.principal import Principal

_AUDIT_WRITES: Final = 2
_FACES: Final[dict[str, Via]] = {"cli": "cli", "python": "python"}


class AccessAudit:
    """Of one server: `login_audit` has what concerns logins. On the event loop; `read_only` takes
    every permission but that to look."""

    def __init__(
        self, login_audit: LoginAudit | SharedLoginAudit, *, read_only: bool = False
    ) -> None:
        self._login_audit = login_audit
        self._cluster_audit = login_audit
        self._audit_writes = anyio.CapacityLimiter(_AUDIT_WRITES)
        self._cluster_writes = self._audit_writes
        self._without_roles = False
        self.read_only = read_only

    def _write_of_cluster(self, login_audit: LoginAudit) -> None:
        """From now on what concerns a cluster is written to this audit, in threads of its own: its
        ledger may hang."""
        self._cluster_audit = login_audit
        self._cluster_writes = anyio.CapacityLimiter(_AUDIT_WRITES)

    async def note_second_factor(self, user: str, scope: Scope, what: str) -> None:
        """Write to the audit what became of the second factor of somebody."""
        actor = self.actor(Principal(user, "viewer", "session"), scope)
        await self._write(functools.partial(self._login_audit.noted, actor, SECOND_FACTOR, what))

    async def note_login_refusal(self, user: str, target: str, scope: Scope, why: str) -> None:
        """Write to the audit that a login by a provider came to nothing."""
        actor = self.actor(Principal(user, "viewer", "session", is_stranger=True), scope)
        await self._write(functools.partial(self._login_audit.login_refused, actor, target, why))

    async def note_refusal(self, scope: Scope, why: str) -> None:
        """Write to the audit that an authenticated person was refused for lack of permission."""
        target = f"{scope['method']} {path_of(scope)}"
        await self._write(
            functools.partial(
                self._cluster_audit.permission_refused, scope["umbel.actor"], target, why
            ),
            self._cluster_writes,
        )

    async def _note_login(
        self, principal: Principal, scope: Scope, clusters: tuple[str, ...] | None = None
    ) -> None:
        actor = self.actor(principal, scope)
        await self._write(
            functools.partial(self._login_audit.logged_in, actor, principal.because, clusters)
        )

    async def _note_failure(self, user: str, scope: Scope, why: str) -> None:
        nobody = self.actor(Principal(ANONYMOUS, "viewer", "password"), scope)
        await self._write(functools.partial(self._login_audit.password_refused, nobody, user, why))

    async def _note_token(self, secret: str, scope: Scope) -> None:
        nobody = self.actor(Principal(ANONYMOUS, "viewer", "token"), scope)
        why = "The token is wrong, revoked or expired."
        await self._write(
            functools.partial(self._cluster_audit.token_refused, nobody, name_in(secret), why),
            self._cluster_writes,
        )

    async def _note_identity(self, name: str, target: str, scope: Scope, why: str) -> None:
        actor = self.actor(Principal(name, "viewer", "proxy", is_stranger=True), scope)
        await self._write(
            functools.partial(self._cluster_audit.login_refused, actor, target, why),
            self._cluster_writes,
        )

    async def _write(
        self, write: Callable[[], None], limiter: anyio.CapacityLimiter | None = None
    ) -> None:
        """In a thread, since the event loop must not wait for a disk."""
        await anyio.to_thread.run_sync(write, limiter=limiter or self._audit_writes)

    def permissions(self, principal: Principal) -> frozenset[Permission]:
        """What this person may do on this server."""
        is_stranger = principal.is_stranger or principal.must_enrol or self._without_roles
        granted = frozenset[Permission]() if is_stranger else GRANTS[principal.role]
        return granted & {"read"} if self.read_only else granted

    def bounded(self, principal: Principal) -> tuple[Grant, ...]:
        """What this person may do beyond that to tasks of some names and queues."""
        is_stranger = principal.is_stranger or principal.must_enrol or self._without_roles
        return () if is_stranger or self.read_only else principal.bounded

    def actor(self, principal: Principal, scope: Scope) -> Actor:
        """The person as the audit names them."""
        return Actor(
            name=principal.name,
            address=address_of(scope),
            via=_via(principal, scope),
            permissions=self.permissions(principal),
            bounded=self.bounded(principal),
        )


def _via(principal: Principal, scope: Scope) -> Via:
    headers = Headers(scope=scope)
    path = path_of(scope)
    if path.startswith("/api/") and not path.startswith("/api/v1/"):
        return "flower"
    if principal.how == "session" or "sec-fetch-site" in headers:
        return "browser"
    return _FACES.get(headers.get("x-umbel-via", ""), "api")
