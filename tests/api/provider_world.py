"""An Umbel where people log in by providers, for tests of the application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.api.world import NOW, shop_store
from tests.support.clocks import SetWallClock
from tests.support.memory_cluster import MemoryCluster, MemoryResults
from tests.support.redirect_provider import MemoryProvider
from umbel.auth.authenticator import PeopleAndTokens
from umbel.auth.people import everybody
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.rights import RuleBook
from umbel.auth.rules import Rule
from umbel.auth.session_key import session_key
from umbel.auth.tokens import Tokens
from umbel.services.cluster_services import make_services
from umbel.services.control.shared_login_audit import SharedLoginAudit
from umbel.store.ledger import Ledger
from umbel.store.memory_ledger import MemoryLedger
from umbel.web.app import WebOptions, create_app
from umbel.web.authentication import Access
from umbel.web.login_throttle import LoginThrottle
from umbel.web.logins.parts import Logins
from umbel.web.logins.provider_sessions import ProviderSessions
from umbel.web.logins.seal import LoginSeal
from umbel.web.sessions import Sessions

ANN = {"email": "ann@example.com", "groups": ["ops", "staff"]}
BOB = {"email": "bob@example.com", "groups": ["billing"]}
EVE = {"email": "eve@example.com", "groups": ["visitors"]}
RULES = (
    Rule(role="operator", claim="groups", values=("ops",), number=1),
    Rule(role="operator", claim="groups", values=("billing",), name="billing.*", number=2),
    Rule(role="admin", claim="email", values=("root@example.com",), number=3),
)
PAGE = {"accept": "text/html"}


def okta(name: str = "okta", **changes: Any) -> MemoryProvider:
    """A provider with three people, of whom the rules let in two."""
    config = ProviderConfig(name=name, kind="okta", client_id="umbel", **changes)
    people: dict[str, dict[str, object]] = {"ann": {**ANN}, "bob": {**BOB}, "eve": {**EVE}}
    return MemoryProvider(config, people)


class ProviderWorld:
    """One server with the clusters `names`, over a ledger that others may share."""

    def __init__(
        self,
        pages: Path,
        *providers: MemoryProvider,
        users: Sequence[str] = (),
        rules: Sequence[Rule] = RULES,
        ledger: Ledger | None = None,
        names: Sequence[str] = ("default",),
    ) -> None:
        (pages / "index.html").write_text('<base href="/" /><title>index</title>')
        (pages / "login.html").write_text('<base href="/" /><title>login</title>')
        self.clock = SetWallClock(NOW)
        self.ledger = ledger or MemoryLedger()
        self.providers = {each.config.name: each for each in providers or (okta(),)}
        ledgers = {name: self.ledger if name == names[0] else MemoryLedger() for name in names}
        self.services = {
            name: make_services(
                shop_store(), ledgers[name], MemoryCluster(), MemoryResults(), self.clock, name=name
            )
            for name in names
        }
        audits = {name: each.login_audit for name, each in self.services.items()}
        audit = SharedLoginAudit(audits, dict.fromkeys(names))
        key = session_key(self.ledger)
        people = PeopleAndTokens(
            everybody([], users), None, self.clock, key, rules=rules, clusters=names
        )
        sessions = Sessions(key, 3 * 86_400, self.clock, self.ledger)
        self.sessions = sessions
        self.logins = Logins(
            key,
            self.clock,
            ProviderSessions(
                self.providers,
                RuleBook(rules, names),
                sessions,
                audit,
                LoginSeal(key),
                self.clock,
            ),
            has_passwords=bool(users),
        )
        access = Access(
            people, sessions, LoginThrottle(self.clock), audit, is_open=False, logins=self.logins
        )
        accesses = {
            name: access.of_cluster(
                name, people.of_cluster(Tokens(ledgers[name]), None, name), audits[name]
            )
            for name in names
        }
        self.access = accesses[names[0]]
        options = WebOptions(pages=pages, only_loopback=False)
        self.app = create_app(
            self.services, options=options, access=access, cluster_access=accesses
        )

    @asynccontextmanager
    async def browser(self, **options: Any) -> AsyncIterator[httpx.AsyncClient]:
        """Keeps cookies, and follows no redirects."""
        transport = httpx.ASGITransport(app=self.app, client=("127.0.0.1", 50_000))
        headers = {"sec-fetch-site": "same-origin", **options.pop("headers", {})}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", headers=headers, **options
        ) as client:
            yield client

    async def begin(
        self, browser: httpx.AsyncClient, subject: str, *, provider: str = "okta", target: str = ""
    ) -> str:
        """Go to the provider and log in there: the callback that it leads back to."""
        response = await browser.get(
            f"/login/{provider}", params={"next": target} if target else None
        )
        assert response.status_code == 303, response.text
        return self.providers[provider].press(response.headers["location"], subject)

    async def log_in(
        self, browser: httpx.AsyncClient, subject: str, *, provider: str = "okta", target: str = ""
    ) -> httpx.Response:
        """Log in by a provider: the answer to the callback."""
        return await browser.get(
            await self.begin(browser, subject, provider=provider, target=target)
        )

    async def options_after(
        self, browser: httpx.AsyncClient, response: httpx.Response
    ) -> dict[str, Any]:
        """What the login page is told after a login that came to nothing."""
        assert response.status_code == 303
        assert urlsplit(response.headers["location"]).path.endswith("/login")
        found: dict[str, Any] = (await browser.get("/login/options")).json()
        return found

    def lines(self) -> list[tuple[str, str, str, str | None]]:
        """The audit, the oldest first: who, what, how it ended, and why."""
        items = reversed(self.ledger.audit(limit=1_000).items)
        return [
            (line.actor, f"{line.action}: {line.target}", line.outcome or "", line.answer)
            for line in items
        ]
