"""Providers that are down, slow, huge or malformed: a sentence, and nobody else waits."""

from __future__ import annotations

import asyncio
import gzip
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.certificates import make_certificate
from tests.support.clocks import SetClock
from tests.support.identity import (
    CLIENT_SECRET,
    GithubPerson,
    GithubServer,
    OidcServer,
    Reply,
    redirect,
)
from tests.support.identity.browsing import log_in_at
from tests.support.identity.logins import logged_in, logging_in, new_attempt, provider_of
from umbel.auth.providers.base import Callback
from umbel.auth.providers.http import ProviderHttp
from umbel.errors import LoginError, LoginRefused, ProviderUnavailable

DISCOVERY = "/.well-known/openid-configuration"
PATHS = {"discovery": DISCOVERY, "tokens": "/token", "keys": "/jwks", "claims": "/userinfo"}


@pytest.fixture
def server() -> Iterator[OidcServer]:
    with OidcServer({"u1": {"email": "ann@example.com", "email_verified": True}}) as it:
        yield it


def refused(server: OidcServer) -> ProviderUnavailable:
    """The error that a login ends with."""
    with pytest.raises(ProviderUnavailable) as caught:
        logged_in(provider_of({"issuer": server.issuer}), "u1")
    return caught.value


def test_a_provider_that_is_down_is_named_with_its_address(server: OidcServer) -> None:
    server.close()

    error = refused(server)

    assert str(error).startswith(
        f"Company cannot be asked for its description at {server.issuer}{DISCOVERY}: nothing "
        "listens there (connection refused)."
    )
    assert error.retriable


def test_a_name_that_nobody_knows_is_said() -> None:
    provider = provider_of({"issuer": "https://login.company.invalid"})

    with pytest.raises(ProviderUnavailable, match=r"cannot be resolved|no connection"):
        asyncio.run(provider.address(new_attempt()))


@pytest.mark.parametrize("reply", [Reply(stall=True), Reply(b"{" + b" " * 200, drip_s=0.2)])
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_a_slow_answer_takes_two_seconds_and_nobody_else_waits(
    server: OidcServer, path: str, reply: Reply
) -> None:
    """Silent, or a byte now and then."""
    server.instead[path] = reply
    provider = provider_of({"issuer": server.issuer})
    pauses: list[float] = []

    async def others() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.02)
            pauses.append(time.monotonic() - began)

    async def login() -> float:
        ticking = asyncio.create_task(others())
        began = time.monotonic()
        with pytest.raises(ProviderUnavailable, match="did not answer within 2 s"):
            await logging_in(provider, "u1")
        ticking.cancel()
        return time.monotonic() - began

    assert asyncio.run(login()) < 3.5
    assert max(pauses) < 1


def test_many_slow_answers_take_eight_seconds_together() -> None:
    """A list with ever more pages, each of which comes in time."""
    with GithubServer({"ann": GithubPerson(id=42)}) as server:
        following = f'<{server.api}/user/orgs?page=2>; rel="next"'
        server.instead["/api/v3/user/orgs"] = Reply(b"[ ]", headers={"link": following}, drip_s=0.5)
        provider = provider_of({"kind": "github", "domain": server.address})
        began = time.monotonic()

        with pytest.raises(ProviderUnavailable, match="took longer than 8 s for a login"):
            logged_in(provider, "ann")

        assert time.monotonic() - began < 9.5


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(b'{"issuer": "x"}' + b" " * 2_000_000), r"larger than 1 MB"),
        (Reply(b"[" * 200_000), r"not JSON|gave no tokens"),
        (Reply(b"[" + b"{}," * 100_000 + b"{}]"), r"not JSON|gave no tokens"),
        (Reply("<html>Sign in</html>"), r"not JSON|gave no tokens"),
        (Reply(b"[1]"), r"no object|gave no tokens"),
        (Reply(b'{"a": NaN}'), r"not JSON|gave no tokens"),
        (Reply({"message": "out of order"}, 503), r"503"),
        (redirect("https://evil.example/"), r"302"),
        (Reply(gzip.compress(b" " * 100_000_000), headers={"content-encoding": "gzip"}),
         "compressed"),
    ],
    ids=["huge", "deep", "many", "page", "list", "nan", "503", "redirect", "bomb"],
)  # fmt: skip
def test_an_answer_that_is_none_is_said_to_be_none(
    server: OidcServer, path: str, reply: Reply, words: str
) -> None:
    server.instead[path] = reply

    error = refused(server)

    assert re.search(words, str(error)), str(error)
    assert CLIENT_SECRET not in str(error)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"issuer": "https://accounts.example.com"}, "calls itself the issuer https://accounts"),
        ({"issuer": None}, "calls itself the issuer nothing"),
        ({"token_endpoint": "http://example.com/token"}, "no address of tokens that is an https"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no page to log in"),
        ({"jwks_uri": 7}, "no address of public keys"),
        ({"userinfo_endpoint": "https://u:p@example.com/"}, "no address of claims"),
        ({"end_session_endpoint": "//example.com"}, "no page to log out"),
    ],
)
def test_a_description_that_leads_elsewhere_is_not_followed(
    server: OidcServer, change: dict[str, object], words: str
) -> None:
    server.metadata |= change

    assert words in str(refused(server))


def test_an_https_provider_cannot_lead_to_this_machine(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    with OidcServer(tls=(certificate, key)) as server:
        server.metadata |= {"token_endpoint": "http://127.0.0.1:5555/api/v1/shutdown"}
        provider = provider_of({"issuer": server.issuer, "ca_file": str(certificate)})

        with pytest.raises(ProviderUnavailable, match="address of tokens that is not https"):
            asyncio.run(provider.address(new_attempt()))


def test_no_redirect_carries_the_secret_elsewhere(server: OidcServer) -> None:
    with OidcServer() as other:
        server.instead["/token"] = redirect(f"{other.base}/token")

        refused(server)

        assert other.requests == []


def test_plain_http_is_for_this_machine_alone() -> None:
    http = ProviderHttp("Company")

    with pytest.raises(ProviderUnavailable, match="is not https"):
        asyncio.run(http.get_object("http://example.com/", "claims"))


def test_keys_and_description_go_on_for_a_day_while_the_provider_is_down(
    server: OidcServer,
) -> None:
    clock = SetClock(time.time())
    provider = provider_of({"issuer": server.issuer}, clock)
    asyncio.run(provider.address(new_attempt()))
    server.instead[DISCOVERY] = Reply({}, 503)

    clock.time += 7_200
    address = asyncio.run(provider.address(new_attempt()))
    clock.time += 24 * 3_600

    assert address.startswith(f"{server.base}/authorize?")
    with pytest.raises(ProviderUnavailable):
        asyncio.run(provider.address(new_attempt()))


def test_a_provider_that_failed_is_not_asked_by_everybody(server: OidcServer) -> None:
    clock = SetClock(time.time())
    provider = provider_of({"issuer": server.issuer}, clock)
    server.instead[DISCOVERY] = Reply({}, 503)
    for _ in range(5):
        with pytest.raises(ProviderUnavailable):
            asyncio.run(provider.address(new_attempt()))
    asked = len(server.asked(DISCOVERY))
    del server.instead[DISCOVERY]

    clock.time += 3

    assert asked == 1
    assert asyncio.run(provider.address(new_attempt()))


def echoing(error: str) -> Callable[..., Reply]:
    """A provider that repeats all that it was sent, as some do when they fail."""
    return lambda request: Reply(
        {"error": error, "error_description": f"bad: {request.form} {dict(request.headers)}"}, 400
    )


@pytest.mark.parametrize("error", ["invalid_grant", "invalid_client", "server_error"])
@pytest.mark.parametrize("method", ["client_secret_post", "client_secret_basic"])
def test_what_a_provider_repeats_of_a_request_stands_in_no_error(
    server: OidcServer, error: str, method: str
) -> None:
    server.metadata["token_endpoint_auth_methods_supported"] = [method]
    server.instead["/token"] = echoing(error)
    provider, attempt = provider_of({"issuer": server.issuer}), new_attempt()
    query = log_in_at(asyncio.run(provider.address(attempt)), "u1")

    with pytest.raises(LoginError) as caught:
        asyncio.run(provider.finish(attempt, Callback(code=query["code"])))

    sent = server.asked("/token")[-1]
    basic = sent.headers.get("authorization", "no header").split()[-1]
    for secret in (CLIENT_SECRET, query["code"], attempt.verifier, basic):
        assert secret not in str(caught.value)
    assert error in str(caught.value)
    assert isinstance(caught.value, LoginRefused) is (error == "invalid_grant")
