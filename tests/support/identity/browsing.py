"""What a browser does at a provider, without one."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx


def log_in_at(
    address: str, subject: str, *, field: str = "subject", ca_file: Path | None = None
) -> dict[str, str]:
    """Follow the address of a provider and log in there as `subject`: the query that the provider
    sends the browser back with (`code`, `state`, ...)."""
    return press(address, {field: subject}, ca_file=ca_file)


def deny_at(address: str, *, ca_file: Path | None = None) -> dict[str, str]:
    """Follow the address of a provider and say no there."""
    return press(address, {"deny": "1", "action": "deny"}, ca_file=ca_file)


def press(address: str, form: dict[str, str], *, ca_file: Path | None = None) -> dict[str, str]:
    """Send the form of a provider's page: the query of where it leads."""
    tls: ssl.SSLContext | bool = (
        ssl.create_default_context(cafile=str(ca_file)) if ca_file else False
    )
    with httpx.Client(verify=tls, trust_env=False) as client:
        client.get(address).raise_for_status()
        answer = client.post(address, data=form)
    assert answer.is_redirect, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))
