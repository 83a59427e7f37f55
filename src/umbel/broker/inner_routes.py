"""Where tasks would go that are described in the arguments of another task.

Source: celery/canvas.py (a signature is a mapping whose `options` go to `apply_async`, and whose
callbacks, chords and groups hold further ones at any depth).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

#: Headers that a worker reads before it looks whether they are what Celery writes, and ends of
#: what is not (celery/worker/request.py, `stamped_headers`).
STAMPS: Final = frozenset({"stamped_headers", "stamps"})


class InnerRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A route as `Signature` has it. `stamp` is a header among `STAMPS` that it would set, or
    `headers` if those are no mapping."""

    queue: str | None = None
    exchange: str | None = None
    routing_key: str | None = None
    reply_to: str | None = None
    headers: Mapping[str, object] = {}
    stamp: str | None = None


def routes_within(value: object) -> Iterator[InnerRoute]:
    """The routes of all mappings in a JSON value, at any depth. Linear."""
    open_ = [value]
    while open_:
        one = open_.pop()
        if isinstance(one, Mapping):
            yield _route(one)
            open_.extend(one.values())
        elif isinstance(one, list | tuple):
            open_.extend(one)


def _route(options: Mapping[str, Any]) -> InnerRoute:
    given = options.get("headers")
    headers = given if isinstance(given, Mapping) else {}
    stamp = next(iter(sorted(STAMPS & headers.keys())), None)
    return InnerRoute(
        queue=_text(options, "queue"),
        exchange=_text(options, "exchange"),
        routing_key=_text(options, "routing_key"),
        reply_to=_text(options, "reply_to"),
        headers=headers,
        stamp="headers" if given and not isinstance(given, Mapping) else stamp,
    )


def _text(options: Mapping[str, Any], name: str) -> str | None:
    value = options.get(name)
    return value if isinstance(value, str) else None
