"""Arguments, options and names of entries as plain values of a bounded size, and what stands for an
entry that has none which can be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import msgspec

from umbel.beat.base import TEXT_MAX, Entry, OwnSchedule, SourceName
from umbel.bounded_json import read_json, strict
from umbel.characters import encodable

#: Deeper values are not shown; whoever works on them later would run out of stack.
DEPTH_MAX: Final = 50
#: What a value of RedBeat's JSON is.
TYPE: Final = "__type__"
#: Options of an entry that are sent with it, and those that say how it is sent alone.
SENT: Final = frozenset({"queue", "exchange", "routing_key", "priority", "expires", "headers"})
CONVEYING: Final = frozenset(
    {"retry", "retry_policy", "connection", "producer", "publisher", "serializer", "compression",
     "add_to_parent", "delivery_mode", "mandatory", "immediate", "declare", "exchange_type"}
)  # fmt: skip
#: So many are told of one entry.
UNSENT_MAX: Final = 20
_TOO_DEEP: Final = f"arguments nested more than {DEPTH_MAX} deep"


def plain_args(given: object) -> tuple[object, ...]:
    """Positional arguments; in the place of too many bytes stands how many there are."""
    if _is_deep(given):
        return (_TOO_DEEP,)
    values = [strict(each) for each in given] if isinstance(given, list | tuple) else []
    too_long = _too_long(values)
    return (too_long,) if too_long else tuple(values)


def plain_kwargs(given: object) -> dict[str, object]:
    """Keyword arguments, the same."""
    if _is_deep(given):
        return {"...": _TOO_DEEP}
    values = (
        {str(strict(str(key))): strict(each) for key, each in given.items()}
        if isinstance(given, Mapping)
        else {}
    )
    too_long = _too_long(values)
    return {"...": too_long} if too_long else values


def are_exact(args: object, kwargs: object) -> bool:
    """Whether the plain values of these are what beat sends, and none of them a text about it."""
    if not isinstance(args, list | tuple) or not isinstance(kwargs, Mapping):
        return False
    try:
        return json.dumps([args, kwargs]) == json.dumps([plain_args(args), plain_kwargs(kwargs)])
    except (TypeError, ValueError, RecursionError):
        return False


def has_typed(value: object) -> bool:
    """Whether JSON of RedBeat's stands for something else in it, such as a date."""
    if isinstance(value, Mapping):
        return TYPE in value or any(map(has_typed, value.values()))
    return isinstance(value, list | tuple) and any(map(has_typed, value))


def unsent_options(options: Mapping[str, object]) -> tuple[str, ...]:
    """The options of an entry, as `apply_async` has them, that say what is sent and cannot be sent
    from here."""
    others = {str(each) for each, value in options.items() if value is not None} - SENT - CONVEYING
    headers, expires = options.get("headers"), options.get("expires")
    if headers and (not are_exact([], headers) or has_typed(headers)):
        others.add("headers")
    if expires is not None and number_of(expires) is None:
        others.add("expires")
    return tuple(sorted(each[:100] for each in others))[:UNSENT_MAX]


def _is_deep(value: object, left: int = DEPTH_MAX) -> bool:
    if isinstance(value, Mapping):
        value = list(value.values())
    if not isinstance(value, list | tuple):
        return False
    return left == 0 or any(_is_deep(each, left - 1) for each in value)


def _too_long(values: object) -> str:
    size = len(msgspec.json.encode(values))
    return f"{size:,} bytes of arguments" if size > TEXT_MAX else ""


def of_json(text: object) -> object:
    """What a text holds as JSON; None where it is none, or too long."""
    if not isinstance(text, str | bytes) or len(text) > 8 * TEXT_MAX:
        return None
    try:
        return read_json(text.encode() if isinstance(text, str) else text)
    except (ValueError, RecursionError):
        return None


def label(given: object) -> str | None:
    """A name; None for none."""
    return None if given in (None, "") else encodable(str(given))[:500]


def entity_name(given: object) -> str | None:
    """The name of a queue or an exchange, which may be an object of Kombu's."""
    return label(given if isinstance(given, str) else getattr(given, "name", given))


def unreadable_entry(
    source: SourceName, name: object, *, task: object = "", why: str = ""
) -> Entry:
    """What is told of an entry that cannot be read; `why` nobody can change it here, if so."""
    return Entry(
        name=label(name) or "",
        task=label(task) or "",
        schedule=OwnSchedule(""),
        source=source,
        exact=False,
        locked=why,
    )


def number_of(given: object) -> float | None:
    """A number; None for anything else, and for one that no float holds."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    try:
        return float(given)
    except OverflowError:
        return None
