"""Logging in by an adapter of Umbel's, at a server of tests, without Umbel around it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path

from tests.support.identity.browsing import log_in_at
from tests.support.identity.oidc import CLIENT_ID, CLIENT_SECRET
from umbel.auth.providers.base import Callback, LoginAttempt, ProviderLogin, RedirectProvider
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.opening import open_redirect_providers
from umbel.clock import Clock, SystemClock

CALLBACK = "http://127.0.0.1:5555/login/company/callback"


def new_attempt() -> LoginAttempt:
    """A login on its way, with random words."""
    return LoginAttempt(
        state=secrets.token_urlsafe(16),
        nonce=secrets.token_urlsafe(16),
        verifier=secrets.token_urlsafe(32),
        redirect_uri=CALLBACK,
    )


def provider_of(settings: Mapping[str, object], clock: Clock | None = None) -> RedirectProvider:
    """The provider `company` of these settings, with the client of the servers of tests."""
    usual: dict[str, object] = {
        "name": "company", "kind": "oidc", "label": "Company",
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
    }  # fmt: skip
    config = ProviderConfig(**{**usual, **settings})  # type: ignore[arg-type]
    return open_redirect_providers([config], clock or SystemClock())["company"]


async def logging_in(
    provider: RedirectProvider,
    subject: str,
    *,
    attempt: LoginAttempt | None = None,
    field: str = "subject",
    ca_file: Path | None = None,
) -> ProviderLogin:
    """What `subject` gets who presses the button at the provider."""
    attempt = attempt or new_attempt()
    address = await provider.address(attempt)
    query = await asyncio.to_thread(log_in_at, address, subject, field=field, ca_file=ca_file)
    assert query["state"] == attempt.state
    callback = Callback(code=query["code"], issuer=query.get("iss"))
    return await provider.finish(attempt, callback)


def logged_in(
    provider: RedirectProvider,
    subject: str,
    *,
    attempt: LoginAttempt | None = None,
    field: str = "subject",
    ca_file: Path | None = None,
) -> ProviderLogin:
    """`logging_in`, for tests that are not async."""
    return asyncio.run(logging_in(provider, subject, attempt=attempt, field=field, ca_file=ca_file))
