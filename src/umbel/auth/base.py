"""Identities, roles and permissions.

There are three roles, each with the permissions of the one before it. A route, an action and a
command each name one permission; a role has it or not, and nothing else decides. `--read-only`
takes every permission but `read` from everybody. Beside the role that holds for everything,
somebody may have others for tasks of some names or queues (`auth.grants`).
"""

from __future__ import annotations

from typing import Final, Literal, Protocol

import msgspec

from umbel.auth.grants import GRANTS, Grant, Permission, Role, of_some

__all__ = ["GRANTS", "Grant", "Permission", "Role"]

#: The face of Umbel that somebody uses.
Via = Literal["browser", "api", "flower", "cli", "python"]
ANONYMOUS: Final = "anonymous"


class Identity(msgspec.Struct, frozen=True):
    """The owner of valid credentials. `token` is the name of the API token, if it was one.
    `is_stranger`: this person has no role in the cluster that the authenticator is of. `role` holds
    for everything, `bounded` for some tasks; `because` is what gave the role."""

    name: str
    role: Role
    token: str | None = None
    is_stranger: bool = False
    bounded: tuple[Grant, ...] = ()
    because: str = ""


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who does something, for the audit: a name, an address (for a command, the user of the
    machine), the face of Umbel, the permissions that hold for everything, and grants for tasks
    of some names and queues."""

    name: str
    address: str
    via: Via
    permissions: frozenset[Permission]
    bounded: tuple[Grant, ...] = ()

    def may(self, permission: Permission) -> bool:
        """Whether they have it for everything."""
        return permission in self.permissions

    def may_for_some(self, permission: Permission) -> bool:
        """Whether they have it for everything, or for some tasks."""
        return self.may(permission) or bool(of_some(self.bounded, permission))

    def may_touch(self, permission: Permission, name: str | None, queue: str | None) -> bool:
        """Whether they have it for a task of this name in this queue."""
        return self.may(permission) or any(
            each.covers(name, queue) for each in of_some(self.bounded, permission)
        )


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """The credentials of a request: a user name with its password and the code of a second factor
    (None where none can be shown), or a token."""

    user: str | None = None
    password: str | None = None
    token: str | None = None
    code: str | None = None


class AccountState(msgspec.Struct, frozen=True):
    """A user's account as the settings have it now. `stamp` changes with role and password, so
    that changing either ends the sessions that carry the old stamp."""

    identity: Identity
    stamp: str


class Authenticator(Protocol):
    """Any thread. Takes about the same time for a wrong name as for a wrong password."""

    def identify(self, credentials: Credentials) -> Identity | None:
        """Whose credentials these are; None if nobody's. May take a tenth of a second or
        two. Raises `StoreError` where tokens cannot be read."""

    def is_remembered(self, credentials: Credentials) -> bool:
        """Whether this name and password were right before, so that `identify` is quick."""

    def account_state(self, user: str) -> AccountState | None:
        """The account of that user; None if there is none."""
