"""Values that came from elsewhere, as plain JSON values of a bounded size.

Answers of workers and bodies of messages hold what anybody put there. Here they become
texts, numbers, booleans, None, lists and dicts with text keys, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from umbel.bounded_json import encode_json, strict_scalar
from umbel.characters import encodable

#: Deeper values are told as a text.
DEPTH_MAX: Final = 20
#: How much of a value that is too large is shown, characters of its JSON.
SHOWN_MAX: Final = 2_000


def jsonable(value: object, depth: int = DEPTH_MAX) -> object:
    """The value with everything that JSON does not have replaced by its text."""
    match value:
        case None | bool() | str() | int() | float() | bytes() | bytearray():
            return strict_scalar(value)
        case _ if depth == 0:
            return "..."
        case Mapping():
            return {encodable(str(key)): jsonable(inner, depth - 1) for key, inner in value.items()}
        case Sequence() | set() | frozenset():
            return [jsonable(inner, depth - 1) for inner in value]
        case _:
            return strict_scalar(value)


def bounded(value: object, size_bytes: int) -> tuple[object, str | None]:
    """A plain value whose JSON is no larger than this; else the beginning of its JSON as a
    text, and the sentence that says so."""
    value = jsonable(value)
    text = encode_json(value)
    if len(text) <= size_bytes:
        return value, None
    shown = text[: 4 * SHOWN_MAX].decode("utf-8", "ignore")[:SHOWN_MAX]
    return shown + "…", f"{len(text):,} bytes as JSON, of which the beginning is shown as text"
