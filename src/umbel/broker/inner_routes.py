"""Routes of signatures (callbacks, chords, groups) in the arguments of a task: where each would be
sent.

Source: celery/canvas.py (a signature is a mapping whose `options` go to `apply_async`, and whose
callbacks, chords and groups hold further ones at any depth).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from umbel.broker.reserved_headers import own_header

#: Options that go into a message as they are, by what Celery writes. A worker ends of an id or
#: a limit of another kind.
_TEXT: Final = (
    "task_id", "root_id", "parent_id", "group_id", "shadow", "argsrepr", "kwargsrepr",
)  # fmt: skip
_NUMBER: Final = (
    "time_limit", "soft_time_limit", "priority", "retries", "group_index", "replaced_task_nesting",
)  # fmt: skip
_KINDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    **dict.fromkeys(_TEXT, str), **dict.fromkeys(_NUMBER, (int, float)), "ignore_result": bool,
    "headers": Mapping,
}  # fmt: skip


class InnerRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A route as `Signature` has it. `unfit` is an option or a header that Celery would not
    write so."""

    queue: str | None = None
    exchange: str | None = None
    routing_key: str | None = None
    reply_to: str | None = None
    headers: Mapping[str, object] = {}
    unfit: str | None = None


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


def _route(one: Mapping[str, Any]) -> InnerRoute:
    """Of a mapping that is a signature, its options, or anything else."""
    headers = one.get("headers")
    options = one.get("options")
    return InnerRoute(
        queue=_text(one, "queue"),
        exchange=_text(one, "exchange"),
        routing_key=_text(one, "routing_key"),
        reply_to=_text(one, "reply_to"),
        headers=headers if isinstance(headers, Mapping) else {},
        unfit=_unfit(options) if "task" in one else None,
    )


def _unfit(options: object) -> str | None:
    if not isinstance(options, Mapping):
        return "options" if options else None
    for name, kind in _KINDS.items():
        value = options.get(name)
        if value is not None and not isinstance(value, kind):
            return name
    return own_header(options.get("headers") or {})


def _text(options: Mapping[str, Any], name: str) -> str | None:
    value = options.get(name)
    return value if isinstance(value, str) else None
