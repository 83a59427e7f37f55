"""Cookies: those of a request, found by their names, and how ours are set.

Strangers send cookies before anybody knows them, and `http.cookies`, which takes quoted values
apart, needs time that grows with the square of a header (CVE-2024-7592). Ours need no quotes, so
the header (RFC 6265, 4.2.1) is split at its semicolons and nothing in it is interpreted.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response
from starlette.types import Scope

#: The most bytes of cookies that are looked at. All ports of a host share their cookies, so there
#: can be many of other programs beside ours.
COOKIES_MAX: Final = 16 * 1024


def cookie(scope: Scope, name: str) -> str | None:
    """The value of the cookie `name` as it was sent; None if there is none, or more than
    `COOKIES_MAX` bytes of cookies. The first counts: browsers send that of the nearest path
    first (RFC 6265, 5.4)."""
    lines = [value for header, value in scope["headers"] if header == b"cookie"]
    if sum(map(len, lines)) > COOKIES_MAX:
        return None
    wanted = name.encode("latin-1")
    for pair in b";".join(lines).split(b";"):
        found, _, value = pair.partition(b"=")
        if found.strip(b" \t") == wanted:
            return value.strip(b" \t").decode("latin-1")
    return None


def cookie_names(scope: Scope, prefix: str) -> list[str]:
    """Names of the request's cookies that begin so, in the order in which they came, whatever their
    bytes; browsers send the oldest of one path first."""
    lines = [value for header, value in scope["headers"] if header == b"cookie"]
    names = (pair.partition(b"=")[0].strip(b" \t") for pair in b";".join(lines).split(b";"))
    return [name.decode("latin-1") for name in names if name.startswith(prefix.encode("latin-1"))]


def set_cookie(
    response: Response,
    scope: Scope,
    name: str,
    value: str,
    max_age_s: int,
    *,
    path: str | None = None,
) -> None:
    """Let the browser keep a cookie for so long, and send it below `path` (None: wherever Umbel is
    reached); `max_age_s` 0 lets it forget. No script reads it, and over TLS it stays there. Lax, so
    that a link to a task from elsewhere works; no change is made by a GET."""
    response.set_cookie(
        name,
        value,
        max_age=max_age_s,
        path=path or scope.get("umbel.root") or "/",
        secure=scope["scheme"] == "https",
        httponly=True,
        samesite="lax",
    )
