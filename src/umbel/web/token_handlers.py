"""Handlers that list, make and revoke API tokens of a cluster.

Whoever makes one is an admin of the whole cluster, so no token may do more there than its maker;
and what a token makes ends with it. The secret is in the one answer and nowhere else.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from umbel.auth.base import ANONYMOUS, Actor, Role
from umbel.auth.tokens import (
    OWNER,
    PATTERN_MAX,
    PATTERNS_MAX,
    described,
    free_name,
    new_token,
)
from umbel.errors import SettingsError
from umbel.services.cluster_services import ClusterServices
from umbel.services.control.login_audit import TOKEN_MADE, TOKEN_REVOKED
from umbel.store.ledger import Ledger, Token
from umbel.web import requests
from umbel.web.http.problems import Refusal

#: The longest that a token may last, seconds, unless it lasts for ever.
EXPIRES_MAX_S = 3_650 * 86_400
TokenName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        description="The name of a token: small letters, digits and hyphens.",
        examples=["ci-deploy"],
    ),
]
Patterns = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=PATTERN_MAX)], ...],
    Meta(max_length=PATTERNS_MAX),
]


class CreateToken(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[
        TokenName | None, Meta(description="What it is called; its role and a number unless given.")
    ] = None
    role: Annotated[Role, Meta(description="What it may do.")] = "viewer"
    names: Annotated[
        Patterns,
        Meta(description="Patterns (`billing.*`): its role holds for tasks of these names alone."),
    ] = ()
    queues: Annotated[
        Patterns, Meta(description="The same for the queues that tasks were sent to.")
    ] = ()
    expires_s: Annotated[
        Annotated[float, Meta(ge=60, le=EXPIRES_MAX_S)] | None,
        Meta(description="After how many seconds it is good for nothing; never unless given."),
    ] = None


class RevokeToken(msgspec.Struct, frozen=True, kw_only=True):
    name: TokenName


class ListedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token without its secret. `role` holds for tasks of `names` and `queues` alone where there
    are any. `maker` made it, empty where that is not known; times are Unix seconds, `last_used` to
    a minute."""

    name: str
    role: str
    names: tuple[str, ...]
    queues: tuple[str, ...]
    created: float
    expires: float | None
    last_used: float | None
    maker: str


class ListedTokens(msgspec.Struct, frozen=True):
    """All tokens of a cluster, by name, those that have expired as well."""

    items: tuple[ListedToken, ...]


class CreatedToken(msgspec.Struct, frozen=True):
    """A new token: the text that its owner shows, told this once, and how it is listed."""

    token: str
    item: ListedToken


class RevokedToken(msgspec.Struct, frozen=True):
    """The name of a token that is good for nothing now."""

    name: str


def list_tokens(services: ClusterServices, _: requests.Nothing) -> ListedTokens:
    return ListedTokens(tuple(_listed(each) for each in services.ledger.tokens()))


def create_token(services: ClusterServices, params: CreateToken, actor: Actor) -> CreatedToken:
    if actor.name == ANONYMOUS:
        raise Refusal(
            "refused",
            "Nobody logs in here, so a token would keep nobody out, and whoever makes one now "
            "could still use it once there is a login. Whoever has the data directory makes "
            "tokens with umbel token create.",
        )
    now, ledger = services.clock.now(), services.ledger
    expires = None if params.expires_s is None else now + params.expires_s
    _check_end(ledger, actor, expires)
    wanted = Token(
        name=params.name or free_name([ledger], params.role),
        role=params.role,
        secret_hash="",
        created=now,
        expires=expires,
        names=tuple(dict.fromkeys(params.names)),
        queues=tuple(dict.fromkeys(params.queues)),
        maker=actor.name,
    )
    try:
        shown, token = new_token([ledger], wanted)
    except SettingsError as error:
        raise Refusal("bad-body", str(error), parameter=error.setting) from None
    services.login_audit.noted(actor, TOKEN_MADE, described(token))
    return CreatedToken(shown, _listed(token))


def revoke_token(services: ClusterServices, params: RevokeToken, actor: Actor) -> RevokedToken:
    if not services.ledger.drop_token(params.name):
        raise Refusal(
            "unknown-token",
            f"There is no token {params.name}. GET /api/v1/tokens lists those that there are.",
            parameter="name",
        )
    services.login_audit.noted(actor, TOKEN_REVOKED, f"the token {params.name}")
    return RevokedToken(params.name)


def _check_end(ledger: Ledger, actor: Actor, expires: float | None) -> None:
    """What a token makes must not outlast it: it would be a way never to end."""
    own = actor.name.removeprefix(OWNER) if actor.name.startswith(OWNER) else None
    end = next((each.expires for each in ledger.tokens() if each.name == own), None)
    if end is not None and (expires is None or expires > end):
        raise Refusal(
            "refused",
            f"The token {own} ends before that, and what it makes must not last longer. Give "
            "expires_s, or let somebody with a login make it.",
            parameter="expires_s",
        )


def _listed(token: Token) -> ListedToken:
    found = msgspec.structs.asdict(token)
    return ListedToken(**{name: found[name] for name in ListedToken.__struct_fields__})
