"""The principal: who a request is from, and by what that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from umbel.auth.base import Grant, Identity, Role

AuthMethod = Literal["anonymous", "session", "password", "token", "proxy", "bearer"]


class Principal(msgspec.Struct, frozen=True):
    """An authenticated person: name, role, and how they authenticated. `is_stranger`: they have
    no role in the cluster that was asked for. `cluster` is that of a token: tokens of one name in
    two clusters are not the same. `bounded` are grants for some tasks, `because` is what gave the
    role. `provider` is that of the settings by whose word it is (its name, and its label for
    people), with what it says: the `subject` of a session, which is theirs alone; of whom no
    session stands for, an `email` and `claims`; "", None and nothing of all others. `must_enrol`:
    they may do nothing before they have turned on a second factor."""

    name: str
    role: Role
    how: AuthMethod
    is_stranger: bool = False
    cluster: str = ""
    bounded: tuple[Grant, ...] = ()
    because: str = ""
    must_enrol: bool = False
    provider: str = ""
    label: str = ""
    subject: str = ""
    email: str | None = None
    claims: Mapping[str, object] = {}


def principal_of(identity: Identity | None, how: AuthMethod) -> Principal | None:
    """The principal of somebody whom an authenticator knows."""
    if identity is None:
        return None
    return Principal(
        identity.name,
        identity.role,
        how,
        identity.is_stranger,
        bounded=identity.bounded,
        because=identity.because,
    )


def principal_by_rules(
    name: str, how: AuthMethod, grants: Sequence[Grant], *, provider: str, label: str
) -> Principal:
    """The principal of somebody whom a provider knows, with what the rules give them in a cluster:
    that which holds for everything first, nothing for a stranger."""
    return Principal(
        name,
        grants[0].role if grants else "viewer",
        how,
        is_stranger=not grants,
        bounded=tuple(grants[1:]),
        because=grants[0].because if grants else "",
        provider=provider,
        label=label,
    )
