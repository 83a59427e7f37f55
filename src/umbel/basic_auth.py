"""The header by which HTTP's Basic authentication shows a user and a password (RFC 7617)."""

from __future__ import annotations

from base64 import b64encode


def basic_authorization(user: str, password: str) -> str:
    """The value of `Authorization`."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()
