"""Fields of an ASGI scope: the path below the prefix, the client's address, its credentials."""

from __future__ import annotations

import base64
import binascii

from starlette.datastructures import Headers
from starlette.types import Scope

from umbel.auth.base import Credentials
from umbel.auth.tokens import PREFIX


def shows_token(scope: Scope) -> bool:
    """Whether a request has a token of Umbel, right or wrong."""
    scheme, _, secret = Headers(scope=scope).get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and secret.strip().startswith(PREFIX)


def address_of(scope: Scope) -> str:
    """Where a request comes from, as a trusted proxy says."""
    client = scope.get("client")
    return client[0] if client else "unix socket"


def path_of(scope: Scope) -> str:
    """The path below the prefix and below wherever the application is mounted."""
    root: str = scope.get("root_path", "")
    path: str = scope["path"]
    return path[len(root) :] if root and path.startswith(root + "/") else path


def basic_credentials(secret: str) -> Credentials | None:
    """Name and password of an `Authorization: Basic` header (RFC 7617); None for anything else."""
    try:
        text = base64.b64decode(secret, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    user, colon, password = text.partition(":")
    return Credentials(user=user, password=password) if colon else None
