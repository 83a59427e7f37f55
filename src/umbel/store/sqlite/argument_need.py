"""What a single argument needs of a task's texts.

Theory of operation. Nearly every repr writes a keyword argument as Python does,
`'key': value`, and asked for so, with what may stand before and after the value, the index
finds few blocks. But `query.arguments` reads other writings too: `{"key":value}`, `{key :
value}`, several blanks. Each differs from the usual one in the first characters after the
key or after the colon, so a task that is written otherwise has one of a known set of three
characters there, and key and value somewhere. A need asks for either.

A repr may also spell a plain character as an escape. Texts that do so carry a mark in the
index, and are always looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from umbel.query.ast import Argument, How
from umbel.query.folding import fold
from umbel.store.sqlite.need import ESCAPED, GRAM, AllOf, AnyOf, Literal, Need

_PLAIN: Final = re.compile(r"[0-9a-z_ .:/@+-]+")
_PLAIN_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
#: Everything that `str.strip` takes for a blank.
BLANKS: Final = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
#: What can follow a value that is not in quotes; a line break stands at a text's end.
_ENDS: Final = f",)]}}>{BLANKS}"
#: What a quoted string may begin with.
_PREFIXES: Final = "bur"


def of_argument(node: Argument) -> Need | None:
    """What every task with this argument has; None if that cannot be said."""
    value, last = fold(node.value), fold(node.key.rpartition(".")[2])
    keyed = node.how is How.EQUALS and _is_keyword(last) and len(last) > 1
    needed = _keyed(last, value) if keyed and _PLAIN.fullmatch(value) else _loose(node)
    return None if needed is None else AnyOf((needed, Literal(ESCAPED)))


def _is_keyword(key: str) -> bool:
    return _PLAIN_KEY.fullmatch(key) is not None and not key.isdecimal()


def _loose(node: Argument) -> Need | None:
    """The key, if it is a plain keyword, and the plain parts of the value."""
    pieces = re.split(r"[*?]+", node.value) if node.how is How.GLOB else [node.value]
    literals = {run for piece in pieces for run in _PLAIN.findall(fold(piece))}
    first = node.key.partition(".")[0]
    # Keys are in nearly every task that has them at all: only without a value to look for.
    if max(map(len, literals), default=0) < GRAM and _is_keyword(first):
        literals.add(fold(first))
    return AllOf(tuple(map(Literal, sorted(literals)))) if literals else None


def _keyed(key: str, value: str) -> Need:
    """Either the usual writing, or another one."""
    usual = AllOf((Literal(f"{key}': "), _written(value)))
    other = [_any(_other_writings(key, value))]
    if len(key) >= GRAM:
        other.insert(0, Literal(key))
    either = AnyOf((usual, AllOf(tuple(other))))
    # The value first: that it is missing tells most tasks.
    return AllOf((Literal(value), either)) if len(value) >= GRAM else either


def _written(value: str) -> Need:
    """The value after a colon and a blank, or in quotes of any kind."""
    bare = AllOf((Literal(f": {value}"), _any(f" {value}{end}"[-GRAM:] for end in _ENDS)))
    return AnyOf((bare, Literal(f"'{value}'"), Literal(f'"{value}"')))


def _other_writings(key: str, value: str) -> Iterable[str]:
    """Three characters, one of which stands in every writing but the usual one."""
    for head in (key[-2:], f"{key[-1]}'", f'{key[-1]}"'):
        # The quote or key and then a blank, or two, before the colon.
        yield from (head + blank for blank in BLANKS if blank != " ")
        yield from (f"{head[-1]} {after}" for after in f":{BLANKS}")
    yield f"{key[-2:]}:"
    yield f'{key[-1]}":'
    # After the colon no blank, another one, or two.
    yield from (f"':{after}" for after in f"{value[0]}'\"{_PREFIXES}{BLANKS}" if after != " ")
    yield from (f": {after}" for after in BLANKS)


def _any(texts: Iterable[str]) -> Need:
    return AnyOf(tuple(map(Literal, dict.fromkeys(texts))))
