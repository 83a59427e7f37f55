"""The OpenID provider of the package `oidc-provider-mock`, as a process of its own."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from tests.support.processes import Process
from tests.support.waiting import wait_until


class MockProvider:
    """Any client with any secret is taken. Its page to log in asks for the subject (`sub`)."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def set_person(self, subject: str, **claims: object) -> None:
        """What it says of somebody from now on."""
        httpx.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()

    def revoke_tokens(self, subject: str) -> None:
        """All tokens that were given for somebody are void."""
        httpx.post(f"{self.issuer}/users/{subject}/revoke-tokens").raise_for_status()


@contextlib.contextmanager
def mock_provider(directory: Path) -> Iterator[MockProvider]:
    """It answers at `http://127.0.0.1:PORT`; its log is in the directory."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "oidc_provider_mock", "-p", str(port), "-H", "127.0.0.1"]
    issuer = f"http://127.0.0.1:{port}"
    with Process(command, directory / "oidc-provider-mock.log") as process:

        def answers() -> bool:
            process.must_run()
            with contextlib.suppress(httpx.TransportError):
                return httpx.get(f"{issuer}/.well-known/openid-configuration").is_success
            return False

        wait_until(answers, what="the OpenID provider")
        yield MockProvider(issuer)
