"""Logins by GitHub Enterprise, whose API is below `/api/v3`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.clocks import SetClock
from tests.support.identity import CLIENT_SECRET, GithubPerson, GithubServer, Reply
from tests.support.identity.browsing import log_in_at
from tests.support.identity.logins import logged_in, new_attempt, provider_of
from umbel.auth.providers.base import Callback, RedirectProvider
from umbel.auth.providers.github import api_of
from umbel.errors import LoginRefused, ProviderUnavailable

ANN = GithubPerson(
    id=42,
    emails=[("ann@home.test", True, True), ("ann@example.com", False, True),
            ("boss@example.com", False, False)],
    organisations=["company", "club"],
    teams=["company/billing"],
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[GithubServer]:
    people = {"ann": ANN, "eve": GithubPerson(id=66, emails=[("boss@example.com", True, False)])}
    with GithubServer(people) as it:
        yield it


@pytest.fixture
def provider(server: GithubServer) -> RedirectProvider:
    return provider_of({"kind": "github", "domain": server.address})


def test_a_person_has_a_number_verified_emails_organisations_and_teams(
    provider: RedirectProvider,
) -> None:
    claimed = logged_in(provider, "ann").claimed

    assert (claimed.subject, claimed.name) == ("42", "ann")
    assert claimed.email == "ann@home.test"
    assert claimed.claims["emails"] == ["ann@home.test", "ann@example.com"]
    assert claimed.claims["groups"] == ["company", "club", "company/billing"]
    assert "boss@example.com was left out" in claimed.notes[0]


def test_an_email_that_is_not_verified_is_nobodys(provider: RedirectProvider) -> None:
    claimed = logged_in(provider, "eve").claimed

    assert claimed.email is None
    assert not {"email", "emails"} & claimed.claims.keys()
    assert claimed.claims["groups"] == []


def test_the_public_github_has_its_api_at_another_host() -> None:
    provider = provider_of({"kind": "github"})

    address = urlsplit(asyncio.run(provider.address(new_attempt())))

    assert (address.netloc, address.path) == ("github.com", "/login/oauth/authorize")
    query = dict(parse_qsl(address.query))
    assert query["scope"] == "read:user user:email read:org"
    assert query["code_challenge_method"] == "S256"


@pytest.mark.parametrize(
    ("base", "api"),
    [("https://github.com", "https://api.github.com"),
     ("https://company.ghe.com", "https://api.company.ghe.com"),
     ("https://github.example.com", "https://github.example.com/api/v3"),
     ("https://evil.company.ghe.com", "https://evil.company.ghe.com/api/v3"),
     ("https://ghe.com.example.com", "https://ghe.com.example.com/api/v3")],
)  # fmt: skip
def test_the_api_is_a_host_of_githubs_or_a_path_of_ones_own(base: str, api: str) -> None:
    assert api_of(base) == api


def test_only_what_the_scopes_allow_is_asked_for(server: GithubServer) -> None:
    """As with Flower, which asks for e-mails alone."""
    provider = provider_of({"kind": "github", "domain": server.address, "scopes": ("user:email",)})

    claimed = logged_in(provider, "ann").claimed

    assert claimed.email == "ann@home.test"
    assert "groups" not in claimed.claims
    assert "the scope read:org" in claimed.notes[-1]
    assert server.asked("/api/v3/user/orgs") == []


def test_scopes_that_a_person_did_not_give_are_missing_and_not_an_error(
    server: GithubServer, provider: RedirectProvider
) -> None:
    server.denied_scopes = {"read:org", "user:email"}

    claimed = logged_in(provider, "ann").claimed

    assert claimed.email is None
    assert len(claimed.notes) == 2


def test_many_teams_are_read_page_by_page(server: GithubServer, provider: RedirectProvider) -> None:
    server.people["ann"] = GithubPerson(id=42, teams=[f"company/t{n}" for n in range(250)])

    groups = logged_in(provider, "ann").claimed.claims["groups"]

    assert isinstance(groups, list)
    assert len(groups) == 250


def test_too_many_teams_are_cut_and_it_is_said(
    server: GithubServer, provider: RedirectProvider
) -> None:
    server.people["ann"] = GithubPerson(id=42, teams=[f"company/t{n}" for n in range(1_500)])

    claimed = logged_in(provider, "ann").claimed

    assert len(claimed.claims["groups"]) == 1_000  # type: ignore[arg-type]
    assert claimed.notes == ("Only the first 1,000 teams of Company are used.",)


def test_a_next_page_elsewhere_gets_no_token(
    server: GithubServer, provider: RedirectProvider
) -> None:
    with GithubServer({}) as other:
        server.instead["/api/v3/user/orgs"] = Reply(
            [{"login": "company"}], headers={"link": f'<{other.api}/user/orgs?page=2>; rel="next"'}
        )

        assert logged_in(provider, "ann").claimed.claims["groups"] == ["company", "company/billing"]
        assert other.requests == []


def test_organisations_behind_single_sign_on_are_said_to_be_left_out(
    server: GithubServer, provider: RedirectProvider
) -> None:
    server.hides_organisations_by_saml = True

    assert any("single sign-on" in note for note in logged_in(provider, "ann").claimed.notes)


def test_a_person_who_left_a_team_is_refused_when_asked_again(server: GithubServer) -> None:
    provider = provider_of(
        {"kind": "github", "domain": server.address, "allowed_groups": ("company/billing",)}
    )
    login = logged_in(provider, "ann")
    server.people["ann"] = GithubPerson(id=42, organisations=["company"], teams=["other/billing"])

    with pytest.raises(LoginRefused, match="none of the groups"):
        asyncio.run(provider.again(login.tokens, "42"))


def test_groups_are_read_again_by_the_access_token(
    server: GithubServer, provider: RedirectProvider
) -> None:
    login = logged_in(provider, "ann")
    server.people["ann"] = GithubPerson(id=42, organisations=["club"])

    again = asyncio.run(provider.again(login.tokens, "42"))

    assert again is not None
    assert again.claimed.claims["groups"] == ["club"]


@pytest.mark.parametrize("status", [403, 404])
def test_what_an_application_may_not_see_is_said_and_no_refusal(
    server: GithubServer, provider: RedirectProvider, status: int
) -> None:
    """As a GitHub App without the permission to see members."""
    server.instead["/api/v3/user/teams"] = Reply({"message": "Not accessible"}, status)

    claimed = logged_in(provider, "ann").claimed

    assert claimed.claims["groups"] == ["company", "club"]
    assert claimed.notes[-1] == "Company does not let this application see teams."


def test_a_token_that_ends_is_renewed(server: GithubServer) -> None:
    """As those of GitHub Apps."""
    clock = SetClock(1_000.0)
    server.lifetime_s = 28_800
    provider = provider_of({"kind": "github", "domain": server.address}, clock)
    login = logged_in(provider, "ann")

    before = asyncio.run(provider.again(login.tokens, "42"))
    clock.time += 28_801
    after = asyncio.run(provider.again(login.tokens, "42"))

    assert before is not None
    assert after is not None
    assert before.tokens == login.tokens
    assert after.tokens.access_token != login.tokens.access_token
    assert after.tokens.refresh_token != login.tokens.refresh_token


@pytest.mark.parametrize("change", ["removed", "suspended", "somebody else with the login"])
def test_a_person_who_is_no_more_is_refused(
    server: GithubServer, provider: RedirectProvider, change: str
) -> None:
    login = logged_in(provider, "ann")
    if change == "removed":
        del server.people["ann"]
    else:
        server.people["ann"] = GithubPerson(id=43, is_suspended=change == "suspended")

    with pytest.raises(LoginRefused) as caught:
        asyncio.run(provider.again(login.tokens, "42"))

    assert str(login.tokens.access_token) not in str(caught.value)


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"message": "API rate limit exceeded"}, 403, {"x-ratelimit-remaining": "0"}),
        Reply({"message": "secondary rate limit"}, 403, {"retry-after": "60"}),
        Reply({}, 429),
        Reply({}, 502),
        Reply({"id": "42", "login": "ann"}),
        Reply({"id": True, "login": "ann"}),
    ],
)
def test_too_many_requests_and_faults_end_no_login(
    server: GithubServer, provider: RedirectProvider, reply: Reply
) -> None:
    login = logged_in(provider, "ann")
    server.instead["/api/v3/user"] = reply

    with pytest.raises(ProviderUnavailable):
        asyncio.run(provider.again(login.tokens, "42"))


def test_a_code_of_another_login_is_worth_nothing(provider: RedirectProvider) -> None:
    query = log_in_at(asyncio.run(provider.address(new_attempt())), "ann")

    with pytest.raises(LoginRefused, match="no more"):
        asyncio.run(provider.finish(new_attempt(), Callback(code=query["code"])))


def test_a_wrong_secret_is_said_to_be_wrong(server: GithubServer) -> None:
    provider = provider_of(
        {"kind": "github", "domain": server.address, "client_secret": "not-the-secret"}
    )

    with pytest.raises(ProviderUnavailable, match="does not take the client_id") as caught:
        logged_in(provider, "ann")

    assert "not-the-secret" not in str(caught.value)
    assert CLIENT_SECRET not in str(caught.value)


def test_github_ends_no_login_by_a_logout_token(provider: RedirectProvider) -> None:
    login = logged_in(provider, "ann")

    with pytest.raises(LoginRefused):
        asyncio.run(provider.ended("a.b.c"))
    assert asyncio.run(provider.logout_address(login.tokens, "/login")) is None
