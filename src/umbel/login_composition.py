"""Identity providers of the settings, opened, and what they have a say in.

What checks signatures is loaded here, and only where the settings name a provider.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from umbel.auth.providers.base import RedirectProvider, TokenProvider
from umbel.auth.providers.config import PROXY_KINDS, ProviderConfig
from umbel.auth.rights import RuleBook
from umbel.clock import Clock
from umbel.web.bearer_identity import BearerIdentity
from umbel.web.first_requests import FirstRequests
from umbel.web.provider_identities import ProviderIdentities
from umbel.web.proxy_identity import ProxyIdentity


class OpenProviders(msgspec.Struct, frozen=True):
    """Providers by their names: those that people are sent to, those that check the signed headers
    of proxies, and those that check bearer tokens of the API."""

    by_redirect: Mapping[str, RedirectProvider] = {}
    of_headers: Mapping[str, TokenProvider] = {}
    of_bearers: Mapping[str, TokenProvider] = {}


NO_PROVIDERS: Final = OpenProviders()


def open_providers(configs: Sequence[ProviderConfig], clock: Clock) -> OpenProviders:
    """The providers of the settings, ready to be asked. Raises `SettingsError` for one that is not
    whole."""
    if not configs:
        return NO_PROVIDERS
    from umbel.auth.providers import opening

    return OpenProviders(
        opening.open_redirect_providers(configs, clock),
        opening.open_token_providers(configs, clock),
        opening.open_bearer_providers(configs, clock),
    )


def identities_of(
    providers: Iterable[ProviderConfig],
    rules: RuleBook,
    opened: OpenProviders,
    clock: Clock,
) -> ProviderIdentities | None:
    """Who requests are from by the word of these providers; None where none has a say in that."""
    by_headers = [each for each in providers if each.kind in PROXY_KINDS]
    if not by_headers and not opened.of_bearers:
        return None
    return ProviderIdentities(
        rules,
        ProxyIdentity(by_headers, opened.of_headers, clock),
        BearerIdentity(
            [(_issuer_of(each.config), each) for each in opened.of_bearers.values()], clock
        ),
        FirstRequests(clock),
    )


def _issuer_of(config: ProviderConfig) -> str:
    from umbel.auth.providers.kinds import issuer_of
    from umbel.auth.providers.signers import signer_of

    found = issuer_of(config) if config.is_by_redirect else signer_of(config).issuer
    return found or ""
