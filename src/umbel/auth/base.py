"""Who asks, and what they may do.

Three roles, each of which may do what those before it may. A route, an action and a command
each name one permission; a role has it or not, and nothing else is asked. `--read-only`
takes every permission but `read` from everybody.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol

import msgspec

Role = Literal["viewer", "operator", "admin"]
#: `read`: see everything. `operate`: act on tasks, and on workers in ways that their next
#: start undoes. `administer`: stop workers, purge queues.
Permission = Literal["read", "operate", "administer"]
#: By which way somebody came.
Via = Literal["browser", "api", "flower", "cli", "python"]

GRANTS: Final[dict[Role, frozenset[Permission]]] = {
    "viewer": frozenset({"read"}),
    "operator": frozenset({"read", "operate"}),
    "admin": frozenset({"read", "operate", "administer"}),
}
ANONYMOUS: Final = "anonymous"


class Identity(msgspec.Struct, frozen=True):
    """Somebody whom an authenticator knows. `token` names the API token that was shown."""

    name: str
    role: Role
    token: str | None = None


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who does something, for the audit: a name, where from (an address, or the user of the
    machine for a command), by which way, and what they may do."""

    name: str
    address: str
    via: Via
    permissions: frozenset[Permission]

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What a request showed: a user name with its password, or a token."""

    user: str | None = None
    password: str | None = None
    token: str | None = None


class Standing(msgspec.Struct, frozen=True):
    """A user as they stand in the settings now. `stamp` changes with role and password, so
    that a session which carries it ends when either does."""

    identity: Identity
    stamp: str


class Authenticator(Protocol):
    """Any thread. Takes about the same time for a wrong name as for a wrong password."""

    @property
    def has_people(self) -> bool:
        """Whether anybody can log in with a password; if not, there is no login."""

    def identify(self, credentials: Credentials) -> Identity | None:
        """Whose credentials these are; None if nobody's. May take a tenth of a second or
        two. Raises `StoreError` where tokens cannot be read."""

    def is_remembered(self, credentials: Credentials) -> bool:
        """Whether this name and password were right before, so that `identify` is quick."""

    def standing(self, user: str) -> Standing | None:
        """The user of that name now; None if there is none."""
