"""Opening the providers of the settings. What needs the extra `umbel[oidc]` is loaded here, and
only for a provider that needs it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from umbel.auth.providers.base import RedirectProvider, TokenProvider
from umbel.auth.providers.completeness import checks_tokens, half_configured, secret_of
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.kinds import issuer_of
from umbel.clock import Clock
from umbel.errors import SettingsError
from umbel.process_secrets import learn

if TYPE_CHECKING:
    from umbel.auth.providers.oidc import OpenIdProvider

__all__ = [
    "half_configured",
    "open_bearer_providers",
    "open_redirect_providers",
    "open_token_providers",
]


def open_redirect_providers(
    configs: Iterable[ProviderConfig], clock: Clock
) -> dict[str, RedirectProvider]:
    """Those that people are sent to, by name, in their order. Asks nobody yet. Raises
    `SettingsError` for one that is not whole."""
    return {each.name: _redirect(each, clock) for each in configs if each.is_by_redirect}


def open_token_providers(
    configs: Iterable[ProviderConfig], clock: Clock
) -> dict[str, TokenProvider]:
    """Those whose proxy signs a header (`token_header`; always with Cloudflare Access and Google's
    IAP), by name. Raises `SettingsError` for one that is not whole."""
    return {
        each.name: _signed(each, each.audience, clock) for each in configs if checks_tokens(each)
    }


def open_bearer_providers(
    configs: Iterable[ProviderConfig], clock: Clock
) -> dict[str, TokenProvider]:
    """Those whose tokens the API takes (`api_audience`), by name. Raises `SettingsError` for one
    that is not whole."""
    return {
        each.name: _openid(each, clock)
        if each.is_by_redirect
        else _signed(each, each.api_audience, clock)
        for each in configs
        if each.api_audience
    }


def _redirect(config: ProviderConfig, clock: Clock) -> RedirectProvider:
    if config.kind not in {"github", "gitlab-oauth2"}:
        return _openid(config, clock)
    _check(config)
    secret = _learned_secret(config)
    if config.kind == "github":
        from umbel.auth.providers.github import GithubProvider

        return GithubProvider(config, secret, clock)
    from umbel.auth.providers.gitlab_oauth import GitlabOauthProvider

    return GitlabOauthProvider(config, secret, clock)


def _openid(config: ProviderConfig, clock: Clock) -> OpenIdProvider:
    _check(config)
    from umbel.auth.providers.oidc import OpenIdProvider

    return OpenIdProvider(config, issuer_of(config) or "", _learned_secret(config), clock)


def _signed(config: ProviderConfig, audience: tuple[str, ...], clock: Clock) -> TokenProvider:
    _check(config)
    from umbel.auth.providers.signed_tokens import SignedTokens

    return SignedTokens(config, audience, clock)


def _check(config: ProviderConfig) -> None:
    if (fault := half_configured(config)) is not None:
        raise SettingsError(fault, setting="auth.providers")


def _learned_secret(config: ProviderConfig) -> str | None:
    """The client's secret, which no sentence repeats from now on."""
    secret = secret_of(config)
    if secret is not None:
        learn({"client_secret": secret})
    return secret
