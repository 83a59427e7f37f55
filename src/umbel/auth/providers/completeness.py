"""Whether the settings of a provider are whole, before anybody logs in by it."""

from __future__ import annotations

import importlib.util
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from umbel.auth.providers.addresses import address_fault, domain_fault
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.kinds import KINDS, issuer_of
from umbel.auth.providers.signers import signer_of

EXTRA: Final = "umbel[oidc]"
#: OAuth 2 with an API of its own, which takes no client without a secret.
_OAUTH: Final = frozenset({"github", "gitlab-oauth2"})
#: Kinds of proxy that sign what they send.
_SIGNING: Final = frozenset({"cloudflare-access", "google-iap"})
#: Settings of one family that mean nothing in the other.
_OF_REDIRECTS: Final = (
    "client_id", "client_secret", "client_secret_file", "tenant", "scopes", "redirect_uri",
    "hosted_domain", "min_access_level",
)  # fmt: skip
_OF_PROXIES: Final = (
    "user_header", "email_header", "name_header", "groups_header", "token_header", "jwks_url",
    "audience",
)  # fmt: skip
#: Who may set what is not for all: any other kind gets a sentence.
_FOR: Final = {
    "tenant": frozenset({"entra"}),
    "hosted_domain": frozenset({"google"}),
    "min_access_level": frozenset({"gitlab", "gitlab-oauth2"}),
}
_TENANT: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LEVELS: Final = (0, 60)
#: Where a browser may be led: an address, or a path of this host.
_LED_TO: Final = re.compile(r"https?://[^\s\\/]+(?:/[^\s\\]*)?|/(?![/\\])[^\s\\]*")


def half_configured(config: ProviderConfig) -> str | None:
    """What a provider lacks to work, as a sentence; None if nothing. Loads nothing of the extra,
    and asks nobody."""
    return next(_faults(config), None)


def secret_of(config: ProviderConfig) -> str | None:
    """The client's secret, of the settings or its file; None for a public client. Raises
    `OSError` or `UnicodeDecodeError` if the file cannot be read."""
    if config.client_secret_file is not None:
        return Path(config.client_secret_file).read_text(encoding="utf-8").strip()
    return config.client_secret


def checks_tokens(config: ProviderConfig) -> bool:
    """Whether a signed token stands in a header of its proxy."""
    return not config.is_by_redirect and (
        config.token_header is not None or config.kind in _SIGNING
    )


def _faults(config: ProviderConfig) -> Iterator[str]:
    which = f"The provider {config.name}"
    foreign = _OF_PROXIES if config.is_by_redirect else _OF_REDIRECTS
    for name in foreign:
        if getattr(config, name) not in (None, ()):
            family = "a proxy's headers" if config.is_by_redirect else "a redirect"
            yield f"{which} has {name}, which is of logins by {family}; it is {config.kind}."
    for name, kinds in _FOR.items():
        if getattr(config, name) not in (None, ()) and config.kind not in kinds:
            yield f"{which} has {name}, which is of {' and '.join(sorted(kinds))} alone."
    yield from _address_faults(config, which)
    yield from (
        _redirect_faults(config, which) if config.is_by_redirect else _proxy_faults(config, which)
    )
    if config.ca_file is not None and (reason := _no_authority(config.ca_file)) is not None:
        yield f"{which} cannot use its ca_file: {reason}."
    if (config.is_by_redirect or checks_tokens(config) or config.api_audience) and _lacks_extra():
        yield (f"{which} needs packages that are not installed: pip install '{EXTRA}' adds them.")


def _redirect_faults(config: ProviderConfig, which: str) -> Iterator[str]:
    if config.client_id is None:
        yield f"{which} lacks client_id: the name that it gave this application."
    if config.client_secret is not None and config.client_secret_file is not None:
        yield f"{which} has both client_secret and client_secret_file; keep one."
    yield from _secret_faults(config, which)
    if config.kind in _OAUTH:
        if config.issuer is not None:
            yield f"{which} has an issuer; {config.kind} is found by its domain."
        if config.api_audience:
            yield f"{which} has api_audience, and tokens of {config.kind} cannot be checked."
        return
    kind = KINDS[config.kind]
    if issuer_of(config) is None:
        yield f"{which} lacks {kind.origin}: {_ORIGINS[kind.origin]}."
    if config.tenant is not None and not _TENANT.fullmatch(config.tenant):
        yield (
            f"{which} has the tenant {config.tenant[:60]!r}; it must be the directory's id, such "
            "as 72f988bf-86f1-41af-91ab-2d7cd011db47, by which alone its tokens are known."
        )
    if config.scopes and "openid" not in config.scopes:
        yield f"{which} has scopes without openid, and gives no ID token then."


def _secret_faults(config: ProviderConfig, which: str) -> Iterator[str]:
    needs = config.kind in _OAUTH or KINDS[config.kind].needs_secret
    if config.client_secret_file is not None:
        reason = _unreadable(config.client_secret_file)
        if reason is not None:
            yield f"{which} cannot use its client_secret_file: {reason}."
        elif (reason := _no_secret(config)) is not None:
            yield f"{which} has a client_secret_file that {reason}."
    elif config.client_secret is None and needs:
        yield f"{which} lacks client_secret, or client_secret_file: what it gave with client_id."


def _proxy_faults(config: ProviderConfig, which: str) -> Iterator[str]:
    signs = checks_tokens(config)
    if config.kind == "proxy" and config.user_header is None and not signs:
        yield f"{which} lacks user_header, or token_header: where the proxy says who it is."
    if config.kind == "cloudflare-access" and config.domain is None and config.issuer is None:
        yield f"{which} lacks domain: TEAM.cloudflareaccess.com."
    elif signs or config.api_audience:
        signer = signer_of(config)
        if signer.jwks_url is None:
            yield f"{which} lacks jwks_url: where the keys of its signed tokens are."
        if signer.issuer is None:
            yield f"{which} lacks issuer: whose signed tokens are believed."
    if signs and not config.audience:
        yield (
            f"{which} lacks audience: without it, a token that was signed for another application "
            "would be taken here."
        )
    if not signs and (config.jwks_url is not None or config.audience) and not config.api_audience:
        yield f"{which} has keys of signed tokens, and no token_header where one would stand."


def _address_faults(config: ProviderConfig, which: str) -> Iterator[str]:
    for name in ("issuer", "jwks_url", "redirect_uri"):
        address = getattr(config, name)
        if address is None:
            continue
        fault = address_fault(address)
        if fault is not None and (name != "redirect_uri" or not address.startswith("http://")):
            yield f"{which} has a {name} that {fault}."
    if config.domain is not None and (fault := domain_fault(config.domain)) is not None:
        yield f"{which} has a domain that {fault}."
    if config.logout_url is not None and not _LED_TO.fullmatch(config.logout_url):
        yield f"{which} has a logout_url that is no https address and no path such as /sign_out."
    level = config.min_access_level
    if level is not None and not _LEVELS[0] <= level <= _LEVELS[1]:
        yield f"{which} has the min_access_level {level}; GitLab's go from 0 to 60 (owner is 50)."


#: What is missing, for those who do not know the word.
_ORIGINS: Final = {
    "issuer": "its address, below which is .well-known/openid-configuration",
    "domain": "the name of its host, such as company.okta.com",
    "tenant": "the id of the directory",
}


def _unreadable(path: str) -> str | None:
    try:
        if Path(path).is_fifo() or Path(path).is_char_device():  # it may give nothing, or no end
            return f"{path} is a pipe or a device, and no file"
        with Path(path).open("rb") as file:
            file.read(1)
    except OSError as error:
        return f"{path} cannot be read ({error.strerror})"
    return None


def _no_secret(config: ProviderConfig) -> str | None:
    try:
        return None if secret_of(config) else "is empty"
    except UnicodeDecodeError:
        return "is no text"


def _no_authority(path: str) -> str | None:
    """What keeps the file from being a certificate's."""
    reason = _unreadable(path)
    if reason is None:
        try:
            ssl.create_default_context(cafile=path)
        except (ssl.SSLError, ValueError):
            return f"{path} has no certificate in the form PEM"
    return reason


def _lacks_extra() -> bool:
    return any(_is_missing(name) for name in ("joserfc", "httpx"))


def _is_missing(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is None
    except ImportError:
        return True
