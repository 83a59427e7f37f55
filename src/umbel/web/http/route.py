"""`Route`: one path and method of the API, from which everything else about it is made.

The table of routes is `web/routes.py`; how one is made is in the README of this folder.
"""

from __future__ import annotations

from collections.abc import Callable
from types import UnionType
from typing import Final, Literal

import msgspec

from umbel.auth.base import Permission
from umbel.web.thread_pools import PoolName

#: What every route can answer, whatever it does.
EVERYWHERE: Final = (
    "bad-request",
    "bad-parameter",
    "too-slow",
    "body-too-large",
    "url-too-long",
    "unknown-host",
    "forged-identity",
    "internal",
    "store-trouble",
    "too-busy",
)

#: What every route can answer that changes something.
CHANGING: Final = ("bad-body", "cross-site", "not-json", "not-permitted", "another-person")
#: What every route that needs a permission can answer.
GUARDED: Final = (
    "not-logged-in", "second-factor-needed", "second-factor-missing", "no-entry", "not-permitted",
    "too-many-logins", "provider-trouble",
)  # fmt: skip

#: Gets services, the parameters, and the `Actor` if the route is `with_actor`; in the pool
#: `search` also how many seconds the request waited for a thread.
Handler = Callable[..., object]


class StreamEvent(msgspec.Struct, frozen=True):
    """One kind of event of a stream, and what its `data` is."""

    name: str
    body: type


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One path and method of the API, with everything that is made from it.

    `asks` is the struct of its parameters (`requests`), `answers` that of its response; an
    answer of type `str` is plain text. The `{names}` in `path` are fields of `asks`, and a value
    may hold `slashes`, or else is one part of the path. `permission` is what a person needs,
    None for nothing; with `for_some` it is enough to have it for some tasks, and the handler
    decides for which. A `blocking` handler runs in a thread of `thread_pool`, others on the event
    loop; one of the pool `waiting` is a coroutine and also gets a `ResultWaiter`. A route without
    `handler` is a stream of `events`, or gives `files` of these media types. `status` is that of
    its response; `statuses` are others that it may have (202: accepted, not done yet).
    """

    name: str
    path: str
    summary: str
    tag: str
    asks: type[msgspec.Struct]
    answers: type | UnionType | None = None
    handler: Handler | None = None
    events: tuple[StreamEvent, ...] = ()
    files: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    method: Literal["GET", "POST"] = "GET"
    permission: Permission | None = "read"
    for_some: bool = False
    blocking: bool = True
    thread_pool: PoolName = "history"
    with_actor: bool = False
    status: int = 200
    statuses: tuple[int, ...] = ()
    slashes: bool = True


def problems_of(route: Route) -> tuple[str, ...]:
    """Every kind of problem that a route can answer, each once."""
    guarded = GUARDED if route.permission is not None else ()
    changing = CHANGING if route.method == "POST" else ()
    return tuple(dict.fromkeys((*EVERYWHERE, *guarded, *changing, *route.problems)))
