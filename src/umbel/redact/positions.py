"""Positional arguments that must not be seen, by where they stand in the text of the arguments.

Celery's texts are not always to be split with certainty: an object may write itself with commas
and quotes, bytes hold quotes, a string may end in a backslash, the end may be cut. From the first
argument on of which that is so, all is hidden, if one that must not be seen may stand there.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from umbel.redact.texts import HIDDEN, bracket_end, string_end

_CERTAIN: Final = re.compile(r"[^\\<]*")
#: Celery writes bytes without escaping their quotes.
_BYTES: Final = re.compile(r"(?<![\w'\"])b['\"]")
_STRING: Final = re.compile(r"u?(['\"])")
#: Other words are objects that write themselves as they like.
_VALUE: Final = re.compile(r"(?:-?\d[\w.+-]*|-?inf|nan|None|True|False)(?=, |,?[)\]]$)")
_CALL: Final = re.compile(r"[A-Za-z_][\w.]*\(")


def hide_positions(text: str, positions: Collection[int]) -> str:
    """The text of positional arguments, a tuple or a list, without those at these positions,
    counted from 0."""
    if not positions or text in {"()", "[]"}:
        return text
    last = max(positions)
    if text[:1] not in {"(", "["}:
        return HIDDEN
    shown: list[str] = []
    at, position = 1, 0
    close = ")" if text[0] == "(" else "]"
    while position <= last:
        end = _argument_end(text, at)
        if end is None:
            # What stands here and behind cannot be told apart.
            return f"{text[0]}{', '.join((*shown, HIDDEN))}{close}"
        shown.append(HIDDEN if position in positions else text[at:end])
        rest = text[end:]
        if rest in {close, f",{close}"}:
            comma = "," if rest != close else ""
            return f"{text[0]}{', '.join(shown)}{comma}{close}"
        if not rest.startswith(", "):
            return f"{text[0]}{', '.join((*shown[:-1], HIDDEN))}{close}"
        at, position = end + 2, position + 1
    return f"{text[0]}{', '.join(shown)}, {text[at:]}"


def _argument_end(text: str, at: int) -> int | None:
    """Where the argument ends that begins at `at`; None if that is not certain."""
    string = _STRING.match(text, at)
    call = _CALL.match(text, at)
    if string is not None:
        end = string_end(text, string.end(), string[1])
    elif call is not None:
        end = bracket_end(text, call.end() - 1)
    elif text[at : at + 1] in {"(", "[", "{"}:
        end = bracket_end(text, at)
    else:
        value = _VALUE.match(text, at)
        return value.end() if value is not None else None
    is_certain = _CERTAIN.fullmatch(text, at, end) and not _BYTES.search(text, at, end)
    return end if is_certain and end < len(text) else None
