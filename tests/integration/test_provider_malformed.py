"""Answers of providers in which one part is not what it must be: a sentence, and never a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec
import pytest

from tests.support.identity import (
    GithubPerson,
    GithubServer,
    GitlabPerson,
    GitlabServer,
    LocalServer,
    OidcServer,
    Reply,
    Request,
)
from tests.support.identity.logins import logging_in, provider_of
from umbel.errors import LoginError

#: What may stand where something else is expected.
VALUES: tuple[object, ...] = (
    None, True, 0, -1, 10**400, 1.5, "", "x" * 70_000, "a\nb\u202e", [], {}, [None], [[]], ["x"],
    {"a": {}},
)  # fmt: skip
PERSON: dict[str, object] = {"email": "ann@example.com", "email_verified": True, "groups": ["ops"]}


async def login_or_sentence(settings: Mapping[str, object], subject: str) -> None:
    """Log in: what comes of it can be kept as JSON, or its error be shown in a line."""
    try:
        login = await logging_in(provider_of(settings), subject)
    except LoginError as error:
        sentence = str(error)
    else:
        sentence = login.claimed.name
        msgspec.json.decode(msgspec.json.encode(login.claimed.claims))
    assert sentence
    assert sentence.isprintable()


def with_another(server: LocalServer, field: str, value: object) -> Callable[[Request], Reply]:
    """The server's answer with this value in that field, in each row if it is a list."""

    def reply(request: Request) -> Reply:
        found = server.answer(request)
        body = found.body
        if isinstance(body, list):
            body = [*({**each, field: value} for each in body), value]
        elif isinstance(body, dict):
            body = {**body, field: value}
        return Reply(body, found.status, found.headers)

    return reply


async def walk(
    server: LocalServer,
    settings: Mapping[str, object],
    subject: str,
    fields: Mapping[str, str],
) -> None:
    """Log in with every value in every field of every answer (`fields` by path)."""
    for path, names in fields.items():
        for field in names.split():
            for value in VALUES:
                server.instead = {path: with_another(server, field, value)}
                await login_or_sentence(settings, subject)


def test_openid_connect() -> None:
    with OidcServer({"u1": PERSON}) as server:
        fields = {
            "/.well-known/openid-configuration": "issuer authorization_endpoint token_endpoint "
            "jwks_uri userinfo_endpoint token_endpoint_auth_methods_supported",
            "/token": "access_token id_token refresh_token expires_in token_type error",
            "/jwks": "keys",
            "/userinfo": "sub email email_verified groups preferred_username",
        }
        asyncio.run(walk(server, {"issuer": server.issuer}, "u1", fields))


@pytest.mark.thorough
@pytest.mark.parametrize("kind", ["oidc", "entra", "keycloak", "google", "gitlab"])
def test_claims_of_an_id_token(kind: str) -> None:
    with OidcServer({"u1": PERSON}) as server:
        settings = {"kind": kind, "issuer": server.issuer}

        async def all_claims() -> None:
            names = "iss aud exp iat nbf nonce at_hash azp sub sid email email_verified groups hd"
            for name in (*names.split(), "xms_edov", "_claim_names", "preferred_username"):
                for value in VALUES:
                    server.forge = lambda claims, name=name, value=value: (  # type: ignore[misc, method-assign]
                        server.key.sign({**claims, name: value})
                    )
                    await login_or_sentence(settings, "u1")

        asyncio.run(all_claims())


@pytest.mark.thorough
def test_keys_of_a_provider() -> None:
    with OidcServer({"u1": PERSON}) as server:

        async def all_fields() -> None:
            for name in ("kty", "kid", "n", "e", "use", "alg", "key_ops", "x5c"):
                for value in VALUES:
                    server.instead = {
                        "/jwks": Reply({"keys": [{**server.key.public, name: value}]})
                    }
                    await login_or_sentence({"issuer": server.issuer}, "u1")

        asyncio.run(all_fields())


def test_github() -> None:
    ann = GithubPerson(
        id=1, emails=[("a@example.com", True, True)], organisations=["o"], teams=["o/t"]
    )
    with GithubServer({"ann": ann}) as server:
        fields = {
            "/api/v3/user": "id login name",
            "/api/v3/user/emails": "email primary verified",
            "/api/v3/user/orgs": "login",
            "/api/v3/user/teams": "slug organization",
            "/login/oauth/access_token": "access_token token_type error",
        }
        asyncio.run(walk(server, {"kind": "github", "domain": server.address}, "ann", fields))


def test_gitlab() -> None:
    ann = GitlabPerson(id=1, email="a@example.com", groups={"company": 50})
    with GitlabServer({"ann": ann}) as server:
        fields = {
            "/api/v4/user": "id username email state confirmed_at",
            "/api/v4/groups": "full_path",
            "/oauth/token": "access_token refresh_token expires_in error",
        }
        settings = {"kind": "gitlab-oauth2", "domain": server.address}
        asyncio.run(walk(server, settings, "ann", fields))
