"""The web application from settings: who is let in, under which host names, with which TLS.

`web_access` is all of authentication and its parts, for the server and for each of its clusters.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from umbel.auth.authenticator import PeopleAndTokens
from umbel.auth.people import everybody
from umbel.auth.rights import RuleBook
from umbel.auth.second_factor import SecondFactors
from umbel.auth.session_key import session_key
from umbel.auth.tokens import Tokens
from umbel.clock import Clock, SystemClock
from umbel.errors import StoreError
from umbel.login_composition import NO_PROVIDERS, OpenProviders, identities_of, open_providers
from umbel.services.control.shared_login_audit import SharedLoginAudit
from umbel.settings import LoadedSettings, Settings
from umbel.store.ledger import Ledger
from umbel.web.app import WebOptions, create_app
from umbel.web.authentication import Access
from umbel.web.http.hosts import is_loopback
from umbel.web.login_throttle import LoginThrottle
from umbel.web.logins.parts import Logins
from umbel.web.logins.provider_sessions import ProviderSessions
from umbel.web.logins.seal import LoginSeal
from umbel.web.scrape_access import ScrapeAccess
from umbel.web.second_factor.check import SecondFactorCheck
from umbel.web.security import own_names
from umbel.web.serving.tls import Tls
from umbel.web.sessions import Sessions

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from umbel.services.cluster_services import ClusterServices


def web_application(
    loaded: LoadedSettings,
    clusters: Mapping[str, ClusterServices],
    clock: Clock | None = None,
) -> Starlette:
    """The server's web application over its clusters. `clock` is that of logins. Raises
    `StoreError`."""
    settings, clock = loaded.settings, clock or SystemClock()
    on_loopback = settings.unix_socket is None and is_loopback(settings.address)
    open_to_others = settings.unix_socket is None and not on_loopback and settings.is_open
    own = own_names(settings.address) if open_to_others and not settings.allowed_hosts else ()
    options = WebOptions(
        url_prefix=settings.url_prefix,
        trusted_proxies=settings.trusted_proxies,
        allowed_hosts=settings.allowed_hosts,
        # With a login no page of another name gets anything, so a proxy may bring its own.
        only_loopback=on_loopback and settings.is_open,
        own_hosts=own,
        tasks_columns=settings.tasks_columns,
        metrics_port=settings.metrics.port,
    )
    providers = open_providers(settings.auth.providers, clock)
    access, of_clusters = web_access(loaded, clusters, providers, clock)
    return create_app(clusters, options=options, access=access, cluster_access=of_clusters)


def web_access(
    loaded: LoadedSettings,
    clusters: Mapping[str, ClusterServices],
    providers: OpenProviders = NO_PROVIDERS,
    clock: Clock | None = None,
) -> tuple[Access, dict[str, Access]]:
    """Who may come in, by what showing: to the server, and to each cluster. Logins are kept by
    the cluster that the settings name first, or the next whose ledger can be used. Raises
    `StoreError`."""
    clock, settings = clock or SystemClock(), loaded.settings
    people = everybody(settings.basic_auth, settings.auth.users)
    ledgers = [clusters[name].ledger for name in loaded.clusters]
    home, key = ledgers[0], secrets.token_bytes(32)
    if people or providers.by_redirect:
        home, key = _ledger_of_logins(ledgers)
    others = tuple(each for each in ledgers if each is not home)
    second_factor = None
    if people:
        factors = SecondFactors((home, *others), clock)
        factors.spread()
        required = settings.auth.second_factor == "required"
        second_factor = SecondFactorCheck(factors, clock, required=required)
    everywhere = PeopleAndTokens(
        people, None, clock, key, rules=settings.auth.rules, clusters=loaded.clusters
    )
    book = RuleBook(settings.auth.rules, loaded.clusters)
    sessions = Sessions(key, settings.auth.session, clock, home, others=others)
    login_audit = SharedLoginAudit(
        {name: services.login_audit for name, services in clusters.items()},
        {name: cluster.roles for name, cluster in loaded.clusters.items()},
    )
    of_providers = ProviderSessions(
        providers.by_redirect, book, sessions, login_audit, LoginSeal(key), clock
    )
    access = Access(
        everywhere,
        sessions,
        LoginThrottle(clock),
        login_audit,
        is_open=settings.is_open,
        read_only=settings.read_only,
        scrape=ScrapeAccess(settings.metrics_token, settings.metrics_public),
        logins=Logins(key, clock, of_providers, has_passwords=bool(people)),
        providers=identities_of(settings.auth.providers, book, providers, clock),
        second_factor=second_factor,
    )
    return access, {
        name: access.of_cluster(
            name,
            everywhere.of_cluster(Tokens(services.ledger), loaded.clusters[name].roles, name),
            services.login_audit,
        )
        for name, services in clusters.items()
    }


def _ledger_of_logins(ledgers: Iterable[Ledger]) -> tuple[Ledger, bytes]:
    """The first of the ledgers that can be used, and its key of sessions. Raises `StoreError` for
    the first if none can."""
    errors = []
    for ledger in ledgers:
        try:
            return ledger, session_key(ledger)
        except StoreError as error:
            errors.append(error)
    raise errors[0]


def tls_of(settings: Settings) -> Tls | None:
    """The certificate and key of the settings; None without."""
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return Tls(settings.tls_cert, settings.tls_key)
