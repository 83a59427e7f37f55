"""Single arguments, parsed from the reprs that Celery's events carry.

Nothing is evaluated: a scan over the text finds where each entry begins and ends, by its
quotes and brackets, and takes what stands there as text. So it also reads reprs that were
cut (`...` in place of what is left out, brackets closed or not), objects that are no
literals, and line breaks inside quotes, which Celery does not escape
(celery/utils/saferepr.py). Every function takes any text at all, and linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from umbel.query.folding import fold

#: How deep a dotted path is followed; Celery itself cuts reprs at three levels.
PATH_MAX = 8
#: How many keys `keys` gives.
KEYS_MAX = 64

_TOKEN: Final = re.compile(
    r"""
      (?P<string> [bBuUrR]{0,2} (?: '[^'\\]*(?:\\.[^'\\]*)*(?:'|\\?\Z)
                                  | "[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z) ) )
    | (?P<open> [(\[{<] )
    | (?P<close> [)\]}>] )
    | (?P<comma> , )
    | (?P<colon> : )
    | (?P<rest> [^'"(\[{<)\]}>,:]+? (?= [bBuUrR]{0,2}['"] | [(\[{<)\]}>,:] | \Z ) )
    """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED: Final = re.compile(r"[bBuUrR]{0,2}(['\"])(.*)\1", re.DOTALL)
_ESCAPE: Final = re.compile(
    r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))"
)
_ESCAPES: Final = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def argument(args: str | None, kwargs: str | None, key: str) -> str | None:
    """The argument `key` as text: a string without its quotes, anything else as its repr.

    `key` is an index into the positional arguments, a keyword, or a dotted path that
    begins with one of them (`items.0.id`). None if there is none, or it was cut away.
    """
    found = find(args, kwargs, key)
    return None if found is None else readings(found)[0]


def find(args: str | None, kwargs: str | None, key: str) -> str | None:
    """The repr of the argument `key`, as it stands in the text."""
    first, _, rest = key.partition(".")
    if args and first.isdecimal():
        found = _descend(args, key.split(".", PATH_MAX))
        if found is not None:
            return found
    if not kwargs or (_BARE_KEY.fullmatch(first) and fold(first) not in fold(kwargs)):
        return None
    return _descend(kwargs, [first, *rest.split(".", PATH_MAX)] if rest else [first])


def readings(found: str) -> tuple[str, ...]:
    """The texts that a person may mean by this repr, the likeliest first.

    A string is meant without its quotes. Celery writes backslashes as they are, Python
    doubles them, and the text does not say who wrote it: both readings count.
    """
    quoted = _QUOTED.fullmatch(found)
    if quoted is None:
        return (found,)
    inner = quoted[2]
    if "\\" not in inner:
        return (inner, found)
    as_celery = inner.replace(f"\\{quoted[1]}", quoted[1])
    return (as_celery, _ESCAPE.sub(_unescape, inner), found)


def keys(kwargs: str | None) -> list[str]:
    """The names of the keyword arguments in this repr, in order, at most `KEYS_MAX`."""
    names: dict[str, None] = {}
    for key, _ in entries(kwargs or ""):
        if key is not None and _QUOTED.fullmatch(key):
            names[readings(key)[0]] = None
            if len(names) >= KEYS_MAX:
                break
    return list(names)


def _descend(text: str, path: list[str]) -> str | None:
    """What stands at `path`. A key may itself have dots, so the whole of it is preferred."""
    for depth in range(len(path)):
        whole, first = _entry(text, fold(".".join(path[depth:])), fold(path[depth]))
        if whole is not None or first is None:
            return whole
        text = first
    return None


def _entry(text: str, whole: str, first: str) -> tuple[str | None, str | None]:
    """The values of the keys `whole` and `first` (folded), read in one go."""
    beginning: str | None = None
    for index, (key, value) in enumerate(entries(text)):
        if value == "...":
            continue
        names = (str(index),) if key is None else tuple(fold(name) for name in readings(key))
        if whole in names:
            return value, value
        if beginning is None and first in names:
            beginning = value
    return None, beginning


def entries(text: str) -> Iterator[tuple[str | None, str]]:
    """The (key, value) pairs of a dictionary's repr, (None, value) of a sequence's."""
    text = text.strip()
    if text[:1] not in ("(", "[", "{"):
        return
    key: str | None = None
    start, depth = 1, 0
    for token in _TOKEN.finditer(text, 1):
        kind = token.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close" and (depth > 0 or token[0] == ">"):
            depth = max(0, depth - 1)
        elif depth == 0 and kind == "colon" and key is None and text[0] == "{":
            key, start = text[start : token.start()].strip(), token.end()
        elif depth == 0 and kind in ("comma", "close"):
            if value := text[start : token.start()].strip():
                yield key, value
            if kind == "close":
                return
            key, start = None, token.end()
    if value := text[start:].strip():
        yield key, value


def _unescape(found: re.Match[str]) -> str:
    if found[1]:
        return _ESCAPES[found[1]]
    code = int(found[2] or found[3] or found[4], 16)
    return chr(code) if code < 0x110000 else found[0]
