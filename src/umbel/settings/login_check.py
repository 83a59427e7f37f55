"""Identity providers and rules that are each right and together wrong, told before the start.

What is refused would let in nobody, or people whom nobody meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final
from urllib.parse import urlsplit

from umbel.auth.providers.completeness import half_configured
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.header_identity import wrong_headers
from umbel.auth.rules import PASSWORD, Rule
from umbel.errors import SettingsError
from umbel.settings.sources import DEFAULT, LoadedSettings

#: Issuers where anybody can have an account, by host.
_PUBLIC_HOSTS: Final = frozenset({"accounts.google.com", "gitlab.com", "login.microsoft.com"})
_MICROSOFT: Final = "login.microsoftonline.com"
#: Tenants of Microsoft Entra that are those of everybody.
_PUBLIC_TENANTS: Final = frozenset({"common", "organizations", "consumers"})
#: Providers whose headers say who it is, and are not signed.
_UNSIGNED: Final = frozenset({"proxy", "oauth2-proxy", "authelia"})


def check_logins(loaded: LoadedSettings) -> None:
    """Raises `SettingsError` where providers and rules do not fit each other, or the proxies that
    are trusted."""
    auth = loaded.settings.auth
    _check_rules_have_somebody(loaded)
    for rule in auth.rules:
        _check_provider_of(rule, [each.name for each in auth.providers])
        _check_cluster_of(rule, loaded)
    _check_headers(auth.providers)
    for config in auth.providers:
        _check_callback(config)
        _check_is_whole(config)
        _check_somebody_gets_in(config, auth.rules)
        _check_not_everybody_gets_in(config, auth.rules)
        _check_headers_are_of_a_proxy(config, loaded)
    _check_callbacks_differ(auth.providers)


def _check_rules_have_somebody(loaded: LoadedSettings) -> None:
    settings = loaded.settings
    if settings.auth.rules and settings.is_open:
        raise SettingsError(
            "auth.rules say who gets which role, and nobody logs in.",
            setting="auth.rules",
            remedy="Add the table [auth.providers.NAME] of a provider, or leave the rules out.",
        )


def _check_provider_of(rule: Rule, names: list[str]) -> None:
    if rule.provider is None or rule.provider in (*names, PASSWORD):
        return
    near = get_close_matches(rule.provider, [*names, PASSWORD], n=1)
    listed = ", ".join(names) or "none at all"
    raise SettingsError(
        f"Rule {rule.number} of auth.rules is for the provider {rule.provider}, which there is "
        "not.",
        setting="auth.rules",
        remedy=f"Did you mean {near[0]}?" if near else f"Providers are {listed}.",
    )


def _check_cluster_of(rule: Rule, loaded: LoadedSettings) -> None:
    # Where one cluster is chosen, rules for the others are left as they are.
    if rule.cluster is None or rule.cluster in loaded.clusters or loaded.settings.cluster:
        return
    near = get_close_matches(rule.cluster, loaded.clusters, n=1)
    raise SettingsError(
        f"Rule {rule.number} of auth.rules is for the cluster {rule.cluster}, which there is not.",
        setting="auth.rules",
        remedy=f"Did you mean {near[0]}?" if near else f"Clusters: {', '.join(loaded.clusters)}.",
    )


def _check_is_whole(config: ProviderConfig) -> None:
    lacking = half_configured(config)
    if lacking is not None:
        raise SettingsError(
            lacking,
            setting="auth.providers",
            remedy="docs/logins has the lines for each provider.",
        )


def _check_callback(config: ProviderConfig) -> None:
    if config.redirect_uri is None:
        return
    where = f"redirect_uri of auth.providers.{config.name}"
    try:
        parts = urlsplit(config.redirect_uri)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address or parts.query or parts.fragment or "@" in parts.netloc:
        raise SettingsError(
            f"{where} is no address such as https://HOST/login/{config.name}/callback.",
            setting="auth.providers",
            remedy="Write the callback as it is registered at the provider, or leave it out.",
        )
    own = f"/login/{config.name}/callback"
    if not parts.path.endswith((own, "/login")):
        raise SettingsError(
            f"{where} leads to {parts.path or '/'}, where no login comes back.",
            setting="auth.providers",
            remedy=f"It must end in {own}, or in /login as with Flower.",
        )


def _check_callbacks_differ(providers: tuple[ProviderConfig, ...]) -> None:
    """Of two providers whose people come back to one address, one could have the code of the other
    brought there (mix-up, RFC 9700, 4.4.2): who was sent to which is told by the address alone."""
    shared = [
        each.name
        for each in providers
        if each.redirect_uri is not None
        and not urlsplit(each.redirect_uri).path.endswith(f"/login/{each.name}/callback")
    ]
    if len(shared) > 1:
        raise SettingsError(
            f"The providers {' and '.join(shared)} bring people back to one address (redirect_uri "
            "ends in /login), so that one of them could be shown what the other gave them.",
            setting="auth.providers",
            remedy=f"Keep it for {shared[0]} alone; register /login/{shared[1]}/callback at "
            f"{shared[1]}, or leave its redirect_uri out.",
        )


def _check_somebody_gets_in(config: ProviderConfig, rules: tuple[Rule, ...]) -> None:
    if not any(True for _ in _giving(config, rules)):
        raise SettingsError(
            f"No rule is for who logs in by {config.name}, so nobody would get in.",
            setting="auth.rules",
            remedy=f'Add [[auth.rules]] with provider = "{config.name}", a claim with its value, '
            "and a role (docs/logins).",
        )


def _check_not_everybody_gets_in(config: ProviderConfig, rules: tuple[Rule, ...]) -> None:
    if not _is_public(config):
        return
    for rule in _giving(config, rules):
        if rule.claim is None or any(not each.strip("*?@.") for each in rule.patterns):
            which = "hosted_domain" if config.kind == "google" else "allowed_groups"
            raise SettingsError(
                f"Anybody can have an account at {config.name}, and rule {rule.number} of "
                f"auth.rules lets all of them in as {rule.role}.",
                setting="auth.rules",
                remedy="Give the rule a claim and the values that it must have, or the provider "
                f"{which}.",
            )


def _check_headers(providers: tuple[ProviderConfig, ...]) -> None:
    wrong = wrong_headers(providers)
    if wrong is not None:
        raise SettingsError(
            wrong,
            setting="auth.providers",
            remedy="Look at user_header, email_header, name_header, groups_header and "
            "token_header.",
        )


def _check_headers_are_of_a_proxy(config: ProviderConfig, loaded: LoadedSettings) -> None:
    if config.kind not in _UNSIGNED or config.token_header is not None:
        return
    if loaded.origins["trusted_proxies"] == DEFAULT and loaded.settings.unix_socket is None:
        raise SettingsError(
            f"Headers say who logs in by {config.name}, and every program of this machine could "
            "send them: by default all of its addresses count as proxies.",
            setting="trusted_proxies",
            remedy="Name the addresses of the proxy in trusted_proxies, and let nobody else "
            "connect from them; or listen on a unix_socket that the proxy alone may open.",
        )


def _giving(config: ProviderConfig, rules: tuple[Rule, ...]) -> Iterator[Rule]:
    """The rules that give a role to people of this provider."""
    for rule in rules:
        if rule.provider in (None, config.name) and rule.role != "none":
            yield rule


def _is_public(config: ProviderConfig) -> bool:
    """Whether anybody can have an account there, and nothing before the rules keeps them out."""
    if config.allowed_groups:
        return False
    host = _host(config.issuer)
    match config.kind:
        case "google":
            return not config.hosted_domain
        case "github" | "gitlab" | "gitlab-oauth2":
            # Their own; of a company's anybody who has an account there is one of its own.
            usual = "github.com" if config.kind == "github" else "gitlab.com"
            return (host or _host(config.domain) or usual) == usual
        case "auth0":
            return True
        case _:
            tenant = _first_part(config.issuer, _MICROSOFT)
            return host in _PUBLIC_HOSTS or tenant in _PUBLIC_TENANTS


def _first_part(issuer: str | None, host: str) -> str | None:
    is_there = issuer is not None and _host(issuer) == host
    return urlsplit(issuer or "").path.strip("/").split("/")[0] if is_there else None


def _host(address: str | None) -> str | None:
    """The host of an address, or of a domain with a port or a path."""
    whole = address if address is None or "://" in address else f"https://{address}"
    try:
        return urlsplit(whole or "").hostname
    except ValueError:
        return None
