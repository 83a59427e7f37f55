"""Addresses of identity providers: https, or http to this machine alone."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlencode, urlsplit, urlunsplit

from umbel.errors import ProviderUnavailable

_HOST = re.compile(r"[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]")


def address_fault(address: str) -> str | None:
    """What is wrong with the address of a provider, as half a sentence; None if nothing is."""
    if not address.isascii() or any(each.isspace() or not each.isprintable() for each in address):
        return "has characters that no address has"
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in {"https", "http"} or not host:
        return "is no address that begins with https://"
    if "@" in parts.netloc or parts.fragment:
        return "has a user, a password or a fragment, which no address of a provider has"
    if parts.scheme == "http" and not is_loopback(host):
        return "is not https, so that anybody on the way could be the provider"
    return None


def checked(address: object, what: str, *, label: str, issuer: str) -> str:
    """An address that a provider names in its own description. Raises `ProviderUnavailable` for
    one that is not https, unless the provider itself is on this machine."""
    if not isinstance(address, str) or address_fault(address) is not None:
        raise ProviderUnavailable(f"{label} names no {what} that is an https address.")
    if urlsplit(issuer).scheme == "https" and urlsplit(address).scheme != "https":
        raise ProviderUnavailable(f"{label} names a {what} that is not https.")
    return address


def is_loopback(host: str) -> bool:
    """Whether it is this machine, by its usual name or number."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def base_address(domain: str) -> str:
    """`https://DOMAIN`, without a slash at the end; a domain that is a whole address stays one."""
    return (domain if "://" in domain else f"https://{domain}").rstrip("/")


def domain_fault(domain: str) -> str | None:
    """What is wrong with a domain (`gitlab.example.com`, with a port or path if it has them)."""
    fault = address_fault(base_address(domain))
    if fault is None and "://" not in domain:
        netloc = urlsplit(base_address(domain)).netloc
        if not _HOST.fullmatch(netloc.rpartition(":")[0] if netloc[-1:].isdigit() and ":" in netloc
                               else netloc):  # fmt: skip
            return "is no domain"
    return fault


def with_query(address: str, **parameters: str | None) -> str:
    """The address with these parameters behind those that it has; None is left out."""
    parts = urlsplit(address)
    given = {name: value for name, value in parameters.items() if value is not None}
    query = "&".join(each for each in (parts.query, urlencode(given)) if each)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def shown(address: str) -> str:
    """The address for a sentence: without its query, where secrets may stand."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))[:200]
