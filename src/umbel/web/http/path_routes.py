"""Addresses whose parts may hold a slash.

Names of workers, tasks and queues may. A client that writes it as `%2F` means a part of the
name, but servers decode the path before it is matched, so `workers/a%2Fstats` would be read as
the statistics of worker `a`. So a slash that came encoded stands for no border between parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, unquote

from starlette.routing import Match, Route
from starlette.types import Scope

from umbel.web.http.scopes import path_of

#: Stands for an encoded slash while a path is matched: one character of private use, so that
#: lengths stay.
_MARK: Final = "\ue000"
_SLASH: Final = re.compile("%2F", re.IGNORECASE)
#: What a path may have as it is (RFC 3986, 3.3).
_SAFE_IN_PATH: Final = "/:@!$&'()*+,;=~-._"


class EncodedSlashRoute(Route):
    """A route that keeps encoded slashes within the part where they stand."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self._beginning = path.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        # Most addresses of a table differ in how they begin. A mark only stands for a slash, so
        # what begins otherwise without marks does so with them.
        if not path_of(scope).startswith(self._beginning):
            return Match.NONE, {}
        marked = marked_path(scope)
        if marked is None:
            return super().matches(scope)
        match, child = super().matches({**scope, "path": marked})
        if "path_params" in child:
            child = {
                **child,
                "path_params": {k: _unmarked(v) for k, v in child["path_params"].items()},
            }
        return match, child


def marked_path(scope: Scope) -> str | None:
    """The path with a mark for each encoded slash; None where there is none. Proxies and
    settings may have moved a prefix, so only the ends are compared."""
    raw = scope.get("raw_path") or b""
    if b"%2f" not in raw.lower():
        return None
    path: str = scope["path"]
    marked = unquote(_SLASH.sub(_MARK, raw.decode("ascii", "replace")))
    decoded = marked.replace(_MARK, "/")
    if _MARK in path:
        return None
    if path.endswith(decoded):
        return path[: len(path) - len(decoded)] + marked
    return marked[-len(path) :] if decoded.endswith(path) else None


def address_below_prefix(scope: Scope) -> str:
    """Path and query as they stand in an address, without a slash at the beginning: what is
    encoded within a part (`tasks/a%3Fb`) is so here, too, and leads to the same page."""
    marked = marked_path(scope) or scope["path"]
    path = quote(path_of({**scope, "path": marked}).lstrip("/"), safe=_SAFE_IN_PATH)
    query: str = scope["query_string"].decode("latin-1")
    return path.replace(quote(_MARK), "%2F") + (f"?{query}" if query else "")


def _unmarked(value: Any) -> Any:
    return value.replace(_MARK, "/") if isinstance(value, str) else value
