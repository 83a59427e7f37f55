"""Logins by GitLab's OAuth 2 and its API, as Flower has them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.clocks import SetClock
from tests.support.identity import GitlabPerson, GitlabServer, Reply
from tests.support.identity.logins import logged_in, new_attempt, provider_of
from umbel.auth.providers.base import ProviderTokens, RedirectProvider
from umbel.errors import LoginRefused, ProviderUnavailable

GROUPS = {"company": 10, "company/billing": 20, "company/ops": 50}


@pytest.fixture
def server() -> Iterator[GitlabServer]:
    people = {
        "ann": GitlabPerson(id=7, email="ann@example.com", groups=GROUPS),
        "eve": GitlabPerson(id=8, email="boss@example.com", is_confirmed=False),
        "old": GitlabPerson(id=9, email="old@example.com", state="blocked"),
    }
    with GitlabServer(people) as it:
        yield it


@pytest.fixture
def provider(server: GitlabServer) -> RedirectProvider:
    return provider_of({"kind": "gitlab-oauth2", "domain": server.address})


def test_a_person_has_a_confirmed_email_and_groups_by_their_whole_path(
    provider: RedirectProvider,
) -> None:
    claimed = logged_in(provider, "ann").claimed

    assert (claimed.subject, claimed.name) == ("7", "ann@example.com")
    assert claimed.claims["groups"] == ["company/billing", "company/ops"]


def test_the_scope_is_that_of_flower(provider: RedirectProvider) -> None:
    query = dict(parse_qsl(urlsplit(asyncio.run(provider.address(new_attempt()))).query))

    assert query["scope"] == "read_api"
    assert query["code_challenge_method"] == "S256"


@pytest.mark.parametrize(("level", "groups"), [(0, list(GROUPS)), (30, ["company/ops"])])
def test_groups_count_from_a_level_of_access(
    server: GitlabServer, level: int, groups: list[str]
) -> None:
    provider = provider_of(
        {"kind": "gitlab-oauth2", "domain": server.address, "min_access_level": level}
    )

    assert logged_in(provider, "ann").claimed.claims["groups"] == groups


def test_an_email_that_is_not_confirmed_is_nobodys(provider: RedirectProvider) -> None:
    claimed = logged_in(provider, "eve").claimed

    assert (claimed.email, claimed.name) == (None, "eve")
    assert "boss@example.com was left out" in claimed.notes[0]


def test_a_blocked_person_is_refused(provider: RedirectProvider) -> None:
    with pytest.raises(LoginRefused, match="is not active"):
        logged_in(provider, "old")


def test_many_groups_are_read_page_by_page_up_to_a_bound(
    server: GitlabServer, provider: RedirectProvider
) -> None:
    server.people["ann"].groups = {f"company/g{number}": 30 for number in range(2_500)}

    claimed = logged_in(provider, "ann").claimed

    assert len(claimed.claims["groups"]) == 2_000  # type: ignore[arg-type]
    assert claimed.notes == ("Only the first 2,000 groups of Company are used.",)


def test_groups_are_read_again_by_the_refresh_token(
    server: GitlabServer, provider: RedirectProvider
) -> None:
    login = logged_in(provider, "ann")
    server.people["ann"].groups = {}
    server.expire_access_tokens()

    again = asyncio.run(provider.again(login.tokens, "7"))

    assert again is not None
    assert again.claimed.claims["groups"] == []
    assert again.tokens.refresh_token != login.tokens.refresh_token


def test_a_person_who_left_the_group_or_was_removed_is_refused(server: GitlabServer) -> None:
    provider = provider_of(
        {"kind": "gitlab-oauth2", "domain": server.address, "allowed_groups": ("company/ops",)}
    )
    first, second = logged_in(provider, "ann"), logged_in(provider, "ann")
    server.people["ann"].groups = {"company/ops2": 50}

    with pytest.raises(LoginRefused, match="none of the groups"):
        asyncio.run(provider.again(first.tokens, "7"))
    del server.people["ann"]
    with pytest.raises(LoginRefused, match="no more"):
        asyncio.run(provider.again(second.tokens, "7"))


def test_without_a_refresh_token_nothing_is_known_after_the_access_token(
    server: GitlabServer,
) -> None:
    clock = SetClock(1_000.0)
    provider = provider_of({"kind": "gitlab-oauth2", "domain": server.address}, clock)
    tokens = logged_in(provider, "ann").tokens
    without = ProviderTokens(access_token=tokens.access_token, access_expires=tokens.access_expires)

    assert asyncio.run(provider.again(without, "7")) is not None
    clock.time += 7_201
    assert asyncio.run(provider.again(without, "7")) is None


@pytest.mark.parametrize("reply", [Reply({}, 503), Reply({"id": 7}), Reply([]), Reply("<html>")])
def test_faults_of_the_api_end_no_login(
    server: GitlabServer, provider: RedirectProvider, reply: Reply
) -> None:
    login = logged_in(provider, "ann")
    server.instead["/api/v4/user"] = reply

    with pytest.raises(ProviderUnavailable):
        asyncio.run(provider.again(login.tokens, "7"))
