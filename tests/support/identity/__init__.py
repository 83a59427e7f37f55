"""Identity providers of tests: real servers over HTTP or HTTPS, on a free port of 127.0.0.1.

    from tests.support.identity import CLIENT_ID, CLIENT_SECRET, OidcServer

    with OidcServer({"u1": {"email": "ann@example.com", "email_verified": True,
                            "groups": ["staff"]}}) as provider:
        # settings of Umbel: kind = "oidc", issuer = provider.issuer,
        # client_id = CLIENT_ID, client_secret = CLIENT_SECRET
        # in a browser: page.click('button[value="u1"]') on the provider's page
        # without one: log_in_at(address, "u1") gives the query of the callback
        provider.people["u1"]["groups"] = []     # removed from the group
        del provider.people["u1"]                # removed altogether

- `OidcServer(people, path="/realms/r")`: OpenID Connect, every part under control.
- `with mock_provider(tmp_path) as it`: that of a package, a process of its own; `it.issuer`.
- `GithubServer({"ann": GithubPerson(id=1, ...)})`: GitHub Enterprise, `domain = server.address`.
- `GitlabServer({"ann": GitlabPerson(id=1, ...)})`: GitLab's OAuth 2 (`gitlab-oauth2`),
  `domain = server.address`.
- `KeyServer("ES256")`: keys of a proxy that signs a header, which `it.token(aud=..., sub=...,
  email=...)` makes; `jwks_url = it.jwks_url`, or `domain = it.address` (Cloudflare Access).

`tls=make_certificate(tmp_path)` (tests/support/certificates.py) makes a server speak HTTPS; then
the provider's settings have `ca_file` = the certificate's file. Every server's `instead["/path"] =
Reply(...)` answers something else there (slow by `drip_s`, silent by `stall`, huge, no JSON), and
`close()` is a provider that is down.
"""

from __future__ import annotations

from tests.support.identity.browsing import deny_at, log_in_at, press
from tests.support.identity.github import GithubPerson, GithubServer
from tests.support.identity.gitlab import GitlabPerson, GitlabServer
from tests.support.identity.key_server import KeyServer
from tests.support.identity.mock_provider import MockProvider, mock_provider
from tests.support.identity.oidc import CLIENT_ID, CLIENT_SECRET, LOGOUT_EVENT, OidcServer
from tests.support.identity.server import LocalServer, Reply, Request, redirect
from tests.support.identity.signing import SigningKey, at_hash, unsigned, with_other_claims

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "LOGOUT_EVENT",
    "GithubPerson",
    "GithubServer",
    "GitlabPerson",
    "GitlabServer",
    "KeyServer",
    "LocalServer",
    "MockProvider",
    "OidcServer",
    "Reply",
    "Request",
    "SigningKey",
    "at_hash",
    "deny_at",
    "log_in_at",
    "mock_provider",
    "press",
    "redirect",
    "unsigned",
    "with_other_claims",
]
