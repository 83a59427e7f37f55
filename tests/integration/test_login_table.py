"""The table of docs/logins/README.md, cell by cell: what happens to whom, by which provider.

One Umbel, composed of settings as `umbel serve` composes it, asks the local servers over HTTP; for
each proxy whose headers nobody signs there is one more. The words of the table are made here of
what Umbel answers, and compared with those of the documentation.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest

from tests.support.clocks import AheadClock
from tests.support.identity import log_in_at, with_other_claims
from tests.support.identity.kinds import (
    BEARER_KINDS,
    REDIRECT_KINDS,
    SITE,
    OidcKind,
    PlainKind,
    RedirectKind,
    SignedKind,
    Somebody,
    plain_kinds,
    redirect_kinds,
    signed_kinds,
)
from tests.support.login_table import BEARER, COLUMNS, outcomes
from tests.support.served import served

ANN = Somebody("ann@example.com", groups=("staff",))
ANN_NO_MORE = Somebody("ann@example.com", groups=("visitors",))
EVE = Somebody("eve@example.com", groups=("visitors",))
#: Says of herself to be the boss, whom a rule lets in by the e-mail.
MALLORY = Somebody("boss@example.com", is_verified=False)
#: Where the proxy asks from. Everybody else is at 127.0.0.1.
PROXY = "127.0.0.2"
WITHIN_THE_HOUR_S = 3_599
TABLE = outcomes()
#: What Umbel answers, and the word for it.
WORDS = {
    r"e-mail \S+ was left out: .*verified": "no entry: e-mail unverified",
    "no rule": "no entry: no rule",
    "expired": "not believed: expired",
    "is not signed by": "not believed: signature",
    "takes the code of this login no more": "not believed: code",
    "was not begun in this browser": "not believed: state",
    "did not come from a reverse proxy": "not believed: not from the proxy",
}


def in_words(answer: str) -> str:
    """What the table calls it."""
    return next((word for sign, word in WORDS.items() if re.search(sign, answer)), answer)


def rules_of(kind: str, claim: str) -> list[dict[str, object]]:
    """Staff may look, and the boss may do everything. Google tells no groups: Ann is named."""
    staff = {"claim": claim or "groups", "value": "staff", "role": "viewer"}
    boss = {"claim": "email", "value": "boss@example.com", "role": "admin"}
    ann = {"claim": "email", "value": "ann@example.com", "role": "viewer"}
    return [{"provider": kind, **each} for each in ([staff, boss] if claim else [staff, boss, ann])]


def variables(kinds: Sequence[RedirectKind | SignedKind | PlainKind]) -> dict[str, str]:
    """The settings of a server with these."""
    tables = {each.kind: dict(each.settings) for each in kinds}
    rules = [rule for each in kinds for rule in rules_of(each.kind, each.claim)]
    return {
        "UMBEL_AUTH_PROVIDERS": json.dumps(tables),
        "UMBEL_AUTH_RULES": json.dumps(rules),
        "UMBEL_TRUSTED_PROXIES": PROXY,
    }


class World:
    """The servers, with Umbel's clock."""

    def __init__(self) -> None:
        self.clock = AheadClock()
        self.redirects = {each.kind: each for each in redirect_kinds()}
        self.signed = {each.kind: each for each in signed_kinds()}
        self.plain = {each.kind: each for each in plain_kinds()}
        self.urls: dict[str, str] = {}

    @property
    def bearers(self) -> dict[str, OidcKind | SignedKind]:
        """The kinds whose tokens programs may show."""
        several = (*self.redirects.values(), *self.signed.values())
        return {each.kind: each for each in several if isinstance(each, OidcKind | SignedKind)}

    def browser(self, kind: str, address: str = "127.0.0.1") -> httpx.Client:
        """A client that keeps cookies, at this address."""
        transport = httpx.HTTPTransport(local_address=address)
        return httpx.Client(base_url=self.urls[kind], transport=transport, timeout=20)

    def put_forward(self, kind: RedirectKind, seconds: float) -> None:
        """Later it is, here and at the provider."""
        self.clock.ahead_s = seconds
        kind.put_forward(seconds)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    it, directory = World(), tmp_path_factory.mktemp("table")
    together: list[RedirectKind | SignedKind] = [*it.redirects.values(), *it.signed.values()]
    with contextlib.ExitStack() as running:
        for each in together:
            running.enter_context(each.server)
        servers: list[Sequence[RedirectKind | SignedKind | PlainKind]] = [together]
        servers += [[each] for each in it.plain.values()]
        for kinds in servers:
            url = running.enter_context(served(variables(kinds), directory, it.clock))
            it.urls |= dict.fromkeys((each.kind for each in kinds), url)
        yield it


def said(answer: httpx.Response) -> str:
    """What the answer to a request for oneself means."""
    if answer.status_code == 200:
        return "in"
    problem = answer.json()
    return in_words(f"{problem['title']} {problem['detail']}")


def me(browser: httpx.Client, **headers: str) -> str:
    return said(browser.get("/api/v1/me", headers=headers))


class ByRedirect:
    """What happens to people who are sent to a provider."""

    def __init__(self, world: World, kind: RedirectKind) -> None:
        self._world, self._kind = world, kind
        for subject, who in {"ann": ANN, "eve": EVE, "mallory": MALLORY}.items():
            kind.know(subject, who)

    def logged_in(self, browser: httpx.Client, subject: str) -> str:
        begun = browser.get(f"/login/{self._kind.kind}")
        query = log_in_at(begun.headers["location"], subject)
        return self.back(browser, query)

    def back(self, browser: httpx.Client, query: dict[str, str]) -> str:
        """What comes of a callback in this browser."""
        browser.get(f"/login/{self._kind.kind}/callback", params=query)
        if browser.get("/api/v1/me").status_code == 200:
            return "in"
        options: dict[str, Any] = browser.get("/login/options").json()
        if (refused := options["refused"]) is None:
            return in_words(options["failed"])
        assert refused["because"] == ""
        return in_words(" ".join((*refused["notes"], "no rule")))

    def right_person(self, browser: httpx.Client) -> str:
        return self.logged_in(browser, "ann")

    def wrong_person(self, browser: httpx.Client) -> str:
        return self.logged_in(browser, "eve")

    def unverified(self, browser: httpx.Client) -> str:
        return self.logged_in(browser, "mallory")

    def removed_group(self, browser: httpx.Client) -> str:
        assert self.logged_in(browser, "ann") == "in"
        if not self._kind.claim:
            answer = browser.get("/api/v1/me").json()
            return "groups" if "groups" in answer["claims"] else "no groups"
        self._kind.know("ann", ANN_NO_MORE)
        if me(browser) != "in":
            return "out at once"
        self._world.put_forward(self._kind, WITHIN_THE_HOUR_S)
        return "in" if me(browser) == "in" else "out within the hour"

    def expired(self, browser: httpx.Client) -> str:
        self._kind.let_expire()
        return self.logged_in(browser, "ann")

    def forged(self, browser: httpx.Client) -> str:
        if isinstance(self._kind, OidcKind):
            self._kind.forge()
            return self.logged_in(browser, "eve")
        with self._world.browser(self._kind.kind) as attackers:
            begun = attackers.get(f"/login/{self._kind.kind}")
            return self.back(browser, log_in_at(begun.headers["location"], "ann"))


class ByPlainHeaders:
    """What happens to people whom a proxy names in headers."""

    def __init__(self, world: World, kind: PlainKind) -> None:
        self._world, self._kind = world, kind

    def _seen(self, who: Somebody, address: str = PROXY) -> str:
        with self._world.browser(self._kind.kind, address) as browser:
            return me(browser, **self._kind.headers(who))

    def right_person(self, _: httpx.Client) -> str:
        return self._seen(ANN)

    def wrong_person(self, _: httpx.Client) -> str:
        return self._seen(EVE)

    def unverified(self, _: httpx.Client) -> str:
        return "not told" if self._seen(MALLORY) == "in" else "told"

    def removed_group(self, _: httpx.Client) -> str:
        assert self._seen(ANN) == "in"
        return "in" if self._seen(ANN_NO_MORE) == "in" else "out at once"

    def expired(self, _: httpx.Client) -> str:
        assert self._seen(ANN) == "in"
        self._world.clock.ahead_s = 86_400
        return "not told" if self._seen(ANN) == "in" else "told"

    def forged(self, _: httpx.Client) -> str:
        return self._seen(ANN, address="127.0.0.1")


class ByToken:
    """What happens to those of whom a signed token tells, in a proxy's header or shown by a
    program."""

    def __init__(self, world: World, kind: OidcKind | SignedKind, *, in_header: bool) -> None:
        self._world, self._kind, self._in_header = world, kind, in_header

    def _token(self, who: Somebody, lifetime_s: float = 600) -> str:
        if self._in_header and isinstance(self._kind, SignedKind):
            return self._kind.token(who, audience=SITE, lifetime_s=lifetime_s)
        return self._kind.token(who, lifetime_s=lifetime_s)

    def _seen(self, token: str) -> str:
        headers = {"authorization": f"Bearer {token}"}
        if self._in_header and isinstance(self._kind, SignedKind):
            headers = {self._kind.header: token}
        with self._world.browser(self._kind.kind, PROXY) as browser:
            return me(browser, **headers)

    def right_person(self, _: httpx.Client) -> str:
        return self._seen(self._token(ANN))

    def wrong_person(self, _: httpx.Client) -> str:
        return self._seen(self._token(EVE))

    def unverified(self, _: httpx.Client) -> str:
        return self._seen(self._token(MALLORY))

    def removed_group(self, _: httpx.Client) -> str:
        before = self._token(ANN)
        assert self._seen(before) == "in"
        # Google tells no groups: there, the e-mail is what she loses.
        now = self._seen(self._token(ANN_NO_MORE if self._kind.claim else EVE))
        if self._seen(before) != "in":
            return "out at once"
        return "in" if now == "in" else "out with the next token"

    def expired(self, _: httpx.Client) -> str:
        token = self._token(ANN, lifetime_s=30)
        assert self._seen(token) == "in"
        self._world.clock.ahead_s = 300
        return self._seen(token)

    def forged(self, _: httpx.Client) -> str:
        return self._seen(with_other_claims(self._token(EVE), email="boss@example.com"))


def happens(way: ByRedirect | ByPlainHeaders | ByToken, column: str, browser: httpx.Client) -> str:
    """The word for what happens in this column."""
    found: str = getattr(way, column.replace(" ", "_"))(browser)
    return found


@pytest.fixture
def _as_before(world: World) -> Iterator[None]:
    """No test leaves a server changed."""
    yield
    world.clock.ahead_s = 0
    for each in world.redirects.values():
        each.put_forward(0)
        each.server.instead.clear()
        if isinstance(each, OidcKind):
            each.server.lifetime_s = 3_600
            vars(each.server).pop("forge", None)


@pytest.mark.usefixtures("_as_before")
@pytest.mark.parametrize("column", COLUMNS[1:])
@pytest.mark.parametrize("kind", sorted({*TABLE} - {BEARER}))
def test_what_the_documentation_says_happens(world: World, kind: str, column: str) -> None:
    way: ByRedirect | ByPlainHeaders | ByToken
    if kind in world.redirects:
        way = ByRedirect(world, world.redirects[kind])
    elif kind in world.plain:
        way = ByPlainHeaders(world, world.plain[kind])
    else:
        way = ByToken(world, world.signed[kind], in_header=True)

    with world.browser(kind) as browser:
        assert happens(way, column, browser) == TABLE[kind][column]


@pytest.mark.usefixtures("_as_before")
@pytest.mark.parametrize("kind", REDIRECT_KINDS)
def test_whom_a_provider_has_removed_is_out_within_the_hour(world: World, kind: str) -> None:
    """Of every kind, also of those that tell no groups."""
    provider = world.redirects[kind]
    way = ByRedirect(world, provider)

    with world.browser(kind) as browser:
        assert way.logged_in(browser, "ann") == "in"
        provider.remove("ann")
        world.put_forward(provider, WITHIN_THE_HOUR_S)
        assert me(browser) != "in"
        assert browser.get("/api/v1/tasks").status_code == 401


@pytest.mark.usefixtures("_as_before")
@pytest.mark.parametrize("column", COLUMNS[1:])
@pytest.mark.parametrize("kind", BEARER_KINDS)
def test_what_the_documentation_says_happens_to_bearer_tokens(
    world: World, kind: str, column: str
) -> None:
    way = ByToken(world, world.bearers[kind], in_header=False)

    with world.browser(kind) as browser:
        assert happens(way, column, browser) == TABLE[BEARER][column]
